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

/** Every text that the schema leaves free, replaced; times stay times, so that they are drawn. */
export function withTexts(d: Diagnosis, textOf: (before: string, i: number) => string): Diagnosis {
  const kept = new Set<string>(['schema', 'time', 'startedAt', 'endedAt', 'since', 'opened', 'accepted', 'fingerprint', 'foldedUnder']);
  let i = 0;
  const walk = (value: Json, key: string): Json => {
    if (typeof value === 'string') return kept.has(key) || isFixed(key, value) ? value : textOf(value, i++);
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]));
    return value;
  };
  return diagnosisSchema.parse(walk(d as unknown as Json, ''));
}

/** Words of closed lists. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  verdict: ['healthy', 'degraded', 'failed', 'inconclusive', 'found', 'clear', 'not-applicable', 'insufficient-data', 'errored'],
  severity: ['error', 'warning', 'info'],
  confidence: ['certain', 'likely', 'possible'],
  state: ['never-used', 'delivered', 'lossy', 'in-doubt', 'unknown'],
  transport: ['ws', 'p2p', 'quic', 'mixed', 'direct-tcp', 'file', 'unknown'],
  layout: ['directed', 'shared-dir', 'mixed', 'unknown'],
  finished: ['unknown'],
  hop: ['sent', 'relayed', 'received'],
  kind: ['told', 'computed'],
};

function isFixed(key: string, value: string): boolean {
  return FIXED[key]?.includes(value) === true;
}
