/** Counters of each party and frames of each direction over time, with the decisive events on them. */
import type { Detail } from '../../model/diagnosis.ts';
import { counted, duration, figure } from '../figures.ts';
import { safeText } from '../text.ts';
import { isCoarse, momentsOf, type Moment } from '../timeline.ts';
import { drawChart, show, thin, topOf, type Chart, type Line, type Mark } from './chart.ts';
import { html, type Markup } from './markup.ts';
import { momentOf, tableFrame, type Section, type View } from './view.ts';

/** Directions with a chart; the others are in the ledger. */
const MOST_STREAMS = 12;
const MOST_ROWS = 200;
const MOST_EVENTS = 24;

interface Plots {
  readonly counters: readonly Chart[];
  readonly streams: readonly Chart[];
}

function marksFor(moments: readonly Moment[], view: View, isOn: (clock: string) => boolean, from: number, to: number): Mark[] {
  return moments.flatMap(({ event }, i) =>
    isOn(event.clock) && event.t >= from && event.t <= to
      ? [{ t: event.t, no: i + 1, what: `${view.names.role(event.clock)} ${view.names.prose(event.what)}` }]
      : [],
  );
}

/** Least and most time of all points, with a little room. */
function domain(lines: readonly Line[]): readonly [number, number] {
  const [from, to] = lines.reduce(
    ([least, most], { points }) => [Math.min(least, points[0]?.[0] ?? least), Math.max(most, points.at(-1)?.[0] ?? most)] as const,
    [Infinity, -Infinity] as readonly [number, number],
  );
  const room = Math.max(5, Math.round((to - from) * 0.02));
  return [from - room, to + room];
}

/** Lines go on to the end: a total stays what it is until a record says otherwise. */
function extended(line: Line, to: number): Line {
  const last = line.points.at(-1);
  return last === undefined || last[0] >= to ? line : { ...line, points: [...line.points, [to, last[1]]] };
}

export function plotsOf(view: View): Plots {
  const moments = momentsOf(view.d);
  return { counters: countersOf(view, moments), streams: streamsOf(view, moments) };
}

function countersOf(view: View, moments: readonly Moment[]): Chart[] {
  const { d, names } = view;
  const series = view.parties.flatMap(({ email }) =>
    d.timeline.counters.filter(({ party, points }) => party === email && points.length > 0),
  );
  const lines = series.map(({ points }): Line[] => [
    { label: 'sent', kind: 'sent', points: points.map(({ t, tx }) => [t, tx]) },
    { label: 'received', kind: 'received', points: points.map(({ t, rx }) => [t, rx]) },
  ]);
  if (lines.length === 0) return [];
  const [from, to] = domain(lines.flat());
  return series.map(({ party }, i) => ({
    id: `counters-${i}`,
    title: safeText(names.role(party), false),
    unit: 'bytes',
    lines: lines[i] ?? [],
    marks: marksFor(moments, view, (clock) => clock === party, from, to),
    from,
    to,
  }));
}

function streamsOf(view: View, moments: readonly Moment[]): Chart[] {
  const { d, names, detail } = view;
  if (detail === undefined) return [];
  const directions = d.flows
    .map((flow, i) => ({ flow, i, hops: detail.streams.filter(({ from, to }) => from === flow.from && to === flow.to) }))
    .filter(({ hops }) => hops.length > 0)
    .toSorted((a, b) => b.flow.lost.min - a.flow.lost.min || b.flow.sent.min - a.flow.sent.min || a.i - b.i)
    .slice(0, MOST_STREAMS)
    .toSorted((a, b) => a.i - b.i);
  const charts = directions.map(({ flow, hops: stamped }) => {
    const hops = settled(stamped);
    const unit: Chart['unit'] = hops.every(({ points }) => points.every(([, , bytes]) => bytes !== null)) ? 'bytes' : 'frames';
    const lines = hops.map(({ hop, points }): Line => ({
      label: hop,
      kind: hop,
      points: points.map(([t, frames, bytes]) => [t, unit === 'bytes' ? (bytes ?? 0) : frames]),
    }));
    return { flow, unit, lines };
  });
  if (charts.length === 0) return [];
  const [from, to] = domain(charts.flatMap(({ lines }) => lines));
  return charts.map(({ flow, unit, lines }, i) => ({
    id: `stream-${i}`,
    title: safeText(`${names.role(flow.from)} → ${names.role(flow.to)}`, false),
    unit,
    lines: lines.map((line) => extended(fromZero(line), to)),
    marks: marksFor(moments, view, (clock) => clock === flow.from || clock === flow.to, from, to),
    from,
    to,
  }));
}

