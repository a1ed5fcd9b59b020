/**
 * Markup that is safe by construction: whatever is put into a template is escaped, unless it is markup itself. Nothing of a
 * Diagnosis ever becomes an element, an attribute or an address; names of elements, attributes and classes are ours alone.
 */
import { cutEnd, safeText } from '../text.ts';

const OURS = Symbol('markup');

export interface Markup {
  readonly [OURS]: true;
  readonly text: string;
}

export type Value = string | number | Markup | readonly Value[] | null | undefined | false;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for between tags and for between quotes; what is invisible or turns the reading direction is made visible first. */
export function escape(text: string): string {
  return safeText(text, false).replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? '');
}

function ours(text: string): Markup {
  return { [OURS]: true, text };
}

function isMarkup(value: object): value is Markup {
  return OURS in value;
}

function write(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escape(value);
  return isMarkup(value) ? value.text : value.map(write).join('');
}

/** Indentation of the source is no part of the page. */
const trimmed = new WeakMap<TemplateStringsArray, readonly string[]>();

function partsOf(parts: TemplateStringsArray): readonly string[] {
  const known = trimmed.get(parts) ?? parts.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'));
  trimmed.set(parts, known);
  return known;
}

/** Tagged template; attributes are always written in double quotes. */
export function html(template: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = partsOf(template);
  return ours(parts.map((part, i) => (i === 0 ? part : write(values[i - 1]) + part)).join(''));
}

/** Our own style, script or data: text that may hold nothing which ends the element it stands in. */
export function element(name: 'script' | 'style', content: string, attributes: Markup = html``): Markup {
  if (/<\/(?:script|style)|<!--/i.test(content)) throw new Error(`text that would end a ${name} element`);
  return ours(`<${name}${attributes.text}>${content}</${name}>`);
}

/** JSON that no parser of markup can take for anything else. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u007f-\u009f\u2028\u2029]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Figures of a drawing: at most one place after the point. */
export function at(value: number): number {
  return Math.round(value * 10) / 10;
}

/** As it will be shown, in at most `width` signs. */
export function cut(text: string, width: number): string {
  return cutEnd(safeText(text, false), width, false);
}
