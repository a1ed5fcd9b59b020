import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { sampleCases } from '../helpers/cases.ts';
import { poisoned, poisonedGate } from '../helpers/formats.ts';
import { gateSet, recorded } from '../helpers/gate.ts';
import { forCases, size } from '../helpers/mutate.ts';

interface Case {
  '@name': string;
  '@classname': string;
  failure?: { '@message': string; '@type': string; '#text'?: string };
  error?: { '@message': string; '@type': string };
  skipped?: { '@message': string };
  'system-out'?: string;
}
interface Suite {
  '@name': string;
  '@tests': string;
  '@failures': string;
  '@errors': string;
  '@skipped': string;
  testcase: Case[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  isArray: (name) => name === 'testsuite' || name === 'testcase',
  parseAttributeValue: false,
  parseTagValue: false,
});

function suitesOf(xml: string): Suite[] {
  expect(XMLValidator.validate(xml)).toBe(true);
  const root = parser.parse(xml) as { testsuites: { testsuite: Suite[] } };
  return root.testsuites.testsuite;
}

function read(...diagnoses: readonly Diagnosis[]): Suite[] {
  return suitesOf(renderJunit(diagnoses));
}

function caseOf(suite: Suite | undefined, name: string): Case | undefined {
  return suite?.testcase.find((c) => c['@name'] === name);
}

describe('JUnit', () => {
  it.each(sampleCases().map((c) => c.name))('of %s is read by another reader, and its counts add up', (name) => {
    const [suite] = read(recorded(name));
    const cases = suite?.testcase ?? [];
    expect(Number(suite?.['@tests'])).toBe(cases.length);
    expect(Number(suite?.['@failures'])).toBe(cases.filter((c) => c.failure !== undefined).length);
    expect(Number(suite?.['@errors'])).toBe(cases.filter((c) => c.error !== undefined).length);
    expect(Number(suite?.['@skipped'])).toBe(cases.filter((c) => c.skipped !== undefined).length);
  });

  it('fails the rule that found an error, with its evidence', () => {
    const [suite] = read(recorded('stall-e3-debug'));
    const found = caseOf(suite, 'sender-lock-drop');
    expect(found?.failure?.['@type']).toBe('error');
    expect(found?.failure?.['#text']).toContain('client1@sandbox.local/.syftbox/logs/syftbox.log:43');
    expect(caseOf(suite, 'verdict')?.failure).toBeDefined();
  });

  it('a healthy run fails nothing; what could not be judged is skipped with the reason', () => {
    const [suite] = read(recorded('burst-e6-c'));
    expect(suite?.['@failures']).toBe('0');
    expect(caseOf(suite, 'exited-program')?.skipped?.['@message']).toBe('needs container');
    expect(caseOf(suite, 'verdict')).not.toHaveProperty('failure');
  });

  it('an inconclusive verdict is no pass', () => {
    const d = recorded('published-29509799');
    expect(caseOf(read(d)[0], 'verdict')?.skipped?.['@message']).toMatch(/^inconclusive/);
    expect(caseOf(read(...gateSet([d]))[0], 'verdict')?.error?.['@type']).toBe('inconclusive');
  });

  it('shows the checks of a gate', () => {
    const accepted = [{ fingerprint: 'websocket-fallback:run', reason: 'TURN is being set up' }];
    const [suite] = read(...gateSet([recorded('healthy')], { policy: { extends: 'smoke', failOn: 'warning' }, accepted }));
    expect(caseOf(suite, 'limit:fallbacks')?.failure?.['@message']).toContain('fallbacks is 6');
    expect(caseOf(suite, 'websocket-fallback')?.skipped?.['@message']).toMatch(/^accepted: TURN is being set up/);
    expect(caseOf(suite, 'turn-credentials-missing')?.failure?.['@type']).toBe('warning');
  });

  it('has a suite for each document', () => {
    expect(read(recorded('healthy'), recorded('stall-e3-debug')).map((s) => s['@name'])).toHaveLength(2);
  });

  it('keeps its structure whatever the evidence says', async () => {
    const shape = (d: Diagnosis): string[] => read(d).flatMap((s) => s.testcase.map((c) => Object.keys(c).join()));
    await forCases(size(40, 400), (chance) => {
      const sample = chance.pick(['stall-e3-debug', 'healthy', 'published-29509799']);
      const d = poisoned(sample, chance);
      expect(shape(d)).toEqual(shape(recorded(sample)));
      const xml = renderJunit([poisonedGate(sample, chance)]);
      expect(XMLValidator.validate(xml)).toBe(true);
      expect(/[^\n\t\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(xml)).toBe(false);
      expect(xml).not.toContain(']]>');
    });
  });
});
