import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { Names } from '../../src/report/names.ts';
import { Page } from '../../src/report/page.ts';
import { drawParties } from '../../src/report/picture.ts';
import { degraded, emptyDiagnosis, healthy, stall, telemetryOnly } from './cases.ts';

function draw(d: Diagnosis, width: number, ascii = false): string[] {
  const page = new Page({ width, color: false, ascii });
  drawParties(d, new Names(d), page);
  return page.toString().trimEnd().split('\n');
}

test('three parties: the lowest number in the middle, broken lines where nothing arrived', () => {
  expect(draw(stall(), 100)).toEqual([
    '    ┌────────────┐                       ┌────────────┐                       ┌────────────┐',
    '    │  client1   │◀╌╌╌╌ 0 of 12 021 ✗ ───│ aggregator │─── 0 of 12 021 ✗ ╌╌╌╌▶│  client2   │',
    '    │     E3     │──────── 13 ✓ ────────▶│     E3     │◀──────── 13 ✓ ────────│     E3     │',
    '    └──────┬─────┘                       └────────────┘                       └──────┬─────┘',
    '           └╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ never used, either way ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┘',
  ]);
});

test('two parties, in ASCII', () => {
  expect(draw(healthy(), 80, true)).toEqual([
    '    +--------+                       +--------+',
    '    |  anna  |--- 18 875 088 ok ---->|   bo   |',
    '    |   E6   |<---- 17 302 164 ok ---|   E6   |',
    '    +--------+                       +--------+',
  ]);
});

test('figures that do not fit are said shorter', () => {
  expect(draw(telemetryOnly(), 80).join('\n')).toMatch(/0–8 in doubt \?/);
});

test.each([
  ['too many parties', degraded(), 160],
  ['too narrow a page', stall(), 60],
  ['no flows', emptyDiagnosis(), 100],
] as const)('nothing is drawn for %s', (_why, d, width) => {
  expect(draw(d, width)).toEqual(['']);
});
