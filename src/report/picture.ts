/** A drawing of two or three parties with what each direction carried. */
import type { Diagnosis, Flow, Party } from '../model/diagnosis.ts';
import { arrived, coloured, flowBetween } from './flows.ts';
import type { Names } from './names.ts';
import type { Page } from './page.ts';
import { cutEnd, glue, padBoth, span, textWidth, type Span } from './text.ts';

const MARGIN = 4;
const WIDEST_NAME = 20;
/** A lane longer than this is emptiness, not clearness. */
const WIDEST_LANE = 34;
/** Arrow head, a stub of line, a blank on each side of the label. */
const LANE_EXTRA = 4;

interface Box {
  readonly name: string;
  readonly below: string;
  readonly width: number;
}

type Way = 'right' | 'left';

/** An arrow with its label; the line is broken where nothing gets through. */
function lane(flow: Flow | undefined, label: string, width: number, way: Way): Span[] {
  const room = width - textWidth(label) - 3;
  const near = Math.max(1, Math.floor(room / 2));
  const far = Math.max(0, room - near);
  const silent = flow === undefined || flow.state === 'never-used' || flow.state === 'unknown';
  const before = span((silent ? '╌' : '─').repeat(near), ...(silent ? (['dim'] as const) : []));
  const broken = silent || (flow.state === 'lossy' && flow.delivered.max === 0);
  const after = span((broken ? '╌' : '─').repeat(far), ...(broken ? (['dim'] as const) : []));
  const text = coloured(` ${label} `);
  return way === 'right' ? [before, ...text, after, span('▶')] : [span('◀'), after, ...text, before];
}

function boxOf(party: Party, names: Names, page: Page, width: number): Box {
  const state = [party.era.value ?? '', party.alive === false ? 'gone' : ''].filter((part) => part !== '').join(', ');
  const inner = width - 2;
  return { name: cutEnd(page.show(names.role(party.email)), inner, page.ascii), below: cutEnd(page.show(state), inner, page.ascii), width };
}

/** Inner width of the boxes: the widest name, with a blank on each side where there is room for it. */
function nameWidth(parties: readonly Party[], names: Names, page: Page): number {
  return Math.min(WIDEST_NAME, Math.max(6, ...parties.map((party) => textWidth(page.show(names.role(party.email))))));
}

const top = (box: Box) => `┌${'─'.repeat(box.width - 2)}┐`;
const row = (box: Box, text: string): Span[] => [span('│'), span(padBoth(text, box.width - 2), 'bold'), span('│')];
const subRow = (box: Box, text: string): Span[] => [span('│'), span(padBoth(text, box.width - 2), 'dim'), span('│')];

interface Plan {
  readonly box: number;
  readonly lane: number;
  readonly labels: readonly string[];
}

/** Exact figures in roomy boxes if they fit, then in tight ones, then short labels; undefined when the page is too narrow for all. */
function planFor(flows: readonly (Flow | undefined)[], boxes: number, name: number, page: Page): Plan | undefined {
  for (const [compact, box] of [
    [false, name + 4],
    [false, name + 2],
    [true, name + 4],
    [true, name + 2],
  ] as const) {
    const room = Math.floor((page.width - MARGIN - boxes * box) / (boxes - 1));
    const labels = flows.map((flow) => page.show(glue(arrived(flow, compact))));
    const width = Math.max(14, ...labels.map((label) => textWidth(label) + LANE_EXTRA));
    if (width <= room) return { box, lane: Math.min(WIDEST_LANE, room, width + 6), labels };
  }
  return undefined;
}

