/** A few decisive moments in order of time, each clock as its owner reads it. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { dayOf } from './causes.ts';
import { isOff } from './closing.ts';
import { clockTime, dateOf, isoTime } from './figures.ts';
import type { Names } from './names.ts';
import type { Page } from './page.ts';
import { cutEnd, padEnd, span, textWidth, wrapText } from './text.ts';

const MOST_MOMENTS = 10;

type Event = Diagnosis['timeline']['events'][number];

/** The relay's log has whole seconds: its events are somewhere in their second, and stand at its end. */
export function isCoarse(event: Event): boolean {
  return event.clock === 'relay' && event.t % 1000 === 0;
}

function latest(event: Event): number {
  return isCoarse(event) ? event.t + 999 : event.t;
}

export interface Moment {
  readonly event: Event;
  /** Further events of the same kind on the same clock right after it. */
  readonly more: number;
}

function folded(events: readonly Event[]): Moment[] {
  const moments: { event: Event; more: number }[] = [];
  for (const event of events) {
    const last = moments.at(-1);
    if (last !== undefined && last.event.what === event.what && last.event.clock === event.clock) last.more += 1;
    else moments.push({ event, more: 0 });
  }
  return moments;
}

/** Ids, addresses and directions: what is left of an event without them is its kind. */
const NAMES = /\S*[\d@/]\S*|\([^)]*\)/g;

/** First and last, what the causes cite, the first of each kind, in order of time; everything when there is room for it. */
function decisive(moments: readonly Moment[], d: Diagnosis): Moment[] {
  const cited = new Set(d.causes.flatMap((cause) => cause.evidence.map((item) => `${item.source ?? ''}:${item.line ?? ''}`)));
  const kinds = new Set<string>();
  const weighed = moments.map((moment, i) => {
    const { what, source, line } = moment.event;
    const kind = what.replaceAll(NAMES, '').trim();
    const isFirst = !kinds.has(kind);
    kinds.add(kind);
    const weight = i === 0 || i === moments.length - 1 ? 3 : cited.has(`${source}:${line}`) ? 2 : isFirst ? 1 : 0;
    return { moment, weight, i };
  });
  return weighed
    .filter(({ weight }) => weight > 0 || moments.length <= MOST_MOMENTS)
    .toSorted((a, b) => b.weight - a.weight || a.i - b.i)
    .slice(0, MOST_MOMENTS)
    .toSorted((a, b) => a.i - b.i)
    .map(({ moment }) => moment);
}

/** All moments in the order of time, equal ones in a row as one. */
export function momentsOf(d: Diagnosis): Moment[] {
  // Stamps of clocks that disagree give no order: then the order of the document, which knows the offsets, is kept.
  return folded(d.clocks.some(isOff) ? d.timeline.events : d.timeline.events.toSorted((a, b) => latest(a) - latest(b)));
}

export function drawTimeline(d: Diagnosis, names: Names, page: Page): void {
  const { events } = d.timeline;
  const moments = momentsOf(d);
  if (moments.length === 0) return;
  const shown = decisive(moments, d);
  const day = dayOf(d) ?? dateOf(isoTime(moments[0]?.event.t ?? 0));
  const rows = shown.map(({ event, more }) => {
    const time = isoTime(event.t);
    return {
      time: page.show(time === undefined ? String(event.t) : clockTime(time, day, isCoarse(event))),
      who: page.show(names.role(event.clock)),
      what: page.show(names.prose(event.what) + (more > 0 ? ` ×${more + 1}` : '')),
      place: page.show(`${names.source(event.source, event.clock)}:${event.line}`),
    };
  });
  const timeWidth = Math.min(18, Math.max(...rows.map((row) => textWidth(row.time))));
  const whoWidth = Math.min(14, Math.max(...rows.map((row) => textWidth(row.who))));
  page.heading('Timeline');
  for (const row of rows) {
    const head = `    ${padEnd(cutEnd(row.time, timeWidth, page.ascii), timeWidth)}  ${padEnd(cutEnd(row.who, whoWidth, page.ascii), whoWidth)}  `;
    const room = page.width - textWidth(head) - textWidth(row.place) - 2;
    const wraps = room < 16;
    const lines = wrapText(row.what, wraps ? page.width - textWidth(head) : room);
    for (const [i, line] of lines.entries()) {
      const start = i === 0 ? span(head, 'dim') : span(' '.repeat(textWidth(head)));
      if (i > 0 || wraps) page.line([start, span(line)]);
      else page.line([start, span(padEnd(line, room + 2)), span(row.place, 'dim')]);
    }
    if (lines.length === 0) page.line(span(head, 'dim'));
    if (wraps || lines.length === 0) page.whole(row.place, textWidth(head), 'dim');
  }
  const hidden = events.length - shown.reduce((sum, { more }) => sum + more + 1, 0);
  if (hidden > 0) page.prose(span(`and ${hidden} more (--format json)`, 'dim'), 4);
}
