/** From a diagnosis to runs of the lab. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CANDIDATES } from '../../src/live/candidates.ts';
import { matchOf, MOST_BYTES, planFor, type Plan, type ReproduceResult } from '../../src/live/reproduce.ts';
import { diagnosisSchema, type Diagnosis } from '../../src/model/diagnosis.ts';
import { applySettings, DEFAULT_SETUP, parseSettings, type Setup } from '../../src/proxy/lab/setup.ts';
import { readScenario } from '../../src/proxy/lab/scenario-file.ts';
import { setupOf } from '../../src/proxy/lab/scenarios.ts';
import { RULES } from '../../src/rules/index.ts';
import { runBin, startBin } from '../helpers/bin.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-reproduce-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function sample(name: string): Diagnosis {
  return diagnosisSchema.parse(JSON.parse(readFileSync(new URL(`../../samples/${name}/expected.json`, import.meta.url), 'utf8')));
}

function planned(diagnosis: Diagnosis, cause?: string): Plan {
  const plan = planFor(diagnosis, cause);
  if ('not' in plan) throw new Error(plan.not);
  return plan;
}

/** What the lab makes of a plan's attempt. */
function setupFor(plan: Plan, index = 0): Setup {
  const text = `${plan.topology.settings} ${plan.attempts[index]?.settings ?? ''}`;
  return applySettings(DEFAULT_SETUP, parseSettings(text, 'test'), 'test');
}

/** The diagnosis with another first cause. */
function withCause(diagnosis: Diagnosis, rule: string, subject: Diagnosis['causes'][number]['subject']): Diagnosis {
  const [first] = diagnosis.causes;
  if (first === undefined) throw new Error('no cause');
  return { ...diagnosis, causes: [{ ...first, rule, subject }] };
}

describe('the table of candidates', () => {
  it('has a row for each rule, and for nothing else', () => {
    expect(Object.keys(CANDIDATES).toSorted()).toEqual(RULES.map(({ meta }) => meta.id).toSorted());
  });

  const base = sample('stall-e3-debug');
  const [a = '', b = '', c = ''] = base.parties.map(({ email }) => email);
  const rows = Object.entries(CANDIDATES).flatMap(([rule, row]) => ('not' in row ? [] : [[rule, row] as const]));

  it.each(rows)('%s: the lab takes every candidate, wherever the finding points, and the cure', (rule, row) => {
    for (const subject of [{ party: c }, { from: b, to: a }, { from: a, to: c }, {}]) {
      const plan = planFor(withCause(base, rule, subject));
      if ('not' in plan) continue;
      for (const index of plan.attempts.keys()) {
        const setup = setupFor(plan, index);
        expect(setup.parties).toEqual([a, b, c]);
        expect(JSON.stringify(setup)).not.toMatch(/[{]\w+[}]/);
        applySettings(setup, parseSettings(row.cure ?? '', 'cure'), 'cure');
      }
    }
    const plans = [{ party: c }, { from: b, to: a }].map((subject) => planFor(withCause(base, rule, subject)));
    expect(plans.some((plan) => !('not' in plan))).toBe(true);
  });
});

describe('a plan', () => {
  it('has the parties, versions and volumes of the diagnosis', () => {
    const plan = planned(sample('late-application'));
    expect(plan.cause).toEqual({ rule: 'late-application', where: 'client2>aggregator' });
    const setup = setupFor(plan);
    expect(setup).toMatchObject({ era: 'E6', relayVersion: 'S2', faults: ['late-app:aggregator:10'] });
    expect(setup.parties.map((email) => email.split('@')[0])).toEqual(['aggregator', 'client1', 'client2']);
    expect(setup.volumes).toEqual({ 'client1>aggregator': 3, 'client2>aggregator': 3 });
  });

  it('scales all volumes alike when one is too large, and says so', () => {
    const base = sample('stall-e3-debug');
    const sent = (min: number): Diagnosis['flows'][number]['sent'] => ({ min, max: min });
    const flows = base.flows.map((flow, index) => ({ ...flow, sent: sent(index === 0 ? MOST_BYTES * 10 : MOST_BYTES) }));
    const plan = planned({ ...base, flows });
    const volumes = Object.values(setupFor(plan).volumes);
    expect(Math.max(...volumes)).toBe(MOST_BYTES / 4);
    expect(volumes.filter((bytes) => bytes === MOST_BYTES / 40)).toHaveLength(flows.length - 1);
    expect(plan.topology.notes).toContain('volumes are 10 times smaller than they were');
  });

  it('says which eras it had to guess, and keeps those that differ', () => {
    const base = sample('late-application');
    const era = (value: string | null): Diagnosis['parties'][number]['era'] => ({ value, evidence: [] });
    const values = ['E6', 'E3', 'G2'];
    const plan = planned({ ...base, parties: base.parties.map((party, index) => ({ ...party, era: era(values[index] ?? null) })) });
    expect(setupFor(plan).partyEras).toEqual({ client1: 'E3' });
    expect(plan.topology.notes.join()).toContain('client2 acts as E6: the lab has no client of G2');
  });

  it('gives parties with dangerous names others', () => {
    const base = sample('late-application');
    const hostile = JSON.parse(JSON.stringify(base).replaceAll('client2@sandbox.local', '../../x fault=no-app:a@b.c')) as Diagnosis;
    const plan = planned(hostile);
    expect(plan.topology.emails).toEqual(['party0@sandbox.local', 'party1@sandbox.local', 'party2@sandbox.local']);
    expect(setupFor(plan).faults).toEqual(['late-app:party0:10']);
    expect(plan.cause.where).toBe('party2>party0');
  });

  it('is refused with the reason where there is none', () => {
    expect(planFor(sample('healthy'), 'dead-client')).toMatchObject({
      not: expect.stringContaining('names no cause dead-client') as string,
    });
    expect(planFor(sample('stale-containers'), 'stale-container')).toMatchObject({
      not: expect.stringContaining('outside of hotlink') as string,
    });
    expect(planFor({ ...sample('late-application'), parties: [] })).toMatchObject({ not: expect.stringContaining('no party') as string });
    expect(planFor({ ...sample('late-application'), causes: [] })).toEqual({ cause: null, not: 'the diagnosis names no cause' });
  });
});