function drawTwo(d: Diagnosis, names: Names, page: Page, [one, two]: readonly [Party, Party]): void {
  const flows = [flowBetween(d, one, two), flowBetween(d, two, one)];
  const plan = planFor(flows, 2, nameWidth(d.parties, names, page), page);
  if (plan === undefined) return;
  const width = plan.box;
  const [left, right] = [boxOf(one, names, page, width), boxOf(two, names, page, width)];
  const pad = span(' '.repeat(MARGIN));
  const gap = ' '.repeat(plan.lane);
  page.line([pad, span(top(left) + gap + top(right))]);
  page.line([pad, ...row(left, left.name), ...lane(flows[0], plan.labels[0] ?? '', plan.lane, 'right'), ...row(right, right.name)]);
  page.line([pad, ...subRow(left, left.below), ...lane(flows[1], plan.labels[1] ?? '', plan.lane, 'left'), ...subRow(right, right.below)]);
  const bottom = `└${'─'.repeat(width - 2)}┘`;
  page.line([pad, span(bottom + gap + bottom)]);
}

/** The lowest-numbered party in the middle, the other two beside it, their own pair as a loop below. */
function drawThree(d: Diagnosis, names: Names, page: Page, [middle, one, two]: readonly [Party, Party, Party]): void {
  const beside = [flowBetween(d, middle, one), flowBetween(d, one, middle), flowBetween(d, middle, two), flowBetween(d, two, middle)];
  const plan = planFor(beside, 3, nameWidth(d.parties, names, page), page);
  if (plan === undefined) return;
  const width = plan.box;
  const [left, hub, right] = [boxOf(one, names, page, width), boxOf(middle, names, page, width), boxOf(two, names, page, width)];
  const labelled = (i: number, way: Way) => lane(beside[i], plan.labels[i] ?? '', plan.lane, way);
  const pad = span(' '.repeat(MARGIN));
  const gap = ' '.repeat(plan.lane);
  page.line([pad, span([left, hub, right].map(top).join(gap))]);
  page.line([
    pad,
    ...row(left, left.name),
    ...labelled(0, 'left'),
    ...row(hub, hub.name),
    ...labelled(2, 'right'),
    ...row(right, right.name),
  ]);
  page.line([
    pad,
    ...subRow(left, left.below),
    ...labelled(1, 'right'),
    ...subRow(hub, hub.below),
    ...labelled(3, 'left'),
    ...subRow(right, right.below),
  ]);
  const foot = Math.floor(width / 2);
  const outer = `└${'─'.repeat(foot - 1)}┬${'─'.repeat(width - foot - 2)}┘`;
  page.line([pad, span(`${outer}${gap}└${'─'.repeat(width - 2)}┘${gap}${outer}`)]);
  drawLoop(d, page, [one, two], { start: MARGIN + foot, inner: 2 * (width + plan.lane) - 1 });
}

function drawLoop(d: Diagnosis, page: Page, [one, two]: readonly [Party, Party], at: { start: number; inner: number }): void {
  const flows = [flowBetween(d, one, two), flowBetween(d, two, one)] as const;
  const pad = span(' '.repeat(at.start));
  if (flows.every((flow) => flow === undefined || flow.state === 'never-used')) {
    const word = flows.every((flow) => flow === undefined) ? 'no record' : 'never used';
    page.line([pad, span('└'), span(padBoth(` ${word}, either way `, at.inner, '╌'), 'dim'), span('┘')]);
    return;
  }
  const [there, back] = flows.map((flow) => page.show(glue(arrived(flow, false))));
  page.line([pad, span('├'), ...lane(flows[0], there ?? '', at.inner, 'right'), span('┤')]);
  page.line([pad, span('└'), ...lane(flows[1], back ?? '', at.inner, 'left'), span('┘')]);
}

/** Draws two or three parties when the page is wide enough; the table below it says the same for any number at any width. */
export function drawParties(d: Diagnosis, names: Names, page: Page): void {
  if (d.flows.length === 0) return;
  const [one, two, three, ...more] = d.parties.toSorted((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity) || 0);
  if (one === undefined || two === undefined || more.length > 0) return;
  page.blank();
  if (three === undefined) drawTwo(d, names, page, [one, two]);
  else drawThree(d, names, page, [one, two, three]);
}
