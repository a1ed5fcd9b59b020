/** Two clients with one identity: what the relay and their log say of them (field guide F-19). */
import type { CaseFile } from './case-file.ts';
import type { LogEvent } from './events.ts';

/** A new connection that the old one outlives by less than this is a reconnect. */
export const RECONNECT_US = 5_000_000;

export interface Meeting {
  readonly came: LogEvent;
  readonly other: LogEvent;
  /** How long both were there. */
  readonly besideUs: number;
}

/** What the relay says of a user's connections; a relay that starts anew knows no connection of before. */
export function connectionsOf(
  c: Pick<CaseFile, 'events'>,
  email: string,
): { readonly email: string; readonly lines: readonly LogEvent[] } | undefined {
  const lines = c.events
    .of('hub-registered', 'hub-removed', 'relay-start')
    .filter((e) => e.user === email || e.kind === 'relay-start')
    .toSorted((a, b) => a.id - b.id);
  return lines.some((e) => e.kind === 'hub-registered') ? { email, lines } : undefined;
}

/** Connections that came while another of the user was there. */
export function meetings(lines: readonly LogEvent[]): readonly Meeting[] {
  const met: Meeting[] = [];
  const alive = new Map<string, LogEvent>();
  for (const e of lines) {
    if (e.kind === 'relay-start') alive.clear();
    if (e.conn === null) continue;
    if (e.kind === 'hub-removed') {
      alive.delete(e.conn);
      continue;
    }
    const other = [...alive.values()][0];
    alive.set(e.conn, e);
    if (other === undefined) continue;
    const removed = lines.find((x) => x.kind === 'hub-removed' && x.conn === other.conn && x.id > e.id);
    met.push({ came: e, other, besideUs: removed?.t == null || e.t === null ? Infinity : removed.t - e.t });
  }
  return met;
}

/** Binds of a party that failed because its twin in the same folder has the ports: all of its own ports, not one. */
export function portsTakenByTwin(c: Pick<CaseFile, 'events' | 'markers'>, email: string): readonly LogEvent[] {
  const lines = connectionsOf(c, email)?.lines ?? [];
  if (!meetings(lines).some((met) => met.besideUs >= RECONNECT_US)) return [];
  const failed = c.events.ofParty(email, 'bind-failed', 'bind-timeout');
  const taken = new Set(failed.map((e) => Number(e.addr?.split(':').at(-1) ?? NaN)));
  const own = c.markers.flatMap((m) => (m.party === email && m.localPort !== null ? [m.localPort] : []));
  return own.length > 0 && own.every((port) => taken.has(port)) ? failed : [];
}
