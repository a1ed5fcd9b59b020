import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { discover } from '../../src/ingest/discover.ts';
import { lookAt } from '../../src/ingest/look.ts';
import { dayOfEvidence, parseZone } from '../../src/cli/zone.ts';

const day = (path: string): Date =>
  dayOfEvidence(
    path,
    discover(path).files.map((file) => lookAt(file)),
  );
const winter = (): Date => new Date('2026-01-15T12:00:00Z');
const summer = (): Date => new Date('2026-07-15T12:00:00Z');
const scratch = mkdtempSync(join(tmpdir(), 'hld-zone-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test.each([
  ['0', 0],
  ['330', 330],
  ['-480', -480],
  ['+60', 60],
  ['+05:30', 330],
  ['-03:30', -210],
  ['UTC', 0],
  ['Asia/Kolkata', 330],
])('%s is %i minutes', (value, minutes) => {
  expect(parseZone(value, winter)).toBe(minutes);
});

test('a named zone follows the season of the evidence', () => {
  expect(parseZone('Europe/Berlin', winter)).toBe(60);
  expect(parseZone('Europe/Berlin', summer)).toBe(120);
});

test.each(['', 'Mars/Base', '999', '+15:00', '05:30', '1e2', 'Europe'])("'%s' is refused with what would be right", (value) => {
  expect(() => parseZone(value, winter)).toThrow(/--relay-zone cannot be .* minutes to add to UTC/);
});

test('the day is the first date in a relay log', () => {
  mkdirSync(join(scratch, 'relay/server/logs'), { recursive: true });
  writeFileSync(join(scratch, 'relay/server/logs/server.log'), '\u001b[2m2026-07-01 23:25:37\u001b[0m INF\n2026-07-02 00:00:00 INF\n');
  expect(day(scratch).toISOString().slice(0, 10)).toBe('2026-07-01');
  expect(day(join(scratch, 'relay/server/logs/server.log')).toISOString().slice(0, 10)).toBe('2026-07-01');
});
