/**
 * Figures that a policy can limit, read from the Diagnosis and nothing else. A reading is an interval in the base unit; null when
 * the evidence does not give the figure at all. What some parties lack leaves the upper end open.
 */
import type { Diagnosis, Evidence, Figure, FigureName, Interval, Party } from '../model/diagnosis.ts';
import { largest, smallest } from '../util/extent.ts';
import { nearest } from '../util/suggest.ts';
import { isOpen, type Dimension, type Unit } from './units.ts';

export interface Scope {
  readonly party?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly step?: string | undefined;
}

export interface Reading {
  readonly value: Interval | null;
  readonly why: string;
  readonly evidence: readonly Evidence[];
}

export interface Metric {
  readonly dimension: Dimension;
  /** Unit of a limit that names none in a comparison, and of messages. */
  readonly unit: Unit;
  /** Which direction is the bad one. */
  readonly worse: 'more' | 'less';
  readonly scopes: readonly (keyof Scope)[];
  readonly about: string;
  readonly read: (d: Diagnosis, scope: Scope) => Reading;
}

const NO_MAX = Number.MAX_SAFE_INTEGER;
const MOST_EVIDENCE = 6;

function exactly(value: number): Interval {
  return { min: value, max: value };
}

function none(why: string): Reading {
  return { value: null, why, evidence: [] };
}

function computed(text: string): Evidence {
  return { kind: 'computed', text };
}

function sum(list: readonly Interval[]): Interval {
  const min = list.reduce((total, i) => total + i.min, 0);
  const max = list.reduce((total, i) => (isOpen(total) || isOpen(i.max) ? NO_MAX : total + i.max), 0);
  return { min: Math.min(min, NO_MAX), max };
}

/** Party that a policy names by role or email; undefined when there is none. */
function partyOf(d: Diagnosis, name: string): Party | undefined {
  return d.parties.find((p) => p.email === name) ?? d.parties.find((p) => p.role === name);
}

function noParty(d: Diagnosis, name: string): string {
  const similar = nearest(
    name,
    d.parties.map((p) => p.role),
  );
  const known = d.parties.map((p) => p.role).join(', ');
  return `no party '${name}' in this run${similar === undefined ? '' : `; did you mean '${similar}'?`} (its parties: ${known === '' ? 'none' : known})`;
}

type Combine = (list: readonly Interval[]) => Interval;
const COMBINE: Readonly<Record<'sum' | 'most' | 'least', Combine>> = {
  sum,
  most: (list) => ({ min: largest(list.map((i) => i.min)), max: largest(list.map((i) => i.max)) }),
  least: (list) => ({ min: smallest(list.map((i) => i.min)), max: smallest(list.map((i) => i.max)) }),
};

/** A figure over the parties in scope. One that a party lacks may be anything there. */
function figure(what: FigureName, how: 'sum' | 'most' | 'least') {
  return (d: Diagnosis, scope: Scope): Reading => {
    if (d.figures === undefined) return none('this diagnosis was made by a version that did not write figures; analyze the sandbox again');
    const party = scope.party === undefined ? undefined : partyOf(d, scope.party);
    if (scope.party !== undefined && party === undefined) return none(noParty(d, scope.party));
    const all = d.figures.filter(
      (f) => f.what === what && (party === undefined || f.party === party.email) && (scope.step === undefined || f.step === scope.step),
    );
    if (all.length === 0) return none(scope.step === undefined ? `no ${what} in this evidence` : noStep(d, scope.step));
    const known = all.filter((f) => f.value !== null);
    if (known.length === 0) return none(lacking(d, all));
    const values = all.map((f): Interval => f.value ?? { min: 0, max: NO_MAX });
    const value = COMBINE[how](values);
    const open = all.filter((f) => f.value === null || f.value.min !== f.value.max);
    return {
      value,
      why: value.min === value.max ? '' : lacking(d, open),
      evidence: telling(known, how)
        .flatMap((f) => f.evidence)
        .slice(0, MOST_EVIDENCE),
    };
  };
}

/** Those that make the value come first. */
function telling(known: readonly Figure[], how: 'sum' | 'most' | 'least'): readonly Figure[] {
  const sign = how === 'least' ? 1 : -1;
  return known.toSorted((a, b) => sign * ((a.value?.min ?? 0) - (b.value?.min ?? 0)));
}

function noStep(d: Diagnosis, step: string): string {
  const known = [...new Set((d.figures ?? []).flatMap((f) => f.step ?? []))];
  const similar = nearest(step, known);
  return known.length === 0
    ? 'no step of the flow is recorded'
    : `no step '${step}'${similar === undefined ? '' : `; did you mean '${similar}'?`} (recorded: ${known.join(', ')})`;
}

