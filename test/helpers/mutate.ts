/**
 * Seeded damage to real files and lines, and the run of a property over it.
 *
 * A case is made from the seed and its number alone. `HLD_FUZZ_SEED` repeats a run, `HLD_FUZZ_CASE` one case of it,
 * `HLD_FUZZ=full` asks for the whole size; a failure says which seed and case it was.
 */

export const IS_FULL = process.env['HLD_FUZZ'] === 'full';

/** Number of cases: the small one in the ordinary suite. */
export function size(short: number, full: number): number {
  return IS_FULL ? full : short;
}

const givenSeed = process.env['HLD_FUZZ_SEED'];
const givenCase = process.env['HLD_FUZZ_CASE'];
const SEED = givenSeed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(givenSeed);

/** Random numbers of a case: the same for the same seed and number. */
export class Chance {
  private state: number;

  constructor(seed: number, no: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(no + 1, 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let x = this.state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(from: readonly T[]): T {
    const value = from[this.below(from.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }
}

/** Runs `check` on `cases` cases; what it throws is thrown on with the words that repeat it. */
export async function forCases(cases: number, check: (chance: Chance, no: number) => void | Promise<void>): Promise<void> {
  const only = givenCase === undefined ? undefined : Number(givenCase);
  for (let no = only ?? 0; no < (only === undefined ? cases : only + 1); no++) {
    try {
      await check(new Chance(SEED, no), no);
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`repeat with HLD_FUZZ_SEED=${SEED} HLD_FUZZ_CASE=${no}: ${words}`, { cause });
    }
  }
}

const NEWLINE = 10;
const HUGE = [
  '9007199254740993',
  '-1',
  '18446744073709551616',
  '1e308',
  '-9223372036854775808',
  '0.5',
  '99999999999999999999999999',
  '1e-7',
];
const ODD_BYTES = [0, 1, 9, 13, 27, 32, 34, 39, 44, 58, 61, 91, 92, 93, 123, 125, 0x80, 0xc3, 0xe2, 0xed, 0xff];
const INVALID_UTF8 = [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xff, 0xfe], [0xc0, 0xaf], [0xef, 0xbb, 0xbf]];
const ESCAPES = [
  '\u001b[31m',
  '\u001b[2J',
  '\u001b]8;;http://x/\u0007y',
  '\u001b]52;c;aGk=\u0007',
  '\u001b',
  '\u009b31m',
  '\u202e',
  '\u200b',
];
const NESTED = ['[', '{"a":', '[[[{"b":['];

function insert(bytes: Buffer, at: number, what: Uint8Array | string): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(what as string), bytes.subarray(at)]);
}

function stretch(bytes: Buffer, chance: Chance): readonly [number, number] {
  const from = chance.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + chance.below(chance.pick([4, 40, 400])))];
}

/** One way to damage bytes; `other` is a second file or line to splice with. */
type Damage = (bytes: Buffer, chance: Chance, other: Buffer) => Buffer;

