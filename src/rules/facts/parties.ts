/** One party of the run: its log, its managers, its version and what its counters add up to. */
import type { Interval } from '../../model/diagnosis.ts';
import type { Capture } from './captures.ts';
import type { PartyFact, SessionFact, WireFact } from './case-file.ts';
import type { LogEnd } from './ends.ts';
import { livesOf } from './counters.ts';
import { eraOf } from './eras.ts';
import type { EventLog, LogEvent } from './events.ts';
import type { Family, Flush, ReceivedStream } from './load.ts';
import type { Source, Telemetry } from './load-files.ts';
import { addIntervals, sortManagers, type ManagerFact } from './managers.ts';
import type { Pairing } from './sessions.ts';
import { UNBOUNDED } from './transport.ts';
import { largest } from '../../util/extent.ts';

/** Telemetry that was flushed this long after the log's last line shows that the copy of the log is cut; flushes come every 3 s. */
const CUT_US = 5_000_000;
/** Flushes come every 3.0 s, at most 3.1 s apart: a party whose peers flush this long after its last one has ended, or its files were taken before theirs. */
const OUTLIVED_US = 3_500_000;
/** Counters that stood for so long are taken to have stood until the end. */
const STILL_US = 10_000_000;
/** Telemetry belongs to a manager that was announced within this time of its `started_ms`. */
const SAME_START_US = 2_000_000;

export interface PartyInputs {
  readonly sources: readonly Source[];
  /** One per party. */
  readonly telemetry: readonly Telemetry[];
  /** All copies of the telemetry files of this run. */
  readonly copies: readonly Telemetry[];
  readonly flushes: readonly Flush[];
  readonly events: EventLog;
  readonly received: readonly ReceivedStream[];
  readonly families: readonly Family[];
  readonly logEnds: readonly LogEnd[];
  readonly captures: readonly Capture[];
  readonly common: (ownUs: number, clock: string | null) => number;
  readonly firstOpen: number;
  readonly pairing: Pairing;
  readonly emails: readonly string[];
  readonly sessions: readonly SessionFact[];
  /** Parties with two clients in one folder, which write over each other's log and telemetry (F-19). */
  readonly twins: ReadonlySet<string>;
  /** The same processes served an earlier run until then; its counters do not count. */
  readonly since: number | null;
  /** Party numbers that names or containers say, where no marker does. */
  readonly indexes: ReadonlyMap<string, number>;
}

export function buildParty(email: string, input: PartyInputs): PartyFact {
  const { sources, events, common } = input;
  const log = sources.find((s) => s.logs.includes('client-log') && s.party === email && s.mirrorOf === null) ?? null;
  const end = log === null ? undefined : input.logEnds.find((e) => e.sourceId === log.id);
  const logStart = end === undefined ? null : common(end.firstUs, email);
  const logEnd = end === undefined ? null : common(end.lastUs, email);
  const telemetry = input.telemetry.find((t) => t.party === email) ?? null;
  const enabled = events.ofParty(email, 'hotlink-enabled', 'hotlink-config');
  const starts = events.ofParty(email, 'daemon-start');
  const managers = sortManagers(
    email,
    enabled,
    input.flushes.filter((f) => f.party === email),
    starts,
  );
  const era = versionOf(email, log, telemetry, events);
  const known = log !== null && end !== undefined;
  const flushed = telemetry?.updatedUs == null ? null : common(telemetry.updatedUs, email);
  const cut = logEnd !== null && flushed !== null && flushed - logEnd > CUT_US;
  const lastData = Math.max(
    restartedAt(email, logStart, input.sessions),
    largest(input.received.filter((r) => r.party === email).map((r) => r.lastT ?? -Infinity)),
    largest(events.ofParty(email, 'session-new', 'decoded-open', 'fallback').map((e) => e.t ?? -Infinity)),
  );
  const countedEarlier = isOutlived(email, input);
  const totals = lessBefore(
    input.since,
    managers,
    countersOf(
      managers,
      livesOf(input.copies, telemetry),
      countedEarlier || flushesRarely(era.value),
      lastData,
      (us) => common(us, email),
      log !== null,
      (m) => isOfFormerLife(m, starts),
    ),
  );
  return {
    email,
    role: roleOf(email, input.emails),
    index: indexOf(email, input),
    log,
    logStart,
    logEnd,
    wire: wireOf(email, logEnd, input),
    logCut: cut,
    logComplete:
      known &&
      !cut &&
      !input.twins.has(email) &&
      logStart !== null &&
      logStart <= input.firstOpen &&
      (managers.length > 0 || era.value === 'Go' || enabled.length === 0),
    hotlinkOn: hasRun(enabled, managers, telemetry) || speaksHotlink(email, log, events),
    debug: events.ofParty(email, 'app-connected', 'send-open', 'open-received', 'proxy-starting', 'writer-mapped').length > 0,
    telemetry,
    managers,
    countedEarlier,
    era,
    ...totals,
    p2pFrames: p2pFramesOf(managers, telemetry, era.value, totals.sent.frames),
  };
}

