/** Whether a change cures a failure: what a number of runs before and after it proves, and what it does not. Pure. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { fewerByChance, lowerBound, upperBound } from '../util/statistics.ts';
import { fingerprintText, type Fingerprint } from './fingerprint.ts';

export const VERIFY_SCHEMA = 'hotlink-doctor/verify@1';
export const CONFIDENCE = 0.95;
/** A failure that shows in fewer of the runs before is not one to cure. */
const LEAST_SHARE = 0.2;

/** What is to be cured. */
export interface Claim {
  /** Rule of its first cause. */
  readonly cause: string;
  /** The programs get to their end all the same. */
  readonly completes: boolean;
}

export interface VerifyRun {
  readonly seed: number;
  /** The programs came to their end, and every message arrived as it was sent. */
  readonly completed: boolean;
  readonly verdict: Diagnosis['verdict'] | null;
  readonly causes: readonly Fingerprint[];
  readonly seconds: number;
  /** Folder of its sandbox, where it was kept. */
  readonly kept: string | null;
  /** Why it could not be made at all; it then counts for nothing. */
  readonly problem: string | null;
}

export interface Side {
  readonly settings: string;
  readonly runs: readonly VerifyRun[];
}

export interface SideResult {
  readonly settings: string;
  readonly done: number;
  readonly notMade: number;
  /** Failed, by whatever cause. */
  readonly failed: number;
  /** Failed by the cause that is to be cured. */
  readonly shown: number;
  /** Of the rate of failures, with 95 % confidence each. */
  readonly rate: { readonly atLeast: number; readonly atMost: number };
  readonly outcomes: readonly { readonly what: string; readonly count: number }[];
  readonly runs: readonly VerifyRun[];
}

export interface VerifyResult {
  readonly schema: typeof VERIFY_SCHEMA;
  readonly scenario: string;
  readonly cause: string;
  readonly conclusion: 'proven' | 'not-proven' | 'inconclusive';
  readonly because: string;
  readonly confidence: number;
  /** Chance of such a difference if the change did nothing (Fisher, one-sided). */
  readonly byChance: number;
  readonly before: SideResult;
  readonly after: SideResult;
}

/** Whether the cause that is to be cured shows in a run. */
export function shows(run: VerifyRun, { cause, completes }: Claim): boolean {
  if (completes) return run.causes.some(({ rule }) => rule === cause);
  return !run.completed && run.causes[0]?.rule === cause;
}

export function failed(run: VerifyRun, claim: Claim): boolean {
  return !run.completed || run.verdict === 'failed' || shows(run, claim);
}

/** A run in words, the same for runs that went alike. */
export function outcomeOf(run: VerifyRun, claim: Claim): string {
  if (run.problem !== null) return `not made: ${run.problem}`;
  const first = run.causes[0];
  if (shows(run, claim)) return fingerprintText(run.causes.find(({ rule }) => rule === claim.cause) ?? { rule: claim.cause, where: 'run' });
  if (run.completed && run.verdict === 'failed') return `the programs were done, but analyze says ${first?.rule ?? 'failed'}`;
  if (run.completed) return 'completed, every message as it was sent';
  return run.verdict === 'failed' || run.verdict === 'inconclusive'
    ? `another cause: ${first === undefined ? 'none is named' : fingerprintText(first)}`
    : 'stopped, and analyze names no cause for it';
}

function summary({ settings, runs }: Side, claim: Claim): SideResult {
  const done = runs.filter(({ problem }) => problem === null);
  const failures = done.filter((run) => failed(run, claim)).length;
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(outcomeOf(run, claim), (counts.get(outcomeOf(run, claim)) ?? 0) + 1);
  const n = done.length;
  return {
    settings,
    done: n,
    notMade: runs.length - n,
    failed: failures,
    shown: done.filter((run) => shows(run, claim)).length,
    rate:
      n === 0 ? { atLeast: 0, atMost: 1 } : { atLeast: lowerBound(failures, n, CONFIDENCE), atMost: upperBound(failures, n, CONFIDENCE) },
    outcomes: [...counts].map(([what, count]) => ({ what, count })).toSorted((a, b) => b.count - a.count || (a.what < b.what ? -1 : 1)),
    runs,
  };
}

