import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { drawCauses, drawExcluded, drawOthers } from '../../src/report/causes.ts';
import { Names } from '../../src/report/names.ts';
import { Page } from '../../src/report/page.ts';
import { degraded, stall } from './cases.ts';

function draw(d: Diagnosis, write: (d: Diagnosis, names: Names, page: Page) => void, width = 100): string {
  const page = new Page({ width, color: false, ascii: false });
  write(d, new Names(d), page);
  return page.toString();
}

test('a cause shows rule, subject, confidence, sentence, lines, symptoms and remedy', () => {
  const text = draw(stall(), (d, names, page) => drawCauses(d, names, page, false));
  expect(text).toMatch(/ {2}1 {2}sender-lock-drop · aggregator {2,}error, certain\n/);
  expect(text).toMatch(/relay {7}13:25:47 {6}hotlink data rejected \(not sender\) {2,}server\.log:572\n/);
  expect(text).toMatch(/Follows from it\n {7}• aggregator sent 12 021 bytes to client1, none arrived \(asymmetric-growth\)/);
  expect(text).toMatch(/Do {2}run clients from E5b on/);
});

test('many lines of evidence are cut short, and all shown with --verbose', () => {
  const d = stall();
  const [cause] = d.causes;
  if (cause === undefined) throw new Error('the stall has a cause');
  const many = {
    ...d,
    causes: [
      {
        ...cause,
        evidence: Array.from({ length: 9 }, () => cause.evidence)
          .flat()
          .slice(0, 9),
      },
    ],
  };
  expect(draw(many, (x, names, page) => drawCauses(x, names, page, false))).toMatch(/and 3 more lines \(--verbose\)/);
  expect(draw(many, (x, names, page) => drawCauses(x, names, page, true))).toMatch(/frames=2 bytes=24042/);
  expect(draw(many, (x, names, page) => drawCauses(x, names, page, true))).not.toMatch(/more lines/);
});

test('where there is no room beside an excerpt, the place stands above it', () => {
  const text = draw(stall(), (d, names, page) => drawCauses(d, names, page, false), 60);
  expect(text).toMatch(/client1 {5}13:25:47\.464 {2,}syftbox\.log:570\n {9}hotlink send open/);
});

test('look-alikes are refuted with a line', () => {
  const text = draw(stall(), drawExcluded);
  expect(text).toMatch(/• self-route: session cfde99a0 was opened by client1 .*client1\/…\/syftbox\.log:570/);
  expect(text).toMatch(/• rejected-session: .*no line in server\.log/);
});

test('findings beside the causes are named, folded ones are not', () => {
  expect(draw(stall(), (d, names, page) => drawOthers(d, names, page, false))).toBe('\n');
  expect(draw(degraded(), (d, names, page) => drawOthers(d, names, page, false))).toMatch(
    /• leftover-run \(warning\): markers of an older run/,
  );
});
