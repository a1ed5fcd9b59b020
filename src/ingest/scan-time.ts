/** Times of log lines, from bytes to microseconds since 1970. Every function answers NaN for what is no time. */

const MINUTE_US = 60_000_000;
/** Beyond these years microseconds are no whole numbers that a double holds, and no log was written then. */
export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2199;
/** 60 is a leap second. */
const LAST_SECOND = 60;
const LETTER_T = 84;

function digit(bytes: Uint8Array, at: number): number {
  const value = (bytes[at] ?? 0) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

/** A number of two digits; NaN if they are none. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

function inRange(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** `YYYY-MM-DD?HH:MM`, taken as UTC. */
function minuteUs(bytes: Uint8Array, at: number): number {
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  const hour = twoDigits(bytes, at + 11);
  const minute = twoDigits(bytes, at + 14);
  if (bytes[at + 4] !== 45 || bytes[at + 7] !== 45 || bytes[at + 13] !== 58) return NaN;
  if (
    !inRange(year, FIRST_YEAR, LAST_YEAR) ||
    !inRange(month, 1, 12) ||
    !inRange(day, 1, 31) ||
    !inRange(hour, 0, 23) ||
    !inRange(minute, 0, 59)
  )
    return NaN;
  return Date.UTC(year, month - 1, day, hour, minute) * 1000;
}

/** Reads the fixed forms of hot dialects; remembers the last minute, since neighbouring lines share it. */
export class Clock {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;
  private word3 = 0;
  private minute = NaN;

  constructor(bytes: Uint8Array, view: DataView) {
    this.bytes = bytes;
    this.view = view;
  }

  /** `YYYY-MM-DDTHH:MM:SS`, whole seconds; 19 bytes from `at`, taken as UTC. */
  secondsUs(at: number): number {
    const { view, bytes } = this;
    const word0 = view.getInt32(at, true);
    const word1 = view.getInt32(at + 4, true);
    const word2 = view.getInt32(at + 8, true);
    const word3 = view.getInt32(at + 12, true);
    if (word3 !== this.word3 || word2 !== this.word2 || word1 !== this.word1 || word0 !== this.word0) {
      this.minute = minuteUs(bytes, at);
      this.word0 = word0;
      this.word1 = word1;
      this.word2 = word2;
      this.word3 = word3;
    }
    const tens = (bytes[at + 17] ?? 0) - 48;
    const ones = (bytes[at + 18] ?? 0) - 48;
    if (bytes[at + 16] !== 58 || tens < 0 || ones < 0 || ones > 9 || tens * 10 + ones > LAST_SECOND) return NaN;
    return this.minute + (tens * 10 + ones) * 1_000_000;
  }

  /** `YYYY-MM-DDTHH:MM:SS.mmmZ`; 24 bytes from `at`. */
  millisUs(at: number): number {
    const { bytes } = this;
    const a = (bytes[at + 20] ?? 0) - 48;
    const b = (bytes[at + 21] ?? 0) - 48;
    const c = (bytes[at + 22] ?? 0) - 48;
    if (bytes[at + 10] !== LETTER_T || bytes[at + 19] !== 46 || bytes[at + 23] !== 90 || a < 0 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9)
      return NaN;
    return this.secondsUs(at) + (a * 100 + b * 10 + c) * 1000;
  }
}

/** Digits behind the point of a second, and how many they are; what is finer than a microsecond is dropped. */
function fractionUs(bytes: Uint8Array, from: number, end: number): { us: number; length: number } {
  let us = 0;
  let scale = 100_000;
  let p = from;
  for (; p < end; p++, scale /= 10) {
    const value = (bytes[p] ?? 0) - 48;
    if (value < 0 || value > 9) break;
    if (scale >= 1) us += value * scale;
  }
  return { us, length: p - from };
}

/** RFC 3339 with any fraction and `Z` or an offset: the time as UTC and how many bytes it took. */
export function rfc3339(bytes: Uint8Array, at: number, end: number): { us: number; length: number } {
  const none = { us: NaN, length: 0 };
  if (end - at < 20 || bytes[at + 10] !== LETTER_T || bytes[at + 16] !== 58) return none;
  const second = twoDigits(bytes, at + 17);
  if (!inRange(second, 0, LAST_SECOND)) return none;
  const fraction = bytes[at + 19] === 46 ? fractionUs(bytes, at + 20, end) : { us: 0, length: -1 };
  const us = minuteUs(bytes, at) + second * 1_000_000 + fraction.us;
  const p = at + 20 + fraction.length;
  if (fraction.length === 0 || p >= end) return none;
  if (bytes[p] === 90) return { us, length: p + 1 - at };
  if ((bytes[p] !== 43 && bytes[p] !== 45) || end - p < 6 || bytes[p + 3] !== 58) return none;
  const hours = twoDigits(bytes, p + 1);
  const minutes = twoDigits(bytes, p + 4);
  if (!inRange(hours, 0, 23) || !inRange(minutes, 0, 59)) return none;
  const offset = (hours * 60 + minutes) * MINUTE_US;
  return { us: bytes[p] === 43 ? us - offset : us + offset, length: p + 6 - at };
}

/** The same from text; NaN for anything else. */
export function textTimeUs(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  const { us, length } = rfc3339(bytes, 0, bytes.length);
  return length === bytes.length ? Math.round(us) : NaN;
}
