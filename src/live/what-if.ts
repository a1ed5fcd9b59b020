/** Would a change have cured the run? What experiments answer, and what they do not. Pure. */
import { fewerByChance, moreInAllByChance } from '../util/statistics.ts';
import type { Fingerprint } from './fingerprint.ts';
import {
  CONFIDENCE,
  chanceText,
  outcomeOf,
  percentDown,
  percentUp,
  verify,
  type Claim,
  type SideResult,
  type VerifyRun,
} from './verify.ts';

export const WHAT_IF_SCHEMA = 'hotlink-doctor/what-if@1';

export type Answer = 'cured' | 'not-cured' | 'made-worse' | 'inconclusive';

/** A run of an experiment. */
export interface Trial extends VerifyRun {
  /** Bytes that arrived at programs. */
  readonly received: number;
}

export interface Changed {
  readonly name: string;
  readonly kind: string;
  readonly says: string;
  readonly settings: string;
}

export interface Answered extends Changed {
  readonly answer: Answer;
  readonly because: string;
  readonly done: number;
  readonly failed: number;
  /** Failed by the same cause. */
  readonly shown: number;
  readonly rate: SideResult['rate'];
  /** Chance of such a difference if the change did nothing. */
  readonly byChance: number;
}

export interface WhatIfResult {
  readonly schema: typeof WHAT_IF_SCHEMA;
  readonly cause: Fingerprint | null;
  readonly parties: readonly string[];
  /** What live runs to show the same. */
  readonly settings: string;
  readonly notes: readonly string[];
  readonly before: { readonly done: number; readonly failed: number; readonly shown: number; readonly rate: SideResult['rate'] } | null;
  readonly confidence: number;
  readonly answers: readonly Answered[];
  readonly alreadySo: readonly string[];
  /** Why there are no answers. */
  readonly not: string | null;
  readonly next: string | null;
}

/** So many runs of each change first: where one of them fails, it is no cure, and no more are made. */
export const FIRST_RUNS = 3;

/** Whether more runs could still end in a cure. */
export function mayCure(runs: readonly Trial[], claim: Claim): boolean {
  return sideOf(runs, claim).failed === 0;
}

function sideOf(runs: readonly Trial[], claim: Claim): SideResult {
  const side = { settings: '', runs };
  return verify('', claim, side, side).before;
}

export function answer(change: Changed, claim: Claim, before: readonly Trial[], after: readonly Trial[]): Answered {
  const result = verify(change.name, claim, { settings: '', runs: before }, { settings: change.settings, runs: after });
  const { done, failed, shown, rate } = result.after;
  const [said, because, byChance] = judged(result, claim, before, after);
  return { ...change, answer: said, because, done, failed, shown, rate, byChance };
}

function judged(
  { conclusion, because, byChance, before, after }: ReturnType<typeof verify>,
  claim: Claim,
  runsBefore: readonly Trial[],
  runsAfter: readonly Trial[],
): readonly [Answer, string, number] {
  if (after.done === 0) return ['inconclusive', `no run of it could be made: ${runsAfter[0]?.problem ?? 'none was tried'}`, 1];
  const worse = worseBy(before, after, received(runsBefore), received(runsAfter));
  if (worse !== undefined) return ['made-worse', `${countText(after)}${insteadOf(after, runsAfter, claim)}; ${worse.why}`, worse.byChance];
  if (conclusion === 'proven') return ['cured', countText(after), byChance];
  if (conclusion === 'inconclusive' && after.failed === 0) return ['inconclusive', `${countText(after)}; ${because}`, byChance];
  return ['not-cured', `${countText(after)}${insteadOf(after, runsAfter, claim)}`, byChance];
}

function received(runs: readonly Trial[]): readonly number[] {
  return runs.filter(({ problem }) => problem === null).map((run) => run.received);
}

/** "0 of 10 failed: below 26 % with 95 %", "3 of 3 failed: above 36 % with 95 %". */
function countText({ failed, done, rate }: SideResult): string {
  const bound = failed === 0 ? `below ${percentUp(rate.atMost)}` : `above ${percentDown(rate.atLeast)}`;
  return `${failed} of ${done} failed: ${bound} with ${CONFIDENCE * 100} %`;
}

/** Another failure in the place of the first is no cure; which one is said. */
function insteadOf(after: SideResult, runs: readonly Trial[], claim: Claim): string {
  if (after.shown > 0 || after.failed === 0) return '';
  const words = new Set(runs.filter((run) => !run.completed || run.verdict === 'failed').map((run) => outcomeOf(run, claim)));
  return `; ${claim.cause} is gone, but: ${[...words].join(', ')}`;
}

