/** A graded matrix in words: for a terminal, and as the tables of a page. */
import type { CureCell, MatrixResult, RuleGrade } from './matrix.ts';
import { LEAST_PRECISION } from './matrix.ts';

type Table = readonly (readonly string[])[];

function columns(rows: Table): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows.map((row) => `  ${row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd()).join('\n');
}

/** As prettier leaves a table. */
export function markdownTable([head = [], ...rows]: Table): string {
  const escaped = [head, ...rows].map((row) => row.map((text) => text.replaceAll('|', String.raw`\|`)));
  const widths = head.map((_, index) => Math.max(3, ...escaped.map((row) => (row[index] ?? '').length)));
  const line = (row: readonly string[]): string => `| ${widths.map((width, index) => (row[index] ?? '').padEnd(width)).join(' | ')} |`;
  const [first = [], ...others] = escaped;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...others.map((row) => line(row))].join('\n');
}

export function share(value: number | null): string {
  return value === null ? '' : (Math.floor(value * 1000 + 1e-9) / 1000).toString();
}

function countText(counts: readonly { readonly rule: string; readonly runs: number }[], of: number): string {
  return counts.map(({ rule, runs }) => (runs === of ? rule : `${rule} ${runs}/${of}`)).join(', ');
}

/** Fault against version: `fails`, `passes`, or how many of how many failed; the last column is what cures it. */
export function cureTable(cures: readonly CureCell[]): Table {
  const plain = cures.filter(({ cure }) => cure === null);
  const behaviours = [...new Set(plain.map(({ behaviour }) => behaviour))].toSorted();
  const text = ({ runs, failed }: CureCell): string => (failed === 0 ? 'passes' : failed === runs ? 'fails' : `fails ${failed}/${runs}`);
  const faults = [...new Set(cures.map(({ fault }) => fault))];
  const rows = faults.map((fault) => {
    const cured = cures.find((one) => one.fault === fault && one.cure !== null);
    const outcome = cured === undefined ? '' : `${cured.cure}: ${cured.failed === 0 ? 'cured' : text(cured)}`;
    return [
      fault,
      ...behaviours.map((behaviour) => {
        const one = plain.find((cell) => cell.fault === fault && cell.behaviour === behaviour);
        return one === undefined ? '' : text(one);
      }),
      outcome,
    ];
  });
  return [['fault', ...behaviours, 'what cures it'], ...rows];
}

export function confusionTable({ confusion }: MatrixResult): Table {
  const rows = confusion.map(({ fault, runs, wanted, first, found, alarms }) => [
    fault === 'none' ? 'none (clean)' : fault,
    String(runs),
    wanted.join(', '),
    countText(first, runs),
    countText(
      found.filter(({ rule }) => !wanted.includes(rule)),
      runs,
    ),
    countText(alarms, runs),
  ]);
  return [['fault', 'runs', 'must be found', 'first cause', 'found besides', 'false alarms'], ...rows];
}

export function gradeRow(one: RuleGrade): readonly string[] {
  const { rule, expected, found, allowed, alarms, recall, precision } = one;
  return [
    rule,
    expected === 0 ? '' : `${found}/${expected}`,
    share(recall),
    recall === null ? '' : share(one.recallAtLeast),
    String(alarms),
    share(precision),
    precision === null ? '' : share(one.precisionAtLeast),
    String(allowed),
  ];
}

export const GRADE_HEAD = ['rule', 'found', 'recall', 'at least', 'false alarms', 'precision', 'at least', 'also seen'] as const;

export function gradeTable({ grades }: MatrixResult): Table {
  return [GRADE_HEAD, ...grades.map((one) => gradeRow(one))];
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function notes(result: MatrixResult): readonly string[] {
  return [
    ...listed(
      'Missed:',
      result.misses.map(({ id, rule, where, instead }) => `${rule} ${where}: ${instead ?? 'no cause'} instead; ${id}`),
    ),
    ...listed(
      'False alarms:',
      result.alarms.map(({ id, rule, where }) => `${rule} ${where}: ${id}`),
    ),
    ...listed('Passed though they did not come to their end:', result.falseAllClears),
    ...listed(
      'Could not be made:',
      result.notMade.map(({ id, problem }) => `${id}: ${problem ?? ''}`),
    ),
  ];
}

function headOf({ meets, runs, grades, misses, alarms, confidence }: MatrixResult): string {
  const graded = grades.filter(({ expected }) => expected > 0).length;
  return (
    `${meets ? 'MEETS' : 'DOES NOT MEET'}   ${runs} runs, ${graded} rules graded: ${misses.length} missed, ${alarms.length} false alarms\n` +
    `Recall must be 1 and precision ${LEAST_PRECISION}; bounds are exact (Clopper and Pearson, one-sided, ${confidence * 100} %).`
  );
}

const TITLES = ['Which version or switch cures which failure', 'Rules against faults', 'Grades'] as const;

export function matrixText(result: MatrixResult): string {
  const tables = [cureTable(result.cures), confusionTable(result), gradeTable(result)];
  const blocks = tables.flatMap((table, index) => ['', TITLES[index] ?? '', columns(table)]);
  return [headOf(result), ...blocks, ...notes(result), ''].join('\n');
}

export function matrixMarkdown(result: MatrixResult): string {
  const tables = [cureTable(result.cures), confusionTable(result), gradeTable(result)];
  const blocks = tables.flatMap((table, index) => ['', `## ${TITLES[index] ?? ''}`, '', markdownTable(table)]);
  return ['# Matrix', '', headOf(result), ...blocks, ...notes(result), ''].join('\n');
}
