/** Assembles the case file from the store: window, clocks, parties, sessions, ledger, stillness. */
import type { Interval } from '../../model/diagnosis.ts';
import { sql, type Query } from '../../store/sql.ts';
import { applyShifts, RELAY_CLOCK, solveClocks, type Clocks } from './clocks.ts';
import type { Burst, CaseFile, DirectionFact, PairFact, PartyFact, ProgressFact, Ref, SessionFact, Stillness } from './case-file.ts';
import { integer, text, textOrNull } from './columns.ts';
import { eraOf } from './eras.ts';
import type { EventLog, LogEvent } from './events.ts';
import { buildLedger } from './ledger.ts';
import {
  loadAcl,
  loadAclFiles,
  loadAppBytes,
  loadEvents,
  loadFamilies,
  loadFlushes,
  loadMarkers,
  loadPhases,
  loadProgress,
  loadReceived,
  loadRelayed,
  loadSent,
  loadSilences,
  loadSources,
  loadTelemetry,
  type Family,
  type Flush,
  type Marker,
  type ProgressStep,
  type ReceivedStream,
  type Source,
  type Telemetry,
} from './load.ts';
import { addIntervals, sortManagers, type ManagerFact } from './managers.ts';
import { buildSessions, numbersOf, Pairing } from './sessions.ts';
import { UNBOUNDED } from './transport.ts';
import { listRuns, openWindow, type RunName } from './window.ts';

/** Quiet for this long is standing still: healthy runs pause up to 4.5 s a session (F-33), hangs last 17 s and more. */
export const QUIET_LIMIT_US = 10_000_000;
/** A program that closes its connection within this time of the last byte has finished. */
export const FINISH_GAP_US = 5_000_000;
/** Telemetry belongs to a manager that was announced within this time of its `started_ms`. */
const SAME_START_US = 2_000_000;

export interface BuildOptions {
  readonly run?: string;
  readonly notes?: readonly string[];
}

export async function buildCase(query: Query, options: BuildOptions = {}): Promise<CaseFile> {
  const runs = await listRuns(query);
  const at = options.run === undefined ? 0 : runs.findIndex((r) => r.id === options.run);
  const run: RunName | null = runs[Math.max(0, at)] ?? null;
  await openWindow(
    query,
    run?.id ?? null,
    runs.slice(0, Math.max(0, at)).map((r) => r.id),
  );
  const sources = await loadSources(query);
  const allMarkers = await loadMarkers(query);
  const emails = await listParties(query, allMarkers, run);
  const clocks = await solveClocks(query, emails);
  await applyShifts(query, clocks);
  const [events, received, sent, appBytes, relayed, flushes, telemetry, acl, aclFiles, progressSteps, phases, families, silences] = [
    await loadEvents(query),
    await loadReceived(query),
    await loadSent(query),
    await loadAppBytes(query),
    await loadRelayed(query),
    await loadFlushes(query),
    await loadTelemetry(query),
    await loadAcl(query),
    await loadAclFiles(query),
    await loadProgress(query),
    await loadPhases(query),
    await loadFamilies(query),
    await loadSilences(query),
  ];
  const inRun = (m: { run: string | null }): boolean => run === null || m.run === null || m.run === run.id;
  const markers = allMarkers.filter(inRun);
  const pairing = new Pairing(markers.length > 0 ? markers : allMarkers, emails);
  const allSessions = buildSessions({ events, pairing, telemetry, received, sent, parties: emails });
  const sessions = allSessions.filter((x) => !isEarlier(x, run));
  const since = sessions.length < allSessions.length ? (run?.firstSeenUs ?? null) : null;
  const common = (ownUs: number, clock: string | null): number => ownUs - (clocks.shifts.get(clock ?? RELAY_CLOCK) ?? 0);
  const logEnds = await loadEnds(query);
  const firstOpen = sessions.reduce<number>((least, s) => Math.min(least, s.opened?.t ?? Infinity), Infinity);
  const shared: PartyInputs = {
    sources,
    telemetry,
    flushes,
    events,
    received,
    families,
    logEnds,
    common,
    firstOpen,
    pairing,
    emails,
    sessions,
    since,
  };
  const parties = emails
    .map((email) => buildParty(email, shared))
    .toSorted((a, b) => (a.index ?? 99) - (b.index ?? 99) || (a.email < b.email ? -1 : 1));
  const pairs = listPairs(markers, sessions, parties);
  const relay = buildRelay(sources, events, logEnds, families, common);
  const stillness = buildStillness(parties, events, received, relay, common);
  const ordered = pairs.flatMap((p) => [[p.a, p.b] as const, [p.b, p.a] as const]);
  const ledger = buildLedger({
    parties,
    pairs: sortPairs(ordered, parties),
    sessions,
    relayed,
    hasRelayLog: relay !== null,
    appBytes,
    events,
    settled: (stillness.stoodStillUs ?? 0) > 3_500_000,
  });
  const progress = judgeProgress(progressSteps.filter(inRun));
  const hidden = ledger.directions.some((d) => d.hidden && d.streams.length > 0);
  const bursts = hidden || stillness.standing === false ? [] : await loadBursts(query, sessions);
  const draft = {
    run,
    runs,
    layout: layoutOf(markers),
    sources,
    events,
    parties,
    pairs,
    sessions,
    directions: ledger.directions,
    contradictions: ledger.contradictions,
    relay,
    flushes,
    received,
    relayed,
    appBytes,
    telemetry,
    markers: allMarkers,
    acl,
    aclFiles,
    progress,
    progressSteps: progressSteps.filter(inRun),
    phases: phases.filter(inRun),
    families,
    silences,
    clocks,
    stillness,
    notes: options.notes ?? [],
    toldStill: (options.notes ?? []).some((n) => /still|stuck|stall|hung|hang|no progress|silent|quiet|frozen/i.test(n)),
    bursts,
  };
  return {
    ...draft,
    finished: judgeFinished(draft.progress, ledger.directions, parties, events, stillness),
    party: (email) => parties.find((p) => p.email === email),
    direction: (from, to) => ledger.directions.find((d) => d.from === from && d.to === to),
    common,
  };
}

