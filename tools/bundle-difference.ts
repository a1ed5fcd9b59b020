/** Compares what is said of a bundle with what is said of the evidence that it was made from. */
import type { Diagnosis } from '../src/model/diagnosis.ts';

/** What a bundle may change: sizes in bytes, files that are no evidence, and the list of contents. */
export function comparable(d: Diagnosis, left: ReadonlySet<string>): unknown {
  const { sources } = d.accounting;
  const kept = sources
    .filter((s) => !left.has(s.source) && s.source !== 'hotlink-bundle.json')
    .map((source) => ({ ...source, bytes: null }))
    .toSorted((a, b) => (a.source < b.source ? -1 : 1));
  return sortedKeys({ ...d, accounting: { unmatchedHotlink: d.accounting.unmatchedHotlink, sources: kept } });
}

/** Maps keyed by names come in the order of the names. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}

/** The text with each pseudonym replaced by what it stands for. */
export function withNames(text: string, key: Readonly<Record<string, string>>): string {
  const fakes = Object.keys(key).toSorted((a, b) => b.length - a.length);
  if (fakes.length === 0) return text;
  const pattern = new RegExp(
    `(?:(?<![A-Za-z0-9])|(?<=%40))(?:${fakes.map((f) => f.replace(/[.+]/g, '\\$&')).join('|')})(?![A-Za-z0-9])`,
    'g',
  );
  return text.replace(pattern, (fake) => key[fake] ?? fake);
}

/** Where two values differ first, as a path with both sides; undefined where they are equal. */
export function firstDifference(a: unknown, b: unknown, at = ''): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a === 'string' && typeof b === 'string' && isSameCut(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return `${at}: ${short(a)} | ${short(b)}`;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], `${at}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Quotes that were both cut at their longest: pseudonyms have other lengths. */
function isSameCut(a: string, b: string): boolean {
  if (!a.endsWith('…') || !b.endsWith('…') || Math.min(a.length, b.length) < 300) return false;
  const length = Math.min(a.length, b.length) - 1 - LONGEST_NAME;
  return a.slice(0, length) === b.slice(0, length);
}
/** A pseudonym may be cut in two. */
const LONGEST_NAME = 30;

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 600);
}
