import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../src/gate/compare.ts';
import type { PolicyFile } from '../../src/gate/policy-schema.ts';
import type { Check, Diagnosis } from '../../src/model/diagnosis.ts';
import { checkOf, gateSet, policy, recorded } from '../helpers/gate.ts';

type Comparison = NonNullable<PolicyFile['compare']>[number];

/** The recorded run with another time of its step. */
function withStep(seconds: number): Diagnosis {
  const d = recorded('finished-open-e6-c');
  const ms = Math.round(seconds * 1000);
  return {
    ...d,
    figures: (d.figures ?? []).map((f) => (f.step === 'secure_aggregate' ? { ...f, value: { min: ms, max: ms } } : f)),
  };
}

function compare(ours: readonly number[], others: readonly number[], rule: Partial<Comparison> = {}): Check {
  const compared: Comparison = { metric: 'step-time', step: 'secure_aggregate', relative: 20, absolute: 1, unit: 's', ...rule };
  const gated = gateSet(
    ours.map((s) => withStep(s)),
    { policy: { compare: [compared] }, against: others.map((s) => withStep(s)) },
  );
  const last = gated.at(-1);
  if (last === undefined) throw new Error('nothing gated');
  return checkOf(last.gate, 'compare:step-time');
}

/** By the comparison alone: a thousand gates take longer. */
function compareMany(ours: readonly number[], others: readonly number[]): Check {
  const document = (s: number): Diagnosis => {
    const value = { min: Math.round(s * 1000), max: Math.round(s * 1000) };
    return { ...base, figures: [{ what: 'step-ms', party: null, step: 'x', value, why: '', evidence: [] }] };
  };
  const base = recorded('healthy');
  const rule: Comparison = { metric: 'step-time', relative: 20, absolute: 1, unit: 's' };
  return compareRuns(
    rule,
    ours.map((s) => document(s)),
    others.map((s) => document(s)),
    { policy: policy({}), baseline: null, asOf: '2026-11-23' },
  );
}

describe('a comparison', () => {
  it('fails when the runs became slower beyond both thresholds', () => {
    const check = compare([20, 21, 22], [10, 11, 12]);
    expect(check).toMatchObject({ outcome: 'failed', fingerprint: 'compare:step-time:secure_aggregate' });
    expect(check.message).toContain('median 21 s of 3 runs against 11 s of 3');
  });

  it('passes within either threshold, and when the runs became faster', () => {
    expect(compare([10.9, 11, 11.1], [10, 10.1, 10.2]).outcome).toBe('passed');
    expect(compare([100.5, 101, 110], [99, 100, 101]).outcome).toBe('passed');
    expect(compare([1, 1.1, 1.2], [10, 11, 12]).outcome).toBe('passed');
  });

  it('is inconclusive with too few runs', () => {
    expect(compare([20, 21], [10, 11, 12])).toMatchObject({ outcome: 'inconclusive' });
    expect(compare([20, 21], [10, 11, 12]).message).toContain('needs 3 runs on each side, and there are 2 and 3');
    expect(compare([20, 21, 22, 23], [10, 11, 12], { runs: 4 }).outcome).toBe('inconclusive');
  });

  it('is inconclusive when chance explains the difference', () => {
    // The median rose from 11 to 15, but the runs overlap.
    expect(compare([9, 15, 16], [10, 11, 17])).toMatchObject({ outcome: 'inconclusive' });
    expect(compare([9, 15, 16], [10, 11, 17]).message).toContain('not beyond the spread');
  });

  it('with more runs sees through a spread that few leave open', () => {
    const before = [10, 11, 12, 13, 30];
    expect(compare([15, 16, 17, 18, 19, 20, 21], [...before, 11, 12]).outcome).toBe('failed');
  });

  it('of one run each lets the thresholds decide, when the policy says that one is enough', () => {
    expect(compare([20], [10], { runs: 1 }).outcome).toBe('failed');
    expect(compare([10.5], [10], { runs: 1 }).outcome).toBe('passed');
  });

  it('of very many runs ends, and sees what is there', () => {
    const runs = (from: number): number[] => Array.from({ length: 1000 }, (_, i) => from + i / 1000);
    const many = (ours: readonly number[], others: readonly number[]): Check['outcome'] => compareMany(ours, others).outcome;
    expect(many(runs(20), runs(10))).toBe('failed');
    expect(many(runs(10), runs(10))).toBe('passed');
  });

  it('does not depend on the order of the runs', () => {
    expect(compare([22, 20, 21], [12, 10, 11])).toEqual(compare([20, 21, 22], [10, 11, 12]));
  });

  it('of a figure that a run does not give is inconclusive', () => {
    const [gated] = gateSet([recorded('healthy')], {
      policy: { compare: [{ metric: 'step-time', unit: 's', runs: 1 }] },
      against: [recorded('finished-open-e6-c')],
    });
    expect(gated === undefined ? undefined : checkOf(gated.gate, 'compare:step-time')).toMatchObject({ outcome: 'inconclusive' });
  });

  it('of bounds that reach beyond the threshold is inconclusive', () => {
    const hung = { ...recorded('hang-progress-e6-c') };
    const [gated] = gateSet([hung], {
      policy: { rules: { '*': 'off' }, compare: [{ metric: 'step-time', unit: 's', runs: 1, absolute: 600, step: 'secure_aggregate' }] },
      against: [recorded('finished-open-e6-c')],
    });
    // At least 64 s, with no end: 10 minutes more are possible and not shown.
    expect(gated === undefined ? undefined : checkOf(gated.gate, 'compare:step-time')).toMatchObject({ outcome: 'inconclusive' });
  });

  it('knows that of some metrics less is worse', () => {
    const share = (ours: Diagnosis, other: Diagnosis): Check['outcome'] | undefined => {
      const [gated] = gateSet([ours], {
        policy: { compare: [{ metric: 'p2p-share', unit: 'percent', absolute: 10, runs: 1 }] },
        against: [other],
      });
      return gated === undefined ? undefined : checkOf(gated.gate, 'compare:p2p-share').outcome;
    };
    expect(share(recorded('healthy-p2p-e6-c'), recorded('burst-e6-c'))).toBe('failed');
    expect(share(recorded('burst-e6-c'), recorded('healthy-p2p-e6-c'))).toBe('passed');
  });
});

describe('--against without a comparison in the policy', () => {
  it('lists new and gone findings and compares what was lost', () => {
    const [gated] = gateSet([recorded('stall-e3-debug')], { against: [recorded('healthy')] });
    const checks = gated?.gate.checks ?? [];
    expect(checks.find((c) => c.id === 'compare:findings')?.message).toMatch(/new .*sender-lock-drop:p0.*gone: .*turn-credentials-missing/);
    expect(checks.find((c) => c.id === 'compare:lost-bytes')).toMatchObject({ outcome: 'failed' });
    expect(checks.find((c) => c.id === 'compare:stall-time')).toMatchObject({ outcome: 'inconclusive' });
  });
});
