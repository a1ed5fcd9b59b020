/** Totals over time as a drawing that fits any width and needs no script, and the same as data for the plot that replaces it. */
import { figure, rounded } from '../figures.ts';
import { at, html, type Markup } from './markup.ts';

export type Kind = 'sent' | 'relayed' | 'received';

export interface Line {
  readonly label: string;
  readonly kind: Kind;
  /** Milliseconds since 1970 and the total from then on. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Mark {
  readonly t: number;
  /** Number of the event in the list of events. */
  readonly no: number;
  readonly what: string;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: 'bytes' | 'frames';
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
  readonly from: number;
  readonly to: number;
}

/** The drawing's own precision: more points than this cannot be told apart. */
const MOST_DRAWN = 400;
const MOST_MARKS = 30;
const WIDTH = 1000;
const HEIGHT = 100;
const TOP = 20;
const AREA = 116;

/** At most `most` points: of each stretch the first and the last, so that a total that only grows keeps its least and its most. */
export function thin<T>(points: readonly T[], most: number): readonly T[] {
  if (points.length <= most) return points;
  const stretches = Math.floor(most / 2);
  return Array.from({ length: stretches }, (_, i) => {
    const [start, end] = [Math.floor((i * points.length) / stretches), Math.floor(((i + 1) * points.length) / stretches)];
    return points.slice(start, end);
  })
    .flatMap((part) => (part.length > 1 ? [part[0], part.at(-1)] : part))
    .filter((point) => point !== undefined);
}

export function topOf(chart: Chart): number {
  return chart.lines.reduce((most, { points }) => points.reduce((top, [, value]) => Math.max(top, value), most), 0);
}

export function show(value: number, unit: Chart['unit']): string {
  if (unit === 'frames') return figure(value);
  return value < 1024 * 1024 ? figure(value) : rounded(value);
}

function path(line: Line, chart: Chart, top: number): string {
  const x = (t: number) => at(((t - chart.from) / Math.max(1, chart.to - chart.from)) * WIDTH);
  const y = (value: number) => at(HEIGHT - (top === 0 ? 0 : (value / top) * HEIGHT));
  const [first, ...rest] = thin(line.points, MOST_DRAWN);
  if (first === undefined) return '';
  return `M${x(first[0])} ${y(first[1])}${rest.map(([t, value]) => `H${x(t)}V${y(value)}`).join('')}`;
}

export function drawChart(chart: Chart, label: string, times: readonly [string, string]): Markup {
  const top = topOf(chart);
  const share = (t: number) => at(((t - chart.from) / Math.max(1, chart.to - chart.from)) * 100);
  const marks = chart.marks.slice(0, MOST_MARKS);
  return html`<svg class="chart" height="${TOP + AREA + 22}" width="100%" role="img" aria-label="${label}">
    ${[0, 0.5, 1].map(
      (part) => html`<line class="grid" x1="0" x2="100%" y1="${TOP + AREA * (1 - part)}" y2="${TOP + AREA * (1 - part)}" />`,
    )}${marks.map(({ t, no, what }) => html`<g class="event"><title>${no}: ${what}</title><line x1="${share(t)}%" x2="${share(t)}%" y1="${TOP - 4}" y2="${TOP + AREA}" /><text x="${share(t)}%" y="${TOP - 7}" text-anchor="${share(t) > 97 ? 'end' : share(t) < 3 ? 'start' : 'middle'}">${no}</text></g>`)}<svg
      x="0"
      y="${TOP}"
      width="100%"
      height="${AREA}"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      overflow="visible"
    >
      ${chart.lines.map((line) => html`<path class="line ${line.kind}" d="${path(line, chart, top)}" />`)}</svg
    >${top > 0 && html`<text class="tick" x="2" y="${TOP + 12}">${show(top, chart.unit)}</text>`}
    <text class="tick" x="2" y="${TOP + AREA - 4}">0</text>
    <text class="tick" x="0" y="${TOP + AREA + 16}">${times[0]}</text>
    <text class="tick" x="100%" y="${TOP + AREA + 16}" text-anchor="end">${times[1]}</text>
  </svg>`;
}

/** What the plot needs: times relative to the chart's start, so that they stay short. */
export function dataOf({ id, title, unit, lines, marks, from, to }: Chart): unknown {
  return {
    id,
    title,
    unit,
    from,
    to,
    lines: lines.map(({ label, kind, points }) => ({ label, kind, t: points.map(([t]) => t - from), v: points.map(([, value]) => value) })),
    marks: marks.map(({ t, no }) => [t - from, no]),
  };
}
