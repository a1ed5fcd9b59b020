/**
 * What each direction sent, had relayed, received and had written, in bytes and frames (design §6, flow solver).
 *
 * Lines bound one direction at a time: numbered frames that were decoded without a hole are delivered, unless one met no
 * writer. Counters bound sums over directions. Both go into the solver; when they contradict each other the lines
 * are kept and the contradiction is said.
 */
import type { Interval } from '../../model/diagnosis.ts';
import type { DirectionFact, PartyFact, SessionFact, StreamFact } from './case-file.ts';
import type { EventLog } from './events.ts';
import type { AppBytes, RelayedFrames } from './load.ts';
import { addIntervals } from './managers.ts';
import { solveFlows, UNBOUNDED, type DirectionBounds, type PartyTotals } from './transport.ts';

/** Largest message of a data channel (field guide 8.2); larger chunks fall back to the WebSocket. */
const P2P_FRAME_MAX = 65_536;
const NOTHING: Interval = { min: 0, max: 0 };
const UNKNOWN: Interval = { min: 0, max: UNBOUNDED };

interface LedgerInput {
  readonly parties: readonly PartyFact[];
  readonly pairs: readonly (readonly [string, string])[];
  readonly sessions: readonly SessionFact[];
  readonly relayed: readonly RelayedFrames[];
  readonly hasRelayLog: boolean;
  readonly appBytes: readonly AppBytes[];
  readonly events: EventLog;
  /** Logs and counters of all parties settled before the end: nothing is under way any more. */
  readonly settled: boolean;
}

export interface Ledger {
  readonly directions: readonly DirectionFact[];
  readonly contradictions: readonly string[];
}

interface Bounds {
  readonly from: string;
  readonly to: string;
  readonly streams: readonly StreamFact[];
  readonly hidden: boolean;
  readonly deliveredBytes: Interval;
  readonly deliveredFrames: Interval;
  readonly sentBytes: Interval;
  readonly sentFrames: Interval;
}

export function buildLedger(input: LedgerInput): Ledger {
  const bounds = input.pairs.map(([from, to]) => boundDirection(from, to, input));
  const contradictions: string[] = [];
  const bytes = solve('bytes', bounds, input, contradictions);
  const frames = solve('frames', bounds, input, contradictions);
  const directions = bounds.map((b, i): DirectionFact => {
    const solved = bytes[i] ?? { sent: b.sentBytes, delivered: b.deliveredBytes, lost: UNKNOWN };
    const framed = frames[i];
    const received = b.streams.map((s) => s.received).filter((r) => r !== null);
    const got = received.reduce((sum, r) => sum + r.bytes, 0);
    const gotFrames = received.reduce((sum, r) => sum + r.frames, 0);
    const relayedFrames = input.relayed.filter((r) => r.from === b.from && r.to === b.to).reduce((sum, r) => sum + r.frames * r.copies, 0);
    const log = input.parties.find((p) => p.email === b.to)?.log ?? null;
    return {
      from: b.from,
      to: b.to,
      streams: b.streams,
      sessions: input.sessions.filter((s) => b.streams.some((x) => x.sid === s.sid)),
      offered: offeredBy(b, input),
      sent: solved.sent,
      delivered: solved.delivered,
      lost: solved.lost,
      received:
        log === null
          ? null
          : b.hidden
            ? { min: Math.max(got, solved.delivered.min), max: Math.max(got, solved.sent.max) }
            : { min: got, max: got },
      frames: {
        sent: framed === undefined ? null : bounded(framed.sent),
        relayed: input.hasRelayLog ? { min: relayedFrames, max: relayedFrames } : null,
        received: log === null ? null : { min: gotFrames, max: b.hidden ? Math.max(gotFrames, framed?.sent.max ?? UNBOUNDED) : gotFrames },
        delivered: framed === undefined ? null : bounded(framed.delivered),
      },
      relayedBytes: relayedBytes(relayedFrames, gotFrames, got, b, input),
      hidden: b.hidden,
    };
  });
  return { directions, contradictions: [...new Set(contradictions)] };
}

/**
 * The relay's log counts frames, not bytes: none relayed is zero bytes, and as many as were decoded are the bytes decoded.
 * null when neither holds, or when frames may have gone past the relay.
 */
function relayedBytes(relayed: number, decoded: number, bytes: number, b: Bounds, input: LedgerInput): Interval | null {
  if (!input.hasRelayLog) return null;
  if (relayed === 0) return NOTHING;
  return relayed === decoded && b.streams.length > 0 ? { min: bytes, max: bytes } : null;
}

function bounded(i: Interval): Interval | null {
  return i.max >= UNBOUNDED ? null : i;
}

function boundDirection(from: string, to: string, input: LedgerInput): Bounds {
  const streams = input.sessions.flatMap((s) => s.streams).filter((s) => s.from === from && s.to === to);
  const receiver = input.parties.find((p) => p.email === to);
  const sender = input.parties.find((p) => p.email === from);
  const per = streams.map((s) => boundStream(s, input, receiver, sender));
  const readable = receiver?.log != null && receiver.logComplete && receiver.era.value !== 'Go' && receiver.era.value !== 'E1';
  const total = (pick: (b: StreamBounds) => Interval): Interval => addIntervals(per.map(pick));
  const noStream = streams.length === 0;
  // A direction without any session: nothing came, if the receiver's log would show the open.
  const never = noStream && readable;
  const neverSent =
    noStream && sender?.log != null && sender.logComplete && sender.era.value !== 'Go' && sender.era.value !== 'E1' && sender.hotlinkOn;
  return {
    from,
    to,
    streams,
    hidden: per.some((b) => b.hidden) || (noStream && !never && !neverSent),
    deliveredBytes: noStream ? (never || neverSent ? NOTHING : UNKNOWN) : total((b) => b.deliveredBytes),
    deliveredFrames: noStream ? (never || neverSent ? NOTHING : UNKNOWN) : total((b) => b.deliveredFrames),
    sentBytes: neverSent ? NOTHING : noStream ? UNKNOWN : total((b) => b.sentBytes),
    sentFrames: neverSent ? NOTHING : noStream ? UNKNOWN : total((b) => b.sentFrames),
  };
}

