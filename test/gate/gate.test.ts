import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { checkOf, DAY, gateOne, gateSet, recorded } from '../helpers/gate.ts';

describe('without a policy', () => {
  it.each([
    ['stall-e3-debug', 1],
    ['healthy', 0],
    ['published-29509799', 3],
  ])('%s exits %i', (sample, code) => {
    expect(gateOne(sample).exitCode).toBe(code);
  });

  it('a failed document whose findings carry no error fails all the same', () => {
    const d = recorded('stall-e3-debug');
    const mild = d.findings.map((f) => ({ ...f, severity: 'info' as const }));
    expect(gateOne({ ...d, causes: [], findings: mild })).toMatchObject({ outcome: 'failed', exitCode: 1 });
  });

  it('the outcome stands in a document that the schema accepts', () => {
    const [gated] = gateSet([recorded('healthy')]);
    expect(diagnosisSchema.safeParse(gated).error?.issues ?? []).toEqual([]);
    expect(gated?.gate).toMatchObject({ policy: 'p.json', asOf: DAY, failOn: 'error' });
  });

  it('gating a gated document again gives the same', () => {
    const [once] = gateSet([recorded('stall-e3-debug')]);
    expect(once === undefined ? undefined : gateSet([once])[0]).toEqual(once);
  });
});

describe('a rule in the policy', () => {
  it('that is off does not fail', () => {
    const gate = gateOne('stall-e3-debug', { policy: { rules: { 'sender-lock-drop': 'off', 'asymmetric-growth': 'off' } } });
    expect(gate.exitCode).toBe(0);
    expect(checkOf(gate, 'sender-lock-drop')).toMatchObject({ outcome: 'noted' });
  });

  it('that is raised fails on a run that completed', () => {
    expect(gateOne('healthy', { policy: { rules: { 'websocket-fallback': 'error' } } }).exitCode).toBe(1);
    expect(gateOne('healthy', { policy: { rules: { 'websocket-fallback': 'info' }, failOn: 'warning' } }).exitCode).toBe(1);
  });

  it('of the others is meant by *', () => {
    expect(gateOne('stall-e3-debug', { policy: { rules: { '*': 'off' } } }).exitCode).toBe(0);
    expect(gateOne('stall-e3-debug', { policy: { rules: { '*': 'off', 'offer-race': 'error' } } }).exitCode).toBe(1);
  });

  it('with a threshold counts from there on', () => {
    const at = (above: number): number =>
      gateOne('healthy', { policy: { rules: { 'websocket-fallback': { severity: 'error', thresholds: { sessions: { above } } } } } })
        .exitCode;
    expect([at(5), at(6), at(100)]).toEqual([1, 0, 0]);
  });

  it('with a threshold on a figure that its finding lacks is inconclusive and names those it has', () => {
    const gate = gateOne('healthy', {
      policy: { rules: { 'websocket-fallback': { severity: 'error', thresholds: { sesions: { above: 1 } } } } },
    });
    expect(gate.exitCode).toBe(3);
    expect(checkOf(gate, 'websocket-fallback').message).toContain('this finding has sessions');
  });

  it('that is required and lacks evidence is inconclusive', () => {
    const gate = gateOne('healthy', { policy: { rules: { 'exited-program': { required: true } } } });
    expect(gate.exitCode).toBe(3);
    expect(checkOf(gate, 'exited-program')).toMatchObject({ kind: 'rule', outcome: 'inconclusive' });
    expect(gateOne('healthy', { policy: { rules: { 'dead-client': { required: true } } } }).exitCode).toBe(0);
  });

  it('that broke down exits 4, and findings outweigh it', () => {
    const broken = (d: Diagnosis): Diagnosis => ({
      ...d,
      verdicts: d.verdicts.map((v) => (v.rule === 'grace-tax' ? { ...v, verdict: 'errored', reason: 'boom' } : v)),
    });
    expect(gateOne(broken(recorded('healthy')))).toMatchObject({ outcome: 'broken', exitCode: 4 });
    expect(gateOne(broken(recorded('published-29509799'))).exitCode).toBe(4);
    expect(gateOne(broken(recorded('stall-e3-debug'))).exitCode).toBe(1);
  });
});

