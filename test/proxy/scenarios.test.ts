/** Scenarios, faults and settings as a user writes them. */
import { describe, expect, it } from 'vitest';
import { FAULTS, parseFault } from '../../src/proxy/lab/faults.ts';
import { SCENARIOS, scenarioNamed, setupOf } from '../../src/proxy/lab/scenarios.ts';
import { clientsOf } from '../../src/proxy/lab/arguments.ts';
import { applySettings, DEFAULT_SETUP, parseSettings } from '../../src/proxy/lab/setup.ts';
import { RULES } from '../../src/rules/index.ts';
import { runBin } from '../helpers/bin.ts';

const EMAILS = DEFAULT_SETUP.parties;

describe('a fault', () => {
  it.each([
    ['late-app:client2', { name: 'late-app', at: 2, to: -1, seconds: 8, moment: { round: 4 } }],
    ['late-app:client2@sandbox.local:0.5', { at: 2, seconds: 0.5 }],
    ['kill-client:client1@2', { at: 1, moment: { round: 2 } }],
    ['cut:client1@sandbox.local@1.5s', { at: 1, moment: { afterMs: 1500 } }],
    ['relay-restart@0', { at: -1, moment: { round: 0 } }],
    ['acl-denied:client2>client1', { at: 2, to: 1 }],
  ])('%s', (text, fault) => {
    expect(parseFault(text, EMAILS)).toMatchObject(fault);
  });

  it.each([
    ['kil-client:client1', 'did you mean kill-client?'],
    ['kill-client:nobody', 'kill-client:PARTY of aggregator, client1, client2'],
    ['marker-missing:client1>client1', 'FROM>TO'],
    ['no-app:client1@2', 'no-app without @'],
    ['cut:client1@1.5', '@ROUND'],
    ['late-app:client1:9999', 'seconds from 0 to 600'],
  ])('%s is refused', (text, words) => {
    expect(() => parseFault(text, EMAILS)).toThrow(words);
  });

  it('has a place in the manual', async () => {
    const { readFileSync } = await import('node:fs');
    const page = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8');
    for (const name of Object.keys(FAULTS)) expect(page).toMatch(new RegExp(`^\\| \`${name}[:@\`]`, 'm'));
  });
});

describe('settings', () => {
  const apply = (text: string): ReturnType<typeof applySettings> =>
    applySettings(
      { ...DEFAULT_SETUP, partyEras: { client1: 'E3' }, faults: ['relay-restart'] },
      parseSettings(text, '--before'),
      '--before',
    );

  it('an era is that of all parties that have none of their own', () => {
    expect(clientsOf(apply('era=E5b,party-era=client2:E4'))).toEqual(['E5b', 'E3', 'E4']);
    expect(clientsOf(apply('era=E5b party-era=none'))).toEqual(['E5b', 'E5b', 'E5b']);
  });

  it('a value with spaces stands in quotes; its rounds are not known', () => {
    const quoted = "program='sh run.sh, now' fault=none";
    expect(apply(quoted).program).toBe('sh run.sh, now');
    expect(() => apply("program='sh run.sh' fault=cut:client1@2")).toThrow('with --program, a time such as @3s');
    expect(apply("program='sh run.sh' fault=cut:client1@2s").faults).toEqual(['cut:client1@2s']);
  });

  it('the first fault takes the place of those of the scenario, the next add', () => {
    expect(apply('fault=cut:client1 fault=twin:client2').faults).toEqual(['cut:client1', 'twin:client2']);
    expect(apply('fault=none').faults).toEqual([]);
    expect(apply('bytes=10').faults).toEqual(['relay-restart']);
  });

  it('names of parties', () => {
    expect(apply('parties=client1+client2 party-era=client2:E3').parties).toEqual(['client1@sandbox.local', 'client2@sandbox.local']);
    expect(apply('parties=2').parties).toEqual(['aggregator@sandbox.local', 'client1@sandbox.local']);
  });

  it.each([
    ['eera=E3', 'did you mean era?'],
    ['era', 'KEY=VALUE'],
    ['era=E33', 'did you mean E3?'],
    ['parties=a+a', 'different names'],
    ['parties=../x+b', 'different names'],
    ['fault=cut:nobody', 'cut:PARTY'],
    ['party-era=nobody:E3', 'PARTY=ERA'],
    ['seed=-1', 'a number from 0'],
    ['strict=perhaps', 'on, off'],
  ])('%s is refused', (text, words) => {
    expect(() => apply(text)).toThrow(words);
    expect(() => apply(text)).toThrow(/^--before cannot be/);
  });
});

describe('scenarios', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s can be set up, and cured', (_name, scenario) => {
    const setup = setupOf(scenario);
    expect(setup.era).toBe(scenario.eras[0]);
    expect(applySettings(setup, parseSettings(scenario.cure ?? 'seed=2', 'cure'), 'cure')).not.toEqual(setup);
    expect(RULES.map(({ meta }) => meta.id)).toContain(scenario.expects.cause);
  });

  it('have different names; one that is not known is refused with the nearest', () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    expect(() => scenarioNamed('publisched-stall')).toThrow('did you mean published-stall?');
  });

  it('are listed as text and as JSON', () => {
    const text = runBin(['live', 'scenarios']);
    const json = JSON.parse(runBin(['live', 'scenarios', '--format', 'json']).stdout) as { name: string; setup: { era: string } }[];
    expect(json.map(({ name }) => name)).toEqual(SCENARIOS.map(({ name }) => name));
    for (const { name } of json) expect(text.stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expect(json[0]?.setup.era).toBe('E3');
  });

  it('an unknown one is refused by live up', () => {
    const refused = runBin(['live', 'up', '/nonexistent/nowhere', '--scenario', 'two-party-stal']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('did you mean two-party-stall?');
  });
});
