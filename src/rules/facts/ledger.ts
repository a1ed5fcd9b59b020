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
import type { AppBytes, ReceivedStream, RelayedFrames } from './load.ts';
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
  /** Streams by `from\nto`. */
  readonly streams: ReadonlyMap<string, readonly StreamFact[]>;
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

/** Decoded is not yet written: where the receiver's own counters say less than its log shows, what was written is left to them. */
function confirm(bounds: readonly Bounds[], input: LedgerInput): readonly Bounds[] {
  const doubtful = new Set(
    input.parties
      .filter((p) => {
        const into = bounds.filter((b) => b.to === p.email);
        const least = (pick: (b: Bounds) => Interval): number => into.reduce((sum, b) => sum + pick(b).min, 0);
        return least((b) => b.deliveredBytes) > p.received.bytes.max || least((b) => b.deliveredFrames) > p.received.frames.max;
      })
      .map((p) => p.email),
  );
  return bounds.map((b) =>
    doubtful.has(b.to)
      ? { ...b, deliveredBytes: { min: 0, max: b.deliveredBytes.max }, deliveredFrames: { min: 0, max: b.deliveredFrames.max } }
      : b,
  );
}

/** A proxy sends what it read, so a delivered frame holds a byte at least: who got how many frames is known where bytes are only known in sum. */
function fill(bounds: readonly Bounds[], frames: readonly { sent: Interval; delivered: Interval }[]): readonly Bounds[] {
  return bounds.map((b, i) => {
    const framed = frames[i];
    const min = Math.max(b.deliveredBytes.min, Math.min(framed?.delivered.min ?? 0, b.deliveredBytes.max));
    // No frame, no byte.
    const max = framed?.delivered.max === 0 && min === 0 ? 0 : b.deliveredBytes.max;
    const sentBytes = framed?.sent.max === 0 && b.sentBytes.min === 0 ? NOTHING : b.sentBytes;
    return { ...b, sentBytes, deliveredBytes: { min, max } };
  });
}

