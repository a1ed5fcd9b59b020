/** What a number of runs proves. */
import { describe, expect, it } from 'vitest';
import { percentUp, verify, verifyText, type VerifyRun } from '../../src/live/verify.ts';

const STALL = { cause: 'sender-lock-drop', completes: false };

function run(over: Partial<VerifyRun> = {}): VerifyRun {
  return { seed: 1, completed: true, verdict: 'degraded', causes: [], seconds: 5, kept: null, problem: null, ...over };
}
const stalled = (rule = 'sender-lock-drop'): VerifyRun =>
  run({ completed: false, verdict: 'failed', causes: [{ rule, where: 'aggregator' }] });
const times = (n: number, one: VerifyRun): VerifyRun[] => Array.from({ length: n }, () => one);

function judged(before: readonly VerifyRun[], after: readonly VerifyRun[], claim = STALL): ReturnType<typeof verify> {
  return verify('published-stall', claim, { settings: 'era=E3', runs: before }, { settings: 'era=E5b', runs: after });
}

describe('verify', () => {
  it('20 of 20 fail before, none after: proven, with the exact bound', () => {
    const result = judged(times(20, stalled()), times(20, run()));
    expect(result.conclusion).toBe('proven');
    expect(result.because).toContain('failure rate is below 14 % with 95 % confidence (20 of 20 runs completed); before it was above 86 %');
    expect(result.after.rate.atMost).toBeCloseTo(0.139_11, 4);
    expect(result.byChance).toBeLessThan(1e-10);
    expect(verifyText(result)).toMatch(/^PROVEN {3}published-stall/);
  });

  it('a failure that hardly ever shows before is none to cure', () => {
    const result = judged([...times(3, stalled()), ...times(17, run())], times(20, run()));
    expect(result).toMatchObject({ conclusion: 'inconclusive', because: expect.stringContaining('only 3 of 20') as string });
  });

  it('two runs prove nothing', () => {
    const result = judged(times(2, stalled()), times(2, run()));
    expect(result).toMatchObject({ conclusion: 'inconclusive', because: expect.stringContaining('--runs') as string });
    expect(judged(times(3, stalled()), times(3, run())).conclusion).toBe('proven');
  });

  it('one failure after the change is enough against it', () => {
    const result = judged(times(20, stalled()), [...times(19, run()), stalled()]);
    expect(result).toMatchObject({ conclusion: 'not-proven', because: expect.stringContaining('1 of 20 runs still failed') as string });
  });

  it('a change that only brings another failure is no cure, and the other is named', () => {
    const result = judged(times(5, stalled()), [...times(3, run()), stalled('peer-key-mismatch'), stalled('peer-key-mismatch')]);
    expect(result).toMatchObject({ conclusion: 'not-proven', because: expect.stringContaining('failed by another cause') as string });
    expect(result.after.outcomes).toContainEqual({ what: 'another cause: peer-key-mismatch aggregator', count: 2 });
  });

  it('a run that stops without a word from analyze counts as failed; so does one that analyze calls failed', () => {
    const silent = judged(times(5, stalled()), [...times(4, run()), run({ completed: false })]);
    expect(silent.after).toMatchObject({ failed: 1, outcomes: [{ count: 4 }, { what: 'stopped, and analyze names no cause for it' }] });
    const other = judged(times(5, stalled()), [
      ...times(4, run()),
      run({ verdict: 'failed', causes: [{ rule: 'lost-writer', where: 'run' }] }),
    ]);
    expect(other.after.outcomes[1]?.what).toBe('the programs were done, but analyze says lost-writer');
    expect([silent.conclusion, other.conclusion]).toEqual(['not-proven', 'not-proven']);
  });

  it('a run that stops by another cause before the change is no example of the failure', () => {
    const result = judged(times(5, stalled('dead-client')), times(5, run()));
    expect(result).toMatchObject({ conclusion: 'inconclusive', before: { failed: 5, shown: 0 } });
  });

  it('runs that could not be made count for nothing', () => {
    const broken = run({ problem: 'no port is free', verdict: null, completed: false });
    expect(judged([...times(5, stalled()), broken], times(5, run()))).toMatchObject({
      conclusion: 'proven',
      before: { done: 5, notMade: 1 },
    });
    expect(judged(times(5, stalled()), times(5, broken)).conclusion).toBe('inconclusive');
    expect(judged(times(5, stalled()), [...times(4, run()), ...times(5, broken)]).conclusion).toBe('inconclusive');
  });

  it('a failure with which programs complete is shown by its cause alone', () => {
    const claim = { cause: 'offer-race', completes: true };
    const raced = run({ causes: [{ rule: 'offer-race', where: 'run' }] });
    expect(judged(times(5, raced), times(5, run()), claim).conclusion).toBe('proven');
    expect(judged(times(5, raced), [...times(4, run()), raced], claim).conclusion).toBe('not-proven');
  });

  it.each([
    [0.139_11, '14 %'],
    [0.14, '14 %'],
    [0.048_7, '4.9 %'],
    [0.002_99, '0.3 %'],
    [1, '100 %'],
  ])('%f is rounded up to %s', (rate, text) => expect(percentUp(rate)).toBe(text));
});
