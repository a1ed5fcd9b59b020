import { describe, expect, test } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import type { WhyNot } from '../../src/model/why-not.ts';
import { diagnoseCase } from '../../src/rules/diagnose.ts';
import { buildCase } from '../../src/rules/facts/build.ts';
import { RULES } from '../../src/rules/index.ts';
import { whyNot } from '../../src/rules/why-not.ts';
import { Store } from '../../src/store/store.ts';

async function ask(sample: string, id: string): Promise<WhyNot> {
  const root = `samples/${sample}/sandbox`;
  const store = await Store.create();
  try {
    await loadInput(root, store);
    const c = await buildCase(store.query);
    return whyNot(
      c,
      await diagnoseCase(c, store.query, excerptReader(root, store)),
      RULES.find(({ meta }) => meta.id === id)!,
    );
  } finally {
    store.close();
  }
}

describe('why a rule is not found', () => {
  test('names the evidence that is missing', async () => {
    const w = await ask('published-29509775', 'late-application');
    expect(w.verdict).toBe('insufficient-data');
    expect(w.needs).toEqual([{ need: 'client-log', present: false, what: 'of no party' }]);
    expect(w.findings).toEqual([]);
  });

  test('says what is there, and what looks like it', async () => {
    const w = await ask('healthy', 'sender-lock-drop');
    expect(w.verdict).toBe('clear');
    expect(w.needs.map((n) => n.present)).toEqual([true, true]);
    expect(Object.keys(w.lookAlikes)).toContain('own-session');
  });
});

test('a symptom names the cause that it is folded under', async () => {
  const w = await ask('stall-e3-debug', 'stalled-counters');
  expect(w.verdict).toBe('found');
  expect(w.findings[0]?.under?.rule).toBe('sender-lock-drop');
});
