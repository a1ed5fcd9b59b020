/** Taking a page apart without a browser, and documents whose every free text is hostile. */
import { readFileSync } from 'node:fs';
import { diagnosisSchema, type Diagnosis } from '../../src/model/diagnosis.ts';

export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** All start tags of a page that quotes every attribute, as ours does; scripts and styles are left out. */
export function tagsOf(page: string): readonly Tag[] {
  const markup = page.replaceAll(/(<(?:script|style)[^>]*>)[\s\S]*?<\/(?:script|style)>/g, '$1');
  return [...markup.matchAll(/<([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(([, name = '', rest = '']) => ({
    name,
    attributes: new Map([...rest.matchAll(/([a-zA-Z:-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value])),
  }));
}

/** Contents of the page's elements of one kind, in order. */
export function contentsOf(page: string, name: 'script' | 'style', attributes = ''): readonly string[] {
  return [...page.matchAll(new RegExp(`<${name}${attributes}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text = '']) => text);
}

export function sampleOf(name: string): Diagnosis {
  return diagnosisSchema.parse(JSON.parse(readFileSync(new URL(`../../samples/${name}/expected.json`, import.meta.url), 'utf8')));
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Texts by their place, numbers of list items left out. */
function mapTexts(value: Json, place: string, change: (before: string, place: string) => string): Json {
  if (typeof value === 'string') return change(value, place);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, `${place}/*`, change));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, `${place}/${key}`, change)]));
  return value;
}

/** Times that stay times, so that they are drawn, and names that findings are told apart by. */
const KEPT = /\/(?:time|startedAt|endedAt|since|opened|accepted|fingerprint|foldedUnder|explains\/\*)$/;
const free = new Map<string, boolean>();

/** Whether the schema takes any text at a place. */
function isFree(d: Json, place: string): boolean {
  const known = free.get(place) ?? diagnosisSchema.safeParse(mapTexts(d, '', (before, at) => (at === place ? 'x' : before))).success;
  free.set(place, known);
  return known;
}

/** Every text that the schema leaves free, replaced. */
export function withTexts(d: Diagnosis, textOf: (before: string, i: number) => string): Diagnosis {
  const whole = d as unknown as Json;
  let i = 0;
  return diagnosisSchema.parse(
    mapTexts(whole, '', (before, place) => (KEPT.test(place) || !isFree(whole, place) ? before : textOf(before, i++))),
  );
}
