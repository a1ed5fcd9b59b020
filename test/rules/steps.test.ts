import { expect, test } from 'vitest';
import { Steps } from '../../src/rules/engine/steps.ts';

function isText(x: string | number): x is string {
  return typeof x === 'string';
}

test('a step counts what it leaves and keeps the first few that fell out', () => {
  const steps = new Steps(true);
  const texts = steps.of('values', [1, 2, 3, 4, 'a', 'b']).that('that are text', isText);
  expect(texts.rows).toEqual(['a', 'b']);
  expect(texts.to('after a', (x) => (x > 'a' ? { x } : null)).rows).toEqual([{ x: 'b' }]);
  expect(texts.into('twice', (x) => [x, x]).rows).toHaveLength(4);
  expect(steps.begun).toEqual([
    {
      needed: 'values',
      rows: 6,
      fellOut: [],
      next: [
        {
          needed: 'that are text',
          rows: 2,
          fellOut: [1, 2, 3],
          next: [
            { needed: 'after a', rows: 1, fellOut: ['a'], next: [] },
            { needed: 'twice', rows: 4, fellOut: [], next: [] },
          ],
        },
      ],
    },
  ]);
});

test('the same question of two lists is counted together', () => {
  const steps = new Steps(true);
  for (const list of [[1], [2, 3]]) steps.of('numbers', list).that('above 2', (n) => n > 2);
  expect(steps.begun).toMatchObject([{ rows: 3, next: [{ rows: 1, fellOut: [1, 2] }] }]);
});

test('without counting nothing is kept, and the rows are the same', () => {
  const steps = new Steps(false);
  expect(steps.of('numbers', [1, 2]).that('above 1', (n) => n > 1).rows).toEqual([2]);
  expect(steps.begun).toEqual([]);
});
