/** Several inputs side by side: a line each, what they have in common, and the first one that differs. */
import type { Diagnosis, Interval } from '../model/diagnosis.ts';
import { interval } from './figures.ts';
import { Names } from './names.ts';
import { Page, type PageOptions } from './page.ts';
import { columnWidth, GUTTER, layTable } from './table.ts';
import { glue, span } from './text.ts';

/** What is kept of one input: little, since there may be thousands. */
export interface RunLine {
  /** As the user can tell it from the others. */
  readonly input: string;
  /** Null: it could not be judged; `because` says why. */
  readonly verdict: Diagnosis['verdict'] | null;
  readonly because: string;
  /** Id of the run, where an input was judged for each of its runs. */
  readonly run: string | null;
  /** First cause and whom it is about. */
  readonly cause: { readonly rule: string; readonly where: string } | null;
  /** Bytes, over all directions; null when there is none to speak of. */
  readonly lost: Interval | null;
}

const MARGIN = 2;
const MOST_INPUT = 40;
const MOST_NAMES = 4;
const SIGN: Readonly<Record<Diagnosis['verdict'], string>> = { failed: '✗', degraded: '!', inconclusive: '?', healthy: '✓' };
const VERDICTS = ['failed', 'degraded', 'inconclusive', 'healthy'] as const;
const NO_BOUND = Number.MAX_SAFE_INTEGER;
/** A bound this large comes from the number format, also where something was taken off it. */
const UNBOUNDED = 2 ** 49;

export function summarize(d: Diagnosis, input: string, withRun: boolean): RunLine {
  const [first] = d.causes;
  const lost = d.flows.reduce<Interval>(
    (sum, { lost: { min, max } }) => ({
      min: Math.min(NO_BOUND, sum.min + min),
      max: sum.max + max >= UNBOUNDED ? NO_BOUND : sum.max + max,
    }),
    { min: 0, max: 0 },
  );
  // What a sender's counters miss is missing, also where two directions may share it.
  const missing = d.findings.reduce((sum, f) => sum + (f.rule === 'asymmetric-growth' ? Number(f.metrics['missing_bytes'] ?? 0) : 0), 0);
  const cause = first === undefined ? null : { rule: first.rule, where: new Names(d).subject(first.subject) };
  return {
    input,
    verdict: d.verdict,
    because: d.because,
    run: withRun ? (d.run?.id ?? null) : null,
    cause,
    lost: d.flows.length === 0 ? null : { min: Math.min(lost.max, Math.max(lost.min, missing)), max: lost.max },
  };
}

function nameOf({ input, run }: RunLine): string {
  return run === null ? input : `${input} ${run}`;
}

function stateOf({ verdict, cause }: RunLine): string {
  return [verdict ?? 'not read', cause === null ? '' : `${cause.rule}${cause.where === '' ? '' : ` (${cause.where})`}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** In what two runs can agree, the most telling first. */
const LIKENESS: readonly { readonly of: (line: RunLine) => string; readonly words: string }[] = [
  { of: (line) => stateOf(line), words: 'verdict, first cause and place' },
  { of: ({ verdict, cause }) => `${verdict} ${cause?.rule}`, words: 'verdict and first cause' },
  { of: ({ verdict }) => String(verdict), words: 'verdict' },
];

/** How the runs relate to each other, as a sentence. */
export function compare(lines: readonly RunLine[]): string {
  const judged = lines.filter((line) => line.verdict !== null);
  if (judged.length < 2) return '';
  for (const { of, words } of LIKENESS) {
    const counts = new Map<string, RunLine[]>();
    for (const line of judged) counts.set(of(line), [...(counts.get(of(line)) ?? []), line]);
    const [most = []] = [...counts.values()].toSorted((a, b) => b.length - a.length);
    const [usual] = most;
    if (usual === undefined || most.length * 2 <= judged.length) continue;
    const other = judged.find((line) => of(line) !== of(usual));
    if (other === undefined) return `All ${judged.length} agree in ${words}.`;
    return `First that differs: ${nameOf(other)}: ${stateOf(other)}, where ${most.length} of ${judged.length} are ${words === 'verdict' ? (usual.verdict ?? '') : stateOf(usual)}.`;
  }
  return 'No verdict has a majority, so none of them stands out.';
}

/** Pure: the same lines and options give the same text. `folder`: the one input that held them all. */
export function renderSeveral(lines: readonly RunLine[], options: PageOptions, folder?: string): string {
  const page = new Page(options);
  const failed = lines.filter((line) => line.verdict === null).length;
  const counts = VERDICTS.map((verdict) => [lines.filter((line) => line.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`);
  if (failed > 0) counts.push(`${failed} not read`);
  const what = lines.some((line) => line.run !== null) ? 'runs' : 'inputs';
  const start = folder === undefined ? `${lines.length} ${what}` : `${folder} holds ${lines.length} sandboxes, judged one by one`;
  page.prose(span(`${start}: ${counts.join(', ')}`, 'bold'), 0);
  page.blank();
  drawLines(lines, page);
  drawCauseCounts(lines, page);
  const sentence = compare(lines);
  if (sentence !== '') {
    page.blank();
    page.prose(span(sentence, 'bold'), MARGIN);
  }
  return page.toString();
}

function drawLines(lines: readonly RunLine[], page: Page): void {
  const rows = lines.map((line) => {
    const verdict = line.verdict === null ? '- not read' : `${SIGN[line.verdict]} ${line.verdict}`;
    const lost = line.lost === null || line.lost.max === 0 ? '-' : interval(line.lost);
    const cause =
      line.cause === null
        ? line.verdict === null
          ? line.because
          : '-'
        : [line.cause.rule, line.cause.where].filter((part) => part !== '').join(' · ');
    return [nameOf(line), verdict, lost, cause];
  });
  const safe = [['input', 'verdict', 'bytes lost', 'first cause · where'], ...rows].map((row) => row.map((cell) => glue(page.show(cell))));
  const widths = [MOST_INPUT, 16, 24].map((limit, column) => columnWidth(safe, column, limit));
  const used = widths.reduce((sum, width) => sum + width + GUTTER, MARGIN);
  // The last column is prose: it may be broken between words.
  const wrapped = safe.map((row) => [...row.slice(0, 3), (row[3] ?? '').replaceAll('\u00A0', ' ')]);
  for (const line of layTable(wrapped, [...widths, Math.max(20, page.width - used)], page.ascii))
    page.line(' '.repeat(MARGIN) + line.trimEnd());
}

function drawCauseCounts(lines: readonly RunLine[], page: Page): void {
  const causes = new Map<string, string[]>();
  for (const line of lines) if (line.cause !== null) causes.set(line.cause.rule, [...(causes.get(line.cause.rule) ?? []), nameOf(line)]);
  if (causes.size === 0) return;
  page.heading('First causes');
  for (const [rule, names] of [...causes].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))) {
    const listed =
      names.slice(0, MOST_NAMES).map(glue).join(', ') + (names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '');
    page.prose([span(glue(`${rule} ${names.length}`), 'bold'), span(`: ${listed}`)], MARGIN + 2, '• ');
  }
}
