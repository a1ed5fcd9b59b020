import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PayloadCounter } from '../../src/ingest/scan-payload.ts';
import { payloadModule } from '../../tools/payload-wasm.ts';

/** Elements of what stands before the first closing bracket; undefined where that is no list. */
function plainCount(text: string): number | undefined {
  const length = /^(\d{1,15}) bytes\]/.exec(text)?.[1];
  if (length !== undefined) return Number(length);
  const list = /^([^\]]*)\]/.exec(text)?.[1];
  if (list === undefined) return undefined;
  if (list === '') return 0;
  const isList = /^\d/.test(list) && /\d$/.test(list) && /^[\x20-\x3f]*$/.test(list);
  const codes = Array.from({ length: list.length }, (_, i) => list.charCodeAt(i));
  const separators = codes.filter((code) => (code & 0x10) === 0).length;
  const commas = codes.filter((code) => (code & 0x18) === 0x08).length;
  return isList && separators === 2 * commas ? commas + 1 : undefined;
}

/** The same text in pieces, each beginning wherever it would in a block. */
function countIn(text: string, cuts: readonly number[], before: number): number | undefined {
  const bytes = Buffer.alloc(before + text.length + 64);
  bytes.write(text, before, 'latin1');
  const counter = new PayloadCounter(bytes);
  counter.begin();
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    counter.feed(before + from, before + end);
    from = end;
  }
  return counter.isComplete ? counter.count : undefined;
}

const listOf = (bytes: readonly number[]): string => bytes.join(', ');
const list = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 400 }).map(listOf);
const foreign = fc.constantFrom('', 'x', ']', '[', '\t', '\u00e9', ',', ' ', '?', ' 2026-02-07T00:00:00Z ');

describe('a printed list', () => {
  it('has as many elements as a plain reading finds, whatever stands in it and however it comes', () => {
    const text = fc.tuple(list, foreign, list, foreign).map(([a, b, c, d]) => `${a}${b}${c}${d}`);
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 4 }), fc.nat(40), (body, cuts, before) => {
        expect(countIn(`${body}])`, cuts, before)).toBe(plainCount(`${body}])`));
      }),
      { numRuns: 2000 },
    );
  });

  it('is counted over the edges of the pieces that are handed over at once', () => {
    for (const elements of [13_106, 13_107, 13_108, 30_000, 65_536, 200_000]) {
      const text = `${listOf(Array.from({ length: elements }, (_, i) => (i * 7) % 256))}] })`;
      expect(countIn(text, [64 * 1024, 64 * 1024 + 1, 70_000], 3)).toBe(elements);
      expect(countIn(text.replace(/\d(?=[^\d]*$)/, 'x'), [], 0)).toBeUndefined();
    }
  });

  it('is as long as the number says that stands in its place, wherever the pieces end', () => {
    const length = fc.oneof(
      fc.nat().map((n) => `${n} bytes`),
      fc.constantFrom('0 bytes', '007 bytes', '999999999999999 bytes'),
    );
    const broken = fc.constantFrom(
      ' bytes',
      '12 byte',
      '12  bytes',
      '12, 3 bytes',
      '1234567890123456 bytes',
      '12 bytes?',
      '? bytes',
      '-1 bytes',
    );
    fc.assert(
      fc.property(fc.oneof(length, broken), fc.array(fc.nat(), { maxLength: 4 }), fc.nat(40), (body, cuts, before) => {
        expect(countIn(`${body}]) })`, cuts, before)).toBe(plainCount(`${body}]) })`));
        expect(countIn(body, cuts, before)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
    expect(countIn('60000 bytes])', [7], 3)).toBe(60_000);
    expect(countIn('60000 bytes?])', [7], 3)).toBeUndefined();
  });

  it('without an end has no number', () => {
    expect(countIn('1, 2, 3', [], 0)).toBeUndefined();
  });
});

it('the assembled counter is the one that stands in the source', async () => {
  expect(readFileSync(new URL('../../src/ingest/payload-wasm.ts', import.meta.url), 'utf8')).toBe(await payloadModule());
});