/** By the markers; where they say nothing, by the runner's names. */
function indexOf(email: string, input: PartyInputs): number | null {
  return input.pairing.index(email) ?? input.indexes.get(email) ?? null;
}

/** A capture alone names no version: what it shows is also of the relay's and of the peer's. */
function versionOf(email: string, log: Source | null, telemetry: Telemetry | null, events: EventLog): PartyFact['era'] {
  return log === null && telemetry === null ? { value: null, proof: [] } : eraOf(email, log, telemetry, events);
}

function hasRun(enabled: readonly LogEvent[], managers: readonly ManagerFact[], telemetry: Telemetry | null): boolean {
  return enabled.length > 0 || managers.some((m) => m.flushes.length > 0) || telemetry !== null;
}

/** The Go client's configuration line; without a log, a message that only hotlink sends. */
function speaksHotlink(email: string, log: Source | null, events: EventLog): boolean {
  return events.ofParty(email, 'go-hotlink-config', ...(log === null ? ['session-new', 'accept-sending'] : [])).length > 0;
}

/** A log line is written a moment before or after its bytes cross the wire. */
const MOMENT_US = 1_000_000;

function wireOf(email: string, logEnd: number | null, { captures, common, firstOpen }: PartyInputs): WireFact | null {
  const mine = captures.filter((x) => x.party === email);
  if (mine.length === 0) return null;
  const start = common(Math.min(...mine.map((x) => x.firstUs)), email);
  const end = common(Math.max(...mine.map((x) => x.lastUs)), email);
  const covers = start <= firstOpen && (logEnd === null || end >= logEnd - MOMENT_US);
  return { sourceIds: mine.map((x) => x.sourceId), start, end, complete: covers && mine.every((x) => x.losses === 0) };
}

/** On events only (field guide 5.3, trap 2). */
function flushesRarely(era: string | null): boolean {
  return era === 'E1' || era === 'E2';
}

/** Only settled counters say it: a later frame may have gone another way. E1 and E2 flush too rarely to tell. */
function p2pFramesOf(managers: readonly ManagerFact[], telemetry: Telemetry | null, era: string | null, sent: Interval): number | null {
  if (flushesRarely(era) || era === 'Go' || sent.max >= UNBOUNDED) return null;
  if (telemetry?.cites != null && managers.every((m) => m.last === null)) return null;
  const flushed = managers.reduce((sum, m) => sum + (m.last?.txP2p ?? 0), 0);
  return Math.max(flushed, (telemetry?.txP2p ?? 0) + (telemetry?.txQuic ?? 0));
}

/** What tells the parties apart: the local part of the email, unless two share it. */
function roleOf(email: string, all: readonly string[]): string {
  const local = email.split('@')[0] ?? email;
  return all.filter((e) => e.split('@')[0] === local).length > 1 ? email : local;
}

interface Counters {
  readonly sent: { readonly bytes: Interval; readonly frames: Interval };
  readonly received: { readonly bytes: Interval; readonly frames: Interval };
  readonly hasCounters: boolean;
}

/** Counters go on over the runs of one process: what they showed before this run is taken off. */
function lessBefore(since: number | null, managers: readonly ManagerFact[], counters: Counters): Counters {
  if (since === null || !counters.hasCounters) return counters;
  const before = managers.map((m) => m.flushes.findLast((f) => f.t <= since)).filter((f) => f !== undefined);
  const less = (total: Interval, parts: readonly Interval[]): Interval => {
    const off = addIntervals(parts);
    return { min: Math.max(0, total.min - off.max), max: total.max >= UNBOUNDED ? UNBOUNDED : Math.max(0, total.max - off.min) };
  };
  return {
    hasCounters: true,
    sent: {
      bytes: less(
        counters.sent.bytes,
        before.map((f) => f.tx),
      ),
      frames: less(
        counters.sent.frames,
        before.map((f) => exactly(f.txPackets)),
      ),
    },
    received: {
      bytes: less(
        counters.received.bytes,
        before.map((f) => f.rx),
      ),
      frames: less(
        counters.received.frames,
        before.map((f) => exactly(f.rxPackets)),
      ),
    },
  };
}

const ANY: Interval = { min: 0, max: UNBOUNDED };

/** Never, or (it opened or took a session before its present log begins) beyond all flushes: its counters are of its last life only. */
function restartedAt(email: string, logStart: number | null, sessions: readonly SessionFact[]): number {
  const before = sessions.some(
    (s) =>
      s.opened?.t != null &&
      logStart !== null &&
      s.opened.t < logStart &&
      (s.opener === email || (s.peer === email && s.accepted !== null)),
  );
  return before ? Infinity : -Infinity;
}

/**
 * Whether the process of a manager ended and another one followed in the same log. What it moved after its last flush nobody counted: what it counted
 * is a lower bound.
 */
function isOfFormerLife({ last }: ManagerFact, starts: readonly LogEvent[]): boolean {
  return last !== null && starts.some((start) => start.sourceId === last.sourceId && start.line > last.line);
}