/** Damage that may happen within a line. */
const IN_LINES: readonly Damage[] = [
  function flipBits(bytes, chance) {
    const copy = Buffer.from(bytes);
    for (let i = chance.below(4); i >= 0 && copy.length > 0; i--) {
      const at = chance.below(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
    }
    return copy;
  },
  function setBytes(bytes, chance) {
    const copy = Buffer.from(bytes);
    for (let i = chance.below(4); i >= 0 && copy.length > 0; i--) copy[chance.below(copy.length)] = chance.pick(ODD_BYTES);
    return copy;
  },
  function leaveOut(bytes, chance) {
    const [from, to] = stretch(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function repeat(bytes, chance) {
    const [from, to] = stretch(bytes, chance);
    return insert(bytes, to, bytes.subarray(from, to));
  },
  function cutOff(bytes, chance) {
    return bytes.subarray(0, chance.below(bytes.length + 1));
  },
  function startLate(bytes, chance) {
    return bytes.subarray(chance.below(bytes.length + 1));
  },
  function splice(bytes, chance, other) {
    return Buffer.concat([bytes.subarray(0, chance.below(bytes.length + 1)), other.subarray(chance.below(other.length + 1))]);
  },
  function zeros(bytes, chance) {
    return insert(bytes, chance.below(bytes.length + 1), new Uint8Array(1 + chance.below(chance.pick([2, 5000]))));
  },
  function badCharacters(bytes, chance) {
    return insert(bytes, chance.below(bytes.length + 1), Uint8Array.from(chance.pick(INVALID_UTF8)));
  },
  function hugeNumber(bytes, chance) {
    const digits = [...bytes.toString('latin1').matchAll(/\d+/g)];
    if (digits.length === 0) return bytes;
    const { index, 0: old } = chance.pick(digits);
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(chance.pick(HUGE)), bytes.subarray(index + old.length)]);
  },
  function escapes(bytes, chance) {
    return insert(bytes, chance.below(bytes.length + 1), chance.pick(ESCAPES));
  },
  function longToken(bytes, chance) {
    const word = chance.pick(['x', 'a.', 'authorization-', '\\', '"', ' ', ':', 'token', '/a', '://a:', 'é', '\ud83d\ude00', ', 1']);
    return insert(bytes, chance.below(bytes.length + 1), word.repeat(1 + chance.below(chance.pick([40, 2000, 12_000]))));
  },
  function balancedNesting(bytes, chance) {
    const values = [...bytes.toString('latin1').matchAll(/"[^"]*"|\b\d+\b/g)];
    if (values.length === 0) return bytes;
    const { index, 0: old } = chance.pick(values);
    const depth = 1 + chance.below(chance.pick([9, 4000, 50_000]));
    const [open, close] = chance.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    const nested = open.repeat(depth) + '1' + close.repeat(depth);
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(nested), bytes.subarray(index + old.length)]);
  },
  function nesting(bytes, chance) {
    return insert(bytes, chance.below(bytes.length + 1), chance.pick(NESTED).repeat(1 + chance.below(chance.pick([30, 20_000]))));
  },
];

/** Damage that needs more than one line. */
const IN_FILES: readonly Damage[] = [
  function windowsEnds(bytes) {
    return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  },
  function oldEnds(bytes) {
    return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r'), 'latin1');
  },
  function noEnds(bytes) {
    return Buffer.from(bytes.toString('latin1').replaceAll('\n', ' '), 'latin1');
  },
  function someEnds(bytes, chance) {
    return insert(bytes, chance.below(bytes.length + 1), '\n'.repeat(1 + chance.below(chance.pick([3, 3000]))));
  },
  function swapLines(bytes, chance) {
    const lines = bytes.toString('latin1').split('\n');
    for (let i = 0; i < 8; i++) {
      const [a, b] = [chance.below(lines.length), chance.below(lines.length)];
      [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
    }
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function repeatLines(bytes, chance) {
    const lines = bytes.toString('latin1').split('\n');
    const from = chance.below(lines.length);
    const part = lines.slice(from, from + 1 + chance.below(40));
    return Buffer.from([...lines.slice(0, from), ...part, ...part, ...lines.slice(from)].join('\n'), 'latin1');
  },
  function nothing() {
    return Buffer.alloc(0);
  },
];

function damaged(kinds: readonly Damage[], bytes: Buffer, other: Buffer, chance: Chance): Buffer {
  let out = bytes;
  for (let times = chance.pick([1, 1, 1, 2, 3]); times > 0; times--) out = chance.pick(kinds)(out, chance, other);
  return out;
}

const IN_ALL = [...IN_LINES, ...IN_FILES];

/** A file with one to three kinds of damage. */
export function mutateFile(bytes: Buffer, other: Buffer, chance: Chance): Buffer {
  return damaged(IN_ALL, bytes, other, chance);
}

/** The same for a line; it stays one line. */
export function mutateLine(line: Buffer, other: Buffer, chance: Chance): Buffer {
  const out = Buffer.from(damaged(IN_LINES, line, other, chance));
  for (let at = out.indexOf(NEWLINE); at >= 0; at = out.indexOf(NEWLINE, at + 1)) out[at] = 32;
  return out;
}
