/** The end of the report: what remains open, what was read and how much of it was understood, what to type next. */
import type { Diagnosis, RuleVerdict } from '../model/diagnosis.ts';
import { isUnreadReason, UNREAD, type UnreadReason } from '../model/unread.ts';
import { dayOf } from './causes.ts';
import { gateCommands } from './gate.ts';
import { clockTime, counted, duration, figure } from './figures.ts';
import type { Names } from './names.ts';
import type { Page } from './page.ts';
import { GUTTER, columnWidth, layTable } from './table.ts';
import { GLUE, glue, padEnd, span, textWidth } from './text.ts';

const MARGIN = 4;
const MOST_FILES = 12;
const MOST_RUNS = 3;
const MOST_UNREAD = 3;

export function drawWaits(d: Diagnosis, names: Names, page: Page): void {
  if (d.waits.length === 0) return;
  page.heading('Who waits for whom');
  for (const wait of d.waits) {
    const since = wait.since === null ? '' : ` since ${clockTime(wait.since, dayOf(d))}`;
    const whom = wait.for.length === 0 ? 'a peer' : wait.for.map((party) => names.role(party)).join(' and ');
    const [first] = wait.evidence;
    page.row(
      [span(`${names.role(wait.party)} waits for ${whom}`, 'bold'), span(`${since}${wait.why === '' ? '' : `: ${names.prose(wait.why)}`}`)],
      span(first === undefined ? '' : names.place(first, first.clock === wait.party ? wait.party : undefined), 'dim'),
      MARGIN,
      '• ',
    );
  }
  const end = chainEnd(d);
  if (end.length === 1) page.prose(`The chain ends at ${names.role(end[0] ?? '')}, which waits for nobody.`, MARGIN);
  else if (end.length === 0 && d.waits.every((wait) => wait.for.length > 0))
    page.prose('They wait for each other: the chain has no end.', MARGIN);
}

/** Parties that are waited for and wait for nobody themselves. */
export function chainEnd(d: Diagnosis): string[] {
  const waiting = new Set(d.waits.map((wait) => wait.party));
  return [...new Set(d.waits.flatMap((wait) => wait.for))].filter((party) => !waiting.has(party));
}

export function drawOpen(d: Diagnosis, names: Names, page: Page): void {
  for (const [title, items] of [
    ['Not explained by any cause', d.unexplained],
    ['The evidence contradicts itself', d.contradictions],
  ] as const) {
    if (items.length === 0) continue;
    page.heading(title);
    for (const item of items) page.prose(names.prose(item), MARGIN, '• ');
  }
  if (d.missingEvidence.length === 0) return;
  page.heading('Not looked at, because it is not there');
  for (const { what, why, how } of d.missingEvidence) {
    page.prose([span(names.prose(what), 'bold'), span(why === '' ? '' : `: ${names.prose(why)}`)], MARGIN, '• ');
    if (how !== '') page.prose(names.prose(how), MARGIN + 2, span('→ ', 'dim'));
  }
}

function of(verdicts: readonly RuleVerdict[], verdict: RuleVerdict['verdict']): RuleVerdict[] {
  return verdicts.filter((item) => item.verdict === verdict);
}

/** What was tested and came out clean; for a healthy run this is the whole message. */
export function drawChecked(d: Diagnosis, page: Page): void {
  const clear = of(d.verdicts, 'clear');
  const unsure = of(d.verdicts, 'insufficient-data');
  const errored = of(d.verdicts, 'errored');
  const aside = of(d.verdicts, 'not-applicable').length;
  if (d.verdict === 'healthy' && clear.length > 0) {
    page.heading(`Checked and clear: ${counted(clear.length, 'rule')}`);
    page.prose(clear.map(({ rule }) => glue(rule)).join(' · '), MARGIN);
    if (aside > 0) page.prose(span(`${counted(aside, 'rule')} do${aside === 1 ? 'es' : ''} not apply to this run.`, 'dim'), MARGIN);
  }
  if (unsure.length > 0 && (d.verdict === 'healthy' || d.verdict === 'inconclusive')) {
    page.heading(`Could not be judged: ${counted(unsure.length, 'rule')}`);
    page.prose(unsure.map(({ rule }) => glue(rule)).join(' · '), MARGIN);
  }
  if (errored.length > 0) {
    page.heading('Rules that broke down: the report is not complete', 'yellow');
    for (const { rule, reason } of errored) page.prose(`${rule}: ${reason}`, MARGIN, '! ');
  }
}