type Hop = Detail['streams'][number];

/**
 * The relay's log has whole seconds: within them a frame was relayed no earlier than it was sent, and that is where it is drawn; by its
 * receiving where no line shows the sending.
 */
function settled(hops: readonly Hop[]): readonly Hop[] {
  const other = hops.find(({ hop }) => hop === 'sent') ?? hops.find(({ hop }) => hop === 'received');
  if (other === undefined) return hops;
  return hops.map((hop) => {
    if (hop.hop !== 'relayed' || hop.points.some(([t]) => t % 1000 !== 0)) return hop;
    let place = 0;
    const points = hop.points.map(([t, frames, bytes]): Hop['points'][number] => {
      while (place < other.points.length - 1 && (other.points[place]?.[1] ?? 0) < frames) place += 1;
      return [Math.max(t, Math.min(t + 999, other.points[place]?.[0] ?? t)), frames, bytes];
    });
    return { ...hop, points };
  });
}

/** Before the first frame there was none. */
function fromZero(line: Line): Line {
  const first = line.points[0];
  return first === undefined ? line : { ...line, points: [[first[0], 0], ...line.points] };
}

function summary(chart: Chart): string {
  const ends = chart.lines.map(({ label, points }) => `${label} ${show(points.at(-1)?.[1] ?? 0, chart.unit)} ${chart.unit}`);
  return `${chart.title}: ${ends.join(', ')} at the end`;
}

function lastMoved(chart: Chart): number | undefined {
  const moves = chart.lines.flatMap(({ points }) => {
    const last = points.findLastIndex(([, value], i) => i > 0 && value !== points[i - 1]?.[1]);
    return last < 0 ? [] : [points[last]?.[0] ?? -Infinity];
  });
  return moves.length === 0 ? undefined : Math.max(...moves);
}