/** Its peers went on counting after its last flush, and it moved shortly before: what it moved from there to its end nobody counted. */
function isOutlived(email: string, { copies, flushes, common }: PartyInputs): boolean {
  const samples = [
    ...flushes.map((f) => ({ party: f.party, t: f.t, packets: f.txPackets + f.rxPackets })),
    ...copies.flatMap(({ party, updatedUs, txPackets, rxPackets }) =>
      updatedUs === null ? [] : [{ party, t: common(updatedUs, party), packets: (txPackets ?? 0) + (rxPackets ?? 0) }],
    ),
  ];
  const own = samples.filter(({ party }) => party === email).toSorted((a, b) => a.t - b.t);
  const last = own.at(-1);
  if (last === undefined) return false;
  const others = largest(samples.filter(({ party }) => party !== email).map(({ t }) => t));
  if (others - last.t < OUTLIVED_US) return false;
  const since = own.slice(own.findLastIndex(({ packets }) => packets !== last.packets) + 1)[0] ?? last;
  return last.t - since.t < STILL_US;
}

/**
 * Totals of a party over its managers. Telemetry is exact for the manager that wrote the file last; the flush lines give
 * the others, and all of them when the file is gone. Movement after the last flush, and E1–E2 (which flush only on
 * events), leave lower bounds (field guide 5.3, trap 2).
 */
function countersOf(
  managers: readonly ManagerFact[],
  lives: readonly Telemetry[],
  isLower: boolean,
  lastData: number,
  common: (us: number) => number,
  hasLog: boolean,
  isFormer: (manager: ManagerFact) => boolean,
): Counters {
  const parts = partsOf(managers, lives, common, isFormer);
  if (parts.length === 0) return { sent: { bytes: ANY, frames: ANY }, received: { bytes: ANY, frames: ANY }, hasCounters: false };
  const lower = isLower || (hasLog && Math.max(...parts.map((p) => p.at)) < lastData);
  const open = (i: Interval): Interval => (lower ? { min: i.min, max: UNBOUNDED } : i);
  return {
    sent: { bytes: open(addIntervals(parts.map((p) => p.txB))), frames: open(addIntervals(parts.map((p) => p.txF))) },
    received: { bytes: open(addIntervals(parts.map((p) => p.rxB))), frames: open(addIntervals(parts.map((p) => p.rxF))) },
    hasCounters: true,
  };
}

/** What one manager counted, and when it was last written. */
interface Part {
  readonly txB: Interval;
  readonly rxB: Interval;
  readonly txF: Interval;
  readonly rxF: Interval;
  readonly at: number;
}

function partsOf(
  managers: readonly ManagerFact[],
  lives: readonly Telemetry[],
  common: (us: number) => number,
  isFormer: (manager: ManagerFact) => boolean,
): readonly Part[] {
  const telemetry = lives[0] ?? null;
  const parts: Part[] = [];
  let placed = false;
  const home = telemetry === null ? undefined : managerOf(managers, telemetry);
  for (const m of managers) {
    const isHome = m === home;
    if (m.last === null && !isHome) continue;
    const flush = m.last;
    const newer =
      isHome &&
      telemetry !== null &&
      (flush === null || (telemetry.txPackets ?? 0) + (telemetry.rxPackets ?? 0) >= flush.txPackets + flush.rxPackets);
    if (newer && telemetry !== null) {
      parts.push(fromTelemetry(telemetry, common));
      placed = true;
    } else if (flush !== null) {
      const bound = (i: Interval): Interval => (isFormer(m) ? { min: i.min, max: UNBOUNDED } : i);
      parts.push({
        txB: bound(flush.tx),
        rxB: bound(flush.rx),
        txF: bound(exactly(flush.txPackets)),
        rxF: bound(exactly(flush.rxPackets)),
        at: flush.t,
      });
    }
  }
  if (!placed && telemetry !== null && managers.length === 0) parts.push(...lives.map((t) => fromTelemetry(t, common)));
  return parts;
}

function fromTelemetry(t: Telemetry, common: (us: number) => number): Part {
  return {
    txB: t.txBytes === null ? ANY : { min: t.txBytes, max: Math.min(t.txBytesMax ?? t.txBytes, UNBOUNDED) },
    rxB: t.rxBytes === null ? ANY : { min: t.rxBytes, max: Math.min(t.rxBytesMax ?? t.rxBytes, UNBOUNDED) },
    txF: t.txPackets === null ? ANY : exactly(t.txPackets),
    rxF: t.rxPackets === null ? ANY : exactly(t.rxPackets),
    // Figures of a text are of no known time: what a log shows may be later.
    at: t.cites !== null ? -Infinity : t.updatedUs === null ? Infinity : common(t.updatedUs),
  };
}

function exactly(n: number): Interval {
  return { min: n, max: n };
}

function managerOf(managers: readonly ManagerFact[], telemetry: Telemetry): ManagerFact | undefined {
  if (telemetry.startedUs === null) return managers.length === 1 ? managers[0] : undefined;
  const started = telemetry.startedUs;
  const apart = (m: ManagerFact): number => Math.abs((m.enabled?.ownT ?? m.first?.ownT ?? Infinity) - started);
  // A client can start again within that time: the nearest is meant.
  return managers.filter((m) => apart(m) < SAME_START_US).toSorted((x, y) => apart(x) - apart(y))[0];
}
