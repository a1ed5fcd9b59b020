/** The grade of every rule, from runs of our own and from recordings, and the page and table that are written from it. */
import { gradeMatrix, LEAST_PRECISION, type CellRun, type KnownFault, type MatrixResult, type RuleGrade } from '../../src/live/matrix.ts';
import { matrixFaults, planMatrix } from '../../src/live/matrix-plan.ts';
import { OWN_FAULTS, TRUTHS } from '../../src/live/matrix-truth.ts';
import { confusionTable, cureTable, gradeRow, markdownTable } from '../../src/live/matrix-text.ts';
import { SCENARIOS } from '../../src/proxy/lab/scenarios.ts';
import { EXPLAINED } from './grades-explained.ts';
import { recordedGrade, type RecordedCase, type RecordedGrade } from './recordings.ts';

/**
 * proven: right on recordings, and on our runs · recorded: right on recordings, and nothing of ours makes it · unproven: right on our runs
 * alone · limited: it missed runs of ours, each for a reason that is written down, and was right whenever it spoke · doubtful: it spoke where it
 * should not, or missed a recording · untested: neither makes it.
 */
export type Grade = 'proven' | 'recorded' | 'unproven' | 'limited' | 'doubtful' | 'untested';
type Precision = 'very-high' | 'high' | 'medium' | 'low';

/** From so high a lower bound of precision on a rule that is proven is very sure. */
const VERY_SURE = 0.9;

export interface GradedRule {
  readonly rule: string;
  readonly grade: Grade;
  readonly precision: Precision;
  readonly ours: RuleGrade | undefined;
  readonly recorded: RecordedGrade;
}

export const FAULTS: readonly KnownFault[] = matrixFaults(SCENARIOS);

/** Every cell that the whole matrix has, once. */
export const PLANNED: ReadonlySet<string> = new Set(
  planMatrix(SCENARIOS, { faults: [], behaviours: [], layouts: [2, 3, 4], transports: ['websocket', 'webrtc'], runs: 1, small: false }).map(
    ({ id }) => id,
  ),
);

/** The cell of which a run with a seed of its own is another one. */
function planOf(id: string): string {
  return PLANNED.has(id) ? id : id.replace(/ seed=\d+$/, '');
}

/** Results of cells that are planned no more, such as those of a scenario that was changed. */
export function outdated(cells: readonly CellRun[]): readonly string[] {
  return cells.filter(({ id }) => !PLANNED.has(planOf(id))).map(({ id }) => `no cell of the matrix any more: ${id}`);
}

function madeText(cells: readonly CellRun[]): string {
  const made = new Set(cells.filter(({ problem }) => problem === undefined).map(({ id }) => planOf(id)));
  return made.size === PLANNED.size ? `all ${PLANNED.size} cells` : `${made.size} of ${PLANNED.size} cells; the others are not made yet`;
}

export function matrixOf(cells: readonly CellRun[]): MatrixResult {
  return gradeMatrix(cells, FAULTS);
}

function gradeOf(ours: RuleGrade | undefined, { right, missed, wrong }: RecordedGrade): Grade {
  if (missed + wrong > 0 || (ours?.alarms ?? 0) > 0) return 'doubtful';
  if (ours?.meets === false) return 'limited';
  const isMade = (ours?.expected ?? 0) > 0;
  if (right > 0) return isMade ? 'proven' : 'recorded';
  return isMade ? 'unproven' : 'untested';
}

function precisionOf(grade: Grade, ours: RuleGrade | undefined): Precision {
  if (grade === 'proven') return (ours?.precisionAtLeast ?? 0) >= VERY_SURE ? 'very-high' : 'high';
  return grade === 'recorded' || grade === 'unproven' || grade === 'limited' ? 'medium' : 'low';
}

