import { describe, expect, test } from 'vitest';
import { arrived, coloured, wayOf } from '../../src/report/flows.ts';
import { exact, flow } from './cases.ts';

const plain = (text: string) => text.replaceAll('\u00A0', ' ');
const between = (sent: number, delivered: number, more = {}) => flow('a', 'b', sent, delivered, more);

describe('flows', () => {
  test('say what arrived, exactly or in the least room', () => {
    const doubt = between(16, 8, { state: 'in-doubt', lost: { min: 0, max: 8 } });
    expect([between(13, 13), between(0, 0), between(12_021, 0), doubt].map((one) => plain(arrived(one, false)))).toEqual([
      '13 ✓',
      'never used',
      '0 of 12 021 ✗',
      '8 of 16 ?',
    ]);
    expect(plain(arrived(between(1_572_924, 1_572_916), true))).toBe('8 lost ✗');
    expect(plain(arrived(doubt, true))).toBe('0–8 in doubt ?');
    expect(arrived(undefined, false)).toBe('no record');
  });

  test('without any figure are not known, never zero', () => {
    const open = { min: 0, max: Number.MAX_SAFE_INTEGER };
    expect(arrived(between(0, 0, { state: 'unknown', sent: open, delivered: open }), false)).toBe('not known');
  });

  test('tell between which hops bytes were lost', () => {
    const hops = { sent: exact(5), relayed: null, received: exact(0), written: exact(0) };
    expect(plain(wayOf(between(5, 0, { hops })))).toBe(
      'sent 5 → relayed ? → received 0 → written 0, lost between the sender and the receiver',
    );
    expect(plain(wayOf(between(5, 5, { offered: exact(9) })))).toBe(
      'offered 9 → sent 5 → relayed ? → received 5 → written 5, lost between the program and the sender',
    );
  });

  test('do not call lost what went past a hop', () => {
    const hops = { sent: exact(5), relayed: exact(0), received: exact(5), written: exact(5) };
    expect(plain(wayOf(between(5, 5, { hops })))).toBe('sent 5 → relayed 0 → received 5 → written 5');
  });

  test('colour marks and nothing else', () => {
    expect(coloured('13 ✓ ok1').map((piece) => piece.styles?.join() ?? piece.text)).toEqual(['13 ', 'green', ' ok1']);
  });
});
