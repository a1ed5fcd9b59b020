import { describe, expect, test } from 'vitest';
import { TRACE_SCHEMA, traceSchema, type TraceReport } from '../../src/model/trace.ts';
import { renderTrace } from '../../src/report/trace.ts';
import { logOf, stall } from './cases.ts';

const FROM = 'aggregator@sandbox.local';
const TO = 'client1@sandbox.local';

const report: TraceReport = {
  schema: TRACE_SCHEMA,
  run: 'run\u001b[2J',
  from: FROM,
  to: TO,
  sessions: ['cfde99a0'],
  attempted: { answer: 'no', says: `no byte for ${TO} ever came\u001b[2J`, evidence: [{ absent: true, text: 'a session' }] },
  links: [
    {
      link: 'program connected',
      state: 'seen',
      says: '',
      time: '2026-11-22T13:25:47.463Z',
      commonTime: '2026-11-22T13:25:41.463Z',
      evidence: [
        {
          source: logOf(FROM),
          line: 44,
          text: `time=2026-11-22T13:25:47.463Z level=INFO msg="hotlink tcp proxy: accepted on 127.0.0.1:9101 for \u001b[31m\u202e${'x/'.repeat(80)}"`,
          time: '2026-11-22T13:25:47.463Z',
          clock: FROM,
        },
      ],
    },
    {
      link: 'relay took and wrote',
      state: 'absent',
      says: `refused 1 frame: ${FROM} did not open the session`,
      time: null,
      commonTime: null,
      evidence: [{ absent: true, text: 'a frame' }],
    },
    { link: 'frames decoded', state: 'unknowable', says: 'no relay log\u0007', time: null, commonTime: null, evidence: [] },
  ],
  breaksAt: 'relay took and wrote',
  meaning: `${TO}'s program waits\u0007`,
};

function draw(width: number, ascii = false): string {
  return renderTrace(report, stall(), { width, color: false, ascii });
}

describe('the text of a trace', () => {
  test('marks each state, and the first absent link only', () => {
    const text = draw(100);
    expect(text).toMatch(/^aggregator → client1/);
    expect(text).toMatch(/✓ +program connected \(13:25:41\.463 common time\)\n/);
    expect(text).toMatch(/✗ +relay took and wrote: refused 1 frame: aggregator did not open the session +breaks here\n/);
    expect(text).toMatch(/\? +frames decoded: no relay log/);
    expect(text.match(/breaks here/g)).toHaveLength(1);
    expect(text).toContain('syftbox.log:44');
  });

  test('answers whether it was attempted, and ends in what the break means', () => {
    traceSchema.parse(report);
    const text = draw(100);
    expect(text).toMatch(/Was it ever attempted\? No: no byte for client1 ever came/);
    expect(text).toMatch(/What it means\n {4}client1's program waits/);
  });

  test('names the causes that touch the direction', () => {
    expect(draw(100)).toContain('sender-lock-drop');
  });

  test.each([60, 80, 100, 160])('holds no control character and fits into %i columns', (width) => {
    const text = draw(width);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(width);
  });

  test('in ASCII is ASCII', () => {
    expect(draw(80, true)).toMatch(/^[\n\x20-\x7e]*$/);
  });
});
