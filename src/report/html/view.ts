/** What every section of the page needs of the Diagnosis, prepared once. */
import type { Detail, Diagnosis, Evidence, Party } from '../../model/diagnosis.ts';
import { dayOf } from '../causes.ts';
import { clockTime, dateOf, isoTime } from '../figures.ts';
import { Names } from '../names.ts';
import { html, type Markup } from './markup.ts';

export interface View {
  readonly d: Diagnosis;
  readonly names: Names;
  readonly detail: Detail | undefined;
  /** Day of the report: times of other days carry their date. */
  readonly day: string | undefined;
  /** In the order of their numbers. */
  readonly parties: readonly Party[];
  /** Lines around a cited line, from wherever the document holds them. */
  readonly contexts: ReadonlyMap<string, NonNullable<Evidence['context']>>;
}

/** A part of the page: the heading that the contents list names, and what stands below it. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the section says in a line, beside its heading. */
  readonly gist?: string;
  readonly body: Markup;
}

export function viewOf(d: Diagnosis): View {
  const contexts = new Map<string, NonNullable<Evidence['context']>>();
  for (const { source, line, context } of [
    ...[...d.causes, ...d.findings].flatMap(({ evidence }) => evidence),
    ...(d.detail?.contexts ?? []),
  ])
    if (context !== undefined && context.length > 0) contexts.set(`${source ?? ''}:${line ?? ''}`, context);
  const [first] = d.timeline.events;
  return {
    d,
    names: new Names(d),
    detail: d.detail,
    day: dayOf(d) ?? (first === undefined ? undefined : dateOf(isoTime(first.t))),
    parties: d.parties.toSorted((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity) || 0),
    contexts,
  };
}

/** A time of a clock as its owner reads it; the relay's log has whole seconds, of which a fraction would claim more than it says. */
export function timeOf(view: View, time: string | undefined | null, clock?: string): string {
  if (time === undefined || time === null) return '';
  return clockTime(time, view.day, clock === 'relay' && time.endsWith('.000Z'));
}

export function momentOf(view: View, t: number, clock?: string): string {
  return timeOf(view, isoTime(t), clock);
}

const ICON: Readonly<Record<string, string>> = {
  failed: '✗',
  error: '✗',
  degraded: '!',
  warning: '!',
  inconclusive: '?',
  healthy: '✓',
  info: 'i',
};

/** A round mark with its shape as well as its colour; the word stands beside it. */
export function icon(kind: string): Markup {
  return html`<span class="icon ${kind}" aria-hidden="true">${ICON[kind] ?? '·'}</span>`;
}

/** A table that may be wider than a phone: then it alone moves sideways, by keyboard too. */
export function tableFrame(label: string, table: Markup): Markup {
  return html`<div class="frame" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}

/** Our own sentence as the beginning of a paragraph: with a capital, unless a name stands first. */
export function sentence(view: View, text: string): string {
  const prose = view.names.prose(text);
  const [first = ''] = prose.split(/[\s,:;']/);
  const isName = first === 'hotlink' || view.parties.some(({ email }) => email === first || view.names.role(email) === first);
  return isName ? prose : prose.charAt(0).toUpperCase() + prose.slice(1);
}