function drawTable(chart: Chart, view: View): Markup {
  const times = [...new Set(chart.lines.flatMap(({ points }) => points.map(([t]) => t)))].toSorted((a, b) => a - b);
  const shown = thin(times, MOST_ROWS);
  const places = chart.lines.map(() => 0);
  const rows = shown.map((t) => {
    const values = chart.lines.map(({ points }, i) => {
      while ((points[(places[i] ?? 0) + 1]?.[0] ?? Infinity) <= t) places[i] = (places[i] ?? 0) + 1;
      const [since, value] = points[places[i] ?? 0] ?? [Infinity, 0];
      return since <= t ? figure(value) : '';
    });
    return html`<tr>
      <th scope="row">${momentOf(view, t)}</th>
      ${values.map((value) => html`<td>${value}</td>`)}
    </tr>`;
  });
  const note = shown.length < times.length ? `, ${figure(shown.length)} of ${figure(times.length)} moments` : '';
  return html`<details class="more">
    <summary>${chart.title} as a table${note}</summary>
    ${tableFrame(
      `${chart.title} over time`,
      html`<table>
        <thead>
          <tr>
            <th scope="col">Time (UTC)</th>
            ${chart.lines.map(({ label }) => html`<th scope="col">${label}, ${chart.unit}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`,
    )}
  </details>`;
}

function drawPlot(chart: Chart, view: View): Markup {
  const moved = lastMoved(chart);
  const end = chart.lines.reduce((latest, { points }) => Math.max(latest, points.at(-1)?.[0] ?? latest), -Infinity);
  const still =
    moved === undefined
      ? 'never moved'
      : end - moved >= 1000 && chart.id.startsWith('counters')
        ? `last moved ${momentOf(view, moved)}, then still for ${duration(end - moved)}`
        : '';
  return html`<figure class="plot" id="${chart.id}">
    <figcaption>
      <strong>${chart.title}</strong> <span class="unit">${chart.unit}</span>
      <span class="legend"
        >${chart.lines.map(
          (line) =>
            html`<span class="key"
              ><svg width="26" height="8" aria-hidden="true"><path class="line ${line.kind}" d="M1 4H25" /></svg> ${line.label}
              ${show(line.points.at(-1)?.[1] ?? 0, chart.unit)}</span
            >`,
        )}</span
      >${still !== '' && html` <span class="still">${still}</span>`}
    </figcaption>
    <div class="live" data-plot="${chart.id}"></div>
    <div class="static">${drawChart(chart, summary(chart), [momentOf(view, chart.from), momentOf(view, chart.to)])}</div>
    ${topOf(chart) > 0 && drawTable(chart, view)}
  </figure>`;
}

function drawEvents(view: View): Markup | false {
  const moments = momentsOf(view.d);
  if (moments.length === 0) return false;
  const row = ({ event, more }: Moment, i: number) =>
    html`<tr>
      <td class="no">${i + 1}</td>
      <th scope="row">${momentOf(view, event.t, isCoarse(event) ? 'relay' : undefined)}</th>
      <td>${view.names.role(event.clock)}</td>
      <td>${view.names.prose(event.what)}${more > 0 && ` ×${more + 1}`}</td>
      <td class="place">${view.names.source(event.source, event.clock)}:${event.line}</td>
    </tr>`;
  const table = (label: string, rows: readonly Markup[]) =>
    tableFrame(
      label,
      html`<table class="events">
        <thead>
          <tr>
            <th scope="col">No.</th>
            <th scope="col">Time (UTC)</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`,
    );
  const rest = moments.slice(MOST_EVENTS);
  return html`<h3>Events</h3>
    ${table('Decisive events', moments.slice(0, MOST_EVENTS).map(row))}${
      rest.length > 0 &&
      html`<details class="more">
        <summary>${counted(rest.length, 'more event')}</summary>
        ${table(
          'More events',
          rest.map((moment, i) => row(moment, i + MOST_EVENTS)),
        )}
      </details>`
    }`;
}

function streamWords(view: View, plots: Plots): string | undefined {
  if (view.detail === undefined)
    return 'Frames of each direction over time are not in this document: it was saved without --detail. To see them, run analyze on the evidence with --format html, or with --detail --format json.';
  if (plots.streams.length === 0)
    return 'No line shows single frames: they went peer to peer, or the clients and the relay ran without SYFTBOX_HOTLINK_DEBUG=1.';
  return undefined;
}

export function timelinesSection(view: View, plots: Plots): Section | undefined {
  const { counters, streams } = plots;
  const events = drawEvents(view);
  if (counters.length === 0 && streams.length === 0 && events === false && view.d.run === null) return undefined;
  const words = streamWords(view, plots);
  const any = counters.length + streams.length > 0;
  return {
    id: 'timelines',
    title: 'Timelines',
    body: html`${any && html`<p class="hint">Numbers on the plots are the events listed below. Times are UTC on one common clock.<span class="live-only"> Drag over a plot to look closer, double-click or press Escape for all of it; with the keyboard, + and − zoom and the arrows move.</span></p>`}
    ${
      counters.length > 0 &&
      html`<h3>Counters of each party</h3>
        <div class="plots">${counters.map((chart) => drawPlot(chart, view))}</div>`
    }
    ${counters.length === 0 && html`<p class="calm">No counters over time: neither summary lines nor copies of telemetry are in this evidence.</p>`}
    ${
      streams.length > 0 &&
      html`<h3>Frames of each direction</h3>
        <p class="hint">
          Only frames that left a line of their own; sent and relayed lines need debug logging. Within a second of the relay’s log, relayed
          is drawn where the frame was sent.
        </p>
        <div class="plots two">${streams.map((chart) => drawPlot(chart, view))}</div>`
    }
    ${words !== undefined && html`<p class="calm">${words}</p>`} ${events}`,
  };
}
