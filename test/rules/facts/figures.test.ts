/** Figures beside the flows, on the recorded samples; each is known from the recording itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis, FigureName, Interval } from '../../../src/model/diagnosis.ts';
import { judgeFolder } from '../../helpers/cases.ts';

const judged = new Map<string, Diagnosis>();
beforeAll(async () => {
  for (const name of ['healthy', 'silent-application', 'split-client', 'published-29509775', 'stall-e3-debug'])
    judged.set(name, await judgeFolder(`samples/${name}/sandbox`));
});

function values(sample: string, what: FigureName): (Interval | null)[] {
  return (judged.get(sample)?.figures ?? []).filter((f) => f.what === what).map((f) => f.value);
}
const exactly = (...list: number[]): Interval[] => list.map((n) => ({ min: n, max: n }));

describe('figures of a finished run', () => {
  it('counts fallbacks and packets of each party', () => {
    expect(values('healthy', 'fallbacks')).toEqual(exactly(2, 2, 2));
    expect(values('healthy', 'ws-packets')).toEqual(exactly(20, 19, 11));
    expect(values('healthy', 'p2p-packets')).toEqual(exactly(0, 0, 0));
  });

  it('finds no reject and no session with oneself, though every party names itself as peer (E5b)', () => {
    expect(values('healthy', 'rejects')).toEqual(exactly(0, 0, 0));
    expect(values('healthy', 'self-sessions')).toEqual(exactly(0, 0, 0));
    expect(values('healthy', 'self-peers')).toEqual(exactly(2, 2, 2));
  });

  it('does not count the quiet after its end', () => {
    expect(values('healthy', 'stall-ms')).toEqual(exactly(0));
    expect(values('healthy', 'unchanged-at-end')).toEqual(exactly(0));
  });

  it('has evidence for every value, and none for what nothing gives', () => {
    const list = judged.get('healthy')?.figures ?? [];
    expect(list.filter((f) => f.value !== null && f.evidence.length === 0 && f.what !== 'quic-packets')).toEqual([]);
    expect(values('healthy', 'strict-violations')).toEqual([null, null, null]);
  });
});

describe('figures of a run that stands', () => {
  it('count the quiet at its end, as samples and as time', () => {
    expect(values('stall-e3-debug', 'unchanged-at-end')).toEqual(exactly(12));
    expect(values('stall-e3-debug', 'stall-ms')).toEqual(exactly(38_736));
  });

  it('give the time of a step that has not ended as a lower bound', () => {
    const step = judged.get('silent-application')?.figures?.filter((f) => f.what === 'step-ms' && f.step === 'secure_aggregate') ?? [];
    expect(step.length).toBeGreaterThan(0);
    for (const { value, evidence } of step) {
      expect(value?.min).toBeGreaterThan(10_000);
      expect(value?.max).toBe(Number.MAX_SAFE_INTEGER);
      expect(evidence[0]?.source).toContain('_progress/');
    }
  });
});

describe('figures that the evidence does not pin down', () => {
  it('are lower bounds where a client had several managers', () => {
    const open = values('split-client', 'p2p-sessions').filter((v) => v?.max === Number.MAX_SAFE_INTEGER);
    expect(open.length).toBeGreaterThan(0);
  });

  it('are unknown without logs, never 0', () => {
    expect(values('published-29509775', 'rejects')).toEqual([null, null, null]);
    expect(values('published-29509775', 'unchanged-at-end')).toEqual([null]);
  });
});
