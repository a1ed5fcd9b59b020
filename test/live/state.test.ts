/** What is said of a run while it goes on: suspicions first, alarms only for what holds, no praise before the end. */
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/live/judgement.ts';
import type { PartySigns } from '../../src/live/follow.ts';
import { WatchModel } from '../../src/live/state.ts';
import { watchEventSchema, type WatchNews } from '../../src/model/watch.ts';

const A = 'aggregator@sandbox.local';
const B = 'client1@sandbox.local';

type Cause = Judgement['causes'][number];
type Flow = Judgement['flows'][number];

function exactly(bytes: number): Flow['sent'] {
  return { min: bytes, max: bytes };
}

function flow(sent: number, delivered: number): Flow {
  const nothing = { sent: null, relayed: null, received: null, delivered: null };
  const hops = { sent: null, relayed: null, received: null, written: null };
  const state = sent === 0 ? 'never-used' : sent === delivered ? 'delivered' : 'lossy';
  return {
    from: A,
    to: B,
    offered: null,
    sent: exactly(sent),
    delivered: exactly(delivered),
    lost: exactly(sent - delivered),
    frames: nothing,
    hops,
    state,
  };
}

function cause(severity: Cause['severity'] = 'error', rule = 'sender-lock-drop'): Cause {
  const evidence = [{ source: `${B}/.syftbox/logs/syftbox.log`, line: 3, text: 'hotlink data rejected' }];
  return {
    rule,
    severity,
    confidence: 'certain',
    subject: { party: A },
    message: `${rule} of aggregator`,
    evidence,
    metrics: {},
    explains: [],
    remedy: 'do',
    fingerprint: `${rule}:p0`,
  };
}

interface Story {
  readonly still?: number | null;
  readonly finished?: boolean | 'unknown';
  readonly verdict?: Judgement['verdict'];
  readonly causes?: readonly Cause[];
  readonly flows?: readonly Flow[];
  readonly id?: string;
}

function judgement({
  still = 0,
  finished = 'unknown',
  verdict = 'inconclusive',
  causes = [],
  flows = [flow(10, 10)],
  id = '29510841-3a82b861f31a',
}: Story = {}): Judgement {
  const party = (email: string, index: number): Judgement['parties'][number] => ({
    email,
    role: email.split('@')[0] ?? '',
    index,
    era: { value: 'E3', evidence: [] },
    log: null,
    telemetry: null,
    alive: true,
  });
  return {
    verdict,
    because: 'why',
    run: {
      flow: 'syqure-flow',
      id,
      layout: 'directed',
      transport: 'ws',
      startedAt: null,
      endedAt: null,
      stoodStillMs: still,
      finished,
      otherRuns: [],
    },
    parties: [party(A, 0), party(B, 1)],
    flows: [...flows],
    causes: [...causes],
    waits: [],
    unexplained: [],
    events: [],
    transports: {},
  };
}

const SIGNS: PartySigns = { email: A, pulse: undefined, logChangedMs: 0, telemetryChangedMs: 0 };

/** A model whose clock the test moves; files changed a moment ago unless it says otherwise. */
function start(): {
  model: WatchModel;
  at: (seconds: number, story?: Story, changed?: number) => readonly WatchNews[];
  said: (news: readonly WatchNews[]) => string[];
} {
  let now = 0;
  const model = new WatchModel('sandbox', { now: () => now, time: () => new Date(1_795_353_924_000 + now).toISOString() });
  return {
    model,
    at: (seconds, story, changed = seconds) => {
      now = seconds * 1000;
      const seen = model.seen([SIGNS], undefined, changed * 1000);
      return [...seen, ...(story === undefined ? [] : model.judged(judgement(story), 300))];
    },
    said: (news) =>
      news.map((one) => {
        expect(() => watchEventSchema.parse({ t: '2026-11-22T13:25:40.000Z', ...one })).not.toThrow();
        return one.kind === 'cause' ? `${one.what} ${one.cause.rule} ${one.cause.severity}` : one.kind === 'state' ? one.state : one.kind;
      }),
  };
}

describe('causes', () => {
  it('are suspected first, and confirmed when they are still found some seconds later', () => {
    const { at, said, model } = start();
    expect(said(at(1, { causes: [cause()], verdict: 'failed' }))).toEqual([
      'run',
      'moved',
      'moving',
      'suspected sender-lock-drop error',
      'diagnosis',
    ]);
    expect(model.isFailing).toBe(false);
    expect(model.view(null)).toMatchObject({ isFinal: false, causes: [{ confirmed: false }] });
    expect(said(at(3, { causes: [cause()], verdict: 'failed' }))).toEqual([]);
    expect(said(at(6, { causes: [cause()], verdict: 'failed' }))).toEqual(['confirmed sender-lock-drop error', 'diagnosis']);
    expect(model.isFailing).toBe(true);
  });

  it('that were frames under way are gone with the next look and never were an alarm', () => {
    const { at, said, model } = start();
    const growth = cause('warning', 'asymmetric-growth');
    at(1, { causes: [growth] });
    expect(said(at(3, { causes: [], flows: [flow(20, 20)] }))).toEqual(['moved', 'gone asymmetric-growth warning', 'diagnosis']);
    // Found again later, it begins anew.
    expect(said(at(9, { causes: [growth] }))).toContain('suspected asymmetric-growth warning');
    expect(model.isFailing).toBe(false);
  });

  it('are confirmed at once when nothing moves any more', () => {
    const { at, said } = start();
    expect(said(at(1, { causes: [cause()], still: 30_000, verdict: 'failed' }))).toEqual([
      'run',
      'moved',
      'standing',
      'confirmed sender-lock-drop error',
      'diagnosis',
    ]);
  });

  it('that become worse are told again', () => {
    const { at, said, model } = start();
    at(1, { causes: [cause('warning', 'absent-application')] });
    at(6, { causes: [cause('warning', 'absent-application')] });
    expect(model.isFailing).toBe(false);
    expect(said(at(8, { causes: [cause('error', 'absent-application')], verdict: 'failed' }))).toEqual([
      'confirmed absent-application error',
      'diagnosis',
    ]);
    expect(model.isFailing).toBe(true);
  });
});

