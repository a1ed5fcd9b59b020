/** What counts as a false all-clear, alarm or figure, and what a failing scenario is shrunk to. */
import { describe, expect, it } from 'vitest';
import { soakPlan } from '../../src/proxy/lab/soak-plan.ts';
import { setupFrom } from '../../src/proxy/lab/setup.ts';
import { Stream } from '../../src/proxy/lab/streams.ts';
import { outcomeOf, soakResult, soakRun, soakText, truthOf, type SoakRun, type Witness } from '../../src/live/soak.ts';
import { settingsText, shrink } from '../../src/live/soak-shrink.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';

const A = 'a@sandbox.local';
const B = 'b@sandbox.local';

function witness(sent: number, received: number, more: { completed?: boolean; deviatesAt?: number } = {}): Witness {
  const { completed = sent === received, deviatesAt = null } = more;
  return { completed, streams: [{ from: A, to: B, sent, received, deviatesAt }] };
}

const exact = (n: number): { min: number; max: number } => ({ min: n, max: n });

interface Said {
  readonly verdict: Diagnosis['verdict'];
  readonly flow?: readonly [sent: number, delivered: number];
  readonly finding?: 'error' | 'warning';
}

function says({ verdict, flow, finding }: Said): Diagnosis {
  const flows =
    flow === undefined ? [] : [{ from: A, to: B, sent: exact(flow[0]), delivered: exact(flow[1]), lost: exact(flow[0] - flow[1]) }];
  const findings = finding === undefined ? [] : [{ rule: 'dead-client', severity: finding, message: 'gone', subject: {} }];
  return { verdict, because: 'so', flows, findings, causes: findings } as unknown as Diagnosis;
}

describe('what programs saw', () => {
  it.each([
    ['whole', witness(9, 9)],
    ['stopped', witness(9, 9, { completed: false })],
    ['lost', witness(9, 8)],
    ['altered', witness(9, 9, { deviatesAt: 4 })],
  ] as const)('is %s', (truth, seen) => expect(truthOf(seen)).toBe(truth));

  it('is told byte by byte: changed, out of order, twice, from nowhere', () => {
    const taken = (...pieces: string[]): Stream => {
      const stream = new Stream();
      stream.give(Buffer.from('abc'));
      stream.give(Buffer.from('defg'));
      for (const piece of pieces) stream.take(Buffer.from(piece));
      return stream;
    };
    expect(taken('ab', 'cde')).toMatchObject({ sent: 7, received: 5, deviatesAt: null });
    expect(taken('abcdefg')).toMatchObject({ received: 7, deviatesAt: null });
    expect(taken('ab', 'cxe')).toMatchObject({ received: 5, deviatesAt: 3 });
    expect(taken('defg')).toMatchObject({ deviatesAt: 0 });
    expect(taken('abc', 'abc')).toMatchObject({ received: 6, deviatesAt: 3 });
    expect(taken('abcdefg', 'h')).toMatchObject({ received: 8, deviatesAt: 7 });
  });
});

describe('a diagnosis of it', () => {
  it.each([
    ['told', witness(9, 8), says({ verdict: 'failed' })],
    ['unsure', witness(9, 8), says({ verdict: 'inconclusive' })],
    ['false-all-clear', witness(9, 8), says({ verdict: 'degraded' })],
    ['false-all-clear', witness(9, 9, { completed: false }), says({ verdict: 'healthy' })],
    ['false-all-clear', witness(9, 9, { deviatesAt: 2 }), says({ verdict: 'healthy' })],
    ['recovered', witness(9, 9), says({ verdict: 'degraded', flow: [9, 9], finding: 'warning' })],
    ['unsure-whole', witness(9, 9), says({ verdict: 'inconclusive' })],
    ['false-alarm', witness(9, 9), says({ verdict: 'failed' })],
    ['false-alarm', witness(9, 9), says({ verdict: 'degraded', finding: 'error' })],
    // What a client took is less than what its program wrote: buffers of sockets hold the rest.
    ['told', witness(9, 4), says({ verdict: 'failed', flow: [6, 5] })],
    ['false-figure', witness(9, 4), says({ verdict: 'failed', flow: [10, 5] })],
    ['false-figure', witness(9, 4), says({ verdict: 'failed', flow: [9, 3] })],
    ['false-figure', witness(9, 4), says({ verdict: 'failed', flow: [9, 2] })],
  ] as const)('%s', (outcome, seen, diagnosis) => {
    expect(outcomeOf(seen, diagnosis, false).outcome).toBe(outcome);
  });

  it('is clear where nothing was broken', () => {
    expect(outcomeOf(witness(9, 9), says({ verdict: 'healthy', flow: [9, 9] }), true)).toEqual({ outcome: 'clear', note: null });
  });
});