describe('required evidence', () => {
  it.each([
    ['client-log', 'published-29509799', 3],
    ['client-log', 'healthy', 0],
    ['telemetry', 'healthy', 0],
    ['telemetry', 'wire-stall', 3],
    ['relay-log', 'published-29509799', 3],
    ['relay-log', 'healthy', 0],
    ['debug', 'healthy', 0],
    ['debug', 'marker-missing', 3],
    ['marker', 'healthy', 0],
    ['acl', 'healthy', 0],
    ['progress', 'healthy', 3],
    ['progress', 'silent-application', 0],
    ['runner', 'healthy', 3],
    ['runner', 'console-unroutable', 0],
    ['container', 'healthy', 3],
    ['container', 'stale-containers', 0],
    ['capture', 'healthy', 3],
    ['capture', 'wire-stall', 0],
    ['run-end', 'healthy', 0],
    ['run-end', 'stall-e3-debug', 3],
  ] as const)('%s of %s exits %i', (kind, sample, code) => {
    expect(gateOne(sample, { policy: { rules: { '*': 'off' }, acceptInconclusive: true, require: [kind] } }).exitCode).toBe(code);
  });
});

describe('a baseline', () => {
  const reason = 'known: TURN is being set up';
  const errors = { policy: { failOn: 'warning' } } as const;

  it('accepts findings by their fingerprint, and says why', () => {
    const gate = gateOne('stall-e3-debug', { accepted: [{ fingerprint: 'sender-lock-drop:p0', reason }] });
    expect(gate.exitCode).toBe(0);
    expect(checkOf(gate, 'sender-lock-drop')).toMatchObject({ outcome: 'accepted', accepted: { reason } });
    // What follows from an accepted cause is accepted with it.
    expect(checkOf(gate, 'asymmetric-growth')).toMatchObject({ outcome: 'accepted' });
  });

  it('that is past its end suppresses nothing', () => {
    const at = (asOf: string): number =>
      gateOne('stall-e3-debug', { accepted: [{ fingerprint: 'sender-lock-drop:p0', reason, expires: '2026-11-23' }], asOf }).exitCode;
    expect([at('2026-11-22'), at('2026-11-23'), at('2026-11-24')]).toEqual([0, 0, 1]);
  });

  it('fails on an entry that nothing answers to', () => {
    const gate = gateOne('healthy', { accepted: [{ fingerprint: 'sender-lock-drop:p0', reason }] });
    expect(gate.exitCode).toBe(1);
    expect(checkOf(gate, 'baseline:sender-lock-drop:p0')).toMatchObject({ outcome: 'failed', kind: 'baseline' });
  });

  it('says when the rule of an unused entry could not be judged, and what was probably meant', () => {
    const says = (fingerprint: string): string =>
      checkOf(gateOne('healthy', { accepted: [{ fingerprint, reason }] }), `baseline:${fingerprint}`).message;
    expect(says('exited-program:p1')).toContain('could not be judged');
    expect(says('websocket-fallback:rum')).toContain("did you mean 'websocket-fallback:run'?");
  });

  it('accepts a broken limit', () => {
    const limits = [{ metric: 'fallbacks', max: 0, unit: 'count' }] as const;
    const accepted = [{ fingerprint: 'limit:fallbacks', reason }];
    expect(gateOne('healthy', { policy: { limits: [...limits] }, accepted }).exitCode).toBe(0);
    expect(gateOne('burst-e6-c', { policy: { limits: [...limits] }, accepted }).exitCode).toBe(1);
  });

  it('is used when any of several runs answers to it', () => {
    const accepted = [{ fingerprint: 'turn-credentials-missing:run', reason }];
    const runs = [recorded('healthy'), recorded('burst-e6-c')];
    const known = runs[0]?.findings.some((f) => f.fingerprint === 'turn-credentials-missing:run');
    expect(known).toBe(true);
    expect(gateSet(runs, { ...errors, accepted }).map((d) => d.gate.exitCode)).not.toContain(2);
    expect(
      gateSet(runs, { accepted })
        .flatMap((d) => d.gate.checks)
        .filter((c) => c.kind === 'baseline'),
    ).toEqual([]);
  });

  it('an entry for a finding below the bar is used', () => {
    expect(gateOne('healthy', { accepted: [{ fingerprint: 'websocket-fallback:run', reason }] }).exitCode).toBe(0);
  });
});
