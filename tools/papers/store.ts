/** Results of the runs behind docs/upstream.md: one line a run, in a fixed order, so that the same runs give the same file. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { causesOf, findingsOf, type Fingerprint } from '../../src/live/fingerprint.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { evidenceOf, flagsOf, inRepository, linesOf, liveRun, type Line } from './lab.ts';
import { relayOf, type Mechanism } from './mechanism.ts';

const FILE = inRepository('bench/results/upstream.ndjson');
/** Pieces of evidence that a page has for one mechanism. */
const MOST_EVIDENCE = 4;

/** era: whether it shows there; before, after: the runs that prove a cure; not-enough: settings that do not cure. */
export type Side = 'era' | 'before' | 'after' | 'not-enough';

/** A run that is to be made. */
export interface Plan {
  readonly mechanism: string;
  readonly side: Side;
  /** The era, or the settings of a cure. */
  readonly what: string;
  readonly number: number;
  /** Flags of `live up`. */
  readonly flags: readonly string[];
}

export interface Made extends Plan {
  readonly completed: boolean;
  readonly verdict: Diagnosis['verdict'];
  /** Causes in their order; findings where a finding of the rule is enough. */
  readonly causes: readonly Fingerprint[];
  readonly evidence?: readonly Line[];
}

/** Runs of each side of a proof, and of settings that are shown not to be enough. */
export const RUNS = { proof: 10, other: 5, notEnough: 2 } as const;

/** Flags of a run that fails, of its cure (`settings`), or in another era. */
export function flagsFor(
  m: Mechanism,
  seed: number,
  { era, settings = '' }: { readonly era?: string; readonly settings?: string } = {},
): readonly string[] {
  const inEra = era === undefined ? '' : `era=${era} relay=${relayOf(era)} ${m.eraMore?.[era] ?? ''}`;
  return ['--scenario', m.scenario, ...flagsOf(`${m.more} ${inEra} ${settings}`), '--seed', String(seed)];
}

/** Chance decides some: a first seed that is known to show it belongs to its scenario. */
function seeds(count: number, first = 1): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + first);
}

/** Every run that the paper rests on. */
export function plansOf(m: Mechanism): readonly Plan[] {
  const proof = m.control === true ? RUNS.other : RUNS.proof;
  const plan = (side: Side, what: string, number: number, flags: readonly string[]): Plan => ({
    mechanism: m.id,
    side,
    what,
    number,
    flags,
  });
  return [
    ...m.eras.flatMap((era) => seeds(m.tries).map((n) => plan('era', era, n, flagsFor(m, n, { era })))),
    ...seeds(proof).map((n) => plan('before', '', n, flagsFor(m, n))),
    ...m.cures.flatMap(({ settings }, at) =>
      seeds(at === 0 ? proof : RUNS.other).map((n) => plan('after', settings, n, flagsFor(m, n, { settings }))),
    ),
    ...(m.notEnough ?? []).flatMap(({ settings }) =>
      seeds(RUNS.notEnough).map((n) => plan('not-enough', settings, n, flagsFor(m, n, { settings }))),
    ),
  ];
}

function keyOf({ mechanism, side, what, number, flags }: Plan): string {
  return JSON.stringify([mechanism, side, what, number, flags]);
}

/** Results of the plans, in their order; a result of other flags is none. */
export function resultsFor(plans: readonly Plan[], file = FILE): readonly Made[] {
  const known = new Map(read(file).map((made) => [keyOf(made), made]));
  return plans.flatMap((plan) => known.get(keyOf(plan)) ?? []);
}

export function missing(plans: readonly Plan[], file = FILE): readonly Plan[] {
  const known = new Set(read(file).map(keyOf));
  return plans.filter((plan) => !known.has(keyOf(plan)));
}

function read(file: string): readonly Made[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Made);
}

/** In an era one run that shows it is enough; the further tries are for those that chance decides. */
export function isSettled(m: Mechanism, { side, what }: Plan): boolean {
  if (side !== 'era') return false;
  return resultsFor(plansOf(m)).some((made) => made.side === 'era' && made.what === what && showsIn(m, made));
}

/** Leaves what belongs to a plan, in the order of the plans. */
export function tidy(plans: readonly Plan[]): void {
  writeFileSync(
    FILE,
    resultsFor(plans)
      .map((made) => `${JSON.stringify(made)}\n`)
      .join(''),
  );
}

export function keep(made: Made): void {
  appendFileSync(FILE, `${JSON.stringify(made)}\n`);
}

/** Makes a run; the first of those that fail keeps its evidence. */
export async function make(m: Mechanism, plan: Plan): Promise<Made> {
  return liveRun(plan.flags, (judged) => {
    const { completed, diagnosis, sandbox } = judged;
    const causes = m.finding === true ? findingsOf(diagnosis) : causesOf(diagnosis);
    const made: Made = { ...plan, completed: completed === true, verdict: diagnosis.verdict, causes };
    if (plan.side !== 'before' || !showsIn(m, made)) return made;
    const lines = m.lines.flatMap(({ log, match, most }) => linesOf(sandbox, log, new RegExp(match), most));
    const own = evidenceOf(judged, m.rule, MOST_EVIDENCE);
    const isNew = (line: Line): boolean => !own.some((o) => o.source === line.source && o.line === line.line);
    return { ...made, evidence: [...own, ...lines.filter(isNew)] };
  });
}

/** Whether a run shows the mechanism. */
export function showsIn({ rule, completes, finding }: Mechanism, { completed, causes }: Pick<Made, 'completed' | 'causes'>): boolean {
  if (completes || finding === true) return causes.some((cause) => cause.rule === rule);
  return !completed && causes[0]?.rule === rule;
}
