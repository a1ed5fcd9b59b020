import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atMost, fewerByChance, lowerBound, upperBound } from '../../src/util/statistics.ts';

describe('bounds of a rate', () => {
  // Closed forms: none of n, 1 − α^(1/n); all but the last from tables of Clopper and Pearson.
  it.each([
    [0, 20, 1 - 0.05 ** (1 / 20)],
    [0, 3, 1 - 0.05 ** (1 / 3)],
    [0, 1000, 1 - 0.05 ** (1 / 1000)],
    [1, 20, 0.216_106],
    [2, 10, 0.506_901],
    [5, 10, 0.777_559],
    [20, 20, 1],
  ])('%i of %i is at most %f', (k, n, bound) => {
    expect(upperBound(k, n, 0.95)).toBeCloseTo(bound, 5);
  });

  it('from below is from above of the others', () => {
    expect(lowerBound(20, 20, 0.95)).toBeCloseTo(0.05 ** (1 / 20), 9);
    expect(lowerBound(0, 20, 0.95)).toBe(0);
    expect(lowerBound(5, 10, 0.95)).toBeCloseTo(1 - 0.777_559, 5);
  });

  it('holds what it says: at the bound, so few come with exactly the chance that is left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.double({ min: 0.5, max: 0.999, noNaN: true }), (n, some, confidence) => {
        const k = some % n;
        const bound = upperBound(k, n, confidence);
        expect(bound).toBeGreaterThan(k / n);
        expect(atMost(k, n, bound)).toBeCloseTo(1 - confidence, 6);
      }),
    );
  });
});

describe("Fisher's exact test", () => {
  it.each([
    // The lady who tastes tea: all four right, three of four right.
    [4, 4, 0, 4, 1 / 70],
    [3, 4, 1, 4, 17 / 70],
    [20, 20, 0, 20, 1 / 137_846_528_820],
    [1, 1, 0, 1, 0.5],
    [3, 20, 0, 20, 0.115_384_6],
    [0, 20, 0, 20, 1],
    [0, 20, 5, 20, 1],
  ])('%i of %i, then %i of %i: %f', (a, n, b, m, p) => {
    expect(fewerByChance(a, n, b, m)).toBeCloseTo(p, 7);
    expect(fewerByChance(a, n, b, m) / p).toBeCloseTo(1, 5);
  });

  it('adds up to one over all that could have been', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (n, m, some) => {
        const hit = some % (n + m + 1);
        const most = Math.min(hit, m);
        expect(fewerByChance(hit - most, n, most, m)).toBeCloseTo(1, 9);
      }),
    );
  });
});
