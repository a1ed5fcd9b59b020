import { describe, expect, it } from 'vitest';
import type { Burst } from '../../../src/rules/facts/case-file.ts';
import { whoOwes } from '../../../src/rules/facts/rounds.ts';

type Way = readonly [from: string, to: string];

function bursts(...ways: readonly Way[]): Burst[] {
  return ways.map(([from, to], i) => ({ from, to, t: i * 1000, sourceId: 1, line: i + 1, frames: 1, bytes: 8 }));
}

function times<T>(n: number, list: readonly T[]): T[] {
  return Array.from({ length: n }, () => list).flat();
}

const PING: readonly Way[] = [
  ['a', 'b'],
  ['b', 'a'],
];
const RING: readonly Way[] = [
  ['p0', 'p1'],
  ['p1', 'p2'],
  ['p2', 'p0'],
];
/** Control values first: p0 hears both and then answers both. */
const SYNC: readonly Way[] = [
  ['p1', 'p0'],
  ['p2', 'p0'],
  ['p0', 'p1'],
  ['p0', 'p2'],
];
/** Then each round is a share from one to the other and back. */
const SHARE: readonly Way[] = [
  ['p1', 'p2'],
  ['p2', 'p1'],
];

describe('whoOwes', () => {
  it('names the second of two parties when the first spoke last', () => {
    expect(whoOwes(bursts(...times(4, PING), ['a', 'b']))).toMatchObject({ party: 'b', towards: ['a'], rounds: 4 });
    expect(whoOwes(bursts(...times(4, PING), ['a', 'b'], ['b', 'a']))).toMatchObject({ party: 'a', towards: ['b'] });
  });

  it('names the party of a ring that heard what used to make it send', () => {
    expect(whoOwes(bursts(...times(4, RING), ['p0', 'p1'], ['p1', 'p2']))).toMatchObject({ party: 'p2', towards: ['p0'], midRound: true });
    expect(whoOwes(bursts(...times(4, RING), ['p0', 'p1']))).toMatchObject({ party: 'p1', towards: ['p2'] });
  });

  it('sets a sync phase of three parties aside', () => {
    expect(whoOwes(bursts(...SYNC, ...times(4, SHARE), ['p1', 'p2']))).toMatchObject({ party: 'p2', towards: ['p1'] });
    expect(whoOwes(bursts(...SYNC, ...times(4, SHARE)))).toMatchObject({ party: 'p1', towards: ['p2'] });
  });

  it('does not take one burst too many for the middle of a round: it may have come before the first', () => {
    expect(whoOwes(bursts(...times(4, PING), ['a', 'b']))).toMatchObject({ midRound: false });
    expect(whoOwes(bursts(...times(4, RING), ['p0', 'p1']))).toMatchObject({ midRound: false });
  });

  it('waits for both peers where both used to speak before an answer', () => {
    expect(whoOwes(bursts(...times(4, SYNC), ['p1', 'p0'], ['p2', 'p0']))).toMatchObject({
      party: 'p0',
      towards: ['p1', 'p2'],
      midRound: true,
    });
  });

  it('shows the line of what the party heard last', () => {
    const owing = whoOwes(bursts(...times(4, PING), ['a', 'b']));
    expect(owing?.heard.map((b) => b.line)).toEqual([9]);
    expect(owing?.at).toBe(8000);
  });

  it('does not call the end of whole rounds the middle of one', () => {
    expect(whoOwes(bursts(...times(4, PING)))).toMatchObject({ party: 'a', midRound: false });
    expect(whoOwes(bursts(...SYNC, ...times(4, SHARE)))).toMatchObject({ midRound: false });
    expect(whoOwes(bursts(...times(4, RING)))).toMatchObject({ party: 'p0', midRound: false });
  });

  it('says nothing before a round was seen three times', () => {
    expect(whoOwes([])).toBeUndefined();
    expect(whoOwes(bursts(...times(2, PING), ['a', 'b']))).toBeUndefined();
  });

  it('says nothing of a stream in one direction', () => {
    expect(whoOwes(bursts(...times(6, [['a', 'b']] as const)))).toBeUndefined();
  });
});
