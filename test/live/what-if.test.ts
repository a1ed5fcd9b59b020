/** What experiments answer, and what there is to try. */
import { describe, expect, it } from 'vitest';
import {
  answer,
  mayCure,
  ranked,
  whatIfMarkdown,
  whatIfText,
  WHAT_IF_SCHEMA,
  type Trial,
  type WhatIfResult,
} from '../../src/live/what-if.ts';
import { changesTo } from '../../src/proxy/lab/changes.ts';
import { setupFrom } from '../../src/proxy/lab/setup.ts';
import { moreInAllByChance } from '../../src/util/statistics.ts';

const CLAIM = { cause: 'sender-lock-drop', completes: false };
const CHANGE = { name: 'patch=E', kind: 'patch', says: 'sends on its own', settings: 'era=E3+E' };

function trial(over: Partial<Trial> = {}): Trial {
  return { seed: 1, completed: true, verdict: 'degraded', causes: [], received: 100, seconds: 5, kept: null, problem: null, ...over };
}
const stalled = (rule = 'sender-lock-drop', received = 50): Trial =>
  trial({ completed: false, verdict: 'failed', causes: [{ rule, where: 'aggregator' }], received });
const times = (n: number, one: Trial): Trial[] => Array.from({ length: n }, () => one);
const before = times(10, stalled());

describe('an answer', () => {
  it('is cured with the bound that so many runs give', () => {
    expect(answer(CHANGE, CLAIM, before, times(10, trial()))).toMatchObject({
      answer: 'cured',
      because: '0 of 10 failed: below 26 % with 95 %',
      failed: 0,
      done: 10,
    });
  });

  it('is not cured where the cause still shows, or another comes', () => {
    expect(answer(CHANGE, CLAIM, before, times(3, stalled()))).toMatchObject({
      answer: 'not-cured',
      because: '3 of 3 failed: above 36 % with 95 %',
    });
    expect(answer(CHANGE, CLAIM, before, times(3, stalled('peer-key-mismatch')))).toMatchObject({
      answer: 'not-cured',
      because: expect.stringContaining('sender-lock-drop is gone, but: another cause: peer-key-mismatch aggregator') as string,
    });
    expect(answer(CHANGE, CLAIM, before, [...times(9, trial()), stalled()]).answer).toBe('not-cured');
  });

  it('is made worse where more runs fail, or fewer bytes arrive in every one of them', () => {
    const rarely = [...times(7, trial()), ...times(3, stalled())];
    expect(answer(CHANGE, CLAIM, rarely, times(10, stalled()))).toMatchObject({
      answer: 'made-worse',
      because: expect.stringContaining('before it was 3 of 10') as string,
    });
    expect(answer(CHANGE, CLAIM, before, times(3, stalled('unprepared-path', 0)))).toMatchObject({
      answer: 'made-worse',
      because: expect.stringContaining('at most 0 bytes arrived, before it at least 50') as string,
      byChance: expect.closeTo(1 / 286, 9) as number,
    });
    // Two against two differ like this by chance in one of six cases.
    expect(answer(CHANGE, CLAIM, times(2, stalled()), times(2, stalled('x', 0))).answer).toBe('not-cured');
    expect(moreInAllByChance(3, 3)).toBeCloseTo(1 / 20, 12);
  });

  it('is inconclusive with too few runs, or where none could be made', () => {
    expect(answer(CHANGE, CLAIM, times(2, stalled()), times(2, trial())).answer).toBe('inconclusive');
    expect(answer(CHANGE, CLAIM, before, times(3, trial({ problem: 'no port is free' })))).toMatchObject({
      answer: 'inconclusive',
      because: 'no run of it could be made: no port is free',
    });
    // A failure that hardly shows is none to cure.
    expect(answer(CHANGE, CLAIM, [...times(19, trial()), stalled()], times(20, trial())).answer).toBe('inconclusive');
  });

  it('gets more runs only where none of the first failed', () => {
    expect(mayCure(times(3, trial()), CLAIM)).toBe(true);
    expect(mayCure([trial(), trial(), stalled('another')], CLAIM)).toBe(false);
  });
});

describe('what there is to try', () => {
  const { changes, alreadySo } = changesTo(setupFrom('era=E3 relay=S1 party-era=client1:E5b switch=burst-ms=7 fault=cut:client2@1'));
  const named = (name: string): string | undefined => changes.find((one) => one.name === name)?.settings;

  it('is every version, patch, value of a switch and relay, but for what changes nothing', () => {
    expect(named('era=E5b')).toBe('era=E5b party-era=none switch=none');
    expect(named('patch=E')).toBe('era=E3+E party-era=client1:E5b+E');
    expect(named('adoption=never')).toBe('switch=burst-ms=7 switch=adoption=never');
    expect(named('relay=S2')).toBe('relay=S2');
    expect(named('nothing-broken')).toBe('fault=none');
    expect(alreadySo).toContain('relay=S1');
    expect(alreadySo).toContain('quic=none');
    expect(changes.map(({ name }) => name)).not.toContain('quic=none');
  });

  it('keeps the other switches, and the faults of the run', () => {
    const one = changes.find(({ name }) => name === 'adoption=never');
    expect(one?.setup).toMatchObject({ switches: ['burst-ms=7', 'adoption=never'], faults: ['cut:client2@1'], relayVersion: 'S1' });
  });

  it('has no change that acts like no change, whatever the client', () => {
    for (const era of ['E1', 'E1b', 'E3', 'E3+C+D/burst-ms=1000', 'E4', 'E5a', 'E5b', 'E6']) {
      const all = changesTo(setupFrom(`era=${era}`));
      expect(all.changes.filter(({ setup }) => setup.era === era && setup.switches.length === 0 && setup.relayVersion === 'S2')).toEqual(
        [],
      );
      expect(new Set([...all.changes.map(({ name }) => name), ...all.alreadySo]).size).toBe(all.changes.length + all.alreadySo.length);
      expect(all.changes.length).toBeGreaterThan(20);
    }
  });
});

describe('shown', () => {
  const result: WhatIfResult = {
    schema: WHAT_IF_SCHEMA,
    cause: { rule: 'sender-lock-drop', where: '*x*<b>' },
    parties: [],
    settings: 'era=E3',
    notes: [],
    before: { done: 10, failed: 10, shown: 10, rate: { atLeast: 0.74, atMost: 1 } },
    confidence: 0.95,
    answers: ranked([
      answer({ ...CHANGE, name: 'relay=S2' }, CLAIM, before, times(3, stalled())),
      answer(CHANGE, CLAIM, before, times(10, trial())),
    ]),
    alreadySo: ['era=E3'],
    not: null,
    next: null,
  };

  it('cures come first, with the settings', () => {
    expect(whatIfText(result)).toMatch(/CURED +patch=E +0 of 10 failed: below 26 % with 95 %\n.*era=E3\+E\n.*not cured +relay=S2/s);
    expect(whatIfText({ ...result, answers: [], not: 'the lab cannot' })).toMatch(/^NOT REPRODUCIBLE/);
  });

  it('no name is markup in Markdown', () => {
    const text = whatIfMarkdown(result);
    expect(text).toContain(String.raw`\*x\*\<b\>`);
    expect(text).toContain('| CURED | patch=E |');
  });
});
