/**
 * A client whose read loop stopped inside the write of a frame: the last thing that it decoded is a frame of a channel that had
 * already carried more than the kernel's buffers hold, its process lives on, and what was sent to it later was never decoded.
 */
import type { CaseFile, DirectionFact, PartyFact, SessionFact } from './case-file.ts';
import type { LogEvent } from './events.ts';
import type { ReceivedStream } from './load.ts';
import { QUIET_LIMIT_US } from './stillness.ts';

/** Kernel buffers of a loopback connection take between two and six megabytes before a write blocks. */
export const BUFFERS = 2_000_000;

export interface BlockedLoop {
  readonly party: string;
  /** The channel whose frame was being written. */
  readonly direction: DirectionFact;
  readonly last: ReceivedStream;
  /** Directions into the party with frames that the relay wrote or the sender sent and that it never decoded. */
  readonly behind: readonly DirectionFact[];
  /** Opens for the party that it never decoded. */
  readonly unheard: readonly SessionFact[];
}

const HEARD = ['decoded-open', 'decoded-accept', 'decoded-reject', 'decoded-close', 'decoded-signal'] as const;

export function blockedLoop(c: CaseFile, p: PartyFact): BlockedLoop | undefined {
  if (!c.stillness.standing || c.finished === true || p.log === null) return undefined;
  if (c.events.ofParty(p.email, 'write-skipped', 'write-failed', 'ws-disconnected').length > 0) return undefined;
  const last = latest(c.received.filter((r) => r.party === p.email));
  const direction = c.directions.find((d) => d.to === p.email && d.streams.some((s) => s.received === last));
  if (last?.lastT == null || direction === undefined || last.bytes < BUFFERS) return undefined;
  const later = c.events.ofParty(p.email, ...HEARD).some((e: LogEvent) => e.line > last.lastLine);
  const lives = p.logEnd !== null && p.logEnd - last.lastT >= QUIET_LIMIT_US;
  if (later || !lives) return undefined;
  const behind = c.directions.filter((d) => d.to === p.email && isBehind(d));
  const stoppedAt = last.lastT;
  const unheard = c.sessions.filter(
    (s) => s.peer === p.email && s.opened?.t != null && s.opened.t > stoppedAt && s.seenBy.every((e) => e.party !== p.email),
  );
  return behind.length + unheard.length === 0 ? undefined : { party: p.email, direction, last, behind, unheard };
}

function latest(streams: readonly ReceivedStream[]): ReceivedStream | undefined {
  return streams.toSorted((a, b) => b.lastLine - a.lastLine)[0];
}

/** More frames left for the party than it decoded. */
function isBehind(d: DirectionFact): boolean {
  const decoded = d.streams.reduce((sum, s) => sum + (s.received?.distinct ?? 0), 0);
  const listed = d.streams.reduce((sum, s) => sum + (s.sent?.frames ?? 0), 0);
  return (d.frames.relayed?.min ?? 0) > decoded || listed > decoded;
}
