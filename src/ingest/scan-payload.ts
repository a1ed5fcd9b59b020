/**
 * Counts the elements of a printed byte list, `12, 0, 255])…`, which may be megabytes long and arrive in pieces.
 *
 * Half of a log is such lists, so they are not parsed: between two elements stand a comma and a blank, all the rest is digits.
 * Of digits, comma and blank only digits have bit 4 set, so the bytes without it are counted, four at a time. A list is whole
 * when everything up to `]` lies between blank and `?`, digits stand at both ends, and the separators are so many commas
 * and so many blanks; a line that was torn and goes on with another line's text never is. Nothing of the list is kept.
 */

const CLOSE = 93;
/** Words that one byte of a lane can count before it overflows. */
const LANE_WORDS = 252;

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** Adds the four lanes of a word. */
function lanes(word: number): number {
  return (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
}

export class PayloadCounter {
  private readonly bytes: Buffer;
  private readonly words: Int32Array;
  private closed = false;
  private isGood = false;
  private length = 0;
  /** Bytes that are no digits, and those of them that are commas. */
  private separators = 0;
  private commas = 0;
  private first = 0;
  private last = 0;

  /** `bytes` begins at a word of its memory. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  }

  begin(): void {
    this.closed = false;
    this.isGood = true;
    this.length = 0;
    this.separators = 0;
    this.commas = 0;
  }

  /** The list was read to its closing bracket, and is one. */
  get isComplete(): boolean {
    if (!this.closed || !this.isGood) return false;
    return this.length === 0 || (isDigit(this.first) && isDigit(this.last) && this.separators === 2 * this.commas);
  }

  /** Elements of a whole list. */
  get count(): number {
    return this.length === 0 ? 0 : this.commas + 1;
  }

  feed(from: number, to: number): void {
    if (this.closed || !this.isGood || from >= to) return;
    const { bytes } = this;
    const close = bytes.indexOf(CLOSE, from);
    const end = close >= 0 && close < to ? close : to;
    this.closed = end < to;
    if (end === from) return;
    if (this.length === 0) this.first = bytes[from] ?? 0;
    this.last = bytes[end - 1] ?? 0;
    this.length += end - from;
    const wordsFrom = Math.min(end, (from + 3) & ~3);
    const wordsTo = Math.max(wordsFrom, end & ~15);
    this.single(from, wordsFrom);
    if (this.isGood) this.many(wordsFrom >>> 2, (wordsFrom >>> 2) + ((wordsTo - wordsFrom) >>> 4) * 4);
    this.single(wordsFrom + ((wordsTo - wordsFrom) >>> 4) * 16, end);
  }

  private single(from: number, to: number): void {
    for (let p = from; p < to; p++) {
      const byte = this.bytes[p] ?? 0;
      if ((byte & 0xe0) !== 0x20) this.isGood = false;
      if ((byte & 0x10) === 0) this.separators++;
      if ((byte & 0x18) === 0x08) this.commas++;
    }
  }

  /** Whole words, four at a time. A comma is what has bit 3 and not bit 4. */
  private many(from: number, to: number): void {
    const { words } = this;
    let foreign = 0;
    let separators = 0;
    let commas = 0;
    for (let i = from; i < to;) {
      const stop = Math.min(to, i + LANE_WORDS);
      let laneSeparators = 0;
      let laneCommas = 0;
      for (; i < stop; i += 4) {
        const a = words[i] ?? 0;
        const b = words[i + 1] ?? 0;
        const c = words[i + 2] ?? 0;
        const d = words[i + 3] ?? 0;
        const blankA = (~a >>> 4) & 0x01010101;
        const blankB = (~b >>> 4) & 0x01010101;
        const blankC = (~c >>> 4) & 0x01010101;
        const blankD = (~d >>> 4) & 0x01010101;
        laneSeparators = (laneSeparators + blankA + blankB + blankC + blankD) | 0;
        laneCommas = (laneCommas + (blankA & (a >>> 3)) + (blankB & (b >>> 3)) + (blankC & (c >>> 3)) + (blankD & (d >>> 3))) | 0;
        foreign |= (a ^ 0x20202020) | (b ^ 0x20202020) | (c ^ 0x20202020) | (d ^ 0x20202020);
      }
      separators += lanes(laneSeparators);
      commas += lanes(laneCommas);
    }
    if ((foreign & 0xe0e0e0e0) !== 0) this.isGood = false;
    this.separators += separators;
    this.commas += commas;
  }
}
