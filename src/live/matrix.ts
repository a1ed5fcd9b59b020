/** What a matrix of runs proves of each rule: found where it had to be, and nowhere else. Pure. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { lowerBound } from '../util/statistics.ts';
import { causesOf, fingerprintText, localName, type Fingerprint } from './fingerprint.ts';
import type { Cell, CellKind } from './matrix-plan.ts';
import { COUNTS, surroundings, TRUTHS, type Wanted } from './matrix-truth.ts';
import { CONFIDENCE } from './verify.ts';

export const MATRIX_SCHEMA = 'hotlink-doctor/matrix@1';
/** What every rule has to reach on diagonal cells. */
export const LEAST_RECALL = 1;
export const LEAST_PRECISION = 0.98;

export interface Found extends Fingerprint {
  readonly severity: 'error' | 'warning' | 'info';
  /** Rule of the cause that it is folded under. */
  readonly under?: string;
}

/** A cell that was made: a line of the results. */
export interface CellRun {
  readonly id: string;
  readonly kind: CellKind;
  readonly fault: string;
  readonly behaviour: string;
  readonly parties: number;
  readonly transport: string;
  readonly settings: string;
  /** All programs came to their end, every message as it was sent: what they themselves say. */
  readonly completed: boolean;
  readonly verdict: Diagnosis['verdict'] | null;
  /** First cause. */
  readonly cause: string | null;
  readonly found: readonly Found[];
  /** Why it could not be made at all. */
  readonly problem?: string;
}

export function foundIn(diagnosis: Diagnosis): readonly Found[] {
  const ruleOf = new Map([...diagnosis.causes, ...diagnosis.findings].map(({ fingerprint, rule }) => [fingerprint, rule]));
  const all = [...diagnosis.causes, ...diagnosis.findings].map((finding): readonly [string, Found] => {
    const [{ rule, where }] = causesOf({ ...diagnosis, causes: [finding] }, localName) as readonly [Fingerprint];
    const { foldedUnder, severity } = finding;
    const found = { rule, where, severity, ...(foldedUnder === undefined ? {} : { under: ruleOf.get(foldedUnder) ?? foldedUnder }) };
    return [`${rule} ${where}`, found];
  });
  return [...new Map(all).values()].toSorted((a, b) => (fingerprintText(a) < fingerprintText(b) ? -1 : 1));
}

export function runOf(
  cell: Cell,
  made: { readonly completed: boolean; readonly diagnosis: Diagnosis | null; readonly problem: string | null },
): CellRun {
  const { id, kind, fault, behaviour, parties, transport, settings } = cell;
  const place = { id, kind, fault, behaviour, parties, transport, settings };
  const { completed, diagnosis, problem } = made;
  if (diagnosis === null) return { ...place, completed: false, verdict: null, cause: null, found: [], problem: problem ?? 'no diagnosis' };
  const [first] = causesOf(diagnosis);
  return {
    ...place,
    completed,
    verdict: diagnosis.verdict,
    cause: first === undefined ? null : fingerprintText(first),
    found: foundIn(diagnosis),
  };
}

/** `where` of a finding covers what was wanted: the same, a direction of that party, or the party at the end of that direction. */
function isAt(found: string, wanted: string): boolean {
  return wanted === '*' || found === wanted || found.split('>').includes(wanted) || wanted.split('>').includes(found);
}

function has(run: CellRun, { rule, where }: Wanted): boolean {
  return run.found.some((found) => found.rule === rule && isAt(found.where, where));
}

/** Why a finding may be there beside those that must; undefined: it is a false alarm. */
export function allowance(run: Pick<CellRun, 'fault' | 'transport' | 'settings' | 'completed' | 'kind'>, rule: string): string | undefined {
  const counts = run.completed ? undefined : COUNTS[rule];
  return (
    surroundings(run.transport, run.settings)[rule] ?? (run.kind === 'diagonal' ? TRUTHS[run.fault]?.allows?.[rule] : undefined) ?? counts
  );
}

