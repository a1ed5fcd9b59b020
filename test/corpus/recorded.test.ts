/** A page that says _recorded_ names a state that the real system shows: here is the recording in which its rule fires. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/rules/index.ts';
import { catalogueRows } from '../helpers/catalogue.ts';
import { corpusCases, judgeFolder, sampleCases, type Case } from '../helpers/cases.ts';

/** Rules that fire in the bundled samples, which need no corpus. */
const IN_SAMPLES: Readonly<Record<string, readonly string[]>> = {
  healthy: ['small-message-delay', 'turn-credentials-missing', 'websocket-fallback', 'reordered-frames'],
  'late-application': ['late-application', 'read-loop-blockage'],
  'marker-missing': ['missing-channel'],
  'port-taken': ['port-conflict'],
  'silent-application': ['silent-application'],
  'split-client': ['split-client'],
  'stall-e3-debug': ['sender-lock-drop', 'offer-race'],
  'wire-stall': ['sender-lock-drop'],
};

/** Samples that hold something that nobody recorded. */
const CONSTRUCTED: readonly string[] = ['pasted-counters', 'stale-containers', 'console-unroutable'];

const claims = catalogueRows().flatMap(([, r]) => ('rule' in r && r.recorded !== undefined ? [{ rule: r.rule, name: r.recorded }] : []));

function isRecorded(rule: string): boolean {
  return readFileSync(`docs/rules/${rule}.md`, 'utf8').includes('Evidence: recorded');
}

const samples = sampleCases().filter(({ name }) => !CONSTRUCTED.includes(name));
const corpus = corpusCases();

describe('what is called recorded', () => {
  it('names a recording for each page, and only for those', () => {
    const named = new Set([...claims.map((x) => x.rule), ...Object.values(IN_SAMPLES).flat()]);
    expect(RULES.map(({ meta }) => meta.id).filter((id) => isRecorded(id) !== named.has(id))).toEqual([]);
    expect(Object.keys(IN_SAMPLES).toSorted()).toEqual(samples.map((c) => c.name).toSorted());
  });

  for (const c of samples) fires(`samples/${c.name}`, c, IN_SAMPLES[c.name] ?? []);
  for (const c of corpus)
    fires(
      c.name,
      c,
      claims.filter((x) => x.name === c.name).map((x) => x.rule),
    );

  it.skipIf(corpus.length === 0 || process.env['HLD_CORPUS'] !== 'all')('names only recordings that there are', () => {
    expect(claims.map((x) => x.name).filter((name) => !corpus.some((c) => c.name === name))).toEqual([]);
  });
});

function fires(name: string, c: Case, rules: readonly string[]): void {
  it(name, async () => {
    const found = new Set((await judgeFolder(c.sandbox)).findings.map((f) => f.rule));
    expect(
      rules.filter((rule) => !found.has(rule)),
      'rules that do not fire',
    ).toEqual([]);
    expect(
      [...found].filter((rule) => !isRecorded(rule)),
      'rules that fire here although their pages say constructed',
    ).toEqual([]);
  });
}
