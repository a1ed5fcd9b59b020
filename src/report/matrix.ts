/** The table "sent → delivered": who sent how much to whom, and what arrived. */
import type { Diagnosis, Flow } from '../model/diagnosis.ts';
import { interval } from './figures.ts';
import { coloured, flowBetween, isBlank, markOf, wayOf } from './flows.ts';
import type { Names } from './names.ts';
import type { Page } from './page.ts';
import { GUTTER, columnWidth, layTable } from './table.ts';
import { glue, padBoth, padEnd, padStart, span, textWidth } from './text.ts';

const MARGIN = 4;
const TITLE = '  Bytes sent → delivered';
/** Lines about single directions below the table. */
const MOST_WAYS = 6;

interface Cell {
  readonly word?: string;
  readonly sent: string;
  readonly delivered: string;
  readonly mark: string;
}

function cellOf(flow: Flow | undefined, page: Page): Cell {
  const word = flow === undefined ? 'no record' : flow.state === 'never-used' ? 'never used' : isBlank(flow) ? 'not known' : undefined;
  if (word !== undefined || flow === undefined) return { word: glue(word ?? ''), sent: '', delivered: '', mark: '' };
  return { sent: page.show(interval(flow.sent)), delivered: page.show(interval(flow.delivered)), mark: page.show(markOf(flow)) };
}

/** Cells of equal width, arrows below each other. */
function aligned(cells: readonly Cell[], page: Page): string[] {
  const sent = Math.max(0, ...cells.map((cell) => textWidth(cell.sent)));
  const delivered = Math.max(0, ...cells.map((cell) => textWidth(cell.delivered)));
  const mark = Math.max(0, ...cells.map((cell) => textWidth(cell.mark)));
  const arrow = page.show(' → ');
  const numbers = cells.some((cell) => cell.word === undefined);
  const width = numbers ? sent + textWidth(arrow) + delivered + 1 + mark : 0;
  return cells.map((cell) =>
    cell.word === undefined
      ? padStart(cell.sent, sent) + arrow + padEnd(cell.delivered, delivered) + ' ' + padEnd(cell.mark, mark)
      : padBoth(cell.word, width),
  );
}

function drawMatrix(d: Diagnosis, names: Names, page: Page): boolean {
  const size = d.parties.length;
  const cells = aligned(
    d.parties.flatMap((from) =>
      d.parties.map((to): Cell =>
        from === to ? { word: '–', sent: '', delivered: '', mark: '' } : cellOf(flowBetween(d, from, to), page),
      ),
    ),
    page,
  );
  const name = (email: string) => page.show(glue(names.role(email)));
  const head = ['', ...d.parties.map((party) => `to${glue(' ')}${name(party.email)}`)];
  const rows = [head, ...d.parties.map((from, i) => [name(from.email), ...cells.slice(i * size, (i + 1) * size)])];
  const widths = head.map((_, column) => columnWidth(rows, column, column === 0 ? Infinity : undefined));
  if (MARGIN + widths.reduce((sum, width) => sum + width + GUTTER, -GUTTER) > page.width) return false;
  const centred = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell : padBoth(cell, widths[column] ?? 0).replaceAll(' ', glue(' ')))),
  );
  page.line(span(TITLE, 'bold'));
  for (const [i, line] of layTable(centred, widths, page.ascii).entries()) {
    page.line(i === 0 ? span(' '.repeat(MARGIN) + line, 'dim') : [span(' '.repeat(MARGIN)), ...coloured(line)]);
  }
  return true;
}

/** One direction a line, for many parties or a narrow page. */
function drawList(d: Diagnosis, names: Names, page: Page): void {
  const cells = d.flows.map((flow) => cellOf(flow, page));
  const laid = aligned(cells, page);
  const labels = d.flows.map((flow) => page.show(glue(`${names.role(flow.from)} → ${names.role(flow.to)}`)));
  const width = Math.max(...labels.map(textWidth));
  const beside = MARGIN + width + GUTTER + Math.max(...laid.map(textWidth)) <= page.width;
  page.line(span(TITLE, 'bold'));
  for (const [i, label] of labels.entries()) {
    const value = cells[i]?.word ?? laid[i] ?? '';
    if (beside) page.line([span(' '.repeat(MARGIN) + padEnd(label, width + GUTTER)), ...coloured(value)]);
    else {
      page.prose(label, MARGIN);
      page.prose(coloured(value.trim()), MARGIN + 2);
    }
  }
}

/** Where the bytes went that did not arrive, and what the solver has to say about a direction; equal lines of one sender are one. */
function drawWays(d: Diagnosis, names: Names, page: Page): void {
  const troubled = d.flows.filter(
    (flow) => flow.state === 'lossy' || (flow.state === 'in-doubt' && Object.values(flow.hops).some((hop) => hop !== null)),
  );
  const told: { flow: Flow; text: string }[] = [
    ...troubled.map((flow) => ({ flow, text: wayOf(flow) })),
    ...d.flows.flatMap((flow) => (flow.note === undefined || flow.note === '' ? [] : [{ flow, text: names.prose(flow.note) }])),
  ];
  const groups = new Map<string, { from: string; to: string[]; text: string }>();
  for (const { flow, text } of told) {
    const key = `${flow.from}\n${text}`;
    const group = groups.get(key) ?? { from: flow.from, to: [], text };
    group.to.push(names.role(flow.to));
    groups.set(key, group);
  }
  if (groups.size > 0) page.blank();
  const all = [...groups.values()];
  for (const { from, to, text } of all.slice(0, MOST_WAYS)) {
    page.prose(text, MARGIN, span(`${names.role(from)} → ${to.join(', ')}: `, 'bold'));
  }
  if (all.length > MOST_WAYS) page.prose(span(`and ${all.length - MOST_WAYS} more (--format json)`, 'dim'), MARGIN);
}

export function drawFlows(d: Diagnosis, names: Names, page: Page): void {
  if (d.flows.length === 0) return;
  page.blank();
  if (d.parties.length < 2 || !drawMatrix(d, names, page)) drawList(d, names, page);
  drawWays(d, names, page);
}