export function gradeRules(rules: readonly string[], matrix: MatrixResult, cases: readonly RecordedCase[]): readonly GradedRule[] {
  return rules.toSorted().map((rule) => {
    const ours = matrix.grades.find((one) => one.rule === rule);
    const recorded = recordedGrade(rule, cases);
    const grade = gradeOf(ours, recorded);
    return { rule, grade, precision: precisionOf(grade, ours), ours, recorded };
  });
}

function explanationOf(id: string, rule: string): string | undefined {
  return EXPLAINED.find((one) => one.rule === rule && id.startsWith(one.cells))?.because;
}

/** Misses and alarms that nobody explained, explanations of what no longer happens, and faults that are no more. */
export function gradeFaults({ misses, alarms, falseAllClears }: MatrixResult, cells: readonly CellRun[]): readonly string[] {
  const unexplained = [...misses.map((one) => ({ ...one, what: 'missed' })), ...alarms.map((one) => ({ ...one, what: 'false alarm' }))]
    .filter(({ id, rule }) => explanationOf(id, rule) === undefined)
    .map(({ id, rule, where, what }) => `${what}: ${rule} ${where}, unexplained in tools/parts/grades-explained.ts: ${id}`);
  const needless = EXPLAINED.filter(
    ({ cells: prefix, rule }) => ![...misses, ...alarms].some((one) => one.rule === rule && one.id.startsWith(prefix)),
  ).map(({ cells: prefix, rule }) => `tools/parts/grades-explained.ts: ${rule} is right in ${prefix}: take the explanation away`);
  const names = new Set(FAULTS.map(({ name }) => name));
  const gone = Object.keys(TRUTHS).filter((name) => !names.has(name));
  const strangers = cells.filter(({ fault }) => fault !== 'none' && !names.has(fault)).map(({ id }) => id);
  return [
    ...unexplained,
    ...needless,
    ...falseAllClears.map((id) => `passed though it did not come to its end: ${id}`),
    ...gone.map((name) => `src/live/matrix-truth.ts: ${name} is no scenario`),
    ...strangers.map((id) => `the results have a fault that is no more: ${id}`),
  ];
}

/** `src/report/precision.ts`. */
export function precisionModule(rules: readonly GradedRule[]): string {
  const rows = rules.map(({ rule, precision }) => `  '${rule}': '${precision}',`);
  return [
    '/** How sure the findings of a rule are (docs/grades.md). Written by `npx tsx tools/grades.ts --write`. */',
    "export type Precision = 'very-high' | 'high' | 'medium' | 'low';",
    '',
    'export const PRECISION: Readonly<Record<string, Precision>> = {',
    ...rows.map((row) => row.replace(/'([a-z]+)':/, '$1:')),
    '};',
    '',
  ].join('\n');
}

const MEANING: readonly (readonly [Grade, string])[] = [
  ['proven', 'right on recordings of the real system, and on every run of ours that makes its fault'],
  ['recorded', 'right on recordings; nothing of ours makes its fault'],
  ['unproven', 'right on our own runs alone: no recording has its fault'],
  ['limited', 'right whenever it spoke; it missed runs of ours, each explained below'],
  ['doubtful', 'it spoke where it had nothing to say, or missed a recording: see below'],
  ['untested', 'neither: tests in `test/rules` alone, on lines of the real form'],
];

function summary(rules: readonly GradedRule[]): string {
  const rows = MEANING.map(([grade, means]) => [grade, String(rules.filter((one) => one.grade === grade).length), means]);
  return markdownTable([['grade', 'rules', 'is'], ...rows]);
}

function gradeTable(rules: readonly GradedRule[]): string {
  const rows = rules.map(({ rule, grade, precision, ours, recorded: { right, missed, wrong } }) => {
    const counts = ours === undefined ? ['', '', '', '0', '', '', '0'] : gradeRow(ours).slice(1);
    const heard = right + missed + wrong === 0 ? '' : `${right}/${right + missed}${wrong === 0 ? '' : `, wrong ${wrong}`}`;
    return [`\`${rule}\``, grade, ...counts, heard, precision];
  });
  const head = ['rule', 'grade', 'found', 'recall', '≥', 'false alarms', 'precision', '≥', 'also seen', 'recordings', 'SARIF'];
  return markdownTable([head, ...rows]);
}