function lacking(d: Diagnosis, open: readonly Figure[]): string {
  const reasons = [...new Set(open.map((f) => f.why))];
  return reasons
    .map((why) => {
      const who = open
        .filter((f) => f.why === why && f.party !== null)
        .map((f) => d.parties.find((p) => p.email === f.party)?.role ?? f.party);
      return who.length === 0 ? why : `${who.join(', ')}: ${why}`;
    })
    .join('; ');
}

/** Flows from and to whom the policy names. */
function flows(d: Diagnosis, { from, to }: Scope): readonly Diagnosis['flows'][number][] | string {
  for (const name of [from, to]) if (name !== undefined && partyOf(d, name) === undefined) return noParty(d, name);
  const [a, b] = [from, to].map((name) => (name === undefined ? undefined : partyOf(d, name)?.email));
  const list = d.flows.filter((f) => (a === undefined || f.from === a) && (b === undefined || f.to === b));
  return list.length === 0 ? 'no direction between two parties is visible' : list;
}

function role(d: Diagnosis, email: string): string {
  return d.parties.find((p) => p.email === email)?.role ?? email;
}

function span({ min, max }: Interval): string {
  return min === max ? String(min) : isOpen(max) ? `at least ${min}` : `${min} to ${max}`;
}

function lostBytes(d: Diagnosis, scope: Scope): Reading {
  const list = flows(d, scope);
  if (typeof list === 'string') return none(list);
  const total = sum(list.map((f) => f.lost));
  // What a sender's counters miss is missing, also where two directions may share it.
  const shared =
    scope.from === undefined && scope.to === undefined
      ? d.findings.reduce((n, f) => n + (f.rule === 'asymmetric-growth' ? Number(f.metrics['missing_bytes'] ?? 0) : 0), 0)
      : 0;
  const value = { min: Math.min(total.max, Math.max(total.min, shared)), max: total.max };
  const told = list.filter((f) => f.lost.max > 0);
  const proofs = d.causes.filter((c) => c.severity !== 'info').flatMap((c) => c.evidence.map(({ context: _context, ...rest }) => rest));
  return {
    value,
    why: value.min === value.max ? '' : 'not all counters and lines are there that would settle it',
    evidence: [
      ...told.map((f) => computed(`${role(d, f.from)} → ${role(d, f.to)}: ${span(f.lost)} bytes of ${span(f.sent)} lost`)),
      ...(told.length === 0 ? [computed(`${list.length} directions, all that was sent was delivered`)] : proofs),
    ].slice(0, MOST_EVIDENCE),
  };
}

function deliveredBytes(d: Diagnosis, scope: Scope): Reading {
  const list = flows(d, scope);
  if (typeof list === 'string') return none(list);
  const value = sum(list.map((f) => f.delivered));
  return {
    value,
    why: value.min === value.max ? '' : 'not all counters and lines are there that would settle it',
    evidence: list
      .map((f) => computed(`${role(d, f.from)} → ${role(d, f.to)}: ${span(f.delivered)} bytes delivered`))
      .slice(0, MOST_EVIDENCE),
  };
}

/** Of all packets those that went peer to peer, QUIC of E1 included, in per cent. */
function peerShare(d: Diagnosis, scope: Scope): Reading {
  const [p2p, quic, ws] = (['p2p-packets', 'quic-packets', 'ws-packets'] as const).map((what) => figure(what, 'sum')(d, scope));
  if (ws === undefined || p2p === undefined || ws.value === null) return ws ?? none('');
  const direct = [p2p, quic].flatMap((r) => r?.value ?? []);
  if (direct.length === 0) return p2p;
  const near = sum(direct);
  if (near.max + ws.value.max === 0) return none('no packet was sent');
  const share = (a: number, b: number): number => (a + b === 0 ? 0 : Math.round((10_000 * a) / (a + b)) / 100);
  const min = isOpen(ws.value.max) ? 0 : share(near.min, ws.value.max);
  const max = isOpen(near.max) ? 100 : share(near.max, ws.value.min);
  const why = min === max ? '' : ([p2p, ws].map((r) => r.why).filter((w) => w !== '')[0] ?? '');
  return { value: { min, max }, why, evidence: [...p2p.evidence, ...ws.evidence].slice(0, MOST_EVIDENCE) };
}

