/**
 * Texts as small numbers: a field's bytes become an id without a string being made, unless they are new.
 *
 * Two levels. The bytes as they stand in the file are hashed and compared (most fields repeat); what is new is decoded,
 * unescaped, masked and cut, and equal results share one id, so that the two outputs of a client agree on ids.
 */
import { mask } from './mask.ts';

/** Longest text that is kept, characters; of a longer one the beginning and the end are kept (flags stand at the end). */
export const MAX_TEXT = 1024;
const KEPT_END = 320;

/** Cuts a text in the middle, where an error chain or a list of keys says least. */
export function shorten(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - KEPT_END - 1)}…${text.slice(-KEPT_END)}`;
}

/** Undoes the five escapes of a quoted Rust message and the further ones of Go's quoting (field guide 3.1, 3.3). */
export function unescapeText(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrtabfv"'\\])/g, (_, code: string) => {
    switch (code.charAt(0)) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'u':
      case 'x':
        return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      case 'a':
      case 'b':
      case 'f':
      case 'v':
        return ' ';
      default:
        return code;
    }
  });
}

const NOT_FOUND = -1;
const BACKSLASH = 0x5c;

/** Ids count from 1 in the order of first use. */
export class Dictionary {
  private readonly values: string[] = [];
  private readonly idByText = new Map<string, number>();
  private readonly onNew: ((id: number, text: string) => void) | undefined;
  private arena = Buffer.alloc(1 << 14);
  private arenaView = new DataView(this.arena.buffer, this.arena.byteOffset, this.arena.byteLength);
  private used = 0;
  private slots = new Int32Array(1 << 10).fill(NOT_FOUND);
  private entries = 0;
  private starts = new Int32Array(1 << 9);
  private lengths = new Int32Array(1 << 9);
  private hashes = new Int32Array(1 << 9);
  private ids = new Int32Array(1 << 9);

  constructor(onNew?: (id: number, text: string) => void) {
    this.onNew = onNew;
  }

  get size(): number {
    return this.values.length;
  }

  /** Text of an id; undefined for an id that was never given. */
  textOf(id: number): string | undefined {
    return this.values[id - 1];
  }

  /** Values in the order of their ids, from one position on: what is new since. */
  since(position: number): readonly string[] {
    return this.values.slice(position);
  }

  /** Id of a text that is already clean of escapes; an empty one has none (-1). */
  idOfText(text: string): number {
    if (text === '') return NOT_FOUND;
    const clean = shorten(mask(text)).toWellFormed();
    const known = this.idByText.get(clean);
    if (known !== undefined) return known;
    this.values.push(clean);
    const id = this.values.length;
    this.idByText.set(clean, id);
    this.onNew?.(id, clean);
    return id;
  }

  /** Id of the bytes `start..end` of a file; `view` looks at the same memory as `bytes`. */
  idOf(bytes: Buffer, view: DataView, start: number, end: number, escaped: boolean): number {
    const length = end - start;
    if (length <= 0) return NOT_FOUND;
    if (length > MAX_TEXT) return this.idOfDecoded(bytes, start, end, escaped);
    const hash = hashOf(bytes, view, start, end);
    let slot = hash & (this.slots.length - 1);
    for (;;) {
      const entry = this.slots[slot] ?? NOT_FOUND;
      if (entry === NOT_FOUND) break;
      if (this.hashes[entry] === hash && this.lengths[entry] === length && this.equals(entry, bytes, view, start, length))
        return this.ids[entry] ?? NOT_FOUND;
      slot = (slot + 1) & (this.slots.length - 1);
    }
    const id = this.idOfDecoded(bytes, start, end, escaped);
    // With a backslash the id depends on whether it escapes, which the table does not know.
    if (!contains(bytes, start, end, BACKSLASH)) this.remember(slot, hash, bytes, start, length, id);
    return id;
  }

  private idOfDecoded(bytes: Buffer, start: number, end: number, escaped: boolean): number {
    const text = bytes.toString('utf8', start, end);
    return this.idOfText(escaped ? unescapeText(text) : text);
  }

  private equals(entry: number, bytes: Buffer, view: DataView, start: number, length: number): boolean {
    const from = this.starts[entry] ?? 0;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (this.arenaView.getInt32(from + i, true) !== view.getInt32(start + i, true)) return false;
    }
    for (; i < length; i++) if (this.arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private remember(slot: number, hash: number, bytes: Buffer, start: number, length: number, id: number): void {
    if (this.used + length > this.arena.length) this.growArena(length);
    bytes.copy(this.arena, this.used, start, start + length);
    if (this.entries === this.starts.length) {
      this.starts = grown(this.starts);
      this.lengths = grown(this.lengths);
      this.hashes = grown(this.hashes);
      this.ids = grown(this.ids);
    }
    const entry = this.entries++;
    this.starts[entry] = this.used;
    this.lengths[entry] = length;
    this.hashes[entry] = hash;
    this.ids[entry] = id;
    this.used += length;
    this.slots[slot] = entry;
    if (this.entries * 2 > this.slots.length) this.rehash();
  }

  private growArena(need: number): void {
    const larger = Buffer.alloc(Math.max(this.arena.length * 2, this.used + need));
    this.arena.copy(larger, 0, 0, this.used);
    this.arena = larger;
    this.arenaView = new DataView(larger.buffer, larger.byteOffset, larger.byteLength);
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 4).fill(NOT_FOUND);
    for (let entry = 0; entry < this.entries; entry++) {
      let slot = (this.hashes[entry] ?? 0) & (slots.length - 1);
      while (slots[slot] !== NOT_FOUND) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = entry;
    }
    this.slots = slots;
  }
}

function grown(from: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(from.length * 2);
  larger.set(from);
  return larger;
}

function contains(bytes: Buffer, start: number, end: number, byte: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === byte) return true;
  return false;
}

function hashOf(bytes: Buffer, view: DataView, start: number, end: number): number {
  let hash = end - start;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x5bd1e995);
  return hash ^ (hash >>> 15);
}

/** What the components of a path say (field guide 2.4). */
export interface PathParts {
  readonly owner: string | null;
  readonly flow: string | null;
  readonly run: string | null;
  readonly channel: string | null;
  readonly file: string | null;
}

/**
 * Takes a path apart: relative to `datasites/`, or absolute with `datasites/` in it. The owner is the first component
 * if it is an address; the run stands before `_mpc`, the flow before the run; without `_mpc` the last directory is the channel.
 */
export function pathParts(path: string): PathParts {
  const below = path.lastIndexOf('/datasites/');
  const relative =
    below >= 0 ? path.slice(below + '/datasites/'.length) : path.startsWith('datasites/') ? path.slice('datasites/'.length) : path;
  const parts = relative.split('/');
  const owner = parts[0]?.includes('@') === true && (below >= 0 || !path.startsWith('/')) ? parts[0] : null;
  const file = parts.at(-1) ?? null;
  const place = { owner, file: file === '' ? null : file };
  const mpc = parts.indexOf('_mpc');
  if (mpc > 0)
    return {
      ...place,
      flow: parts[mpc - 2] ?? null,
      run: parts[mpc - 1] ?? null,
      channel: parts.length - mpc > 2 ? (parts[mpc + 1] ?? null) : null,
    };
  const flows = parts.indexOf('flows');
  const [flow, run] = flows > 0 ? parts.slice(flows + 1, -1) : [];
  return { ...place, flow: flow ?? null, run: run ?? null, channel: parts.length >= 3 ? (parts.at(-2) ?? null) : null };
}