/** Emails of the run's markers, else of everybody who keeps a log or telemetry; and whoever opened a session in the window. */
async function listParties(query: Query, markers: readonly Marker[], run: RunName | null): Promise<readonly string[]> {
  const found = new Set<string>();
  const mine = markers.filter((m) => run === null || m.run === run.id);
  for (const m of mine) for (const email of [m.from, m.to, m.party]) if (email !== null) found.add(email);
  const rows = await query(
    sql`
    SELECT DISTINCT party AS email FROM source WHERE party IS NOT NULL AND kind IN ('client-log', 'telemetry')
    UNION SELECT DISTINCT party FROM telemetry
    UNION SELECT DISTINCT party FROM progress_event WHERE run = ?1
    UNION SELECT DISTINCT user_email FROM ev WHERE kind IN ('decoded-open', 'open-denied', 'data-not-sender') AND user_email LIKE '%@%'
    ORDER BY email
  `,
    [run?.id ?? ''],
  );
  const logged = rows.map((r) => text(r, 'email'));
  // With markers, a client that has no part in the run (no marker, no session) is no party of it.
  const active = await query(
    sql`SELECT DISTINCT party AS email FROM ev WHERE kind IN ('session-new', 'send-open', 'accept-sending') AND party IS NOT NULL ORDER BY email`,
  );
  const speaks = new Set(active.map((r) => text(r, 'email')));
  for (const email of logged) if (mine.length === 0 || speaks.has(email)) found.add(email);
  return [...found].toSorted();
}

