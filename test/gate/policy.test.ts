import { describe, expect, it } from 'vitest';
import { BUNDLED } from '../../src/gate/bundled.ts';
import { METRICS, METRIC_NAMES } from '../../src/gate/metrics.ts';
import { printPolicy } from '../../src/gate/policy.ts';
import { UNIT_NAMES, UNITS } from '../../src/gate/units.ts';
import { DoctorError } from '../../src/model/errors.ts';
import { policy, policyFrom } from '../helpers/gate.ts';

function problemsOf(text: string, more: Readonly<Record<string, string>> = {}): string {
  try {
    policyFrom({ 'p.json': text, ...more }, 'p.json');
  } catch (error) {
    if (error instanceof DoctorError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('a policy file that cannot be used says where and what would be right', () => {
  it.each([
    ['an unknown key', '{\n  "limit": []\n}', "p.json:2:3: there is no 'limit' here; did you mean 'limits'?"],
    ['a key far from all', '{ "zzzzzzzzzz": 1 }', "p.json:1:3: there is no 'zzzzzzzzzz' here; known are $schema, extends, failOn"],
    [
      'an unknown rule',
      '{\n  // a comment\n  "rules": { "self-rout": "error" }\n}',
      "p.json:3:14: no rule is called 'self-rout'; did you mean 'self-route'?",
    ],
    [
      'an unknown key of a rule',
      '{ "rules": { "self-route": { "severty": "error" } } }',
      "p.json:1:30: there is no 'severty' in rules.self-route; did you mean 'severity'?",
    ],
    [
      'an unknown severity',
      '{ "rules": { "self-route": "eror" } }',
      "p.json:1:28: 'rules.self-route' cannot be 'eror'; did you mean 'error'?",
    ],
    [
      'an unknown metric',
      '{ "limits": [{ "metric": "lost-byte", "max": 0, "unit": "bytes" }] }',
      "p.json:1:26: 'limits.0.metric' cannot be 'lost-byte'; did you mean 'lost-bytes'?",
    ],
    ['a missing unit', '{ "limits": [{ "metric": "lost-bytes", "max": 0 }] }', "p.json:1:14: 'limits.0.unit' is missing"],
    [
      'a unit of another dimension',
      '{ "limits": [{ "metric": "lost-bytes", "max": 0, "unit": "s" }] }',
      'p.json:1:58: lost-bytes is not measured in s; it takes bytes, kB',
    ],
    [
      'the wrong direction',
      '{ "limits": [{ "metric": "p2p-share", "max": 50, "unit": "percent" }] }',
      "p.json:1:46: of p2p-share less is worse, so its limit is a 'min', not a 'max'",
    ],
    ['no limit at all', '{ "limits": [{ "metric": "rejects", "unit": "count" }] }', "p.json:1:14: the limit on rejects has no 'max'"],
    [
      'a scope that the metric lacks',
      '{ "limits": [{ "metric": "stall-time", "max": 5, "unit": "s", "party": "x" }] }',
      "stall-time has no 'party'; it is of the whole run",
    ],
    [
      'an unknown kind of evidence',
      '{ "require": ["relay-logs"] }',
      "p.json:1:15: 'require.0' cannot be 'relay-logs'; did you mean 'relay-log'?",
    ],
    ['a negative limit', '{ "limits": [{ "metric": "rejects", "max": -1, "unit": "count" }] }', "p.json:1:44: 'limits.0.max': too small"],
    [
      'a text for a number',
      '{ "limits": [{ "metric": "rejects", "max": "0", "unit": "count" }] }',
      "p.json:1:44: 'limits.0.max': invalid input: expected number",
    ],
    ['a key that stands twice', '{ "failOn": "error",\n  "failOn": "info" }', "p.json:2:3: 'failOn' stands here a second time; keep one"],
    ['a comma that is missing', '{ "failOn": "error"\n  "limits": [] }', 'p.json:2:3: a comma is missing'],
    ['an empty file', '  \n', 'the file is empty'],
    ['a list', '[]', 'the file'],
    ['text of another kind', 'hello', 'p.json:1:1: a word that is no value'],
  ])('%s', (_, text, says) => {
    expect(problemsOf(text)).toContain('HLD_GATE_BAD_POLICY');
    expect(problemsOf(text)).toContain(says);
  });

  it('tells every problem at once', () => {
    const found = problemsOf('{ "failOnn": 1, "limits": [{ "metric": "rejects", "max": 0, "unit": "cout" }], "zz": 2 }');
    expect(found.match(/p\.json:\d+:\d+/g)).toHaveLength(3);
  });

  it('keeps each problem on its line, whatever a key holds', () => {
    expect(problemsOf('{ "a\\n::error::b": 1 }').split('\n')).toHaveLength(1);
  });
});

describe('a policy that can be used', () => {
  it('has comments and trailing commas', () => {
    expect(policyFrom({ 'p.json': '// why\n{ "failOn": "warning", /* so */ }' }, 'p.json').failOn).toBe('warning');
  });

  it('puts its own settings over what it extends', () => {
    const over = policy({
      extends: 'investigation',
      failOn: 'warning',
      rules: { 'self-route': { required: true } },
      limits: [{ metric: 'rejects', max: 5, unit: 'count', severity: 'warning' }],
    });
    expect(over.limits.filter((l) => l.metric === 'rejects')).toEqual([{ metric: 'rejects', max: 5, unit: 'count', severity: 'warning' }]);
    expect(over.limits.map((l) => l.metric)).toContain('self-sessions');
    expect(over.failOn).toBe('warning');
  });

  it('keeps limits of one metric apart by their scope', () => {
    const limits = [
      { metric: 'lost-bytes', max: 0, unit: 'bytes', from: 'client1' },
      { metric: 'lost-bytes', max: 0, unit: 'bytes' },
    ] as const;
    expect(policy({ limits: [...limits] }).limits).toHaveLength(2);
  });

  it('that extends itself is refused and does not hang', () => {
    expect(problemsOf('{ "extends": "p.json" }')).toContain("'extends' leads over more than 16 files");
  });

  it('is printed as a file with the same effect', () => {
    for (const name of Object.keys(BUNDLED)) {
      const whole = policy(name);
      const { name: _name, ...again } = policyFrom({ 'q.json': printPolicy(whole) }, 'q.json');
      const { name: _other, ...before } = whole;
      expect(again).toEqual(before);
    }
  });
});

it('every metric has a unit of its dimension, and every unit a dimension', () => {
  for (const name of METRIC_NAMES) expect(Object.keys(UNITS[METRICS[name].dimension])).toContain(METRICS[name].unit);
  expect(
    Object.values(UNITS)
      .flatMap((u) => Object.keys(u))
      .toSorted(),
  ).toEqual([...UNIT_NAMES].toSorted());
});
