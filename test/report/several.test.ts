import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compare, renderSeveral, summarize, type RunLine } from '../../src/report/several.ts';
import { textWidth } from '../../src/report/text.ts';
import { CASES, emptyDiagnosis, stall } from './cases.ts';

const OPTIONS = { width: 100, color: false, ascii: false };

function line(input: string, verdict: RunLine['verdict'], rule?: string, where = ''): RunLine {
  return { input, verdict, because: '', run: null, cause: rule === undefined ? null : { rule, where }, lost: null };
}

const GOOD = ['a', 'b', 'c'].map((name) => line(name, 'healthy'));

describe('how runs compare', () => {
  test.each([
    [
      [...GOOD, line('d', 'failed', 'late-application', 'client2')],
      'First that differs: d: failed, late-application (client2), where 3 of 4 are healthy.',
    ],
    [
      [line('d', 'degraded', 'grace-tax'), ...GOOD, line('e', 'failed')],
      'First that differs: d: degraded, grace-tax, where 3 of 5 are healthy.',
    ],
    [
      [line('a', 'failed', 'self-route', 'x'), line('b', 'failed', 'self-route', 'x'), line('c', 'failed', 'self-route', 'y')],
      'First that differs: c: failed, self-route (y), where 2 of 3 are failed, self-route (x).',
    ],
    [[line('a', 'failed', 'self-route', 'x'), line('b', 'failed', 'self-route', 'y')], 'All 2 agree in verdict and first cause.'],
    [[line('a', 'failed', 'self-route', 'x'), line('b', 'failed', 'grace-tax', 'y')], 'All 2 agree in verdict.'],
    [GOOD, 'All 3 agree in verdict, first cause and place.'],
    [[line('a', 'healthy'), line('b', 'failed')], 'No verdict has a majority, so none of them stands out.'],
    [[line('a', 'healthy'), line('b', null)], ''],
    [[...GOOD, line('broken', null)], 'All 3 agree in verdict, first cause and place.'],
  ])('%#', (lines, sentence) => {
    expect(compare(lines)).toBe(sentence);
  });
});

const LINES: readonly RunLine[] = [
  summarize(stall(), 'stall-e3/sandbox', false),
  ...GOOD,
  {
    input: 'case-4.tar.gz',
    verdict: null,
    because: 'case-4.tar.gz is encrypted, and the doctor takes no passwords; unpack it',
    run: null,
    cause: null,
    lost: null,
  },
  { ...line('late', 'failed', 'late-application', 'client2 → aggregator'), lost: { min: 13, max: 13 } },
  { ...line('unbounded', 'inconclusive'), lost: { min: 0, max: Number.MAX_SAFE_INTEGER } },
];

describe('the table of several inputs', () => {
  test('is the golden one', () => {
    expect(renderSeveral(LINES, OPTIONS)).toBe(readFileSync(new URL('golden/several-100.txt', import.meta.url), 'utf8'));
  });

  test.each([60, 80, 100, 160])('fits into %i columns, in ASCII too', (width) => {
    const linesOf = (ascii: boolean): string[] => renderSeveral(LINES, { ...OPTIONS, width, ascii }, 'recordings').split('\n');
    const lines = [...linesOf(false), ...linesOf(true)];
    expect(Math.max(...lines.map((one) => textWidth(one)))).toBeLessThanOrEqual(width);
    expect(linesOf(true).join('')).toMatch(/^[ -~]*$/);
  });

  test('shows names made harmless, whatever they are', () => {
    const text = renderSeveral([line('evil\u001b[2J\nname', 'failed', 'x\u0007', 'y\u202e'), line('b', null)], OPTIONS, 'dir\u001b[0m\n');
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
    expect(text.split('\n').filter((l) => l.includes('evil'))[0]).toContain('name');
  });

  test('sums what was lost, and knows when nothing bounds it', () => {
    expect(summarize(emptyDiagnosis(), 'x', false).lost).toBeNull();
    const sums = Object.values(CASES).flatMap((build) => summarize(build(), 'x', true).lost ?? []);
    expect(sums.every((lost) => lost.min <= lost.max)).toBe(true);
    const d = stall();
    d.flows[0]!.lost = { min: 5, max: Number.MAX_SAFE_INTEGER - 100 };
    expect(summarize(d, 'x', false).lost?.max).toBe(Number.MAX_SAFE_INTEGER);
  });
});