/** True when the bounds leave no room for two equal clocks. */
export function isOff({ offsetMs: { min, max } }: Diagnosis['clocks'][number]): boolean {
  return (min !== null && min > 0) || (max !== null && max < 0);
}

/** Smallest difference worth a word; below it, times of two clocks read as one. */
export const CLOCK_NOISE_MS = 20;

/** What the bounds of "clock minus other clock" say, up to the other clock's name. */
export function difference({ min, max }: Diagnosis['clocks'][number]['offsetMs']): string {
  const range = (low: number, high: number) => (duration(low) === duration(high) ? duration(low) : `${duration(low)} to ${duration(high)}`);
  if (min === null && max === null) return 'cannot be ordered against';
  if (min !== null && min > 0) return max === null ? `is at least ${duration(min)} ahead of` : `is ${range(min, max)} ahead of`;
  if (max !== null && max < 0) return min === null ? `is at least ${duration(-max)} behind` : `is ${range(-max, -min)} behind`;
  if (min === null) return `is at most ${duration(max ?? 0)} ahead of`;
  if (max === null) return `is at most ${duration(-min)} behind`;
  return `is at most ${duration(-min)} behind and ${duration(max)} ahead of`;
}

/** Milliseconds that two clocks surely differ by. */
export function distanceOf({ offsetMs: { min, max } }: Diagnosis['clocks'][number]): number {
  return Math.max(min ?? 0, -(max ?? 0));
}

export function drawClocks(d: Diagnosis, names: Names, page: Page, verbose: boolean): void {
  const clocks = d.clocks.filter((clock) => verbose || (isOff(clock) && distanceOf(clock) >= CLOCK_NOISE_MS));
  if (clocks.length === 0) return;
  page.heading('Clocks');
  for (const { clock, against, offsetMs, note } of clocks) {
    const size = difference(offsetMs);
    page.prose(`${names.role(clock)} ${size} ${names.role(against)}${note === '' ? '' : ` (${names.prose(note)})`}`, MARGIN, '• ');
  }
}

/** Per cent, never rounded up to 100. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === whole) return `100${GLUE}%`;
  return `${Math.min(99.99, Math.floor((part / whole) * 10_000) / 100)}${GLUE}%`;
}

export function drawAccounting(d: Diagnosis, page: Page, names: Names): void {
  const { total, unmatchedHotlink, sources } = d.accounting;
  page.heading('Evidence');
  if (unmatchedHotlink > 0) {
    const verb = unmatchedHotlink === 1 ? 'says hotlink and matches' : 'say hotlink and match';
    const warning = `${counted(unmatchedHotlink, 'line')} ${verb} no message that this version knows: something may be missing above.`;
    page.prose(
      [span(warning, 'bold', 'yellow'), span(' See source_rejection with hotlink-doctor query.')],
      MARGIN,
      span('! ', 'bold', 'yellow'),
    );
  }
  if (sources.length === 0 && total.lines === 0) {
    page.prose('No file was read.', MARGIN);
    return;
  }
  const known = total.records + total.continuation + total.ignored + total.rejected;
  const parts = [
    counted(total.records, 'record'),
    ...(total.continuation > 0 ? [`${figure(total.continuation)}${GLUE}continued`] : []),
    `${figure(total.ignored)}${GLUE}noise`,
    `${figure(total.rejected)}${GLUE}not${GLUE}understood`,
  ];
  page.prose(
    `${counted(total.lines, 'line')} in ${counted(sources.length, 'file')}, ${percent(known, total.lines)} accounted${GLUE}for (${parts.join(', ')})`,
    MARGIN,
  );
  if (total.rejected > 0) {
    const reasons = new Map<string, number>();
    for (const source of sources)
      for (const [reason, count] of Object.entries(source.reasons))
        if (!isUnreadReason(reason)) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    const listed = [...reasons]
      .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([reason, count]) => `${reason}${GLUE}${figure(count)}`);
    if (listed.length > 0) page.prose(`Not understood: ${listed.join(', ')}`, MARGIN);
  }
  drawUnread(d, page);
  // Only logs end every line with a newline; other files may well end without one.
  const cut = sources.filter((source) => source.cut && source.kind.endsWith('-log'));
  if (cut.length > 0)
    page.prose(
      `${counted(cut.length, 'file')} end${cut.length === 1 ? 's' : ''} in the middle of a line: ${cut.map(({ source }) => names.source(source)).join(', ')}`,
      MARGIN,
    );
}

/** Files and entries that were not read, or not to their end, by reason. What misses nothing is left to --verbose. */
function drawUnread({ accounting: { sources } }: Diagnosis, page: Page): void {
  const found = new Map<UnreadReason, { count: number; sources: string[] }>();
  for (const { source, reasons } of sources)
    for (const [reason, count] of Object.entries(reasons)) {
      if (!isUnreadReason(reason) || UNREAD[reason].severity === 'info') continue;
      const known = found.get(reason) ?? { count: 0, sources: [] };
      found.set(reason, known);
      known.count += count;
      known.sources.push(source);
    }
  for (const reason of Object.keys(UNREAD).filter(isUnreadReason)) {
    const { count = 0, sources: places = [] } = found.get(reason) ?? {};
    if (count === 0) continue;
    const { severity, words } = UNREAD[reason];
    const listed = places.slice(0, MOST_UNREAD).join(', ');
    const more = places.length > MOST_UNREAD ? ` and ${figure(places.length - MOST_UNREAD)}${GLUE}more` : '';
    const isLoss = severity === 'data-loss';
    page.prose(
      [
        isLoss ? span(`${reason}${GLUE}${figure(count)}`, 'bold', 'yellow') : span(`${reason}${GLUE}${figure(count)}`),
        span(`: ${words}: ${listed}${more}`),
      ],
      MARGIN,
      isLoss ? span('! ', 'bold', 'yellow') : '• ',
    );
  }
}