function run(seed: number, seen: Witness | null, diagnosis: Diagnosis, clean = false): SoakRun {
  return soakRun(
    { seed, clean, settings: 'parties=2' },
    { witness: seen, diagnosis, seconds: 1, problem: seen === null ? 'no port' : null },
  );
}

describe('many runs', () => {
  it('are a rate with its exact bound, and runs that could not be made count for nothing', () => {
    const failed = says({ verdict: 'failed' });
    const clear = says({ verdict: 'healthy' });
    const runs = [
      ...Array.from({ length: 500 }, (_, i) => run(i, witness(9, 8), failed)),
      ...Array.from({ length: 200 }, (_, i) => run(i, witness(9, 9), clear, true)),
      run(501, null, failed),
    ];
    const result = soakResult(runs);
    expect(result).toMatchObject({ runs: 700, notMade: 1, faulty: 500, clean: 200, failures: [] });
    expect(result.falseAllClear).toMatchObject({ of: 500, count: 0 });
    expect(result.falseAllClear.below).toBeCloseTo(1 - 0.05 ** (1 / 500), 6);
    expect(soakText(result)).toContain(
      'false all-clears among runs that lost bytes or stopped: 0 of 500: below 0.6 % with 95 % confidence',
    );
    const bad = soakResult([...runs, run(502, witness(9, 8), clear)]);
    expect(soakText(bad)).toMatch(/^FAILED {3}1 of 701 runs/);
    expect(bad.failures.map(({ seed }) => seed)).toEqual([502]);
  });
});

describe('drawn scenarios', () => {
  it('are the same for the same seed, can all be set up, and are clean when asked', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const plan = soakPlan(seed, false);
      expect(soakPlan(seed, false)).toEqual(plan);
      const faulty = setupFrom(settingsText(plan));
      const clean = setupFrom(settingsText(soakPlan(seed, true)));
      expect(clean.faults.length + clean.frameFaults.length).toBe(0);
      const defective = /era=(?:E3(?!\+C\+D\+E)|E5a|E4|E1(?!b))|party-era=/.test(settingsText(plan));
      expect(defective || faulty.faults.length + faulty.frameFaults.length > 0).toBe(true);
    }
  });
});

describe('a failing scenario', () => {
  const scenario = {
    frame: ['parties=4', 'workload=mesh', 'rounds=3', 'bytes=40000', 'patience=14', 'seed=7'],
    steps: [
      'era=E5b',
      'order=connection',
      'debug=on',
      'fault=cut:client1@1',
      'fault=hang-app:client2@2',
      'frame-fault=drop:data:3:client1',
    ],
  };

  it('is shrunk to the faults, parties, rounds and bytes that it needs', async () => {
    const asked: string[] = [];
    const small = await shrink(scenario, async (settings) => {
      asked.push(settings);
      const { faults, frameFaults, parties, bytes } = setupFrom(settings);
      return faults.includes('cut:client1@1') && frameFaults.length === 1 && parties.length >= 3 && bytes >= 5000;
    });
    expect(small.steps).toEqual(['fault=cut:client1@1', 'frame-fault=drop:data:3:client1']);
    expect(small.frame).toEqual([
      'parties=3',
      'workload=rounds',
      'rounds=1',
      expect.stringMatching(/^bytes=5\d\d\d$/),
      'patience=14',
      'seed=7',
    ]);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