/** A rate from above in percent, two digits, rounded up: what is claimed must hold. */
export function percentUp(rate: number): string {
  const percent = rate * 100;
  if (percent >= 10) return `${Math.ceil(percent - 1e-9)} %`;
  const step = percent >= 1 ? 10 : 100;
  return `${Math.ceil(percent * step - 1e-9) / step} %`;
}

/** The same from below, rounded down. */
export function percentDown(rate: number): string {
  return `${Math.floor(rate * 100 + 1e-9)} %`;
}

function conclude(before: SideResult, after: SideResult, claim: Claim, byChance: number): readonly [VerifyResult['conclusion'], string] {
  const { cause } = claim;
  if (before.done === 0 || after.done === 0) return ['inconclusive', 'one of the two sides could not be run at all'];
  if (before.notMade > before.done || after.notMade > after.done)
    return ['inconclusive', 'more than half of the runs of one side could not be made'];
  if (before.shown < before.done * LEAST_SHARE)
    return [
      'inconclusive',
      `before the change only ${before.shown} of ${before.done} runs failed by ${cause}: there is hardly a failure to cure with these settings`,
    ];
  if (after.shown > 0) return ['not-proven', `after the change ${after.shown} of ${after.done} runs still failed by ${cause}`];
  if (after.failed > 0)
    return ['not-proven', `${cause} is gone, but after the change ${after.failed} of ${after.done} runs failed by another cause`];
  if (byChance > 1 - CONFIDENCE)
    return ['inconclusive', `so few runs differ like this by chance (p = ${chanceText(byChance)}): make more with --runs`];
  return [
    'proven',
    `after the change the failure rate is below ${percentUp(after.rate.atMost)} with ${CONFIDENCE * 100} % confidence ` +
      `(${after.done} of ${after.done} runs completed); before it was above ${percentDown(before.rate.atLeast)}`,
  ];
}

export function chanceText(p: number): string {
  return p >= 0.001 ? p.toFixed(3) : p.toExponential(0);
}

export function verify(scenario: string, claim: Claim, before: Side, after: Side): VerifyResult {
  const [was, is] = [summary(before, claim), summary(after, claim)];
  const byChance = was.done === 0 || is.done === 0 ? 1 : fewerByChance(was.shown, was.done, is.failed, is.done);
  const [conclusion, because] = conclude(was, is, claim, byChance);
  return {
    schema: VERIFY_SCHEMA,
    scenario,
    cause: claim.cause,
    conclusion,
    because,
    confidence: CONFIDENCE,
    byChance,
    before: was,
    after: is,
  };
}

function sideText(name: string, { settings, done, notMade, failed: k, outcomes }: SideResult): string {
  const head = `  ${name}  ${settings}\n    ${k} of ${done} runs failed${notMade === 0 ? '' : `; ${notMade} could not be made`}`;
  return [head, ...outcomes.map(({ what, count }) => `      ${String(count).padStart(4)} × ${what}`)].join('\n');
}

const WORDS = { proven: 'PROVEN', 'not-proven': 'NOT PROVEN', inconclusive: 'INCONCLUSIVE' } as const;

export function verifyText(result: VerifyResult): string {
  const { scenario, cause, conclusion, because, byChance, before, after } = result;
  const kept = [...before.runs, ...after.runs].flatMap((run) => (run.kept === null ? [] : [run.kept]));
  return [
    `${WORDS[conclusion]}   ${scenario}: ${cause}`,
    '',
    `  ${because}`,
    '',
    sideText('before', before),
    sideText('after ', after),
    '',
    `  Such a difference comes by chance with p = ${chanceText(byChance)} (Fisher's exact test, one-sided).`,
    `  Bounds of rates are exact (Clopper and Pearson, one-sided, ${CONFIDENCE * 100} %); they hold for these settings on this machine.`,
    ...(kept.length === 0 ? [] : ['', '  Kept:', ...kept.map((path) => `    ${path}`)]),
    '',
  ].join('\n');
}