/** The whole path of every file that was called by a short name. */
export function drawFiles(names: Names, page: Page, verbose: boolean): void {
  const cited = names.cited();
  if (cited.length === 0) return;
  page.heading('Files cited');
  const shown = verbose ? cited : cited.slice(0, MOST_FILES);
  const rows = shown.map(({ short, source }) => [page.show(short), page.show(source)] as const);
  const width = columnWidth(rows, 0);
  const beside = MARGIN + width + GUTTER + columnWidth(rows, 1) <= page.width;
  for (const [short, source] of rows) {
    if (beside) page.line([span(' '.repeat(MARGIN)), span(padEnd(short, width + GUTTER), 'dim'), span(source)]);
    else page.whole(source, MARGIN);
  }
  if (cited.length > shown.length) page.prose(span(`and ${cited.length - shown.length} more (--verbose)`, 'dim'), MARGIN);
}

export const VERDICT_WORD: Readonly<Record<RuleVerdict['verdict'], string>> = {
  found: 'found',
  clear: 'clear',
  'not-applicable': 'not applicable',
  'insufficient-data': 'not enough data',
  errored: 'broke down',
};

/** --verbose: every rule with its verdict, every file with its account, every party. */
export function drawTables(d: Diagnosis, names: Names, page: Page): void {
  const show = (text: string) => page.show(text);
  const lay = (rows: readonly (readonly string[])[], limits: readonly number[]) => {
    const safe = rows.map((row) => row.map(show));
    const widths = limits.map((limit, column) => columnWidth(safe, column, limit));
    const used = widths.reduce((sum, width) => sum + width + GUTTER, MARGIN);
    for (const line of layTable(safe, [...widths, Math.max(12, page.width - used)], page.ascii)) page.line(' '.repeat(MARGIN) + line);
  };
  if (d.parties.length > 0) {
    page.heading('Parties');
    const rows = d.parties.map(({ email, index, era, alive }) => [
      index === null ? '-' : String(index),
      glue(names.role(email)),
      era.value ?? 'era unknown',
      `${email}${alive === false ? ', gone at the end' : alive === true ? ', alive at the end' : ''}`,
    ]);
    lay(rows, [4, 16, 12]);
  }
  if (d.verdicts.length > 0) {
    page.heading('Every rule');
    lay(
      d.verdicts.map(({ rule, verdict, reason }) => [rule, VERDICT_WORD[verdict], reason]),
      [28, 16],
    );
  }
  if (d.accounting.sources.length === 0) return;
  page.heading('Every file: lines = records + continued + noise + not understood');
  for (const source of d.accounting.sources) {
    const account = `${figure(source.lines)} = ${figure(source.records)} + ${figure(source.continuation)} + ${figure(source.ignored)} + ${figure(source.rejected)}`;
    const notes = [
      source.kind,
      source.dialect,
      source.mirrorOf === null ? '' : `copy of ${names.source(source.mirrorOf)}`,
      source.cut ? 'cut' : '',
      ...Object.keys(source.reasons).filter(isUnreadReason),
    ];
    page.whole(source.source, MARGIN);
    page.prose(span(`${glue(account)} · ${notes.filter((note) => note !== '').join(' · ')}`, 'dim'), MARGIN + 2);
  }
}