describe('a match', () => {
  const late = sample('late-application');
  it('is the first cause at the same place', () => {
    const wanted = { cause: { rule: 'late-application', where: 'client2>aggregator' }, isSymptom: false };
    expect(matchOf(wanted, late)).toBe('same');
    expect(matchOf({ ...wanted, cause: { ...wanted.cause, where: 'client1>aggregator' } }, late)).toBe('elsewhere');
    expect(matchOf({ ...wanted, cause: { rule: 'dead-client', where: 'client2' } }, late)).toBe('different');
    expect(matchOf(wanted, null)).toBe('different');
  });

  it('of a symptom is any finding', () => {
    const cause = { rule: 'read-loop-blockage', where: 'aggregator' };
    expect(matchOf({ cause, isSymptom: true }, late)).toBe('same');
    expect(matchOf({ cause, isSymptom: false }, late)).toBe('different');
  });
});

describe.concurrent('live reproduce', { timeout: 600_000 }, () => {
  it('makes the stall of a sandbox again, and what it leaves can be verified', async () => {
    const out = join(root, 'stall');
    const made = await startBin(['live', 'reproduce', 'samples/stall-e3-debug/sandbox', '--out', out, '--format', 'json']);
    expect(made.code).toBe(0);
    const result = JSON.parse(made.stdout) as ReproduceResult;
    expect(result.attempts.map(({ match, cause }) => [match, cause?.where])).toEqual([
      ['same', 'aggregator'],
      ['same', 'aggregator'],
    ]);
    const file = /live verify (\S+) --runs 20$/.exec(result.next ?? '')?.[1] ?? '';
    expect(file.startsWith(join(out, '1'))).toBe(true);
    expect(setupOf(await readScenario(file)).era).toBe('E3');
    const proven = await startBin(['live', 'verify', file, '--runs', '3', '--quiet', '--format', 'json']);
    expect(JSON.parse(proven.stdout)).toMatchObject({ conclusion: 'proven', before: { shown: 3 }, after: { failed: 0 } });
    expect(proven.code).toBe(0);
  });

  it('takes a diagnosis that was saved', async () => {
    const file = join(root, 'saved.json');
    writeFileSync(file, JSON.stringify(sample('marker-missing'), null, 2));
    const made = await startBin(['live', 'reproduce', file, '--out', join(root, 'saved'), '--quiet']);
    expect(made.stdout).toMatch(/^REPRODUCED {3}missing-channel at client2>client1: 1 of 1/);
    expect(made.stdout).toContain(join(root, 'saved', '1'));
    expect(made.code).toBe(0);
  });

  it('says when nothing of the lab shows it', async () => {
    const file = join(root, 'elsewhere.json');
    // A marker that is missing at client1 does not make client2's late.
    writeFileSync(file, JSON.stringify(withCause(sample('marker-missing'), 'relay-restart', { party: 'client1@sandbox.local' }), null, 2));
    const made = await startBin([
      'live',
      'reproduce',
      file,
      '--out',
      join(root, 'elsewhere'),
      '--quiet',
      '--tries',
      '1',
      '--format',
      'json',
    ]);
    expect(JSON.parse(made.stdout)).toMatchObject({ attempts: [{ match: 'elsewhere' }] });
    expect(made.code).toBe(1);
  });
});

describe('its command line', () => {
  it('a cause that the lab cannot make is said, without a run', () => {
    const refused = runBin([
      'live',
      'reproduce',
      'samples/stale-containers/sandbox',
      '--cause',
      'stale-container',
      '--out',
      join(root, 'none'),
    ]);
    expect(refused.code).toBe(3);
    expect(refused.stdout).toContain('NOT TRIED   stale-container');
  });

  it.each([
    [['live', 'reproduce', '/nonexistent'], 'no such path'],
    [['live', 'reproduce', 'package.json'], 'nothing'],
    [['live', 'verify', 'published-stal'], 'did you mean published-stall?'],
    [['live', 'verify', 'relay-restart'], '--after cannot be'],
    [['live', 'verify', 'published-stall', '--before', 'era=E9'], '--before cannot be'],
    [['live', 'verify', 'published-stall', '--after', 'fault=cut:nobody'], '--after cannot be'],
    [['live', 'verify', 'package.json'], 'hotlink-doctor/scenario@1'],
  ])('%j is refused', (args, words) => {
    const refused = runBin(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });

  it('a file that calls itself a diagnosis and is none is refused', () => {
    const file = join(root, 'broken.json');
    writeFileSync(file, '{"schema": "hotlink-doctor/diagnosis@1", "verdict": "fine"}');
    const refused = runBin(['live', 'reproduce', file]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('none of this version');
  });
});