/** From the first open to the last movement. */
function runTime(d: Diagnosis): Reading {
  const { startedAt = null, endedAt = null, stoodStillMs = null } = d.run ?? {};
  if (startedAt === null || endedAt === null) return none('nothing dates the run');
  const total = Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
  const value = stoodStillMs === null ? { min: 0, max: total } : exactly(Math.max(0, total - stoodStillMs));
  const why = stoodStillMs === null ? 'nothing says when it last moved' : '';
  return { value, why, evidence: [computed(`evidence from ${startedAt} to ${endedAt}, still for ${String(stoodStillMs)} ms at its end`)] };
}

function lines(pick: (d: Diagnosis) => number, words: string) {
  return (d: Diagnosis): Reading =>
    d.accounting.sources.length === 0
      ? none('no file was read')
      : {
          value: exactly(pick(d)),
          why: '',
          evidence: [
            ...d.accounting.sources
              .filter((s) => s.rejected > 0)
              .slice(0, 3)
              .map((s): Evidence => ({
                source: s.source,
                text: `${s.rejected} of ${s.lines} lines were not understood`,
                kind: 'computed',
              })),
            computed(`${pick(d)} ${words}`),
          ],
        };
}

const BY_PARTY = ['party'] as const;
const BY_FLOW = ['from', 'to'] as const;

function metric(
  dimension: Dimension,
  unit: Unit,
  worse: Metric['worse'],
  scopes: Metric['scopes'],
  about: string,
  read: Metric['read'],
): Metric {
  return { dimension, unit, worse, scopes, about, read };
}

export const METRICS = {
  'lost-bytes': metric('bytes', 'bytes', 'more', BY_FLOW, 'bytes that were sent and not delivered, over all directions', lostBytes),
  'delivered-bytes': metric('bytes', 'bytes', 'less', BY_FLOW, 'bytes that reached the program at the other end', deliveredBytes),
  fallbacks: metric(
    'count',
    'count',
    'more',
    BY_PARTY,
    'sessions that used the WebSocket instead of peer to peer',
    figure('fallbacks', 'sum'),
  ),
  'p2p-share': metric('share', 'percent', 'less', BY_PARTY, 'packets that went peer to peer, of all packets', peerShare),
  'p2p-sessions': metric(
    'count',
    'count',
    'less',
    BY_PARTY,
    'sessions with an open data channel, at the party with the fewest',
    figure('p2p-sessions', 'least'),
  ),
  'strict-violations': metric(
    'count',
    'count',
    'more',
    BY_PARTY,
    'sends that a strict client refused (E6)',
    figure('strict-violations', 'sum'),
  ),
  'slowest-write': metric(
    'time',
    'ms',
    'more',
    BY_PARTY,
    'longest wait of a frame until it was written to the local program',
    figure('slowest-write-ms', 'most'),
  ),
  rejects: metric('count', 'count', 'more', BY_PARTY, '`HotlinkReject` messages that reached a client', figure('rejects', 'sum')),
  'self-peers': metric(
    'count',
    'count',
    'more',
    BY_PARTY,
    'sessions of the telemetry whose peer is the local party; normal from E5 on',
    figure('self-peers', 'sum'),
  ),
  'self-sessions': metric(
    'count',
    'count',
    'more',
    BY_PARTY,
    'opens that came back to the party that had sent them',
    figure('self-sessions', 'sum'),
  ),
  'unchanged-samples': metric(
    'count',
    'count',
    'more',
    [],
    'samples of the counters in a row in which nothing moved, also between two movements',
    figure('unchanged-samples', 'most'),
  ),
  'unchanged-at-end': metric(
    'count',
    'count',
    'more',
    [],
    'the same at the end of the evidence of a run that was not done',
    figure('unchanged-at-end', 'most'),
  ),
  'pause-time': metric(
    'time',
    's',
    'more',
    [],
    'longest time without movement after which the run moved again',
    figure('pause-ms', 'most'),
  ),
  'stall-time': metric(
    'time',
    's',
    'more',
    [],
    'time without movement at the end of the evidence of a run that was not done',
    figure('stall-ms', 'most'),
  ),
  'step-time': metric(
    'time',
    's',
    'more',
    ['party', 'step'],
    'time that a step of the flow took; without `step` the longest',
    figure('step-ms', 'most'),
  ),
  'run-time': metric('time', 's', 'more', [], 'time from the first session to the last movement', runTime),
  'unread-lines': metric(
    'count',
    'count',
    'more',
    [],
    'lines of the evidence that were not understood',
    lines((d) => d.accounting.total.rejected, 'lines not understood'),
  ),
  'unknown-lines': metric(
    'count',
    'count',
    'more',
    [],
    'lines that say hotlink and match no known message',
    lines((d) => d.accounting.unmatchedHotlink, 'lines of hotlink that match no message'),
  ),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];

export function metricOf(name: MetricName): Metric {
  return METRICS[name];
}