export interface NextCommand {
  readonly command: string;
  readonly gives: string;
}

/** Commands to go on with, the most useful for this verdict first. */
export function nextCommands(d: Diagnosis, names: Names): readonly NextCommand[] {
  return [
    ...gateCommands(d).map((command) => ({ command, gives: '' })),
    ...(d.verdict === 'inconclusive' ? moreEvidence(d) : onward(d, names)),
  ];
}

const PAGE = { command: 'hotlink-doctor analyze SANDBOX --format html=report.html', gives: 'all of it as a page' };
const BUNDLE = { command: 'hotlink-doctor bundle SANDBOX -o case.tar.gz', gives: 'for a colleague, without payload' };

/** What is known is not enough: what was read, and how to get more. */
function moreEvidence({ missingEvidence }: Diagnosis): readonly NextCommand[] {
  return [
    { command: 'hotlink-doctor query SANDBOX "SELECT path, kind, lines FROM source"', gives: 'what was read' },
    ...(missingEvidence.length === 0
      ? []
      : [{ command: 'hotlink-doctor collect SANDBOX -o case.tar.gz', gives: 'all there is, while it runs' }]),
    { command: 'hotlink-doctor watch SANDBOX', gives: 'look on while it runs' },
  ];
}

function onward(d: Diagnosis, names: Names): readonly NextCommand[] {
  const [first] = d.causes;
  if (first === undefined) {
    const decide = { command: 'hotlink-doctor gate SANDBOX --policy smoke', gives: 'the same as an exit code' };
    return d.verdict === 'healthy' ? [PAGE, decide] : [PAGE, BUNDLE];
  }
  const lossy = d.flows.find(({ state }) => state === 'lossy');
  const trace = lossy === undefined ? '' : `hotlink-doctor trace SANDBOX ${names.role(lossy.from)} ${names.role(lossy.to)}`;
  return [
    { command: `hotlink-doctor explain ${first.rule}`, gives: 'what it proves, what to do' },
    ...(lossy === undefined ? [] : [{ command: trace, gives: 'how far its bytes came' }]),
    ...(d.verdict === 'failed' ? [{ command: 'hotlink-doctor live reproduce SANDBOX', gives: 'make it again, try a cure' }] : []),
    PAGE,
    BUNDLE,
  ];
}

const NEXT = 'Next: ';

export function drawNext(d: Diagnosis, names: Names, page: Page): void {
  page.blank();
  const commands = nextCommands(d, names);
  const start = 2 + NEXT.length;
  const width = Math.max(...commands.map(({ command }) => textWidth(page.show(command))));
  const isRoomy = commands.every(({ gives }) => start + width + GUTTER + textWidth(gives) <= page.width);
  for (const [i, { command, gives }] of commands.entries()) {
    const head = i === 0 ? span(NEXT, 'bold') : span(' '.repeat(NEXT.length));
    const shown = page.show(command);
    if (!isRoomy) page.prose(span(glue(command), 'cyan'), 2, head);
    else if (gives === '') page.line([span('  '), head, span(shown, 'cyan')]);
    else page.line([span('  '), head, span(padEnd(shown, width + GUTTER), 'cyan'), span(gives, 'dim')]);
  }
}

export function drawOtherRuns(d: Diagnosis, page: Page): void {
  const runs = d.run?.otherRuns ?? [];
  if (runs.length === 0) return;
  const listed = runs.slice(0, MOST_RUNS).join(', ');
  page.blank();
  page.prose(
    span(
      `Other runs in this evidence, not judged here: ${listed}${runs.length > MOST_RUNS ? ` and ${runs.length - MOST_RUNS} more` : ''}`,
      'dim',
    ),
    2,
  );
}
