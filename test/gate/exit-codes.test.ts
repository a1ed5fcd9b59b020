/** The exit code of `gate` on every bundled sample and every recorded sandbox, by policy: what CI sees. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { cutDiagnosis } from '../../tools/cut-diagnosis.ts';
import { corpusCases, judgeFolder, sampleCases } from '../helpers/cases.ts';
import { gateOne, recorded } from '../helpers/gate.ts';

const POLICIES = [undefined, 'investigation', 'investigation-literal', 'smoke'] as const;
type Codes = readonly [none: number, investigation: number, literal: number, smoke: number];

/** A run that completed passes, a failed one does not, and where the evidence is not enough nobody says that it passed. */
const SAMPLES: Readonly<Record<string, Codes>> = {
  'console-unroutable': [1, 1, 1, 1],
  healthy: [0, 0, 1, 1],
  'late-application': [1, 1, 1, 1],
  'marker-missing': [1, 1, 1, 1],
  'pasted-counters': [1, 1, 1, 1],
  'port-taken': [1, 1, 1, 1],
  'published-29509775': [3, 3, 3, 1],
  'published-29509799': [3, 3, 3, 1],
  'published-29509931': [3, 3, 3, 1],
  'published-29509970': [3, 3, 3, 1],
  'published-plateau': [3, 3, 3, 1],
  'silent-application': [1, 1, 1, 1],
  'split-client': [1, 1, 1, 1],
  'stale-containers': [1, 1, 1, 1],
  'stall-e3-debug': [1, 1, 1, 1],
  'wire-stall': [1, 1, 1, 1],
};

const CORPUS: Readonly<Record<string, Codes>> = {
  'acl-denied-e4-c': [1, 1, 1, 1],
  'acl-excludes-e6-c': [1, 1, 1, 1],
  'acl-missing-e6-c': [0, 0, 1, 1],
  'app-hang-e6-c': [3, 3, 1, 1],
  'burst-e6-c': [0, 0, 1, 0],
  'client-killed-e6-c': [1, 1, 1, 1],
  'client-restart-e6-c': [1, 1, 1, 1],
  'failed-step-e6-c': [1, 1, 1, 1],
  'finished-closed-e6-c': [0, 0, 1, 1],
  'finished-open-e6-c': [0, 0, 1, 1],
  'four-stall-e3-c': [1, 1, 1, 1],
  'go-go-c': [3, 3, 3, 1],
  'hang-progress-e6-c': [1, 1, 1, 1],
  'healthy-e1b-c': [3, 3, 3, 1],
  'healthy-p2p-e6-c': [0, 0, 1, 1],
  'healthy-progress-e5b-c': [0, 0, 1, 1],
  'healthy-ws-e5b-c': [0, 0, 1, 1],
  'healthy-ws-e6-c': [0, 0, 1, 1],
  'hotlink-off-c': [1, 1, 1, 1],
  'interrupted-e6-c': [3, 3, 1, 1],
  'late-app-e6-c': [1, 1, 1, 1],
  'late-client-e6-c': [0, 0, 1, 1],
  'marker-empty-e6-c': [1, 1, 1, 1],
  'marker-missing-e6-c': [1, 1, 1, 1],
  'mixed-e3-e6-c': [1, 1, 1, 1],
  'names-late-app-e6-c': [1, 1, 1, 1],
  'net-freeze-e6-c': [1, 1, 1, 1],
  'no-app-e6-c': [3, 3, 1, 1],
  'oversize-e6-c': [0, 0, 1, 1],
  'pause-e6-c': [0, 0, 1, 1],
  'port-taken-e6-c': [1, 1, 1, 1],
  'probe-e3-c': [1, 1, 1, 1],
  'relay-restart-e6-c': [1, 1, 1, 1],
  'skew-wrongkey-e5a-c': [1, 1, 1, 1],
  'slow-app-e6-c': [0, 0, 1, 1],
  'smoke-e6-c': [0, 0, 1, 1],
  'stale-run-e6-c': [0, 0, 1, 1],
  'stall-2p-e3-c': [1, 1, 1, 1],
  'stall-e3-c': [1, 1, 1, 1],
  'stall-e3-debug-c': [1, 1, 1, 1],
  'stalled-reader-e6-c': [0, 0, 1, 1],
  'strict-e6-c': [1, 1, 1, 1],
  'twin-daemon-e6-c': [0, 0, 1, 1],
  'wire-e3-c': [1, 1, 1, 1],
  'wire-p2p-e6-c': [0, 0, 1, 1],
  'wire-ws-e6-c': [0, 0, 1, 1],
  'wrongkey-e5a-c': [1, 1, 1, 1],
  'ws-cut-e6-c': [1, 1, 1, 1],
  'ws-idle-cut-e6-c': [1, 1, 1, 1],
};

function codesOf(d: Diagnosis): number[] {
  return POLICIES.map((policy) => gateOne(d, policy === undefined ? {} : { policy }).exitCode);
}

/** Without the wording of rules, which may change, and without rules that joined since: neither touches a decision. */
function whatGatesRead({ verdict, run, flows, figures, findings, verdicts }: Diagnosis, rules: readonly string[]): unknown {
  return {
    verdict,
    run,
    flows,
    figures,
    findings: findings.map(({ fingerprint, severity, metrics, foldedUnder }) => ({ fingerprint, severity, metrics, foldedUnder })),
    verdicts: verdicts.filter((v) => rules.includes(v.rule)).map(({ rule, verdict: came }) => [rule, came]),
  };
}

describe('samples', () => {
  it.each(Object.entries(SAMPLES))('%s: %j', (name, codes) => {
    expect(codesOf(recorded(name))).toEqual(codes);
  });

  it('are all in the table', () => {
    expect(Object.keys(SAMPLES)).toEqual(expect.arrayContaining(sampleCases().map((c) => c.name)));
  });
});

describe('recorded sandboxes', () => {
  it.each(corpusCases().map((c) => [c.name, c] as const))('%s', { timeout: 120_000 }, async (name, c) => {
    const d = await judgeFolder(c.sandbox);
    expect(codesOf(d)).toEqual(CORPUS[name]);
    // None of the shipped policies passes a run that did not complete.
    expect(c.outcome === 'stalled' && codesOf(d).includes(0)).toBe(false);
    const fixture = `test/fixtures/gate/${name}.json`;
    const read = existsSync(fixture) ? (JSON.parse(readFileSync(fixture, 'utf8')) as Diagnosis) : d;
    const rules = read.verdicts.map((v) => v.rule);
    expect(whatGatesRead(cutDiagnosis(d), rules)).toEqual(whatGatesRead(cutDiagnosis(read), rules));
  });

  it('that completed pass without a policy and by the investigation, and only they', () => {
    for (const codes of Object.values(CORPUS)) expect(codes[0]).toBe(codes[1]);
  });
});
