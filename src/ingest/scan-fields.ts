/** Fits the bytes of a line into a template: literal pieces compared, what stands between them noted. */
import { MESSAGE_TYPES } from '../protocol/message.ts';
import { NUMBER_HOLES } from './templates/template.ts';
import { PAYLOAD, TEXT_COUNT, type CompiledTable, type CompiledTemplate, type TreeNode } from './compile.ts';

const LINE_PATH: TreeNode[] = [];

/**
 * Templates whose beginning the bytes `at..end` have, longest beginning first: `each` is asked until it accepts one.
 * Answers the accepted template.
 */
export function findTemplate(
  table: CompiledTable,
  bytes: Uint8Array,
  at: number,
  end: number,
  each: (template: CompiledTemplate, after: number) => boolean,
): CompiledTemplate | undefined {
  let node: TreeNode | undefined = table.root;
  let p = at;
  let depth = 0;
  for (;;) {
    const { text } = node;
    const length = text.length;
    if (p + length > end) break;
    let i = 0;
    while (i < length && bytes[p + i] === text[i]) i++;
    if (i < length) break;
    p += length;
    if (node.templates.length > 0) LINE_PATH[depth++] = node;
    if (node.children === undefined || p >= end) break;
    node = node.children[bytes[p] ?? 0];
    if (node === undefined) break;
    p++;
  }
  for (let d = depth - 1; d >= 0; d--) {
    for (const template of LINE_PATH[d]?.templates ?? []) if (each(template, at + template.lead.length)) return template;
  }
  return undefined;
}

/** Where the values of a fitted line stand. */
export class FieldRanges {
  readonly from = new Int32Array(TEXT_COUNT);
  readonly to = new Int32Array(TEXT_COUNT);
  /** seq, bytes, n; NaN where the line has none. */
  readonly numbers = new Float64Array(NUMBER_HOLES.length);
  /** Text holes that are escaped, one bit each. */
  escaped = 0;
  payloadAt = -1;

  clear(): void {
    this.from.fill(0);
    this.to.fill(0);
    this.numbers.fill(NaN);
    this.escaped = 0;
    this.payloadAt = -1;
  }
}

const SESSION = 0;
const REASON = 8;

/**
 * Fits the values of a template whose beginning matched. `cut`: the line goes on beyond `end`, so a value that is still
 * open there, and all literals after it, are taken as fitting.
 */
export function fitSegments(
  template: CompiledTemplate,
  bytes: Uint8Array,
  at: number,
  end: number,
  cut: boolean,
  ranges: FieldRanges,
): boolean {
  const { segments } = template;
  if (segments.length === 0) return at === end;
  let p = at;
  for (let s = 0; s < segments.length; s++) {
    const segment = segments[s];
    if (segment === undefined) return false;
    const { hole, after } = segment;
    if (hole === PAYLOAD) {
      ranges.payloadAt = p;
      return true;
    }
    const isLast = s === segments.length - 1;
    const found: number = isLast && !cut ? closingAt(bytes, p, end, after) : after.length === 0 ? end : indexOf(bytes, p, end, after);
    if (found < 0) {
      if (!cut || hole !== REASON) return false;
      ranges.from[REASON] = p - template.reasonWords;
      ranges.to[REASON] = end;
      return true;
    }
    if (!note(template, hole, bytes, p, found, ranges)) return false;
    p = found + after.length;
  }
  return true;
}

function note(template: CompiledTemplate, hole: number, bytes: Uint8Array, from: number, to: number, ranges: FieldRanges): boolean {
  if (hole < TEXT_COUNT) {
    if (hole === SESSION && !isSessionId(bytes, from, to)) return false;
    ranges.from[hole] = hole === REASON ? from - template.reasonWords : from;
    ranges.to[hole] = to;
    return true;
  }
  if (hole >= TEXT_COUNT + NUMBER_HOLES.length) return true;
  const value = wholeNumber(bytes, from, to);
  ranges.numbers[hole - TEXT_COUNT] = value;
  return value === value;
}

/** Session ids are hexadecimal with dashes: 8 or 36 characters, 16 in Go. */
function isSessionId(bytes: Uint8Array, from: number, to: number): boolean {
  if (to === from || to - from > 64) return false;
  for (let i = from; i < to; i++) {
    const c = bytes[i] ?? 0;
    const isIdByte = (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 45 || c === 95;
    if (!isIdByte) return false;
  }
  return true;
}

/** Digits as a number; NaN for none, for other characters, and beyond what a number holds exactly. */
export function wholeNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 15) return NaN;
  let value = 0;
  for (let i = from; i < to; i++) {
    const d = (bytes[i] ?? 0) - 48;
    if (d < 0 || d > 9) return NaN;
    value = value * 10 + d;
  }
  return value;
}

const PATH = 1;
const KEY = 2;
const TYPE = 5;
/** Session ids are as long as a cut one, a Go one and a whole one. */
const SESSION_LENGTHS = [8, 16, 36];
const PATH_END = new TextEncoder().encode('/stream.tcp.request');
const TYPE_NAMES = new Set<string>(MESSAGE_TYPES);

/** A value that shows by itself that nothing of it is missing: an id of a usual length, the usual end of a path, a known type. */
export function isWholeValue(hole: number, bytes: Buffer, from: number, to: number): boolean {
  if (hole === SESSION) return SESSION_LENGTHS.includes(to - from);
  if (hole === TYPE) return TYPE_NAMES.has(bytes.toString('latin1', from, to));
  return (hole === PATH || hole === KEY) && closingAt(bytes, from, to, PATH_END) >= 0;
}

/** Where the literal that ends the line begins; -1 if the line ends otherwise. */
function closingAt(bytes: Uint8Array, from: number, end: number, literal: Uint8Array): number {
  const at = end - literal.length;
  if (at < from) return -1;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return -1;
  return at;
}

/** First place of a literal in `from..end`; -1 if it is not there. Fields are short, so a plain loop is fastest. */
export function indexOf(bytes: Uint8Array, from: number, end: number, literal: Uint8Array): number {
  const first = literal[0];
  const last = end - literal.length;
  for (let p = from; p <= last; p++) {
    if (bytes[p] !== first) continue;
    let i = 1;
    while (i < literal.length && bytes[p + i] === literal[i]) i++;
    if (i === literal.length) return p;
  }
  return -1;
}
