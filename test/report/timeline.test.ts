import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { Names } from '../../src/report/names.ts';
import { Page } from '../../src/report/page.ts';
import { drawTimeline } from '../../src/report/timeline.ts';
import { emptyDiagnosis, stall } from './cases.ts';

function draw(d: Diagnosis, width = 100): string[] {
  const page = new Page({ width, color: false, ascii: false });
  drawTimeline(d, new Names(d), page);
  return page.toString().trimEnd().split('\n');
}

test('the relay, which knows whole seconds, stands at the end of its second; repeated lines are counted', () => {
  expect(draw(stall()).slice(5)).toEqual([
    '    13:25:47.472  aggregator  12 021 bytes sent on a session that client1 opened     syftbox.log:598',
    '    13:25:47      relay       data rejected: not sender ×2                            server.log:572',
    '    13:25:49.030  aggregator  last movement of any counter                           syftbox.log:640',
  ]);
});

test('at most ten moments: first, last, cited and the first of each kind', () => {
  const d = stall();
  const [first] = d.timeline.events;
  if (first === undefined) throw new Error('the stall has events');
  const noise = Array.from({ length: 40 }, (_, i) => ({
    ...first,
    t: first.t + 60_000 + i,
    line: 1000 + i,
    what: i % 2 === 0 ? 'tick' : 'tock',
  }));
  const lines = draw({ ...d, timeline: { counters: [], events: [...d.timeline.events, ...noise] } });
  expect(lines).toHaveLength(12);
  expect(lines.join('\n')).toMatch(/12 021 bytes sent on a session.*\n.*data rejected/);
  expect(lines.at(-2)).toMatch(/tock .*:1039$/);
  expect(lines.at(-1)).toBe('    and 37 more (--format json)');
});

test('with clocks that disagree, the order of the document stays', () => {
  const d = stall();
  const events = d.timeline.events.toReversed();
  const clocks = [{ clock: 'relay', against: 'client1@sandbox.local', offsetMs: { min: 5000, max: 6000 }, note: '' }];
  expect(draw({ ...d, clocks, timeline: { counters: [], events } })[1]).toMatch(/last movement/);
});

test('without events there is no timeline', () => {
  expect(draw(emptyDiagnosis())).toEqual(['']);
});
