import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT_TEXT_BYTES, LineRewriter } from '../../../src/ingest/bundle/line-rewriter.ts';

function rewritten(text: string, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text);
  const rewriter = new LineRewriter('text', (line) => line);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  const out: Buffer[] = [];
  let from = 0;
  for (const end of ends) {
    out.push(rewriter.push(bytes.subarray(from, end)));
    from = end;
  }
  return Buffer.concat([...out, rewriter.end()]).toString('utf8');
}

const list = (n: number): string => Array.from({ length: n }, (_, i) => (i * 7) % 256).join(', ');

describe('a rewritten file', () => {
  it('is the same however its bytes come, and has as many lines', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.nat(3000).map((n) => `payload: Some([${list(n)}]) })`),
      fc.nat(30).map((n) => `args=[${list(n)}]`),
      fc.constantFrom('\n', '\r\n', 'content: Some([', 'payload: Some([1, 2', ']', 'é', '…'),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (whole, cuts) => {
        const out = rewritten(whole, cuts);
        expect(out).toBe(rewritten(whole));
        expect(out.split('\n')).toHaveLength(whole.split('\n').length);
        expect(rewritten(out)).toBe(out);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['payload: Some([1, 2, 3]) })"', 'payload: Some([3 bytes]) })"'],
    ['payload: Some([])', 'payload: Some([0 bytes])'],
    ['content: Some([9]), x', 'content: Some([1 bytes]), x'],
    ['payload: Some([1, 2, x]) y', 'payload: Some([? bytes]) y'],
    ['payload: Some([1, 2', 'payload: Some([? bytes'],
    ['payload: Some([12021 bytes])', 'payload: Some([12021 bytes])'],
    ['payload: Some([? bytes])', 'payload: Some([? bytes])'],
    ['args=[1, 2, 3, 4, 5, 6, 7]', 'args=[1, 2, 3, 4, 5, 6, 7]'],
    ['args=[1, 2, 3, 4, 5, 6, 7, 8] b', 'args=[8 bytes] b'],
    ['ports=[9001, 9002]', 'ports=[9001, 9002]'],
    ['a\r\nb', 'a\r\nb'],
  ])('has %j as %j', (line, out) => {
    expect(rewritten(line)).toBe(out);
    expect(rewritten(`${line}\n`)).toBe(`${out}\n`);
  });

  it('keeps of a long line what is read of it, and says how much more there was', () => {
    const out = rewritten(`${'word '.repeat(40_000)}\nnext\n`);
    expect(out).toMatch(/^(?:word )+word…\[\d+ more bytes\]\nnext\n$/);
    expect(out.length).toBeLessThan(KEPT_TEXT_BYTES + 100);
    expect(out.length).toBeGreaterThan(KEPT_TEXT_BYTES - 4096);
  });
});
