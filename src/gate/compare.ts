/**
 * Runs against other runs: the medians differ by more than both thresholds, and so clearly that chance is unlikely (rank-sum test,
 * one-sided). Too few runs, runs that do not give the figure, or a difference that chance explains are inconclusive, never passed.
 */
import type { Check, Diagnosis, Interval } from '../model/diagnosis.ts';
import { broken, scopeWords, type Base, type Context } from './checks.ts';
import { metricOf } from './metrics.ts';
import { baseValue, keyOf } from './policy.ts';
import type { CompareRule } from './policy-schema.ts';
import { isOpen, showInterval, showValue } from './units.ts';

const DEFAULT_RUNS = 3;
const WORSE = 'see what changed between the runs, or change the thresholds in the policy';
/** A difference that chance gives more often than this is no difference. With three runs on each side it can just be reached. */
const CHANCE = 0.05;

export function compareRuns(rule: CompareRule, ours: readonly Diagnosis[], others: readonly Diagnosis[], x: Context): Check {
  const { dimension, worse, about, read } = metricOf(rule.metric);
  const a = ours.map((d) => read(d, rule));
  const b = others.map((d) => read(d, rule));
  const need = rule.runs ?? DEFAULT_RUNS;
  const scope = scopeWords(rule);
  const show = (i: Interval): string => showInterval(i, dimension, rule.unit);
  const base: Base = {
    id: `compare:${rule.metric}`,
    kind: 'comparison',
    severity: rule.severity ?? 'error',
    fingerprint: `compare:${keyOf(rule)}`,
    evidence: a.flatMap((r) => r.evidence).slice(0, 3),
  };
  const unsure = (message: string, advice: string): Check => ({
    ...base,
    outcome: 'inconclusive',
    message: `${rule.metric}${scope} ${message}`,
    advice,
  });
  if (a.length < need || b.length < need)
    return unsure(
      `needs ${need} runs on each side, and there are ${a.length} and ${b.length}`,
      'give more inputs and more --against, or set `runs` in the policy',
    );
  const blind = [...a, ...b].find((r) => r.value === null);
  if (blind !== undefined) return unsure(`is not known of every run: ${blind.why}`, 'add the evidence, or leave that run out');
  const mine = a.flatMap((r) => r.value ?? []);
  const theirs = b.flatMap((r) => r.value ?? []);
  const [now, before] = [medianOf(mine), medianOf(theirs)];
  const sign = worse === 'more' ? 1 : -1;
  const change: Interval =
    sign === 1
      ? { min: now.min - before.max, max: isOpen(now.max) ? now.max : now.max - before.min }
      : { min: isOpen(now.max) ? -now.max : before.min - now.max, max: isOpen(before.max) ? before.max : before.max - now.min };
  const bar = (median: number): number => Math.max(baseValue(rule.absolute ?? 0, rule), ((rule.relative ?? 0) / 100) * median);
  const words = `${rule.metric}${scope}: median ${show(now)} of ${mine.length} runs against ${show(before)} of ${theirs.length}`;
  const allowed = `${showValue(bar(before.min), dimension, rule.unit)} more in the bad direction pass${before.min === before.max ? '' : ' at least'}`;
  if (change.max <= bar(before.min)) return { ...base, outcome: 'passed', message: `${words}; ${allowed}` };
  if (change.min <= bar(before.max)) {
    const why = [...a, ...b].map((r) => r.why).find((w) => w !== '') ?? '';
    return unsure(`may have become worse or not: ${words}${why === '' ? '' : `; ${why}`}`, 'add the evidence that settles the figure');
  }
  const chance = chanceOf(mine, theirs, sign);
  const least = 1 / choose(mine.length + theirs.length, mine.length);
  // Fewer than three runs cannot show it, and the policy said that they are enough; then the thresholds decide alone.
  if (chance > CHANCE && least <= CHANCE)
    return unsure(`differs, but not beyond the spread of the runs: ${words}`, 'give more runs on both sides');
  return broken(
    {
      ...base,
      message: `${words}, which is worse by more than ${showValue(bar(before.max), dimension, rule.unit)} (${about})`,
      advice: WORSE,
    },
    x,
  );
}

/** Lower and upper median of the bounds: where the median lies whatever the values are within theirs. */
function medianOf(list: readonly Interval[]): Interval {
  const middle = (values: readonly number[]): number => {
    const sorted = values.toSorted((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    const upper = sorted[half] ?? 0;
    return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
  };
  return { min: middle(list.map((i) => i.min)), max: middle(list.map((i) => i.max)) };
}

/**
 * Chance that so high a rank sum of the bad direction comes from runs that do not differ: exact, over all splits. Bounds count
 * against the difference: of ours the better, of the others the worse end.
 */
function chanceOf(ours: readonly Interval[], others: readonly Interval[], sign: number): number {
  const mine = thin(ours.map((i) => sign * (sign === 1 ? i.min : i.max)));
  const theirs = thin(others.map((i) => sign * (sign === 1 ? i.max : i.min)));
  const all = [...mine, ...theirs].toSorted((a, b) => a - b);
  // Twice the mean rank of equal values, so that all stays whole.
  const rank = (value: number): number => all.indexOf(value) + all.lastIndexOf(value) + 2;
  const target = mine.reduce((sum, value) => sum + rank(value), 0);
  const ranks = all.map((value) => rank(value));
  // ways[k] = for each sum, in how many ways k values give it.
  const ways: Map<number, number>[] = Array.from({ length: mine.length + 1 }, () => new Map<number, number>());
  ways[0]?.set(0, 1);
  for (const r of ranks)
    for (let k = mine.length; k >= 1; k--)
      for (const [sum, n] of ways[k - 1] ?? []) ways[k]?.set(sum + r, (ways[k]?.get(sum + r) ?? 0) + n);
  let hits = 0;
  let total = 0;
  for (const [sum, n] of ways[mine.length] ?? []) {
    total += n;
    if (sum >= target) hits += n;
  }
  return hits / total;
}

/** The exact count grows with the fourth power of the runs; of more than this, as many spread evenly over the order stand for all. */
const MOST_RANKED = 40;

function thin(values: readonly number[]): readonly number[] {
  if (values.length <= MOST_RANKED) return values;
  const sorted = values.toSorted((a, b) => a - b);
  return Array.from({ length: MOST_RANKED }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / MOST_RANKED)] ?? 0);
}

function choose(n: number, k: number): number {
  let out = 1;
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i;
  return out;
}

/** Findings that fail and that none of the other runs has, so that a reader sees what is new. */
export function newFindings(ours: readonly Diagnosis[], others: readonly Diagnosis[]): Check {
  const known = new Set(others.flatMap((d) => d.findings.map((f) => f.fingerprint)));
  const mine = new Map(ours.flatMap((d) => d.findings.map((f) => [f.fingerprint, f] as const)));
  const fresh = [...mine.keys()].filter((f) => !known.has(f)).toSorted();
  const gone = [...known].filter((f) => !mine.has(f)).toSorted();
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  return {
    id: 'compare:findings',
    kind: 'comparison',
    severity: 'info',
    outcome: fresh.length === 0 ? 'passed' : 'noted',
    message: `new against the other runs: ${list(fresh)}; gone: ${list(gone)}`,
    evidence: [],
  };
}