/** More runs fail than before, or in every single one fewer bytes arrive than in any before. */
function worseBy(
  before: SideResult,
  after: SideResult,
  was: readonly number[],
  is: readonly number[],
): { readonly why: string; readonly byChance: number } | undefined {
  const more = before.done === 0 ? 1 : fewerByChance(after.failed, after.done, before.failed, before.done);
  if (more <= 1 - CONFIDENCE) return { why: `before it was ${before.failed} of ${before.done}`, byChance: more };
  if (was.length === 0 || after.failed < after.done || Math.max(...is) >= Math.min(...was)) return undefined;
  const byChance = moreInAllByChance(was.length, is.length);
  if (byChance > 1 - CONFIDENCE) return undefined;
  return { why: `at most ${Math.max(...is)} bytes arrived, before it at least ${Math.min(...was)}`, byChance };
}

const RANK: Readonly<Record<Answer, number>> = { cured: 0, inconclusive: 1, 'not-cured': 2, 'made-worse': 3 };
const WORDS: Readonly<Record<Answer, string>> = {
  cured: 'CURED',
  inconclusive: 'INCONCLUSIVE',
  'not-cured': 'not cured',
  'made-worse': 'made worse',
};

/** Cures first, otherwise in the order of trying. */
export function ranked(answers: readonly Answered[]): readonly Answered[] {
  return answers.toSorted((a, b) => RANK[a.answer] - RANK[b.answer]);
}

function headOf({ cause, not, answers }: WhatIfResult): string {
  const what = cause === null ? 'nothing to try' : `${cause.rule} at ${cause.where}`;
  if (not !== null) return `NOT REPRODUCIBLE   ${what}`;
  const cured = answers.filter((one) => one.answer === 'cured' && one.kind !== 'control').length;
  return `${cured > 0 ? 'CURES FOUND' : 'NO CURE FOUND'}   ${what}: ${cured} of ${answers.length} changes cure it`;
}

const LIMITS = 'for these parties and volumes, on this machine; the real programs may talk in another order';

export function whatIfText(result: WhatIfResult): string {
  const { not, settings, notes, before, answers, alreadySo, next, confidence } = result;
  if (not !== null)
    return `${headOf(result)}\n\n  ${not}\n  Nothing is answered: without a run that fails alike no experiment says anything.\n`;
  const width = Math.max(0, ...answers.map(({ name }) => name.length));
  return [
    headOf(result),
    '',
    `  With ${settings}`,
    ...(before === null ? [] : [`  the same failure shows in ${before.shown} of ${before.done} runs`]),
    ...notes.map((note) => `  • ${note}`),
    '',
    ...answers.flatMap((one) => [
      `  ${WORDS[one.answer].padEnd(12)}  ${one.name.padEnd(width)}  ${one.because}`,
      ...(one.answer === 'cured' ? [`                  ${one.says}; p = ${chanceText(one.byChance)}; ${one.settings}`] : []),
    ]),
    ...(alreadySo.length === 0 ? [] : ['', `  Already so, not tried: ${alreadySo.join(', ')}`]),
    '',
    `  Bounds are exact (Clopper and Pearson, one-sided, ${confidence * 100} %), ${LIMITS}.`,
    '  Each answer stands for itself: of many answers at 95 % some are wrong.',
    ...(next === null ? [] : ['', `Next: ${next}`]),
    '',
  ].join('\n');
}

/** Text of others in Markdown: nothing of it is markup. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>#|~]/g, String.raw`\$&`);
}

function code(text: string): string {
  return `\`${text.replaceAll(/[`|\r\n]/g, ' ')}\``;
}

export function whatIfMarkdown(result: WhatIfResult): string {
  const { not, settings, notes, before, answers, alreadySo, next } = result;
  if (not !== null) return `**${plain(headOf(result))}**\n\n${plain(not)}\n`;
  return [
    `**${plain(headOf(result))}**`,
    '',
    `With ${code(settings)} the same failure shows in ${before?.shown ?? 0} of ${before?.done ?? 0} runs.`,
    ...notes.map((note) => `- ${plain(note)}`),
    '',
    '| answer | change | what it is | runs | settings |',
    '| --- | --- | --- | --- | --- |',
    ...answers.map(
      (one) =>
        `| ${[...[WORDS[one.answer], one.name, one.says, one.because].map((text) => plain(text)), code(one.settings)].join(' | ')} |`,
    ),
    ...(alreadySo.length === 0 ? [] : ['', `Already so, not tried: ${alreadySo.join(', ')}.`]),
    '',
    `Bounds hold ${LIMITS}.`,
    ...(next === null ? [] : ['', `    ${next}`]),
    '',
  ].join('\n');
}
