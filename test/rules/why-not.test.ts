import { describe, expect, test } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { whyNotSchema, type WhyNot } from '../../src/model/why-not.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnoseCase } from '../../src/rules/diagnose.ts';
import { buildCase } from '../../src/rules/facts/build.ts';
import type { CaseFile } from '../../src/rules/facts/case-file.ts';
import type { ExcerptReader } from '../../src/rules/engine/evidence.ts';
import { RULES } from '../../src/rules/index.ts';
import type { Rule } from '../../src/rules/engine/rule.ts';
import type { Step } from '../../src/rules/engine/steps.ts';
import { pathsOf, stepsOf, whyNot } from '../../src/rules/why-not.ts';
import { Store } from '../../src/store/store.ts';

async function withSample<T>(sample: string, use: (c: CaseFile, d: Diagnosis, excerpts: ExcerptReader) => Promise<T>): Promise<T> {
  const root = `samples/${sample}/sandbox`;
  const store = await Store.create();
  try {
    await loadInput(root, store);
    const c = await buildCase(store.query);
    const excerpts = excerptReader(root, store);
    return await use(c, await diagnoseCase(c, store.query, excerpts), excerpts);
  } finally {
    store.close();
  }
}

async function ask(sample: string, id: string): Promise<WhyNot> {
  const rule = RULES.find(({ meta }) => meta.id === id)!;
  return withSample(sample, async (c, d, excerpts) => whyNotSchema.parse(await whyNot(c, d, rule, excerpts)));
}

describe('why a rule is not found', () => {
  test('names the evidence that is missing', async () => {
    const w = await ask('published-29509775', 'late-application');
    expect(w.verdict).toBe('insufficient-data');
    expect(w.needs).toEqual([{ need: 'client-log', present: false, what: 'of no party', provide: expect.any(String) }]);
    expect(w.needs[0]?.provide).toContain('add client2@sandbox.local/.syftbox/logs/syftbox.log');
    expect(w.findings).toEqual([]);
  });

  test('says what is there, and what looks like it', async () => {
    const w = await ask('healthy', 'sender-lock-drop');
    expect(w.verdict).toBe('clear');
    expect(w.needs.map((n) => n.present)).toEqual([true, true, false]);
    expect(w.needs[2]).toMatchObject({
      what: 'of no party',
      provide: expect.stringContaining('capture of the connection of client1@') as string,
    });
    expect(Object.keys(w.lookAlikes)).toContain('own-session');
  });
});

test('a symptom names the cause that it is folded under', async () => {
  const w = await ask('stall-e3-debug', 'stalled-counters');
  expect(w.verdict).toBe('found');
  expect(w.findings[0]?.under?.rule).toBe('sender-lock-drop');
});

test('says where the rows went, and which fell out last', async () => {
  const w = await ask('healthy', 'sender-lock-drop');
  expect(w.ways).toHaveLength(1);
  expect(w.ways[0]).toMatchObject({ of: 'sessions', rows: 6 });
  expect(w.ways[0]?.steps.map((s) => s.rows)).toEqual([6, 0, 0]);
  const last = w.ways[0]?.steps[1]?.fellOut ?? [];
  expect(last).toHaveLength(3);
  for (const { what, evidence } of last) {
    expect(what).toMatch(/^session [0-9a-f]{8}$/);
    expect(evidence[0]).toMatchObject({ source: expect.stringMatching(/syftbox\.log$/), line: expect.any(Number) });
  }
  expect(w.ways[0]?.steps.filter((_, i) => i !== 1).flatMap((s) => s.fellOut)).toEqual([]);
});

test('a rule without rows to look at, and one that throws, have as many ways as they came to', async () => {
  const quiet: Rule = { ...RULES[0]!, judge: () => [] };
  const broken: Rule = {
    ...RULES[0]!,
    judge(c, steps) {
      steps.of('parties', c.parties).that('with a log', (p) => p.log !== null);
      throw new Error('broken');
    },
  };
  await withSample('healthy', async (c) => {
    expect(stepsOf(c, quiet)).toEqual([]);
    expect(stepsOf(c, broken)).toMatchObject([{ needed: 'parties', rows: 3, next: [{ needed: 'with a log', rows: 3 }] }]);
  });
});

/** Rules that do not filter through steps. */
const WITHOUT_STEPS: readonly string[] = [];
const SAMPLES = ['healthy', 'stall-e3-debug', 'late-application', 'marker-missing', 'port-taken', 'split-client', 'silent-application'];

describe('the steps of every rule', () => {
  test.each(SAMPLES)('end in rows where the rule finds, and in none where it does not: %s', async (sample) => {
    await withSample(sample, async (c, d) => {
      for (const rule of RULES.filter(({ meta }) => !WITHOUT_STEPS.includes(meta.id))) {
        const verdict = d.verdicts.find((v) => v.rule === rule.meta.id)?.verdict;
        if (verdict === 'not-applicable') continue;
        const ways = stepsOf(c, rule).flatMap((begun) => pathsOf(begun));
        expect(Math.max(...ways.map((way) => way.length)) - 1, `steps of ${rule.meta.id}`).toBeGreaterThanOrEqual(2);
        const left = ways.some((way) => (way.at(-1)?.rows ?? 0) > 0);
        expect(left, `rows after the last step of ${rule.meta.id}, which is ${String(verdict)}`).toBe(verdict === 'found');
        expect(ways.flatMap((way) => way.filter((step, i) => i > 0 && bringsBack(way[i - 1], step))).map((s) => s.needed)).toEqual([]);
      }
    });
  });

  test('begin with rows of a real sample', async () => {
    await withSample('stall-e3-debug', async (c) => {
      for (const rule of RULES.filter(({ meta }) => ['unanswered-open', 'asymmetric-growth', 'client-restart'].includes(meta.id)))
        for (const begun of stepsOf(c, rule)) expect(begun.rows, `${rule.meta.id}: ${begun.needed}`).toBeGreaterThan(0);
    });
  });
});

function bringsBack(before: Step | undefined, step: Step): boolean {
  return before?.rows === 0 && step.rows > 0;
}
