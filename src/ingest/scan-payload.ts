/**
 * Counts the elements of a printed byte list, `12, 0, 255])…`, which may be megabytes long and arrive in pieces.
 *
 * Half of a log is such lists, so they are not parsed: between two elements stand a comma and a blank, all the rest is digits.
 * Of digits, comma and blank only digits have bit 4 set, so the bytes without it are counted, 32 at a time in WebAssembly
 * (payload.wat: 9.4 GB/s where a loop over words gave 3.6, docs/decisions/0009-wasm.md). A list is whole
 * when everything up to `]` lies between blank and `?`, digits stand at both ends, and the separators are so many commas
 * and so many blanks; a line that was torn and goes on with another line's text never is. Nothing of the list is kept.
 *
 * In a bundle the list is replaced by its length, `1234 bytes])…`: that number is the count then.
 */

import { PAYLOAD_WASM } from './payload-wasm.ts';

const CLOSE = 93;
/** Shorter pieces are counted here: it costs something to hand one over. */
const SHORT_BYTES = 256;
/** The piece that is handed over at once: it stays in the fast caches. */
const PIECE_BYTES = 64 * 1024;

/** What follows the number where a bundle has the length of a list instead of the list. */
const LENGTH_END = Buffer.from(' bytes]');
/** More digits than a number holds exactly. */
const MOST_DIGITS = 15;

interface Global {
  value: number;
}

interface Counting {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly separators: Global;
  readonly commas: Global;
  /** 1: a byte that no list has was seen. */
  readonly foreign: Global;
  readonly count: (from: number, to: number) => number;
}

let counting: { readonly code: Counting; readonly memory: Uint8Array } | undefined;

/** Node's types leave out what every Node has. */
interface Assembly {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Made when the first long list comes: most logs have none. */
function theCounting(): { readonly code: Counting; readonly memory: Uint8Array } {
  if (counting !== undefined) return counting;
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Assembly }).WebAssembly;
  const code = new Instance(new Module(Buffer.from(PAYLOAD_WASM, 'base64'))).exports as Counting;
  counting = { code, memory: new Uint8Array(code.memory.buffer) };
  return counting;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

export class PayloadCounter {
  private readonly bytes: Buffer;
  private closed = false;
  private isGood = false;
  private length = 0;
  /** Bytes that are no digits, and those of them that are commas. */
  private separators = 0;
  private commas = 0;
  private first = 0;
  private last = 0;
  /** Digits and characters of `LENGTH_END` seen so far, while all that was seen is a length; -1: it is none. */
  private digits = 0;
  private ending = 0;
  private told = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  begin(): void {
    this.closed = false;
    this.isGood = true;
    this.length = 0;
    this.separators = 0;
    this.commas = 0;
    this.digits = 0;
    this.ending = 0;
    this.told = 0;
  }

  private get isTold(): boolean {
    return this.ending === LENGTH_END.length;
  }

  /** The list was read to its closing bracket, and is one. */
  get isComplete(): boolean {
    if (this.isTold) return true;
    if (!this.closed || !this.isGood) return false;
    return this.length === 0 || (isDigit(this.first) && isDigit(this.last) && this.separators === 2 * this.commas);
  }

  /** Elements of a whole list. */
  get count(): number {
    if (this.isTold) return this.told;
    return this.length === 0 ? 0 : this.commas + 1;
  }

  feed(from: number, to: number): void {
    if (this.digits >= 0) this.feedLength(from, to);
    if (this.closed || !this.isGood || from >= to) return;
    const { bytes } = this;
    const end = to - from < SHORT_BYTES ? this.short(from, to) : this.long(from, to);
    this.closed = end < to;
    if (end === from) return;
    if (this.length === 0) this.first = bytes[from] ?? 0;
    this.last = bytes[end - 1] ?? 0;
    this.length += end - from;
  }

  /** Most lists are none after their first element. */
  private feedLength(from: number, to: number): void {
    for (let p = from; p < to && !this.isTold; p++) {
      const byte = this.bytes[p] ?? 0;
      if (this.ending === 0 && isDigit(byte) && this.digits < MOST_DIGITS) {
        this.told = this.told * 10 + byte - 48;
        this.digits++;
      } else if (this.digits > 0 && byte === LENGTH_END[this.ending]) this.ending++;
      else {
        this.digits = -1;
        return;
      }
    }
  }

  /** Counts up to the closing bracket; gives where it stands, or `to`. */
  private short(from: number, to: number): number {
    for (let p = from; p < to; p++) {
      const byte = this.bytes[p] ?? 0;
      if (byte === CLOSE) return p;
      if ((byte & 0xe0) !== 0x20) this.isGood = false;
      if ((byte & 0x10) === 0) this.separators++;
      if ((byte & 0x18) === 0x08) this.commas++;
    }
    return to;
  }

  private long(from: number, to: number): number {
    const { code, memory } = theCounting();
    code.separators.value = 0;
    code.commas.value = 0;
    code.foreign.value = 0;
    let at = from;
    for (let isClosed = false; at < to && !isClosed;) {
      const length = Math.min(PIECE_BYTES, to - at);
      memory.set(this.bytes.subarray(at, at + length));
      const counted = code.count(0, length);
      at += counted;
      isClosed = counted < length;
    }
    this.separators += code.separators.value;
    this.commas += code.commas.value;
    if (code.foreign.value !== 0) this.isGood = false;
    return at;
  }
}