interface StreamBounds {
  readonly hidden: boolean;
  readonly deliveredBytes: Interval;
  readonly deliveredFrames: Interval;
  readonly sentBytes: Interval;
  readonly sentFrames: Interval;
}

function boundStream(s: StreamFact, input: LedgerInput, receiver: PartyFact | undefined, sender: PartyFact | undefined): StreamBounds {
  const session = input.sessions.find((x) => x.sid === s.sid);
  const direct =
    (session?.p2pOpen.length ?? 0) > 0 || session?.quic === true || receiver?.era.value === 'Go' || receiver?.era.value === 'E1';
  const got = s.received;
  const decoded = got?.distinct ?? 0;
  const decodedBytes = got?.bytes ?? 0;
  const known = s.sentSeq ?? null;
  // A frame that the opener numbered on a session with no acceptor at all cannot be hidden in a data channel.
  const hiddenFrames = !direct ? 0 : known === null ? UNBOUNDED : Math.max(0, known - decoded);
  const readable = receiver?.log != null && receiver.logComplete;
  const prefix = got?.prefixBytes ?? 0;
  const prefixFrames = got?.prefixFrames ?? 0;
  const sentFloor = Math.max(decoded, s.sent?.maxSeq ?? 0, known ?? 0);
  const sentFrames: Interval =
    known !== null && sender?.telemetry != null
      ? { min: sentFloor, max: Math.max(sentFloor, input.settled ? known : UNBOUNDED) }
      : { min: sentFloor, max: UNBOUNDED };
  const allDecoded = !direct && sentFrames.max === decoded && got !== null && got.frames === got.distinct;
  const debugExact = s.sent !== null && !direct && s.sent.maxSeq === s.sent.frames && sentFrames.max <= s.sent.maxSeq;
  const sentBytes: Interval = debugExact
    ? { min: s.sent?.bytes ?? 0, max: s.sent?.bytes ?? 0 }
    : allDecoded
      ? { min: decodedBytes, max: decodedBytes }
      : { min: Math.max(decodedBytes, s.sent?.bytes ?? 0), max: sentFrames.max === 0 ? 0 : UNBOUNDED };
  if (!readable) {
    return {
      hidden: true,
      deliveredBytes: { min: got?.settledBytes ?? 0, max: UNBOUNDED },
      deliveredFrames: { min: got?.settledFrames ?? 0, max: UNBOUNDED },
      sentBytes,
      sentFrames,
    };
  }
  const more = Math.min(UNBOUNDED, hiddenFrames * P2P_FRAME_MAX);
  return {
    hidden: hiddenFrames > 0,
    deliveredBytes: { min: got?.settledBytes ?? 0, max: hiddenFrames > 0 ? Math.min(UNBOUNDED, decodedBytes + more) : prefix },
    deliveredFrames: { min: got?.settledFrames ?? 0, max: hiddenFrames > 0 ? Math.min(UNBOUNDED, decoded + hiddenFrames) : prefixFrames },
    sentBytes,
    sentFrames,
  };
}

/** Debug lines of the sender's proxy: what the program wrote, on the outbound key of this direction. */
function offeredBy(b: Bounds, input: LedgerInput): Interval | null {
  const sender = input.parties.find((p) => p.email === b.from);
  if (sender?.debug !== true) return null;
  const paths = new Set(input.sessions.filter((s) => b.streams.some((x) => x.sid === s.sid)).map((s) => s.path));
  const reads = input.appBytes.filter((a) => a.party === b.from && (paths.has(a.keyPath) || (a.keyPath === null && paths.has(a.path))));
  if (reads.length === 0) return null;
  const bytes = reads.reduce((sum, a) => sum + a.bytes, 0);
  return { min: bytes, max: bytes };
}

function solve(
  unit: 'bytes' | 'frames',
  bounds: readonly Bounds[],
  input: LedgerInput,
  contradictions: string[],
): readonly { sent: Interval; delivered: Interval; lost: Interval }[] {
  const directions: DirectionBounds[] = bounds.map((b) => ({
    from: b.from,
    to: b.to,
    delivered: unit === 'bytes' ? b.deliveredBytes : b.deliveredFrames,
    sent: unit === 'bytes' ? b.sentBytes : b.sentFrames,
  }));
  const totals: PartyTotals[] = input.parties.map((p) => ({ party: p.email, sent: p.sent[unit], received: p.received[unit] }));
  const solved = solveFlows(totals, directions);
  if (solved.feasible) return solved.directions;
  // Flushes of different parties are not simultaneous; let the totals of a run in motion be lower bounds only.
  const loose = totals.map((t) => ({ party: t.party, sent: { min: 0, max: UNBOUNDED }, received: { min: 0, max: UNBOUNDED } }));
  if (input.settled) contradictions.push(`${unit}: ${solved.why}`);
  const again = solveFlows(loose, directions);
  if (again.feasible) return again.directions;
  return directions.map((d) => ({ sent: d.sent, delivered: d.delivered, lost: UNKNOWN }));
}
