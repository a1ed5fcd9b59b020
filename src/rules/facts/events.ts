/** One line of the judged run that a template recognised, and ways to look lines up. Frames are aggregated elsewhere. */

import { groupBy } from '../../util/group.ts';

export interface LogEvent {
  readonly id: number;
  readonly sourceId: number;
  readonly source: string;
  readonly line: number;
  /** Party whose log it is; null in the relay's. */
  readonly party: string | null;
  /** Microseconds since 1970 on the common clock; null when the line has no time. */
  readonly t: number | null;
  /** The same on the writer's own clock. */
  readonly ownT: number | null;
  readonly kind: string;
  /** First eight characters of the session id. */
  readonly sid: string | null;
  readonly session: string | null;
  readonly path: string | null;
  readonly owner: string | null;
  readonly run: string | null;
  readonly channel: string | null;
  readonly keyPath: string | null;
  readonly conn: string | null;
  readonly msgId: string | null;
  readonly msgType: string | null;
  readonly user: string | null;
  readonly to: string | null;
  readonly reason: string | null;
  readonly addr: string | null;
  readonly seq: number | null;
  readonly bytes: number | null;
  readonly n: number | null;
}

/** Events in file order within a source, indexed by kind and by session. */
export class EventLog {
  private readonly byKind: ReadonlyMap<string, readonly LogEvent[]>;
  private readonly bySession: ReadonlyMap<string | null, readonly LogEvent[]>;

  /** Lines of very frequent messages that are counted and not listed. */
  readonly unlisted: number;

  constructor(all: readonly LogEvent[], unlisted = 0) {
    this.unlisted = unlisted;
    this.byKind = groupBy(all, (e) => e.kind);
    this.bySession = groupBy(
      all.filter((e) => e.sid !== null),
      (e) => e.sid,
    );
  }

  /** Events of these kinds, in the order of time where there is one, else of the file. */
  of(...kinds: string[]): readonly LogEvent[] {
    if (kinds.length === 1) return this.byKind.get(kinds[0] ?? '') ?? [];
    return kinds.flatMap((k) => this.byKind.get(k) ?? []).toSorted(inOrder);
  }

  ofParty(party: string, ...kinds: string[]): readonly LogEvent[] {
    return this.of(...kinds).filter((e) => e.party === party);
  }

  session(sid: string, ...kinds: string[]): readonly LogEvent[] {
    const events = this.bySession.get(sid) ?? [];
    return kinds.length === 0 ? events : events.filter((e) => kinds.includes(e.kind));
  }

  sessionIds(): readonly string[] {
    return [...this.bySession.keys()].filter((sid) => sid !== null);
  }
}

/** By common time, then by place; lines without a time keep their place among their source's. */
export function inOrder(a: LogEvent, b: LogEvent): number {
  if (a.t !== null && b.t !== null && a.t !== b.t) return a.t - b.t;
  return a.id - b.id;
}