export interface JudgedCell {
  readonly run: CellRun;
  readonly wanted: readonly Wanted[];
  readonly missed: readonly Wanted[];
  /** Of level warning or error, neither wanted nor allowed, not folded under a cause that is. */
  readonly alarms: readonly Found[];
}

function isFine(run: CellRun, wanted: readonly Wanted[], rule: string): boolean {
  return wanted.some((one) => one.rule === rule) || allowance(run, rule) !== undefined;
}

/** Holds a run against the truth of its cell: `wanted` is of the plan, and not of the results. */
export function judgeCell(run: CellRun, wanted: readonly Wanted[]): JudgedCell {
  const alarms = run.found.filter(
    ({ rule, severity, under }) =>
      severity !== 'info' && !isFine(run, wanted, rule) && (under === undefined || !isFine(run, wanted, under)),
  );
  return { run, wanted, missed: wanted.filter((one) => !has(run, one)), alarms };
}

export interface RuleGrade {
  readonly rule: string;
  /** Cells in which it had to be found, and was. */
  readonly expected: number;
  readonly found: number;
  /** Cells in which it was allowed, and was there. */
  readonly allowed: number;
  /** Cells in which it had nothing to say, and did. */
  readonly alarms: number;
  /** null: it had to be found nowhere. */
  readonly recall: number | null;
  readonly precision: number | null;
  /** Exact bounds from below, one-sided. */
  readonly recallAtLeast: number;
  readonly precisionAtLeast: number;
  readonly meets: boolean;
}

function graded(rule: string, cells: readonly JudgedCell[]): RuleGrade {
  const count = (test: (cell: JudgedCell) => boolean): number => cells.filter((one) => test(one)).length;
  const expected = count(({ wanted }) => wanted.some((one) => one.rule === rule));
  const found = count(({ wanted, missed }) => wanted.some((one) => one.rule === rule) && !missed.some((one) => one.rule === rule));
  const alarms = count((cell) => cell.alarms.some((one) => one.rule === rule));
  const allowed = count(
    ({ run, wanted, alarms: loud }) =>
      !wanted.some((one) => one.rule === rule) && !loud.some((one) => one.rule === rule) && run.found.some((one) => one.rule === rule),
  );
  const recall = expected === 0 ? null : found / expected;
  // Where a rule was allowed it was right to speak, and nothing was proven by it.
  const said = found + alarms;
  const precision = said === 0 ? null : found / said;
  return {
    rule,
    expected,
    found,
    allowed,
    alarms,
    recall,
    precision,
    recallAtLeast: expected === 0 ? 0 : lowerBound(found, expected, CONFIDENCE),
    precisionAtLeast: said === 0 ? 0 : lowerBound(found, said, CONFIDENCE),
    meets: (recall ?? 1) >= LEAST_RECALL && (precision ?? 1) >= LEAST_PRECISION,
  };
}

/** One fault in one version: what became of it. */
export interface CureCell {
  readonly fault: string;
  readonly behaviour: string;
  /** Settings that were to cure it, where the cell is one. */
  readonly cure: string | null;
  readonly runs: number;
  readonly failed: number;
}

/** The failure of the fault shows: its programs did not come to their end, or a rule that must name it did. */
export function shows(run: CellRun, finds: readonly Wanted[], completes: boolean): boolean {
  return !run.completed || (completes && finds.length > 0 && finds.every((one) => has(run, one)));
}

export interface MatrixResult {
  readonly schema: typeof MATRIX_SCHEMA;
  readonly confidence: number;
  readonly runs: number;
  readonly notMade: readonly CellRun[];
  readonly grades: readonly RuleGrade[];
  readonly cures: readonly CureCell[];
  /** A column a rule: how many diagonal or clean runs of a fault found it. */
  readonly confusion: readonly {
    readonly fault: string;
    readonly runs: number;
    readonly wanted: readonly string[];
    readonly first: readonly Counted[];
    readonly found: readonly Counted[];
    readonly alarms: readonly Counted[];
  }[];
  readonly misses: readonly { readonly id: string; readonly rule: string; readonly where: string; readonly instead: string | null }[];
  readonly alarms: readonly { readonly id: string; readonly rule: string; readonly where: string }[];
  /** Runs that did not come to their end and passed, in whatever kind of cell. */
  readonly falseAllClears: readonly string[];
  readonly meets: boolean;
}