describe('the state', () => {
  it('waits for evidence, for a run and for its first byte, however long that takes', () => {
    const { at, said, model } = start();
    expect(said(at(0))).toEqual([]);
    expect(model.state).toBe('waiting');
    at(2, { flows: [flow(0, 0)], still: 200 });
    expect(model.state).toBe('starting');
    at(60, { flows: [flow(0, 0)], still: 58_000 });
    expect(model.state).toBe('starting');
    expect(model.view(null).isFinal).toBe(false);
  });

  it('moves, is quiet, stands still, and moves again', () => {
    const { at, model } = start();
    const states = [0, 4400, 6000, 9999, 10_000, 30_000, 300].map((still, i) => {
      at(i + 1, { still });
      return model.state;
    });
    expect(states).toEqual(['moving', 'moving', 'quiet', 'quiet', 'standing', 'standing', 'moving']);
  });

  it('does not call a run standing where the evidence does not say how long nothing moved', () => {
    const { at, model } = start();
    at(1, { still: null });
    at(40, { still: null });
    expect(model.state).toBe('moving');
  });

  it('is silent when no file changes, also where a run was dead before the watch began', () => {
    const { at, said, model } = start();
    at(1, { still: 2000 });
    expect(said(at(16.5, undefined, 1))).toEqual(['silent']);
    expect(said(at(17, undefined, 17))).toEqual(['moving']);
    const dead = start();
    dead.at(1, { still: 2000 }, -3600);
    expect(dead.model.state).toBe('silent');
    expect(model.view(null).words).not.toBe('');
  });

  it('is finished when the evidence says so, whatever the time', () => {
    const { at, model } = start();
    at(1, { finished: true, still: 60_000, verdict: 'healthy' }, -3600);
    expect(model.state).toBe('finished');
    expect(model.view(null)).toMatchObject({ isFinal: true, verdict: 'healthy' });
  });

  it('praises nothing before the end', () => {
    const { at, model } = start();
    at(1, { verdict: 'healthy' });
    at(9, { verdict: 'healthy', flows: [flow(99, 99)] });
    expect(model.view(null)).toMatchObject({ state: 'moving', isFinal: false });
  });
});

describe('news', () => {
  it('are only what changed: seconds that went by are none', () => {
    const { at, said } = start();
    at(1, { still: 11_000 });
    for (let second = 2; second < 20; second++) expect(said(at(second, { still: second * 1000 + 10_000 }))).toEqual([]);
  });

  it('of another run begin with it, and what was suspected of the one before is forgotten', () => {
    const { at, said, model } = start();
    at(1, { causes: [cause()] });
    expect(said(at(8, { id: '29510842-3a82b861f31b', flows: [flow(5, 5)] }))).toEqual(['run', 'moved', 'diagnosis']);
    expect(model.view(null).causes).toEqual([]);
  });

  it('of directions are those whose figures changed, with how fast and since when', () => {
    const { at, said, model } = start();
    at(1, { flows: [flow(1000, 1000)] });
    expect(model.view(null).directions[0]).toMatchObject({ isAtLeast: true, rate: null });
    expect(said(at(3, { flows: [flow(5000, 5000)] }))).toEqual(['moved']);
    expect(model.view(null).directions[0]).toMatchObject({ isAtLeast: false, rate: 2000, stillMs: 0 });
    expect(said(at(20, { flows: [flow(5000, 5000)] }))).toEqual([]);
    expect(model.view(null).directions[0]).toMatchObject({ stillMs: 17_000 });
  });

  it('of containers give a party its CPU by run and number', () => {
    const { at, model } = start();
    at(1, {});
    model.seenContainers([
      { name: 'syqure-29510841-3a82b861f31a-pid1', cpuPercent: 99.5, memory: null },
      { name: 'syqure-29510000-000000000000-pid0', cpuPercent: 1, memory: null },
    ]);
    expect(model.view(null).parties.map((party) => party.cpuPercent)).toEqual([null, 99.5]);
  });

  it('repeat no notice', () => {
    const { model } = start();
    expect(model.notice('docker', 'docker does not answer')).toHaveLength(1);
    expect(model.notice('docker', 'docker does not answer')).toEqual([]);
  });
});
