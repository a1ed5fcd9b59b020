/** Assembles the case file from the store: window, clocks, parties, sessions, ledger, stillness. */
import { sql, type Query } from '../../store/sql.ts';
import { groupBy } from '../../util/group.ts';
import { loadBursts } from './bursts.ts';
import { loadCaptures, loadOwners, settleCaptures } from './captures.ts';
import type { CaseFile, SessionFact } from './case-file.ts';
import { applyShifts, RELAY_CLOCK, solveClocks, solveZone } from './clocks.ts';
import { text } from './columns.ts';
import { emailOf, indexOfName, newestOfEach, telemetryOfText, textSamples } from './counters.ts';
import { loadCrossings } from './crossings.ts';
import { loadEnds, type LogEnd } from './ends.ts';
import type { EventLog } from './events.ts';
import { buildLedger } from './ledger.ts';
import {
  loadAppBytes,
  loadEvents,
  loadFamilies,
  loadFlushes,
  loadReceived,
  loadRelayed,
  loadSent,
  loadSilences,
  type Family,
} from './load.ts';
import {
  loadAcl,
  loadAclFiles,
  loadMarkers,
  loadPhases,
  loadProgress,
  loadSources,
  loadStackPorts,
  loadTelemetry,
  type Marker,
  type Source,
  type Telemetry,
} from './load-files.ts';
import { loadSurroundings, type CounterSample } from './load-runner.ts';
import { listPairs, layoutOf, sortPairs } from './pairs.ts';
import { buildParty, type PartyInputs } from './parties.ts';
import { loadEqualHeads } from './repeats.ts';
import { gaveUp } from './runner.ts';
import { buildSessions, numbersByOwner, Pairing } from './sessions.ts';
import { buildStillness, judgeFinished, judgeProgress } from './stillness.ts';
import { portsTakenByTwin } from './twins.ts';
import { listRuns, openWindow, type RunName } from './window.ts';

export interface BuildOptions {
  readonly run?: string;
  readonly notes?: readonly string[];
}

export async function buildCase(query: Query, options: BuildOptions = {}): Promise<CaseFile> {
  await solveZone(query);
  const runs = await listRuns(query);
  const at = indexOfRun(runs, options.run);
  const run: RunName | null = runs[at] ?? null;
  const newer = runs.slice(0, at).map((r) => r.id);
  await openWindow(query, run?.id ?? null, newer);
  // Before what the logs have, too, goes: of files the captures keep nothing then.
  const numbers = numbersByOwner(await loadOwners(query, run?.id ?? null));
  const captured = await settleCaptures(query);
  const sources = await loadSources(query);
  const allMarkers = await loadMarkers(query);
  const around = await loadSurroundings(query);
  const texts = textSamples(around.counters, run?.id ?? null, at === 0);
  const emails = withNames(
    await listParties(query, allMarkers, run, [...numbers.values()]),
    texts,
    allMarkers.some((m) => run === null || m.run === run.id),
  );
  const clocks = await solveClocks(query, emails, captured.intervals);
  await applyShifts(query, clocks);
  const [events, received, sent, appBytes, relayed, flushes, allTelemetry, acl, aclFiles, progressSteps, phases, families, silences] = [
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
  const ofRun = at === 0 ? allTelemetry : allTelemetry.filter((t) => isOfManager(t, events));
  const files = newestOfEach(ofRun);
  const flushing = new Set([...files.map((t) => t.party), ...flushes.map((f) => f.party)]);
  const telemetry = [...files, ...telemetryOfText(texts, emails, flushing)];
  const inRun = (m: { run: string | null }): boolean => run === null || m.run === null || m.run === run.id;
  const markers = allMarkers.filter(inRun);
  const pairing = new Pairing(markers.length > 0 ? markers : allMarkers, emails, numbers);
  const allSessions = buildSessions({ events, pairing, telemetry, received, sent, parties: emails });
  const sessions = allSessions.filter((x) => !isEarlier(x, run));
  const since = sessions.length < allSessions.length ? (run?.firstSeenUs ?? null) : null;
  const common = (ownUs: number, clock: string | null): number => ownUs - (clocks.shifts.get(clock ?? RELAY_CLOCK) ?? 0);
  const logEnds = await loadEnds(query);
  const firstOpen = sessions.reduce<number>((least, s) => Math.min(least, s.opened?.t ?? Infinity), Infinity);
  const shared: PartyInputs = {
    sources,
    telemetry,
    copies: ofRun,
    flushes,
    events,
    received,
    families,
    logEnds,
    captures: await loadCaptures(query, captured.shifts),
    common,
    firstOpen,
    pairing,
    emails,
    sessions,
    since,
    twins: new Set(emails.filter((email) => portsTakenByTwin({ events, markers: allMarkers }, email).length > 0)),
    indexes: indexesOf(emails, pairing, allMarkers),
  };
  const parties = emails
    .map((email) => buildParty(email, shared))
    .toSorted((a, b) => (a.index ?? 99) - (b.index ?? 99) || (a.email < b.email ? -1 : 1));
  const pairs = listPairs(markers, sessions, parties);
  const relay = buildRelay(sources, events, logEnds, families, common);
  const stillness = buildStillness(parties, events, received, relay, common, { all: around.counters, texts });
  const ordered = pairs.flatMap((p) => [[p.a, p.b] as const, [p.b, p.a] as const]);
  const ledger = buildLedger({
    parties,
    pairs: sortPairs(ordered, parties),
    sessions,
    streams: groupBy(
      sessions.flatMap((x) => x.streams),
      (x) => `${x.from}\n${x.to}`,
    ),
    relayed,
    hasRelayLog: relay !== null,
    appBytes,
    events,
    settled: (stillness.stoodStillUs ?? 0) > 3_500_000,
  });
  const progress = judgeProgress(progressSteps.filter(inRun));
  const hidden = ledger.directions.some((d) => d.hidden && d.streams.length > 0);
  const bursts = hidden || !stillness.standing ? [] : await loadBursts(query, sessions);
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
    stackPorts: await loadStackPorts(query),
    progress,
    progressSteps: progressSteps.filter(inRun),
    phases: phases.filter(inRun),
    around,
    families,
    silences,
    clocks,
    stillness,
    notes: options.notes ?? [],
    toldStill: (options.notes ?? []).some((n) => /still|stuck|stall|hung|hang|no progress|silent|quiet|frozen/i.test(n)),
    bursts,
    crossings: await loadCrossings(query),
    equalHeads: parties.some((p) => p.era.value === 'Go') ? await loadEqualHeads(query) : [],
  };
  return {
    ...draft,
    finished: unlessGivenUp(judgeFinished(progress, ledger.directions, parties, events, stillness), draft),
    party: (email) => parties.find((p) => p.email === email),
    direction: (from, to) => ledger.directions.find((d) => d.from === from && d.to === to),
    common,
  };
}

