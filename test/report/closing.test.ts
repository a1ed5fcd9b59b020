import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { drawAccounting, drawChecked, drawClocks, drawNext, drawOpen, drawWaits, isOff, nextCommands } from '../../src/report/closing.ts';
import { Names } from '../../src/report/names.ts';
import { Page } from '../../src/report/page.ts';
import { degraded, emptyDiagnosis, healthy, stall, telemetryOnly } from './cases.ts';

function draw(d: Diagnosis, write: (d: Diagnosis, names: Names, page: Page) => void): string {
  const page = new Page({ width: 100, color: false, ascii: false });
  write(d, new Names(d), page);
  return page.toString();
}

test('lines about hotlink that were not understood come first in the account', () => {
  const lines = draw(degraded(), (d, names, page) => drawAccounting(d, page, names)).split('\n');
  expect(lines[1]).toMatch(/^ {4}! 3 lines say hotlink and match no message that this version knows/);
  expect(lines.join('\n')).toMatch(/Not understood: not-utf8 10, no-template 3/);
  expect(lines.join('\n')).toMatch(/1 file ends in the middle of a line: client-daemon\.log/);
});

test('what is not accounted for is never rounded up to all', () => {
  const d = stall();
  const total = { ...d.accounting.total, lines: d.accounting.total.lines + 1 };
  expect(draw({ ...d, accounting: { ...d.accounting, total } }, (x, names, page) => drawAccounting(x, page, names))).toMatch(
    /99\.99 % accounted for/,
  );
});

test('a chain of waiting ends at a party or goes round', () => {
  expect(draw(stall(), drawWaits)).toMatch(/They wait for each other/);
  expect(draw({ ...stall(), waits: stall().waits.slice(0, 2) }, drawWaits)).toMatch(/The chain ends at aggregator/);
});

test('missing evidence says how to get it', () => {
  expect(draw(telemetryOnly(), drawOpen)).toMatch(/• a second sample of the counters: .*\n {6}→ copy the three files again/);
});

test('a healthy run says what was checked; a failed one does not', () => {
  expect(draw(healthy(), (d, _names, page) => drawChecked(d, page))).toMatch(/Checked and clear: 10 rules\n {4}self-route · /);
  expect(draw(stall(), (d, _names, page) => drawChecked(d, page))).toBe('\n');
  expect(draw(degraded(), (d, _names, page) => drawChecked(d, page))).toMatch(/! grace-tax: division by zero/);
});

test('a clock is mentioned when its bounds leave out zero', () => {
  const clock = (min: number | null, max: number | null) => ({
    clock: 'relay',
    against: 'anna@lab.example',
    offsetMs: { min, max },
    note: '',
  });
  const said = (min: number | null, max: number | null) =>
    draw({ ...degraded(), clocks: [clock(min, max)] }, (d, names, page) => drawClocks(d, names, page, true)).replaceAll('\u00A0', ' ');
  expect(draw(degraded(), (d, names, page) => drawClocks(d, names, page, false))).toMatch(
    /• chiara is 1 min 1 s ahead of anna \(from 212 matched frames\)/,
  );
  expect(draw(degraded(), (d, names, page) => drawClocks(d, names, page, false))).not.toMatch(/• bo/);
  expect(said(-3000, -2000)).toMatch(/relay is 2 s to 3 s behind anna/);
  expect(said(null, -2000)).toMatch(/is at least 2 s behind/);
  expect(said(2000, null)).toMatch(/is at least 2 s ahead of/);
  expect(said(null, 2000)).toMatch(/is at most 2 s ahead of/);
  expect(said(-2000, null)).toMatch(/is at most 2 s behind/);
  expect(said(-4, 9)).toMatch(/is at most 4 ms behind and 9 ms ahead of/);
  expect(said(null, null)).toMatch(/cannot be ordered against/);
  expect([isOff(clock(1, null)), isOff(clock(null, -1)), isOff(clock(-1, 1))]).toEqual([true, true, false]);
});

test('the last line says what to type next', () => {
  expect(draw(stall(), drawNext)).toMatch(
    /Next: hotlink-doctor explain sender-lock-drop +what it proves, what to do\n +hotlink-doctor trace SANDBOX aggregator client1 +how far its bytes came\n/,
  );
});

test('the commands to go on with are those that are of use for the verdict', () => {
  const commands = (d: Diagnosis): string[] => nextCommands(d, new Names(d)).map(({ command }) => command.replace(/^hotlink-doctor /, ''));
  const of = (verdict: Diagnosis['verdict']): Diagnosis => ({ ...emptyDiagnosis(), verdict });
  expect(commands(of('inconclusive'))[0]).toMatch(/^query SANDBOX "SELECT path/);
  const missing = [{ what: 'debug lines', why: '', how: '', blocks: [] }] as unknown as Diagnosis['missingEvidence'];
  expect(commands({ ...of('inconclusive'), missingEvidence: missing })).toContain('collect SANDBOX -o case.tar.gz');
  expect(commands(of('healthy'))).toEqual(['analyze SANDBOX --format html=report.html', 'gate SANDBOX --policy smoke']);
  expect(commands(stall())).toEqual([
    'explain sender-lock-drop',
    'trace SANDBOX aggregator client1',
    'live reproduce SANDBOX',
    'analyze SANDBOX --format html=report.html',
    'bundle SANDBOX -o case.tar.gz',
  ]);
  expect(commands(degraded())).not.toContain('live reproduce SANDBOX');
  expect(commands(of('failed'))).toContain('bundle SANDBOX -o case.tar.gz');
});
