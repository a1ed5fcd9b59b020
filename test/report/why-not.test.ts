import { expect, test } from 'vitest';
import { WHY_NOT_SCHEMA, whyNotSchema, type WhyNot } from '../../src/model/why-not.ts';
import { renderWhyNot } from '../../src/report/why-not.ts';
import { stall } from './cases.ts';

const d = stall();
const [cause] = d.causes;
const base: WhyNot = {
  schema: WHY_NOT_SCHEMA,
  run: d.run?.id ?? null,
  rule: 'late-application',
  title: 'The first bytes arrived before the local program had connected',
  verdict: 'insufficient-data',
  reason: 'needs client-log',
  needs: [
    { need: 'client-log', present: false, what: 'of no party\u001b[2J', provide: 'add client1@sandbox.local/.syftbox/logs/syftbox.log' },
  ],
  ways: [],
  findings: [],
  proves: 'A frame met no writer.',
  blindTo: 'When exactly the program connected, without debug lines.',
  lookAlikes: { probe: 'A connect and close before the program: it poisons nothing.' },
};

function draw(w: WhyNot, width = 80): string {
  return renderWhyNot(w, d, { width, color: false, ascii: false });
}

test('says the verdict with its reason, what is missing, and what looks like it', () => {
  const text = draw(base);
  expect(text).toMatch(/Verdict\n {4}not enough data: needs client-log\n/);
  expect(text).toMatch(/✗ +client-log: missing, of no party/);
  expect(text).toMatch(/• probe: A connect and close/);
  expect(text).not.toContain('Found');
  expect(text).not.toContain('\u001b');
  expect(
    Math.max(
      ...draw(base, 60)
        .split('\n')
        .map((line) => Array.from(line).length),
    ),
  ).toBeLessThanOrEqual(60);
});

test('of a symptom says what it is folded under', () => {
  const finding = d.findings.at(-1)!;
  expect(draw({ ...base, verdict: 'found', findings: [{ finding, under: cause ?? null }] })).toMatch(/folded under sender-lock-drop: /);
});

const evidence = { source: 'client1@sandbox.local/.syftbox/logs/syftbox.log', line: 12, text: 'hotlink session new: session=cfde99a0' };
const counted: WhyNot = {
  ...base,
  verdict: 'clear',
  needs: [{ need: 'client-log', present: true, what: 'of aggregator, client1, client2', provide: null }],
  ways: [
    {
      of: 'sessions',
      rows: 1200,
      steps: [
        { needed: 'whose opener is known', rows: 1200, fellOut: [] },
        {
          needed: 'that were refused\u001b[2J',
          rows: 0,
          fellOut: [
            { what: 'session cfde99a0', evidence: [evidence] },
            { what: '', evidence: [] },
          ],
        },
        { needed: 'for good', rows: 0, fellOut: [] },
      ],
    },
    { of: 'parties', rows: 3, steps: [{ needed: 'with a write that failed', rows: 2, fellOut: [] }] },
  ],
};

test('shows the rows that each step left, what fell out last, and what was not asked any more', async () => {
  whyNotSchema.parse(counted);
  await expect(draw(counted)).toMatchFileSnapshot('golden/why-not-80.txt');
  expect(draw(counted)).not.toContain('\u001b');
  expect(draw(base)).toContain('→ add client1@sandbox.local/.syftbox/logs/syftbox.log');
});

test.each([60, 80, 100, 160])('fits into %i columns', (width) => {
  for (const line of draw(counted, width).split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(width);
});
