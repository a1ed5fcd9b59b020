import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { GLUE, cutEnd, padBoth, padEnd, safeText, span, splitAt, textWidth, wrapSpans, wrapText } from '../../src/report/text.ts';

describe('safe text', () => {
  test('makes escapes, controls and bidi overrides visible', () => {
    expect(safeText('a\u001B[31mb', false)).toBe('a␛[31mb');
    expect(safeText('a\u001B[31mb\n', true)).toBe('a\\x1b[31mb\\x0a');
    expect(safeText('x\u202Ey\u200Bz\u0085', false)).toBe('x\\u{202e}y\\u{200b}z\\u{85}');
    expect(safeText('tab\there\u007F', false)).toBe('tab␉here␡');
    expect(safeText('\uD800', false)).toBe('\\u{d800}');
  });

  test('spells out every other glyph in ASCII', () => {
    expect(safeText('13 → 13 ✓ … é 漢', true)).toBe('13 -> 13 ok ... \\u{e9} \\u{6f22}');
  });

  test('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, ascii) => {
        const once = safeText(text, ascii);
        expect(safeText(once, ascii)).toBe(once);
        expect(once).not.toMatch(ascii ? /[^ -~\u00A0]/ : /[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});

describe('width', () => {
  test.each([
    ['abc', 3],
    ['漢字', 4],
    ['e\u0301', 1],
    ['🙂', 2],
    ['✓ →', 3],
    ['한국어', 6],
  ])('of %s is %i', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test('cutting never exceeds the room', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), fc.boolean(), (text, width, ascii) => {
        expect(textWidth(cutEnd(text, width, ascii))).toBeLessThanOrEqual(Math.max(width, 0));
        expect(splitAt(text, width).join('')).toBe(text);
      }),
    );
    expect(cutEnd('a long sentence', 8, false)).toBe('a long…');
    expect(cutEnd('漢字漢字', 5, false)).toBe('漢字…');
  });

  test('padding counts cells', () => {
    expect(padEnd('漢', 4)).toBe('漢  ');
    expect(padBoth('ab', 5, '-')).toBe('-ab--');
  });
});

describe('wrapping', () => {
  test('breaks between words, and inside a word only when it is wider than a line', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(wrapText(`12${GLUE}021 bytes`, 8)).toEqual([`12${GLUE}021`, 'bytes']);
    expect(wrapText('', 10)).toEqual([]);
  });

  test('keeps looks, also in the middle of a word', () => {
    expect(wrapSpans([span('a b', 'bold'), span('c')], 3)).toEqual([[span('a', 'bold')], [span('b', 'bold'), span('c')]]);
  });

  test('loses no word and keeps every line within the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.integer({ min: 2, max: 40 }), (raw, width) => {
        const text = safeText(raw, false);
        const lines = wrapText(text, width);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