/** A line says that a frame of this direction will never arrive. */
function gone(b: Bounds, bySid: SessionIndex): boolean {
  return b.streams.some(
    (x) => x.adopted || x.received?.skippedSeq != null || bySid.get(x.sid)?.denied != null || bySid.get(x.sid)?.timeout != null,
  );
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
  const bySid = new Map(input.sessions.map((s) => [s.sid, s]));
  const bounds = confirm(
    input.pairs.map(([from, to]) => boundDirection(from, to, input, bySid)),
    input,
  );
  const contradictions: string[] = [];
  const frames = solve('frames', bounds, input, contradictions);
  const bytes = solve('bytes', fill(bounds, frames), input, contradictions);
  const directions = bounds.map((b, i): DirectionFact => {
    const solved = bytes[i] ?? { sent: b.sentBytes, delivered: b.deliveredBytes, lost: UNKNOWN };
    const framed = frames[i];
    const received = b.streams.map((s) => s.received).filter((r) => r !== null);
    const got = received.reduce((sum, r) => sum + r.bytes, 0);
    const gotFrames = received.reduce((sum, r) => sum + r.frames, 0);
    const relayedFrames = input.relayed.filter((r) => r.from === b.from && r.to === b.to).reduce((sum, r) => sum + r.frames * r.copies, 0);
    const receiver = input.parties.find((p) => p.email === b.to);
    const isSeen = receiver?.log != null || wireTells(receiver);
    // What reached a client left the relay.
    const seenRelayed = !input.hasRelayLog && wireTells(receiver) && !b.hidden;
    return {
      from: b.from,
      to: b.to,
      streams: b.streams,
      sessions: [...new Set(b.streams.map((x) => x.sid))].map((sid) => bySid.get(sid)).filter((x) => x !== undefined),
      offered: offeredBy(b, input),
      sent: solved.sent,
      delivered: solved.delivered,
      // While counters move, what has not arrived may be under way, unless a line says that it is gone.
      lost: input.settled || gone(b, bySid) ? solved.lost : { min: 0, max: solved.lost.max },
      received: !isSeen
        ? null
        : b.hidden
          ? { min: Math.max(got, solved.delivered.min), max: Math.max(got, solved.sent.max) }
          : { min: got, max: got },
      frames: {
        sent: framed === undefined ? null : bounded(framed.sent),
        relayed: input.hasRelayLog ? { min: relayedFrames, max: relayedFrames } : seenRelayed ? { min: gotFrames, max: gotFrames } : null,
        received: !isSeen ? null : { min: gotFrames, max: b.hidden ? Math.max(gotFrames, framed?.sent.max ?? UNBOUNDED) : gotFrames },
        delivered: framed === undefined ? null : bounded(framed.delivered),
      },
      relayedBytes: seenRelayed ? { min: got, max: got } : relayedBytes(relayedFrames, gotFrames, got, b, input),
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

function boundDirection(from: string, to: string, input: LedgerInput, bySid: SessionIndex): Bounds {
  const streams = (input.streams.get(`${from}\n${to}`) ?? []).filter((s) => !s.astray);
  const receiver = input.parties.find((p) => p.email === to);
  const sender = input.parties.find((p) => p.email === from);
  if (streams.length === 0) return boundUnused(from, to, receiver, sender, input.sessions);
  const per = streams.map((s) => boundStream(s, input, bySid, receiver, sender));
  const total = (pick: (b: StreamBounds) => Interval): Interval => capped(addIntervals(per.map(pick)));
  return {
    from,
    to,
    streams,
    hidden: per.some((b) => b.hidden),
    deliveredBytes: total((b) => b.deliveredBytes),
    deliveredFrames: total((b) => b.deliveredFrames),
    sentBytes: total((b) => b.sentBytes),
    sentFrames: total((b) => b.sentFrames),
  };
}

/** A direction without any session: nothing was sent, if the sender's log would show the open; nothing came, if the receiver's would. */
function boundUnused(
  from: string,
  to: string,
  receiver: PartyFact | undefined,
  sender: PartyFact | undefined,
  sessions: readonly SessionFact[],
): Bounds {
  const neverSent = ((tellsAll(sender) && sender?.hotlinkOn === true) || wireTells(sender)) && !hasVague(from, sessions);
  const neverCame = neverSent || ((tellsAll(receiver) || wireTells(receiver)) && !hasVague(to, sessions));
  const delivered = neverCame ? NOTHING : UNKNOWN;
  const sent = neverSent ? NOTHING : UNKNOWN;
  return {
    from,
    to,
    streams: [],
    hidden: !neverCame,
    deliveredBytes: delivered,
    deliveredFrames: delivered,
    sentBytes: sent,
    sentFrames: sent,
  };
}

/** The log covers the run, and this version writes a line for every session it opens or accepts. */
export function tellsAll(p: PartyFact | undefined): boolean {
  return p?.log != null && p.logComplete && p.era.value !== 'Go' && p.era.value !== 'E1';
}

/** The party takes part in a session of which nothing tells who is at the other end: it may be of any direction. */
function hasVague(party: string, sessions: readonly SessionFact[]): boolean {
  return sessions.some(
    (s) => (s.opener === null || s.peer === null) && [s.opener, ...[...s.seenBy, ...s.accepting].map((e) => e.party)].includes(party),
  );
}

/** A capture covers the party's run: every session it opened or accepted crossed the wire, and every frame but those of data channels. */
export function wireTells(p: PartyFact | undefined): boolean {
  return p?.wire?.complete === true;
}

interface StreamBounds {
  readonly hidden: boolean;
  readonly deliveredBytes: Interval;
  readonly deliveredFrames: Interval;
  readonly sentBytes: Interval;
  readonly sentFrames: Interval;
}

type SessionIndex = ReadonlyMap<string, SessionFact>;

function boundStream(
  s: StreamFact,
  input: LedgerInput,
  bySid: SessionIndex,
  receiver: PartyFact | undefined,
  sender: PartyFact | undefined,
): StreamBounds {
  const direct = goesDirect(bySid.get(s.sid), receiver, sender);
  const sentFrames = numbered(s, sender, direct, input.settled);
  const sent = { sentBytes: bytesSent(s, direct, sentFrames), sentFrames };
  const got = s.received;
  if (!isShown(receiver)) return { hidden: true, ...atLeast(got, UNBOUNDED, UNBOUNDED), ...sent };
  // A Go client writes a line for a frame, but neither its number nor its bytes.
  const hidden = direct || receiver?.era.value === 'Go' ? undecoded(s, sender) : 0;
  const limits =
    hidden === 0
      ? [got?.prefixBytes, got?.prefixFrames]
      : [(got?.distinctBytes ?? 0) + hidden * P2P_FRAME_MAX, (got?.distinct ?? 0) + hidden];
  return { hidden: hidden > 0, ...atLeast(got, limits[0] ?? 0, limits[1] ?? 0), ...sent };
}

/** Its log, or without one a capture, holds all that came from the WebSocket. */
function isShown(receiver: PartyFact | undefined): boolean {
  return receiver?.log == null ? wireTells(receiver) : receiver.logComplete;
}

/** A data channel opened for it, or the receiver's version writes no line for frames that came another way. */
function goesDirect(session: SessionFact | undefined, receiver: PartyFact | undefined, sender: PartyFact | undefined): boolean {
  // A sender that counted no frame as peer to peer used no data channel, open or not.
  if (sender !== undefined && sender.p2pFrames === 0) return false;
  if (session !== undefined && (session.p2pOpen.length > 0 || session.quic)) return true;
  if (receiver?.era.value === 'Go' || receiver?.era.value === 'E1') return true;
  // Where neither end has a log, no line can say that the channel opened.
  return session?.answered != null && sender?.log == null && receiver?.log == null;
}

/** Frames that a data channel may have carried: numbered by the sender and not decoded from the WebSocket. */
function undecoded(s: StreamFact, sender: PartyFact | undefined): number {
  return s.sentSeq === null || sender?.countedEarlier === true ? UNBOUNDED : Math.max(0, s.sentSeq - (s.received?.distinct ?? 0));
}

/** Delivered: no less than what was decoded in order and is old enough to be written, no more than the given bounds. */
function atLeast(
  got: ReceivedStream | null,
  maxBytes: number,
  maxFrames: number,
): Pick<StreamBounds, 'deliveredBytes' | 'deliveredFrames'> {
  return {
    deliveredBytes: capped({ min: got?.settledBytes ?? 0, max: maxBytes }),
    deliveredFrames: capped({ min: got?.settledFrames ?? 0, max: maxFrames }),
  };
}

/** Numbers assigned: exact from telemetry once everything stands, or from a capture that saw all of them; else at least what was seen. */
function numbered(s: StreamFact, sender: PartyFact | undefined, direct: boolean, settled: boolean): Interval {
  const floor = Math.max(s.received?.distinct ?? 0, s.sent?.maxSeq ?? 0, s.sentSeq ?? 0);
  const hasTelemetry = sender?.telemetry != null && !sender.countedEarlier;
  if (!direct && wireTells(sender) && floor === (s.sent?.maxSeq ?? 0)) return { min: floor, max: floor };
  return { min: floor, max: s.sentSeq !== null && hasTelemetry && settled ? Math.max(floor, s.sentSeq) : UNBOUNDED };
}

/** Bytes of all numbered frames: exact when debug lines list each of them, or when each was decoded. */
function bytesSent(s: StreamFact, direct: boolean, frames: Interval): Interval {
  const { sent, received } = s;
  if (!direct && sent !== null && sent.maxSeq === sent.frames && frames.max <= sent.maxSeq) return { min: sent.bytes, max: sent.bytes };
  if (!direct && received !== null && frames.max === received.distinct && received.frames === received.distinct)
    return { min: received.bytes, max: received.bytes };
  return { min: Math.max(received?.distinctBytes ?? 0, sent?.bytes ?? 0), max: frames.max === 0 ? 0 : UNBOUNDED };
}

function capped(i: Interval): Interval {
  return { min: i.min, max: Math.min(i.max, UNBOUNDED) };
}

/** What is left of "no bound" after something known was taken off is no bound either. */
function withoutBounds<T extends { sent: Interval; delivered: Interval; lost: Interval }>(d: T): T {
  const open = (i: Interval): Interval => (i.max >= UNBOUNDED / 2 ? { min: i.min, max: UNBOUNDED } : i);
  return { ...d, sent: open(d.sent), delivered: open(d.delivered), lost: open(d.lost) };
}

/** Debug lines of the sender's proxy: what the program wrote, on the outbound key of this direction. */
function offeredBy(b: Bounds, input: LedgerInput): Interval | null {
  const sender = input.parties.find((p) => p.email === b.from);
  if (sender?.debug !== true) return null;
  const sids = new Set(b.streams.map((x) => x.sid));
  const paths = new Set(input.sessions.filter((s) => sids.has(s.sid)).map((s) => s.path));
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
  if (solved.feasible) return solved.directions.map((d) => withoutBounds(d));
  // Flushes of different parties are not simultaneous; let the totals of a run in motion be lower bounds only.
  const loose = totals.map((t) => ({ party: t.party, sent: { min: 0, max: UNBOUNDED }, received: { min: 0, max: UNBOUNDED } }));
  if (input.settled) contradictions.push(`${unit}: ${solved.why}`);
  const again = solveFlows(loose, directions);
  if (again.feasible) return again.directions.map((d) => withoutBounds(d));
  return directions.map((d) => ({ sent: d.sent, delivered: d.delivered, lost: UNKNOWN }));
}