/** The wished run's place in the list; the newest where nothing is wished. */
function indexOfRun(runs: readonly RunName[], wished: string | undefined): number {
  return wished === undefined
    ? 0
    : Math.max(
        0,
        runs.findIndex((r) => r.id === wished),
      );
}

/** A telemetry file is of the newest life; an older run keeps only what one of its own managers wrote. */
function isOfManager({ party, startedUs }: Telemetry, events: EventLog): boolean {
  const started = events.ofParty(party, 'hotlink-enabled', 'hotlink-config');
  return startedUs !== null && started.some((e) => e.ownT !== null && Math.abs(e.ownT - startedUs) < 2_000_000);
}

/** Emails of the run's markers, else of everybody who keeps a log or telemetry; and whoever opened a session in the window. */
async function listParties(
  query: Query,
  markers: readonly Marker[],
  run: RunName | null,
  owners: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const mine = markers.filter((m) => run === null || m.run === run.id);
  for (const m of mine) for (const email of [m.from, m.to, m.party]) if (email !== null) found.add(email);
  const rows = await query(
    sql`
    SELECT DISTINCT party AS email FROM source WHERE party IS NOT NULL AND kind IN ('client-log', 'telemetry', 'capture')
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
  for (const email of owners) if (mine.length === 0) found.add(email);
  for (const email of logged) if (mine.length === 0 || speaks.has(email)) found.add(email);
  return [...found].toSorted();
}

/** Parties that only figures in a text name stand for themselves, unless markers list the run's parties. */
function withNames(emails: readonly string[], texts: readonly CounterSample[], isListed: boolean): readonly string[] {
  if (isListed) return emails;
  return [...new Set([...emails, ...texts.map((s) => emailOf(s.party, emails))])].toSorted();
}

/** Numbers by the runner's names, where there is no marker at all and each party has one of its own. */
function indexesOf(emails: readonly string[], pairing: Pairing, markers: readonly unknown[]): ReadonlyMap<string, number> {
  if (markers.length > 0) return new Map();
  const named = emails.map((email) => [email, indexOfName(email)] as const);
  const numbers = new Set(named.map(([, index]) => index));
  if (emails.some((e) => pairing.index(e) !== null) || numbers.has(null) || numbers.size !== emails.length) return new Map();
  return new Map(named.flatMap(([email, index]) => (index === null ? [] : [[email, index] as const])));
}

/** Sessions of another run from before this one was first named: that run's own, when one process served both. */
function isEarlier(s: SessionFact, run: RunName | null): boolean {
  return run?.firstSeenUs != null && s.run !== null && s.run !== run.id && s.opened?.t != null && s.opened.t < run.firstSeenUs;
}

function buildRelay(
  sources: readonly Source[],
  events: EventLog,
  ends: readonly LogEnd[],
  families: readonly Family[],
  common: (us: number, clock: string | null) => number,
): CaseFile['relay'] {
  const own = sources.find((s) => s.kind === 'relay-log' && s.mirrorOf === null);
  const source = own ?? sources.find((s) => s.logs.includes('relay-log') && s.mirrorOf === null);
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

/** A runner that gave up waiting says that the run did not finish; files that say completed outweigh it. */
function unlessGivenUp(finished: CaseFile['finished'], c: Pick<CaseFile, 'around' | 'run' | 'progress'>): CaseFile['finished'] {
  if (finished === true && c.progress.length > 0) return true;
  return gaveUp(c).length > 0 ? false : finished;
}
