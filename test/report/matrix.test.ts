import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { drawFlows } from '../../src/report/matrix.ts';
import { Names } from '../../src/report/names.ts';
import { Page } from '../../src/report/page.ts';
import { emptyDiagnosis, stall } from './cases.ts';

function draw(d: Diagnosis, width: number): string[] {
  const page = new Page({ width, color: false, ascii: false });
  drawFlows(d, new Names(d), page);
  return page.toString().trimEnd().split('\n');
}

test('sent and delivered of every direction, and the hop where bytes were lost', () => {
  expect(draw(stall(), 100)).toEqual([
    '  Bytes sent → delivered',
    '                 to aggregator    to client1      to client2',
    '    aggregator         –         12 021 → 0  ✗   12 021 → 0  ✗',
    '    client1          13 → 13 ✓         –          never used',
    '    client2          13 → 13 ✓    never used           –',
    '',
    '    aggregator → client1, client2: sent 12 021 → relayed 0 → received 0 → written 0, lost between',
    '      the sender and the relay',
  ]);
});

test('one direction a line when the table is too wide', () => {
  expect(draw(stall(), 60).slice(0, 4)).toEqual([
    '  Bytes sent → delivered',
    '    aggregator → client1   12 021 → 0  ✗',
    '    aggregator → client2   12 021 → 0  ✗',
    '    client1 → aggregator       13 → 13 ✓',
  ]);
});

test('a direction without a flow has no record, which is not zero', () => {
  const d = stall();
  expect(draw({ ...d, flows: d.flows.slice(1) }, 100).join('\n')).toMatch(/aggregator {9}– {11}no record/);
  expect(draw(emptyDiagnosis(), 100)).toEqual(['']);
});
