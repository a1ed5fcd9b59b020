/**
 * What differs between two runs, the most telling first. Parties are matched by their number in the channels, then by role, so
 * that runs of other people or machines can be compared. Figures that are not known exactly differ only where their bounds
 * cannot be equal; what only one side could judge is said as such and counts little.
 */
import type { Diagnosis, Finding, Flow, Interval, Subject } from '../../model/diagnosis.ts';
import { duration, interval, volume } from '../figures.ts';
import { glue } from '../text.ts';
import { matchParties, type Matched } from './parties.ts';

export interface Difference {
  /** What kind of difference; the same words in JSON for every version. */
  readonly kind:
    | 'verdict'
    | 'cause'
    | 'symptom'
    | 'party'
    | 'flow'
    | 'lost'
    | 'era'
    | 'relay'
    | 'transport'
    | 'layout'
    | 'finished'
    | 'file'
    | 'stood-still'
    | 'sessions'
    | 'counters'
    | 'length'
    | 'judged';
  /** 0 to 100: how much it tells about why one run is not like the other. */
  readonly weight: number;
  readonly about: string;
  readonly a: string;
  readonly b: string;
}

export interface Comparison {
  readonly schema: 'hotlink-doctor/diff@1';
  readonly a: Side;
  readonly b: Side;
  readonly differences: readonly Difference[];
  /** Differences of at least `MATTERS`. */
  readonly matter: number;
}

interface Side {
  readonly verdict: Diagnosis['verdict'];
  readonly because: string;
  readonly run: string | null;
  /** What could not be judged for want of evidence. */
  readonly missing: readonly string[];
}

/** From this weight on a difference may be the reason; below it are sizes and lengths that any two runs differ in. */
export const MATTERS = 40;
/** Counters and lengths that differ by less say nothing. */
const SHARE = 0.2;
const LEAST_BYTES = 1024;
const LEAST_MS = 2000;
const OPEN = 2 ** 49;
const NONE = '—';

export function compare(a: Diagnosis, b: Diagnosis): Comparison {
  const parties = matchParties(a, b);
  const differences = [
    ...verdicts(a, b),
    ...findings(a, b, parties),
    ...members(parties),
    ...flows(a, b, parties),
    ...versions(a, b, parties),
    ...runs(a, b),
    ...files(a, b, parties),
    ...sessions(a, b),
    ...counters(a, b, parties),
    ...judged(a, b),
  ].toSorted((x, y) => y.weight - x.weight || order(x.kind, y.kind) || order(x.about, y.about));
  return {
    schema: 'hotlink-doctor/diff@1',
    a: sideOf(a),
    b: sideOf(b),
    differences,
    matter: differences.filter((one) => one.weight >= MATTERS).length,
  };
}