function explanations({ misses, alarms }: MatrixResult): readonly string[] {
  const all = [...misses.map((one) => ({ ...one, what: 'missed' })), ...alarms.map((one) => ({ ...one, what: 'false alarm' }))];
  if (all.length === 0) return ['None: every rule was found where it had to be, and nowhere else.'];
  return all.map(
    ({ id, rule, where, what }) => `- \`${rule}\` ${where}, ${what} in \`${id}\`: ${explanationOf(id, rule) ?? 'UNEXPLAINED'}`,
  );
}

function allowances(): string {
  const rows = Object.entries(TRUTHS).flatMap(([fault, { allows = {} }]) =>
    Object.entries(allows).map(([rule, because]) => [`\`${fault}\``, `\`${rule}\``, because]),
  );
  return markdownTable([['fault', 'may be found too', 'because'], ...rows]);
}

function recordingsTable(cases: readonly RecordedCase[]): string {
  const rows = cases.map(({ name, outcome, right, missed, wrong }) => [
    name,
    outcome,
    right.join(', '),
    missed.join(', '),
    wrong.join(', '),
  ]);
  return markdownTable([['recording', 'the run', 'right', 'missed', 'false alarm'], ...rows]);
}

export function gradesPage(
  rules: readonly GradedRule[],
  matrix: MatrixResult,
  made: readonly CellRun[],
  cases: readonly RecordedCase[],
): string {
  const own = OWN_FAULTS.map(({ name, settings }) => `\`${name}\` (${settings === '' ? 'as it is' : `\`${settings}\``})`);
  return `${[
    '# How sure each rule is',
    '',
    `${matrix.runs} runs of \`live matrix\` (${madeText(made)}) and ${cases.length} recordings of the real system. What a run has to show is`,
    'written in `src/live/matrix-truth.ts` before it is made. Written by `npx tsx tools/grades.ts --write`, compared by `npm run parts`;',
    '`live matrix --resume bench/results/matrix.ndjson` makes cells that are not there yet.',
    '',
    summary(rules),
    '',
    `A rule must be found in each run that makes its fault (recall 1), at the party or direction where it was made, and precision must be ${LEAST_PRECISION}: of the`,
    'runs in which it was found with a warning or an error, those in which it had to be. "also seen" are runs in which it was true of',
    'something else that was made (see below); they prove nothing. Both "≥" are exact bounds from below (Clopper and Pearson, one-sided,',
    `${matrix.confidence * 100} %): with few runs they are low. "recordings" are those that it had to be right in, and SARIF is the precision that its results carry.`,
    '',
    '## Grades',
    '',
    gradeTable(rules),
    '',
    '## Misses and false alarms',
    '',
    ...explanations(matrix),
    '',
    '## Rules against faults',
    '',
    'Every fault with the rules that were found, a warning or more, in its runs: all of them, or so many of how many.',
    '',
    markdownTable(confusionTable(matrix)),
    '',
    `Faults that are no scenario: ${own.join(', ')}.`,
    '',
    '## Which version or switch cures which failure',
    '',
    'Whether the failure shows, in runs of that version and otherwise as the scenario is. Nothing is claimed of versions that a scenario does not name;',
    'their runs grade no rule.',
    '',
    markdownTable(cureTable(matrix.cures)),
    '',
    '## What may be found besides',
    '',
    'Everywhere: what is true of the lab (a TURN server without credentials, messages that overtake each other), and in runs that stopped',
    '`asymmetric-growth` and `stalled-counters`, which say what counters say. What is folded under a cause that is right is no false alarm. And',
    '',
    allowances(),
    '',
    '## On recordings',
    '',
    'Of a stalled run the first cause must be one that its truth accepts; of others each rule that must be there, and no alarm besides.',
    '',
    recordingsTable(cases),
  ].join('\n')}\n`;
}
