import { expect, test } from 'vitest';
import type { WhyNot } from '../../src/model/why-not.ts';
import { renderWhyNot } from '../../src/report/why-not.ts';
import { stall } from './cases.ts';

const d = stall();
const [cause] = d.causes;
const base: WhyNot = {
  rule: 'late-application',
  title: 'The first bytes arrived before the local program had connected',
  verdict: 'insufficient-data',
  reason: 'needs client-log',
  needs: [{ need: 'client-log', present: false, what: 'of no party\u001b[2J' }],
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