function order(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

function sideOf(d: Diagnosis): Side {
  return { verdict: d.verdict, because: d.because, run: d.run?.id ?? null, missing: d.missingEvidence.map(({ what }) => what) };
}

function verdicts(a: Diagnosis, b: Diagnosis): Difference[] {
  return a.verdict === b.verdict ? [] : [{ kind: 'verdict', weight: 100, about: 'verdict', a: a.verdict, b: b.verdict }];
}

function subjectKey({ party, from, to }: Subject, keyOf: (email: string) => string): string {
  return [party, from, to].map((one) => (one === undefined ? '' : keyOf(one))).join('>');
}

const WEIGHT_OF_CAUSE = { error: 95, warning: 75, info: 45 } as const;

/** Causes that one run has and the other has not, and symptoms beyond them. */
function findings(a: Diagnosis, b: Diagnosis, parties: Matched): Difference[] {
  const keyed = (d: Diagnosis, keyOf: (email: string) => string): Map<string, Finding> =>
    new Map(d.findings.map((finding) => [`${finding.rule} ${subjectKey(finding.subject, keyOf)}`, finding]));
  const [mine, theirs] = [keyed(a, parties.a), keyed(b, parties.b)];
  const causes = new Set([...a.causes, ...b.causes].map(({ fingerprint }) => fingerprint));
  const only = (here: Map<string, Finding>, there: Map<string, Finding>, side: 'a' | 'b'): Difference[] =>
    [...here]
      .filter(([key]) => !there.has(key))
      .map(([, { rule, severity, message, fingerprint }]) => {
        const isCause = causes.has(fingerprint);
        const weight = isCause ? WEIGHT_OF_CAUSE[severity] : severity === 'info' ? 15 : 50;
        const words = { a: side === 'a' ? message : NONE, b: side === 'b' ? message : NONE };
        return { kind: isCause ? 'cause' : 'symptom', weight, about: rule, ...words } as const;
      });
  return [...only(mine, theirs, 'a'), ...only(theirs, mine, 'b')];
}

function members({ pairs, onlyA, onlyB }: Matched): Difference[] {
  const alive = (value: boolean | null): string => (value === null ? 'not known' : value ? 'alive at the end' : 'gone at the end');
  return [
    ...onlyA.map((p) => ({ kind: 'party', weight: 85, about: `party ${p.role}`, a: 'takes part', b: NONE }) as const),
    ...onlyB.map((p) => ({ kind: 'party', weight: 85, about: `party ${p.role}`, a: NONE, b: 'takes part' }) as const),
    ...pairs
      .filter(({ a: x, b: y }) => x.alive !== y.alive && x.alive !== null && y.alive !== null)
      .map(({ a: x, b: y, name }) => ({ kind: 'party', weight: 82, about: name, a: alive(x.alive), b: alive(y.alive) }) as const),
  ];
}

const STATE_WEIGHT = { lossy: 80, 'in-doubt': 55, 'never-used': 70, unknown: 25, delivered: 20 } as const;
const KNOWN_BYTES = (i: Interval): string => glue(interval(i, volume));

function flows(a: Diagnosis, b: Diagnosis, parties: Matched): Difference[] {
  const keyed = (d: Diagnosis, keyOf: (email: string) => string): Map<string, Flow> =>
    new Map(d.flows.map((flow) => [`${keyOf(flow.from)}>${keyOf(flow.to)}`, flow]));
  const [mine, theirs] = [keyed(a, parties.a), keyed(b, parties.b)];
  return [...new Set([...mine.keys(), ...theirs.keys()])].flatMap((key): Difference[] => {
    const [x, y] = [mine.get(key), theirs.get(key)];
    const [from = '', to = ''] = key.split('>');
    const about = `${parties.name(from)} → ${parties.name(to)}`;
    const state = { a: x?.state ?? 'unknown', b: y?.state ?? 'unknown' } as const;
    const out: Difference[] = [];
    if (state.a !== state.b) {
      const isBlind = state.a === 'unknown' || state.b === 'unknown';
      out.push({ kind: 'flow', weight: isBlind ? 25 : Math.max(STATE_WEIGHT[state.a], STATE_WEIGHT[state.b]), about, ...state });
    }
    if (x === undefined || y === undefined) return out;
    if (isApart(x.lost, y.lost))
      out.push({ kind: 'lost', weight: 72, about, a: `lost ${KNOWN_BYTES(x.lost)}`, b: `lost ${KNOWN_BYTES(y.lost)}` });
    if (isApart(x.sent, y.sent) && isLarge(x.sent, y.sent, LEAST_BYTES))
      out.push({ kind: 'counters', weight: 30, about, a: `sent ${KNOWN_BYTES(x.sent)}`, b: `sent ${KNOWN_BYTES(y.sent)}` });
    return out;
  });
}

/** The two cannot be the same figure. */
function isApart(x: Interval, y: Interval): boolean {
  return x.max < y.min || y.max < x.min;
}

function isLarge(x: Interval, y: Interval, least: number): boolean {
  const apart = Math.max(x.min - y.max, y.min - x.max);
  return apart >= least && apart >= SHARE * Math.min(Math.max(x.max, y.max), OPEN);
}

function versions(a: Diagnosis, b: Diagnosis, { pairs }: Matched): Difference[] {
  const eras = pairs
    .filter(({ a: x, b: y }) => x.era.value !== y.era.value)
    .map(({ a: x, b: y, name }) => {
      const weight = x.era.value === null || y.era.value === null ? 25 : 65;
      return { kind: 'era', weight, about: name, a: x.era.value ?? 'not known', b: y.era.value ?? 'not known' } as const;
    });
  const [x, y] = [a.relay?.version ?? null, b.relay?.version ?? null];
  if (x === y) return eras;
  const words = (d: Diagnosis, version: string | null): string => version ?? (d.relay === null ? 'no log' : 'not known');
  return [...eras, { kind: 'relay', weight: x === null || y === null ? 25 : 62, about: 'relay', a: words(a, x), b: words(b, y) }];
}

function runs(a: Diagnosis, b: Diagnosis): Difference[] {
  const [x, y] = [a.run, b.run];
  if (x === null || y === null) return [];
  const out: Difference[] = [];
  const differ = (kind: Difference['kind'], weight: number, about: string, one: string, other: string): void => {
    if (one !== other) out.push({ kind, weight: one === 'unknown' || other === 'unknown' ? 20 : weight, about, a: one, b: other });
  };
  differ('transport', 60, 'transport', x.transport, y.transport);
  differ('layout', 58, 'layout of the markers', x.layout, y.layout);
  differ('finished', 68, 'finished', ending(x.finished), ending(y.finished));
  const [still, stillToo] = [x.stoodStillMs ?? 0, y.stoodStillMs ?? 0];
  if (isFar(still, stillToo))
    out.push({ kind: 'stood-still', weight: 42, about: 'stood still at the end', a: glue(duration(still)), b: glue(duration(stillToo)) });
  const [length, lengthToo] = [lengthOf(x), lengthOf(y)];
  if (length !== null && lengthToo !== null && isFar(length, lengthToo))
    out.push({ kind: 'length', weight: 12, about: 'length of the evidence', a: glue(duration(length)), b: glue(duration(lengthToo)) });
  return out;
}

function ending(finished: boolean | 'unknown'): string {
  return finished === 'unknown' ? 'unknown' : finished ? 'yes' : 'no';
}

function isFar(x: number, y: number): boolean {
  return Math.abs(x - y) >= LEAST_MS && Math.abs(x - y) > SHARE * Math.max(x, y);
}

function lengthOf({ startedAt, endedAt }: NonNullable<Diagnosis['run']>): number | null {
  return startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
}

/** Kinds of which a missing file is a reason, and those of which it only means less to see. */
const FILE_WEIGHT: Readonly<Record<string, number>> = {
  marker: 64,
  acl: 48,
  'accept-marker': 41,
  telemetry: 30,
  'client-log': 30,
  'relay-log': 30,
};

/** Markers, access lists and logs that one side has; places are told without names and run ids. */
function files(a: Diagnosis, b: Diagnosis, parties: Matched): Difference[] {
  const places = (d: Diagnosis, keyOf: (email: string) => string): Map<string, string> => {
    const out = new Map<string, string>();
    for (const { source, kind, party } of d.accounting.sources) {
      if (FILE_WEIGHT[kind] === undefined) continue;
      // Copies that file sync makes come and go.
      const parts = source.split('/');
      const owner = parts[parts.lastIndexOf('datasites') + 1] ?? '';
      if (parts.includes('datasites') && party !== null && owner !== party) continue;
      out.set(placeOf(source, d, keyOf), kind);
    }
    return out;
  };
  const [mine, theirs] = [places(a, parties.a), places(b, parties.b)];
  const count = (map: Map<string, string>, kind: string): number => [...map.values()].filter((one) => one === kind).length;
  // A side without any of a kind was packed without them; that says nothing of the run.
  const absent = Object.keys(FILE_WEIGHT).filter((kind) => (count(mine, kind) === 0) !== (count(theirs, kind) === 0));
  const words = (n: number): string => (n === 0 ? 'none in the evidence' : String(n));
  const whole = absent.map(
    (kind) => ({ kind: 'file', weight: 24, about: `files: ${kind}`, a: words(count(mine, kind)), b: words(count(theirs, kind)) }) as const,
  );
  const only = (here: Map<string, string>, there: Map<string, string>, isA: boolean): Difference[] =>
    [...here]
      .filter(([place, kind]) => !there.has(place) && !absent.includes(kind))
      .map(([place, kind]) => {
        const about = parties.nameAll(place);
        return {
          kind: 'file',
          weight: FILE_WEIGHT[kind] ?? 0,
          about,
          a: isA ? 'there' : 'not there',
          b: isA ? 'not there' : 'there',
        } as const;
      });
  return [...whole, ...only(mine, theirs, true), ...only(theirs, mine, false)];
}

function placeOf(source: string, d: Diagnosis, keyOf: (email: string) => string): string {
  const known = new Map(d.parties.map(({ email }) => [email, keyOf(email)]));
  return source
    .split('/')
    .map((part) => known.get(part) ?? (part === d.run?.id ? 'RUN' : part === d.run?.flow ? 'FLOW' : part))
    .join('/');
}

function sessions(a: Diagnosis, b: Diagnosis): Difference[] {
  const share = (d: Diagnosis): string => {
    const counts = new Map<string, number>();
    for (const { transport } of d.sessions) counts.set(transport, (counts.get(transport) ?? 0) + 1);
    return (
      [...counts]
        .toSorted(([x], [y]) => order(x, y))
        .map(([transport, n]) => `${n} ${transport}`)
        .join(', ') || 'none'
    );
  };
  const refused = (d: Diagnosis): number => d.sessions.filter(({ rejected }) => rejected !== null).length;
  const out: Difference[] = [];
  if (share(a) !== share(b)) out.push({ kind: 'sessions', weight: 35, about: 'sessions by transport', a: share(a), b: share(b) });
  if (refused(a) !== refused(b))
    out.push({ kind: 'sessions', weight: 52, about: 'sessions refused', a: String(refused(a)), b: String(refused(b)) });
  return out;
}

function counters(a: Diagnosis, b: Diagnosis, { pairs }: Matched): Difference[] {
  const last = (d: Diagnosis, email: string) => d.timeline.counters.find(({ party }) => party === email)?.points.at(-1);
  return pairs.flatMap(({ a: x, b: y, name }): Difference[] => {
    const [mine, theirs] = [last(a, x.email), last(b, y.email)];
    if (mine === undefined || theirs === undefined) return [];
    const exact = (value: number): Interval => ({ min: value, max: value });
    return (['tx', 'rx'] as const)
      .filter((way) => isLarge(exact(mine[way]), exact(theirs[way]), LEAST_BYTES))
      .map((way) => ({ kind: 'counters', weight: 28, about: `${name} ${way}`, a: glue(volume(mine[way])), b: glue(volume(theirs[way])) }));
  });
}

/** Rules that had what they need on one side only. */
function judged(a: Diagnosis, b: Diagnosis): Difference[] {
  const blind = (d: Diagnosis): Set<string> =>
    new Set(d.verdicts.filter(({ verdict }) => verdict === 'insufficient-data' || verdict === 'errored').map(({ rule }) => rule));
  const [mine, theirs] = [blind(a), blind(b)];
  const onlyA = [...mine].filter((rule) => !theirs.has(rule)).length;
  const onlyB = [...theirs].filter((rule) => !mine.has(rule)).length;
  if (onlyA + onlyB === 0) return [];
  const words = (n: number): string => (n === 0 ? 'all that the other could' : `${n} ${n === 1 ? 'rule' : 'rules'} less`);
  return [{ kind: 'judged', weight: 22, about: 'rules with enough evidence', a: words(onlyA), b: words(onlyB) }];
}
