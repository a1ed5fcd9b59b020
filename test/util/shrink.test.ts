/** Delta debugging against oracles whose answer is known. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { least, shortest } from '../../src/util/shrink.ts';

function counting<T>(fails: (candidate: T) => boolean): {
  readonly fails: (candidate: T) => Promise<boolean>;
  readonly asked: () => number;
} {
  let asked = 0;
  return {
    asked: () => asked,
    fails: async (candidate) => {
      asked++;
      return fails(candidate);
    },
  };
}

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

describe('the shortest list that fails', () => {
  it('is empty where nothing is needed, and the list itself where all is', async () => {
    expect(await shortest([1, 2, 3], async () => true)).toEqual([]);
    expect(await shortest([], async () => true)).toEqual([]);
    expect(await shortest([1, 2, 3], async (rest) => rest.length === 3)).toEqual([1, 2, 3]);
  });

  it('is the items that only together fail, in their order', async () => {
    expect(await shortest(upTo(20), async (rest) => rest.includes(3) && rest.includes(17))).toEqual([3, 17]);
  });

  it('finds one item among many in few tries', async () => {
    const { fails, asked } = counting((rest: readonly number[]) => rest.includes(700));
    expect(await shortest(upTo(1000), fails)).toEqual([700]);
    expect(asked()).toBeLessThan(60);
  });

  it('fails itself, and no longer without any one of its items, whatever is needed', async () => {
    const needs = fc.array(fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(needs, async (groups) => {
        // It fails with all items of one of the groups.
        const fails = async (rest: readonly number[]): Promise<boolean> =>
          groups.some((group) => group.every((item) => rest.includes(item)));
        const found = await shortest(upTo(12), fails);
        expect(await fails(found)).toBe(true);
        for (const left of found) expect(await fails(found.filter((item) => item !== left))).toBe(false);
        expect(found).toEqual(found.toSorted((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the least number that fails', () => {
  it.each([
    [100, 1, 1],
    [1, 1, 1],
    [40_000, 1, 1234],
    [3, 1, 2],
    [60_000, 1, 60_000],
  ])('from %i, not below %i, where it fails from %i on', async (value, from, border) => {
    const found = await least(value, from, async (n) => n >= border);
    expect(found).toBeGreaterThanOrEqual(border);
    expect(found).toBeLessThanOrEqual(Math.max(border, Math.ceil(border * 1.12)));
  });
});
