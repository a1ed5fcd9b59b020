import { expect, test } from 'vitest';
import { columnWidth, layTable } from '../../src/report/table.ts';

test('a table cuts its columns and wraps the last one', () => {
  const rows = [
    ['rule', 'one two three'],
    ['a-very-long-rule', 'x'],
  ];
  expect(layTable(rows, [8, 7], false).map((line) => line.replaceAll('\u00A0', ' ').trimEnd())).toEqual([
    'rule       one two',
    '           three',
    'a-very-…   x',
  ]);
  expect(layTable([], [8, 7], false)).toEqual([]);
});

test('a column is as wide as its widest cell, within its limit', () => {
  expect(columnWidth([['ab'], ['漢字']], 0)).toBe(4);
  expect(columnWidth([['ab'], ['漢字']], 0, 3)).toBe(3);
});
