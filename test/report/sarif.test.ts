import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { PRECISION } from '../../src/report/precision.ts';
import { renderSarif } from '../../src/report/sarif.ts';
import { poisoned, poisonedGate, sarifFaults } from '../helpers/formats.ts';
import { gateSet, recorded } from '../helpers/gate.ts';
import { forCases, size } from '../helpers/mutate.ts';
import { sampleCases } from '../helpers/cases.ts';

interface Location {
  physicalLocation?: {
    artifactLocation: { uri: string; uriBaseId: string; index?: number };
    region?: { startLine: number; snippet: { text: string } };
  };
  message?: { text: string };
}
interface Result {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: Location[];
  codeFlows?: { threadFlows: { id: string; locations: { location: Location; executionTimeUtc: string }[] }[] }[];
  fingerprints: Record<string, string>;
  suppressions?: { status: string; justification: string }[];
}
interface Log {
  runs: {
    tool: { driver: { rules: { id: string; properties?: { precision?: string } }[] } };
    artifacts: { location: { uri: string } }[];
    invocations: {
      executionSuccessful: boolean;
      exitCode?: number;
      toolExecutionNotifications: { level: string; message: { text: string } }[];
    }[];
    results: Result[];
  }[];
}

function log(...diagnoses: readonly Diagnosis[]): Log {
  const parsed = JSON.parse(renderSarif(diagnoses)) as Log;
  expect(sarifFaults(parsed)).toEqual([]);
  return parsed;
}

function resultsOf(d: Diagnosis): Result[] {
  return log(d).runs[0]?.results ?? [];
}

describe('SARIF', () => {
  it.each(sampleCases().map((c) => c.name))('of %s is valid against the published schema', (name) => {
    const d = recorded(name);
    const run = log(d).runs[0];
    expect(run?.results).toHaveLength(new Set([...d.causes, ...d.findings].map((f) => f.fingerprint)).size);
    // Every result names a rule that is described, at its place.
    for (const r of run?.results ?? []) expect(run?.tool.driver.rules[r.ruleIndex]?.id).toBe(r.ruleId);
  });

  it('says of each rule of ours how sure it is, as docs/grades.md grades it', () => {
    const rules = log(recorded('stall-e3-debug')).runs[0]?.tool.driver.rules ?? [];
    expect(rules.length).toBeGreaterThan(0);
    for (const { id, properties } of rules) expect(properties?.precision, id).toBe(PRECISION[id]);
  });

  it('of several documents has a run for each', () => {
    expect(log(recorded('healthy'), recorded('stall-e3-debug')).runs).toHaveLength(2);
  });

  it('a schema fault would show', () => {
    expect(sarifFaults({ version: '2.1.0', runs: [{}] })).not.toEqual([]);
    expect(
      sarifFaults({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: {}, level: 'bad' }] }] }),
    ).not.toEqual([]);
  });

  it('leads from a finding to the line that proves it', () => {
    const d = recorded('stall-e3-debug');
    const result = resultsOf(d).find((r) => r.ruleId === 'sender-lock-drop');
    const proof = d.causes[0]?.evidence[0];
    expect(result?.level).toBe('error');
    expect(result?.fingerprints).toEqual({ 'hotlinkDoctor/v1': 'sender-lock-drop:p0' });
    const at = result?.locations[0]?.physicalLocation;
    expect(at?.region).toEqual({ startLine: proof?.line, snippet: { text: proof?.text } });
    expect(decodeURIComponent(at?.artifactLocation.uri ?? '')).toBe(proof?.source);
    const listed = log(d).runs[0]?.artifacts ?? [];
    expect(listed[at?.artifactLocation.index ?? -1]?.location.uri).toBe(at?.artifactLocation.uri);
  });

  it('tells the evidence chain as a code flow with a thread for each clock, in the order of that clock', () => {
    const [flow] = resultsOf(recorded('stall-e3-debug')).find((r) => r.ruleId === 'sender-lock-drop')?.codeFlows ?? [];
    expect(flow?.threadFlows.map((t) => t.id)).toEqual(expect.arrayContaining(['aggregator@sandbox.local', 'client1@sandbox.local']));
    for (const thread of flow?.threadFlows ?? []) {
      const times = thread.locations.map((l) => l.executionTimeUtc);
      expect(times).toEqual(times.toSorted());
      expect(thread.locations.length).toBeGreaterThan(0);
    }
  });

  it('says what an accepted finding is accepted for, and of the others that they are not', () => {
    const accepted = [{ fingerprint: 'sender-lock-drop:p0', reason: 'E3 is being replaced', expires: '2027-01-01' }];
    const [gated] = gateSet([recorded('stall-e3-debug')], { accepted });
    const results = gated === undefined ? [] : resultsOf(gated);
    expect(results.find((r) => r.ruleId === 'sender-lock-drop')?.suppressions).toMatchObject([
      { status: 'accepted', justification: 'E3 is being replaced' },
    ]);
    expect(results.find((r) => r.ruleId === 'offer-race')?.suppressions).toEqual([]);
    expect(resultsOf(recorded('healthy')).some((r) => r.suppressions !== undefined)).toBe(false);
  });

  it('has broken limits as results and what could not be settled as notifications', () => {
    const [gated] = gateSet([recorded('published-29509799')], { policy: 'smoke' });
    const run = gated === undefined ? undefined : log(gated).runs[0];
    expect(run?.results.map((r) => r.ruleId)).toContain('limit:fallbacks');
    expect(run?.invocations[0]).toMatchObject({ exitCode: 1, executionSuccessful: true });
    const notes = run?.invocations[0]?.toolExecutionNotifications.map((n) => n.message.text) ?? [];
    expect(notes.some((n) => n.startsWith('verdict: inconclusive'))).toBe(true);
  });

  it('a rule that broke down makes the execution unsuccessful', () => {
    const d = recorded('healthy');
    const broken = { ...d, verdicts: d.verdicts.map((v, i) => (i === 0 ? { ...v, verdict: 'errored' as const, reason: 'boom' } : v)) };
    expect(log(broken).runs[0]?.invocations[0]?.executionSuccessful).toBe(false);
  });

  it('reads no text as a link, a placeholder, a scheme or a parent folder', async () => {
    await forCases(size(40, 400), (chance) => {
      const d = chance.below(2) === 0 ? poisoned('stall-e3-debug', chance) : poisonedGate('healthy', chance);
      const text = renderSarif([d]);
      expect(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)).toBe(false);
      expect(text).not.toContain('##[');
      const parsed = JSON.parse(text) as Log;
      expect(sarifFaults(parsed)).toEqual([]);
      const locations = (parsed.runs[0]?.results ?? []).flatMap((r) => r.locations);
      for (const { physicalLocation } of locations) {
        const uri = physicalLocation?.artifactLocation.uri ?? '';
        expect(new URL(uri, 'https://base.example/sandbox/').href).toBe(`https://base.example/sandbox/${uri}`);
      }
      for (const { message } of parsed.runs[0]?.results ?? []) {
        expect(message.text.replaceAll(/\\[\\[\]]/g, '')).not.toMatch(/[[\]]/);
        expect(message.text.replaceAll('{{', '').replaceAll('}}', '')).not.toMatch(/[{}]/);
      }
    });
  });
});