interface Counted {
  readonly rule: string;
  readonly runs: number;
}

/** In how many runs each rule is, most first. */
function counted(perRun: readonly (readonly string[])[]): readonly Counted[] {
  const counts = new Map<string, number>();
  for (const rules of perRun) for (const rule of new Set(rules)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts].map(([rule, runs]) => ({ rule, runs })).toSorted((a, b) => b.runs - a.runs || (a.rule < b.rule ? -1 : 1));
}

const grades = ({ kind }: { readonly kind: CellKind }): boolean => kind === 'diagonal' || kind === 'clean';

export interface KnownFault {
  readonly name: string;
  readonly finds: readonly Wanted[];
  readonly completes: boolean;
  readonly cure: string | null;
}

/** Results are judged by what the faults have to show now: `faults` is the truth. */
export function gradeMatrix(all: readonly CellRun[], faults: readonly KnownFault[]): MatrixResult {
  const truth = new Map(faults.map((fault) => [fault.name, fault]));
  const made = all.filter(({ problem }) => problem === undefined);
  const judged = made.filter(grades).map((run) => judgeCell(run, run.kind === 'clean' ? [] : (truth.get(run.fault)?.finds ?? [])));
  const rules = new Set(judged.flatMap(({ run, wanted }) => [...wanted, ...run.found].map(({ rule }) => rule)));
  const list = [...rules].toSorted().map((rule) => graded(rule, judged));
  const names = [...new Set(judged.map(({ run }) => run.fault))];
  // A fault that leaves no trace, by its truth, can be in a run that passes.
  const leavesTrace = ({ fault }: CellRun): boolean => (truth.get(fault)?.finds.length ?? 1) > 0;
  const passed = made.filter(({ completed, verdict }) => !completed && (verdict === 'healthy' || verdict === 'degraded'));
  return {
    schema: MATRIX_SCHEMA,
    confidence: CONFIDENCE,
    runs: made.length,
    notMade: all.filter(({ problem }) => problem !== undefined),
    grades: list,
    cures: curesOf(made, truth),
    confusion: names.map((fault) => {
      const cells = judged.filter(({ run }) => run.fault === fault);
      const loud = cells.map(({ run }) => run.found.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule));
      return {
        fault,
        runs: cells.length,
        wanted: (truth.get(fault)?.finds ?? []).map(({ rule }) => rule),
        first: counted(cells.map(({ run }) => (run.cause === null ? [] : [run.cause.split(' ')[0] ?? '']))),
        found: counted(loud),
        alarms: counted(cells.map(({ alarms }) => alarms.map(({ rule }) => rule))),
      };
    }),
    misses: judged.flatMap(({ run, missed }) => missed.map(({ rule, where }) => ({ id: run.id, rule, where, instead: run.cause }))),
    alarms: judged.flatMap(({ run, alarms }) => alarms.map(({ rule, where }) => ({ id: run.id, rule, where }))),
    falseAllClears: passed.filter((run) => leavesTrace(run)).map(({ id }) => id),
    meets: list.every(({ meets }) => meets),
  };
}

function curesOf(made: readonly CellRun[], truth: ReadonlyMap<string, KnownFault>): readonly CureCell[] {
  const rows = new Map<string, CellRun[]>();
  for (const run of made) {
    const isPlain = run.kind === 'cure' || run.kind === 'sweep' || run.kind === 'diagonal';
    if (!isPlain || !truth.has(run.fault)) continue;
    const key = `${run.fault}\n${run.kind === 'cure' ? 'cure' : run.behaviour}`;
    rows.set(key, [...(rows.get(key) ?? []), run]);
  }
  return [...rows.values()].map((runs) => {
    const [{ fault, behaviour, kind }] = runs as [CellRun];
    const { finds, completes, cure } = truth.get(fault) as KnownFault;
    const failed = runs.filter((run) => shows(run, finds, completes)).length;
    return { fault, behaviour, cure: kind === 'cure' ? cure : null, runs: runs.length, failed };
  });
}