interface LogEnd {
  readonly sourceId: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

async function loadEnds(query: Query): Promise<readonly LogEnd[]> {
  const rows = await query(sql`
    SELECT source_id, min(first_us) AS first_us, max(last_us) AS last_us FROM (
      SELECT source_id, min(ts_us) AS first_us, max(ts_us) AS last_us FROM ev WHERE ts_us IS NOT NULL GROUP BY source_id
      UNION ALL SELECT source_id, min(ts_us), max(ts_us) FROM flush GROUP BY source_id
      UNION ALL SELECT f.source_id, NULL, max(f.last_us) FROM family AS f JOIN run_window AS w USING (source_id) WHERE f.last_line BETWEEN w.from_line AND w.to_line GROUP BY f.source_id
    ) GROUP BY source_id HAVING min(first_us) IS NOT NULL ORDER BY source_id
  `);
  return rows.map((r) => ({ sourceId: integer(r, 'source_id'), firstUs: integer(r, 'first_us'), lastUs: integer(r, 'last_us') }));
}

interface PartyInputs {
  readonly sources: readonly Source[];
  readonly telemetry: readonly Telemetry[];
  readonly flushes: readonly Flush[];
  readonly events: EventLog;
  readonly received: readonly ReceivedStream[];
  readonly families: readonly Family[];
  readonly logEnds: readonly LogEnd[];
  readonly common: (ownUs: number, clock: string | null) => number;
  readonly firstOpen: number;
  readonly pairing: Pairing;
  readonly emails: readonly string[];
  readonly sessions: readonly SessionFact[];
  /** The same processes served an earlier run until then; its counters do not count. */
  readonly since: number | null;
}

function buildParty(email: string, input: PartyInputs): PartyFact {
  const { sources, events, common } = input;
  const log = sources.find((s) => s.kind === 'client-log' && s.party === email && s.mirrorOf === null) ?? null;
  const end = log === null ? undefined : input.logEnds.find((e) => e.sourceId === log.id);
  const logStart = end === undefined ? null : common(end.firstUs, email);
  const logEnd = end === undefined ? null : common(end.lastUs, email);
  const telemetry = input.telemetry.find((t) => t.party === email) ?? null;
  const enabled = events.ofParty(email, 'hotlink-enabled', 'hotlink-config');
  const managers = sortManagers(
    email,
    enabled,
    input.flushes.filter((f) => f.party === email),
  );
  const era = eraOf(email, log, telemetry, events);
  const known = log !== null && end !== undefined;
  const lastData = Math.max(
    -Infinity,
    ...input.received.filter((r) => r.party === email).map((r) => r.lastT ?? -Infinity),
    ...events.ofParty(email, 'session-new', 'decoded-open', 'fallback').map((e) => e.t ?? -Infinity),
  );
  const totals = lessBefore(
    input.since,
    managers,
    countersOf(managers, telemetry, era.value, lastData, (us) => common(us, email), log !== null),
  );
  return {
    email,
    role: roleOf(email, input.emails),
    index: input.pairing.index(email),
    log,
    logStart,
    logEnd,
    logComplete:
      known && logStart !== null && logStart <= input.firstOpen && (managers.length > 0 || era.value === 'Go' || enabled.length === 0),
    hotlinkOn:
      enabled.length > 0 ||
      managers.some((m) => m.flushes.length > 0) ||
      telemetry !== null ||
      events.ofParty(email, 'go-hotlink-config').length > 0,
    debug: events.ofParty(email, 'app-connected', 'send-open', 'open-received', 'proxy-starting', 'writer-mapped').length > 0,
    telemetry,
    managers,
    era,
    ...totals,
  };
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

/** Sessions of another run from before this one was first named: that run's own, when one process served both. */
function isEarlier(s: SessionFact, run: RunName | null): boolean {
  return run?.firstSeenUs != null && s.run !== null && s.run !== run.id && s.opened?.t != null && s.opened.t < run.firstSeenUs;
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

/**
 * Totals of a party over its managers. Telemetry is exact for the manager that wrote the file last; the flush lines give
 * the others, and all of them when the file is gone. Movement after the last flush, and E1–E2 (which flush only on
 * events), leave lower bounds (field guide 5.3, trap 2).
 */
function countersOf(
  managers: readonly ManagerFact[],
  telemetry: Telemetry | null,
  era: string | null,
  lastData: number,
  common: (us: number) => number,
  hasLog: boolean,
): Counters {
  const parts: { txB: Interval; rxB: Interval; txF: Interval; rxF: Interval; at: number }[] = [];
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
      parts.push({
        txB: flush.tx,
        rxB: flush.rx,
        txF: exactly(flush.txPackets),
        rxF: exactly(flush.rxPackets),
        at: flush.t,
      });
    }
  }
  if (!placed && telemetry !== null && managers.length === 0) parts.push(fromTelemetry(telemetry, common));
  if (parts.length === 0) return { sent: { bytes: ANY, frames: ANY }, received: { bytes: ANY, frames: ANY }, hasCounters: false };
  const lower = era === 'E1' || era === 'E2' || (hasLog && Math.max(...parts.map((p) => p.at)) < lastData);
  const open = (i: Interval): Interval => (lower ? { min: i.min, max: UNBOUNDED } : i);
  return {
    sent: { bytes: open(addIntervals(parts.map((p) => p.txB))), frames: open(addIntervals(parts.map((p) => p.txF))) },
    received: { bytes: open(addIntervals(parts.map((p) => p.rxB))), frames: open(addIntervals(parts.map((p) => p.rxF))) },
    hasCounters: true,
  };
}

function fromTelemetry(
  t: Telemetry,
  common: (us: number) => number,
): { txB: Interval; rxB: Interval; txF: Interval; rxF: Interval; at: number } {
  return {
    txB: t.txBytes === null ? ANY : { min: t.txBytes, max: Math.min(t.txBytesMax ?? t.txBytes, UNBOUNDED) },
    rxB: t.rxBytes === null ? ANY : { min: t.rxBytes, max: Math.min(t.rxBytesMax ?? t.rxBytes, UNBOUNDED) },
    txF: t.txPackets === null ? ANY : exactly(t.txPackets),
    rxF: t.rxPackets === null ? ANY : exactly(t.rxPackets),
    at: t.updatedUs === null ? Infinity : common(t.updatedUs),
  };
}

function exactly(n: number): Interval {
  return { min: n, max: n };
}

function managerOf(managers: readonly ManagerFact[], telemetry: Telemetry): ManagerFact | undefined {
  if (telemetry.startedUs === null) return managers.length === 1 ? managers[0] : undefined;
  const started = telemetry.startedUs;
  return managers.find((m) => {
    const at = m.enabled?.ownT ?? m.first?.ownT;
    return at != null && Math.abs(at - started) < SAME_START_US;
  });
}

function listPairs(markers: readonly Marker[], sessions: readonly SessionFact[], parties: readonly PartyFact[]): readonly PairFact[] {
  const pairs = new Map<string, { a: string; b: string; markers: Map<string, Marker[]> }>();
  const touch = (x: string, y: string): { a: string; b: string; markers: Map<string, Marker[]> } => {
    const [a, b] = x < y ? [x, y] : [y, x];
    const key = `${a}\n${b}`;
    const known = pairs.get(key) ?? { a, b, markers: new Map<string, Marker[]>() };
    pairs.set(key, known);
    return known;
  };
  for (const m of markers) {
    if (m.from === null || m.to === null || m.from === m.to) continue;
    const pair = touch(m.from, m.to);
    pair.markers.set(m.party, [...(pair.markers.get(m.party) ?? []), m]);
  }
  for (const m of markers) {
    // An unreadable marker still says by its directory whom it was meant for.
    if (m.from !== null && m.to !== null) continue;
    const ends = new Pairing(
      markers,
      parties.map((p) => p.email),
    ).ends(m.owner, m.channel);
    if (ends === undefined) continue;
    const pair = touch(ends[0], ends[1]);
    pair.markers.set(m.party, [...(pair.markers.get(m.party) ?? []), m]);
  }
  for (const s of sessions) for (const x of s.streams) if (x.from !== x.to) touch(x.from, x.to);
  if (pairs.size === 0 || markers.length === 0) {
    for (const [i, p] of parties.entries()) for (const q of parties.slice(i + 1)) touch(p.email, q.email);
  }
  return [...pairs.values()];
}

function sortPairs(pairs: readonly (readonly [string, string])[], parties: readonly PartyFact[]): readonly (readonly [string, string])[] {
  const place = (email: string): number => parties.findIndex((p) => p.email === email);
  return pairs.toSorted((x, y) => place(x[0]) - place(y[0]) || place(x[1]) - place(y[1]));
}

function layoutOf(markers: readonly Marker[]): CaseFile['layout'] {
  if (markers.length === 0) return 'unknown';
  const directed = markers.some((m) => markers.some((o) => o.owner !== m.owner && reversed(m.channel, o.channel)));
  const shared = markers.some((m) => markers.some((o) => o.owner !== m.owner && o.channel === m.channel));
  if (directed && shared) return 'mixed';
  return directed ? 'directed' : shared ? 'shared-dir' : 'unknown';
}

function reversed(a: string, b: string): boolean {
  const x = numbersOf(a);
  const y = numbersOf(b);
  return x !== undefined && y !== undefined && x[0] === y[1] && x[1] === y[0];
}

function buildRelay(
  sources: readonly Source[],
  events: EventLog,
  ends: readonly LogEnd[],
  families: readonly Family[],
  common: (us: number, clock: string | null) => number,
): CaseFile['relay'] {
  const source = sources.find((s) => s.kind === 'relay-log');
  if (source === undefined) return null;
  const end = ends.find((e) => e.sourceId === source.id);
  const beat = families.filter((f) => f.sourceId === source.id).reduce((latest, f) => Math.max(latest, f.lastUs ?? -Infinity), -Infinity);
  const last = Math.max(end?.lastUs ?? -Infinity, beat);
  return {
    source,
    start: end === undefined ? null : common(end.firstUs, null),
    end: last === -Infinity ? null : common(last, null),
    version:
      events.of('ice-servers').length > 0 ||
      events.of('open-target-denied', 'relay-data').length > 0 ||
      events.of('decoded-open').some((e) => e.user !== null)
        ? 'S2'
        : events.of('decoded-open').some((e) => e.user === null)
          ? 'S1'
          : null,
  };
}

const MOVING = [
  'session-new',
  'send-open',
  'decoded-open',
  'decoded-accept',
  'accept-sending',
  'fallback',
  'webrtc-open',
  'app-connected',
  'session-accepted',
];

function buildStillness(
  parties: readonly PartyFact[],
  events: EventLog,
  received: readonly ReceivedStream[],
  relay: CaseFile['relay'],
  common: (us: number, clock: string | null) => number,
): Stillness {
  let lastMoved: number | null = null;
  let ref: Ref | null = null;
  const moved = (t: number | null, r: Ref): void => {
    if (t !== null && (lastMoved === null || t > lastMoved)) {
      lastMoved = t;
      ref = r;
    }
  };
  for (const p of parties)
    for (const m of p.managers) if (m.lastMoved !== null) moved(m.lastMoved.t, { sourceId: m.lastMoved.sourceId, line: m.lastMoved.line });
  for (const r of received) moved(r.lastT, { sourceId: r.sourceId, line: r.lastLine });
  for (const e of events.of(...MOVING)) moved(e.t, { event: e });
  const ends = [
    ...parties.map((p) => p.logEnd),
    ...parties.map((p) => (p.telemetry?.updatedUs == null ? null : common(p.telemetry.updatedUs, p.email))),
    relay?.end ?? null,
  ].filter((t) => t !== null);
  const end = ends.length === 0 ? null : Math.max(...ends);
  const hasLog = parties.some((p) => p.log !== null);
  const still = lastMoved === null || end === null || !hasLog ? null : Math.max(0, end - lastMoved);
  return { lastMoved, lastMovedRef: ref, end, stoodStillUs: still, standing: still !== null && still >= QUIET_LIMIT_US };
}

/** The last word of each party's progress files. A failed step outweighs an unfinished one. */
function judgeProgress(steps: readonly ProgressStep[]): readonly ProgressFact[] {
  const out: ProgressFact[] = [];
  for (const party of [...new Set(steps.map((s) => s.party))].toSorted()) {
    const mine = steps.filter((s) => s.party === party && s.step !== null);
    const state = mine.filter((s) => s.origin === 'state');
    const base = state.length > 0 ? state : lastPerStep(mine);
    const pick =
      base.find((s) => statusOf(s) === 'failed') ??
      base.find((s) => statusOf(s) === 'unfinished') ??
      base
        .filter((s) => statusOf(s) === 'completed')
        .toSorted((a, b) => (a.t ?? 0) - (b.t ?? 0))
        .at(-1);
    if (pick === undefined) continue;
    out.push({ party, state: statusOf(pick) ?? 'completed', step: pick.step, ref: refOf(pick), t: pick.t, message: pick.message });
  }
  return out;
}

function lastPerStep(steps: readonly ProgressStep[]): readonly ProgressStep[] {
  const last = new Map<string, ProgressStep>();
  for (const s of steps) last.set(s.step ?? '', s);
  return [...last.values()];
}

function statusOf(s: ProgressStep): ProgressFact['state'] | undefined {
  const word = (s.status ?? s.event ?? '').toLowerCase();
  if (word.includes('fail')) return 'failed';
  if (word.includes('complete') || word.includes('shared')) return 'completed';
  if (word.includes('progress') || word.includes('start')) return 'unfinished';
  return undefined;
}

function refOf(s: ProgressStep): Ref {
  return s.line !== null
    ? { sourceId: s.sourceId, line: s.line }
    : { source: s.source, pointer: s.pointer ?? '', text: `${s.step ?? ''}: ${s.status ?? s.event ?? ''}` };
}

function judgeFinished(
  progress: readonly ProgressFact[],
  directions: readonly DirectionFact[],
  parties: readonly PartyFact[],
  events: EventLog,
  stillness: Stillness,
): boolean | 'unknown' {
  if (progress.some((p) => p.state !== 'completed')) return false;
  const used = directions.filter((d) => d.sent.max > 0 || d.delivered.min > 0);
  const lastCompleted = Math.max(-Infinity, ...progress.map((p) => p.t ?? -Infinity));
  if (progress.length > 0 && used.length > 0 && stillness.lastMoved !== null && lastCompleted + FINISH_GAP_US >= stillness.lastMoved)
    return true;
  const carried =
    directions.length > 0 &&
    directions.every((d) => d.delivered.min > 0 || d.sent.max === 0) &&
    directions.some((d) => d.delivered.min > 0);
  const balanced = directions.every((d) => d.lost.max === 0);
  const refused =
    events.of('data-not-sender', 'open-denied', 'open-target-denied', 'write-skipped', 'app-send-failed', 'decoded-reject').length > 0;
  if (!carried || !balanced || refused) return 'unknown';
  return parties.every((p) => connectionsClosed(p, events, stillness)) ? true : 'unknown';
}

/** Programs' connections closed: by debug lines soon after the last byte, else by a telemetry file that still lists the proxies. */
function connectionsClosed(p: PartyFact, events: EventLog, stillness: Stillness): boolean {
  const closes = events.ofParty(p.email, 'app-closed');
  if (p.debug && stillness.lastMoved !== null) {
    const opened = events.ofParty(p.email, 'app-connected').length;
    const first = Math.min(...closes.map((e) => e.t ?? Infinity));
    return opened > 0 && closes.length >= opened && first <= stillness.lastMoved + FINISH_GAP_US;
  }
  const t = p.telemetry;
  return (
    t !== null &&
    t.hasLive &&
    p.managers.length <= 1 &&
    t.proxies.length > 0 &&
    t.proxies.every((x) => !x.connected) &&
    (t.txPackets ?? 0) + (t.rxPackets ?? 0) > 0
  );
}

/** Frames in the order of time, those of one sender to one receiver put together until the sender hears from somebody. */
async function loadBursts(query: Query, sessions: readonly SessionFact[]): Promise<readonly Burst[]> {
  const rows = await query(
    sql`SELECT party, sid8, t, source_id, line_no, coalesce(bytes, 0) AS bytes FROM ev WHERE kind = 'decoded-data' AND t IS NOT NULL AND party IS NOT NULL ORDER BY t, event_id LIMIT 200000`,
  );
  const streams = new Map(sessions.flatMap((s) => s.streams.map((x) => [`${x.sid}\n${x.to}`, x] as const)));
  const open = new Map<string, { from: string; to: string; t: number; sourceId: number; line: number; frames: number; bytes: number }>();
  const heardSince = new Map<string, boolean>();
  const bursts: { from: string; to: string; t: number; sourceId: number; line: number; frames: number; bytes: number }[] = [];
  for (const r of rows) {
    const stream = streams.get(`${text(r, 'sid8')}\n${textOrNull(r, 'party') ?? ''}`);
    if (stream === undefined) continue;
    const key = `${stream.from}\n${stream.to}`;
    const current = open.get(key);
    if (current !== undefined && heardSince.get(key) !== true) {
      current.frames += 1;
      current.bytes += integer(r, 'bytes');
    } else {
      const burst = {
        from: stream.from,
        to: stream.to,
        t: integer(r, 't'),
        sourceId: integer(r, 'source_id'),
        line: integer(r, 'line_no'),
        frames: 1,
        bytes: integer(r, 'bytes'),
      };
      open.set(key, burst);
      bursts.push(burst);
      heardSince.set(key, false);
    }
    // The receiver has now heard: whatever it sends next is a new burst.
    for (const k of open.keys()) if (k.startsWith(`${stream.to}\n`)) heardSince.set(k, true);
  }
  return bursts;
}

export function eventTime(e: LogEvent | null): number {
  return e?.t ?? Infinity;
}

export type { Clocks };
