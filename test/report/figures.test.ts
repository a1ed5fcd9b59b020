import { describe, expect, test } from 'vitest';
import { clockTime, counted, duration, figure, interval, isoTime, rounded, timeSpan, volume } from '../../src/report/figures.ts';

const plain = (text: string | undefined) => text?.replaceAll('\u00A0', ' ');

describe('figures', () => {
  test('are grouped by three', () => {
    expect(['0', '999', '1 000', '12 021', '17 302 164']).toEqual([0, 999, 1000, 12_021, 17_302_164].map((value) => plain(figure(value))));
  });

  test('in bytes carry a rounded figure from 1 MiB on', () => {
    expect(plain(volume(1))).toBe('1 byte');
    expect(plain(volume(12_021))).toBe('12 021 bytes');
    expect(plain(volume(3_145_848))).toBe('3 145 848 bytes (3.0 MiB)');
    expect(plain(rounded(3 * 1024 ** 3))).toBe('3.00 GiB');
  });

  test('that are not pinned down are intervals, and unknown is a question mark', () => {
    expect(plain(interval({ min: 13, max: 13 }))).toBe('13');
    expect(plain(interval({ min: 0, max: 8 }))).toBe('0–8');
    expect(plain(interval({ min: 1200, max: Number.MAX_SAFE_INTEGER }))).toBe('≥ 1 200');
    expect(interval({ min: 0, max: Number.MAX_SAFE_INTEGER })).toBe('?');
    expect(plain(interval({ min: 1_572_916, max: 1_572_924 }, rounded))).toBe('1.5 MiB');
  });

  test('are counted with their noun', () => {
    expect([1, 2].map((count) => plain(counted(count, 'party', 'parties')))).toEqual(['1 party', '2 parties']);
  });
});

describe('times', () => {
  test.each([
    [250, '250 ms'],
    [4500, '4.5 s'],
    [34_210, '34 s'],
    [125_000, '2 min 5 s'],
    [900_000, '15 min'],
    [12_000_000, '3 h 20 min'],
    [180_000_000, '2 d 2 h'],
    [-61_000, '-1 min 1 s'],
  ])('%i ms last %s', (ms, text) => {
    expect(plain(duration(ms))).toBe(text);
  });

  test('of another day carry their date', () => {
    expect(clockTime('2026-11-22T13:25:47.472Z', '2026-11-22')).toBe('13:25:47.472');
    expect(plain(clockTime('2026-11-23T00:00:01.000Z', '2026-11-22', true))).toBe('11-23 00:00:01');
    expect(clockTime('yesterday', '2026-11-22')).toBe('yesterday');
  });

  test('span what is known', () => {
    expect(timeSpan('2026-11-22T13:25:40.000Z', '2026-11-22T13:26:26.000Z')).toBe('2026-11-22 13:25:40 – 13:26:26 UTC');
    expect(timeSpan(null, '2026-11-22T13:26:26.000Z')).toBe('until 2026-11-22 13:26:26 UTC');
    expect(timeSpan('2026-11-22T13:26:26.000Z', null)).toBe('from 2026-11-22 13:26:26 UTC');
    expect(timeSpan(null, null)).toBeUndefined();
  });

  test('beyond any calendar are no time', () => {
    expect(isoTime(Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
  });
});
