/** Each metric breaks a limit on one recording, keeps it on another, and is inconclusive where its evidence is missing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMES, type MetricName } from '../../src/gate/metrics.ts';
import type { PolicyFile } from '../../src/gate/policy-schema.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { filesLike, judgeChanged } from '../helpers/cases.ts';
import { checkOf, gateOne, recorded } from '../helpers/gate.ts';
import { judgeStory } from '../helpers/judge.ts';
import { story } from '../helpers/story.ts';

type Limit = NonNullable<PolicyFile['limits']>[number];
type Source = string | (() => Promise<Diagnosis>);

interface Row {
  readonly limit: Omit<Limit, 'metric'>;
  /** Documents on which the limit is broken, kept, and not known. */
  readonly broken: Source;
  readonly kept: Source;
  readonly unknown: Source;
  /** For `kept`, where the same limit is kept by nobody: another. */
  readonly keptLimit?: Omit<Limit, 'metric'>;
}

const COUNTERS_ONLY = 'published-29509775';
const NO_PARTIES = 'console-unroutable';
const noLimit = { max: 0, unit: 'count' } as const;

/** No relay sends an open back (field guide F-1), so no recording can show it: lines in the real format do. */
const backToItsOpener = async (): Promise<Diagnosis> =>
  judgeStory(
    story()
      .start()
      .open('client1', 'aggregator', { alsoTo: ['client1'] })
      .accept()
      .data(8)
      .end(20),
  );

/** The recording with a message that no version of ours knows. */
const withUnknownLines = async (): Promise<Diagnosis> =>
  judgeChanged({ name: 'healthy', sandbox: 'samples/healthy/sandbox', outcome: 'completed' }, (root) => {
    const [log = ''] = filesLike(root, /client1@.*syftbox\.log$/);
    writeFileSync(log, readFileSync(log, 'utf8').replace(/hotlink sending accept for tcp proxy:/, 'hotlink greets the tcp proxy:'));
  });

const ROWS: Readonly<Record<MetricName, Row>> = {
  'lost-bytes': { limit: { max: 0, unit: 'bytes' }, broken: 'stall-e3-debug', kept: 'healthy', unknown: NO_PARTIES },
  'delivered-bytes': { limit: { min: 1, unit: 'kB' }, broken: 'stall-e3-debug', kept: 'healthy', unknown: NO_PARTIES },
  fallbacks: { limit: noLimit, broken: 'healthy', kept: 'burst-e6-c', unknown: NO_PARTIES },
  'p2p-share': { limit: { min: 50, unit: 'percent' }, broken: 'healthy', kept: 'burst-e6-c', unknown: NO_PARTIES },
  'p2p-sessions': { limit: { min: 1, unit: 'count' }, broken: 'healthy', kept: 'burst-e6-c', unknown: NO_PARTIES },
  'strict-violations': { limit: noLimit, broken: 'strict-e6-c', kept: 'burst-e6-c', unknown: 'healthy' },
  'slowest-write': { limit: { max: 2, unit: 'ms' }, broken: 'pause-e6-c', kept: 'burst-e6-c', unknown: NO_PARTIES },
  rejects: { limit: noLimit, broken: 'acl-excludes-e6-c', kept: 'healthy', unknown: COUNTERS_ONLY },
  'self-peers': {
    limit: noLimit,
    broken: 'healthy',
    kept: 'burst-e6-c',
    keptLimit: { ...noLimit, party: 'client2' },
    unknown: COUNTERS_ONLY,
  },
  'self-sessions': { limit: noLimit, broken: backToItsOpener, kept: 'healthy', unknown: COUNTERS_ONLY },
  'unchanged-samples': { limit: { max: 3, unit: 'count' }, broken: 'pause-e6-c', kept: 'healthy', unknown: COUNTERS_ONLY },
  'unchanged-at-end': { limit: { max: 3, unit: 'count' }, broken: 'hang-progress-e6-c', kept: 'healthy', unknown: COUNTERS_ONLY },
  'pause-time': { limit: { max: 30, unit: 's' }, broken: 'pause-e6-c', kept: 'healthy', unknown: COUNTERS_ONLY },
  'stall-time': { limit: { max: 10, unit: 's' }, broken: 'hang-progress-e6-c', kept: 'finished-open-e6-c', unknown: COUNTERS_ONLY },
  'step-time': {
    limit: { max: 1, unit: 'min', step: 'secure_aggregate' },
    broken: 'hang-progress-e6-c',
    kept: 'finished-open-e6-c',
    unknown: 'healthy',
  },
  'run-time': { limit: { max: 20, unit: 's' }, broken: 'pause-e6-c', kept: 'healthy', unknown: COUNTERS_ONLY },
  'unread-lines': { limit: { max: 0, unit: 'count' }, broken: 'healthy', kept: 'burst-e6-c', unknown: withoutSources },
  'unknown-lines': { limit: { max: 0, unit: 'count' }, broken: withUnknownLines, kept: 'healthy', unknown: withoutSources },
};

async function withoutSources(): Promise<Diagnosis> {
  const d = recorded('healthy');
  return { ...d, accounting: { ...d.accounting, sources: [] } };
}

async function documentOf(source: Source): Promise<Diagnosis> {
  return typeof source === 'string' ? recorded(source) : source();
}

describe.each(METRIC_NAMES)('%s', (metric) => {
  const row = ROWS[metric];
  // Only the limit decides: findings are off, and a verdict of its own does not count.
  const only = (limit: Omit<Limit, 'metric'>): PolicyFile => ({
    rules: { '*': 'off' },
    acceptInconclusive: true,
    limits: [{ metric, ...limit }],
  });

  it('fails where it is broken, with evidence', { timeout: 60_000 }, async () => {
    const gate = gateOne(await documentOf(row.broken), { policy: only(row.limit) });
    expect(checkOf(gate, `limit:${metric}`)).toMatchObject({ outcome: 'failed', severity: 'error' });
    expect(checkOf(gate, `limit:${metric}`).evidence.length).toBeGreaterThan(0);
    expect(gate.exitCode).toBe(1);
  });

  it('passes where it is kept', async () => {
    const gate = gateOne(await documentOf(row.kept), { policy: only(row.keptLimit ?? row.limit) });
    expect(checkOf(gate, `limit:${metric}`).message).toMatch(/ passes$/);
    expect(gate).toMatchObject({ outcome: 'passed', exitCode: 0 });
  });

  it('is inconclusive without its evidence, never passed', async () => {
    const gate = gateOne(await documentOf(row.unknown), { policy: only(row.limit) });
    expect(checkOf(gate, `limit:${metric}`)).toMatchObject({ outcome: 'inconclusive' });
    expect(gate.exitCode).toBe(3);
  });
});

describe('a limit', () => {
  const only = (limits: readonly Limit[]): PolicyFile => ({ rules: { '*': 'off' }, acceptInconclusive: true, limits: [...limits] });

  it('on one direction does not see the others', () => {
    const of = (from: string, to: string): number =>
      gateOne('stall-e3-debug', { policy: only([{ metric: 'lost-bytes', max: 0, unit: 'bytes', from, to }]) }).exitCode;
    expect(of('aggregator', 'client1')).toBe(1);
    expect(of('client1', 'aggregator')).toBe(0);
  });

  it('on a party, a direction or a step that is not there is inconclusive and suggests one', () => {
    const says = (limit: Limit, sample: string): string =>
      checkOf(gateOne(sample, { policy: only([limit]) }), `limit:${limit.metric}`).message;
    expect(says({ metric: 'rejects', max: 0, unit: 'count', party: 'client9' }, 'healthy')).toContain("did you mean 'client1'?");
    expect(says({ metric: 'lost-bytes', max: 0, unit: 'bytes', to: 'agregator' }, 'healthy')).toContain("did you mean 'aggregator'?");
    expect(says({ metric: 'step-time', max: 1, unit: 's', step: 'secure_agregate' }, 'finished-open-e6-c')).toContain(
      "did you mean 'secure_aggregate'?",
    );
  });

  it('is inconclusive when the bounds of the figure lie on both sides of it', () => {
    // Counters alone leave 8 bytes between lost and under way.
    const check = checkOf(
      gateOne('published-29509799', { policy: only([{ metric: 'stall-time', max: 1, unit: 's' }]) }),
      'limit:stall-time',
    );
    expect(check.outcome).toBe('inconclusive');
  });

  it('counts in its unit', () => {
    const at = (max: number, unit: Limit['unit']): number =>
      gateOne('stall-e3-debug', { policy: only([{ metric: 'lost-bytes', max, unit }]) }).exitCode;
    expect([at(24_041, 'bytes'), at(24_042, 'bytes'), at(24, 'kB'), at(24, 'KiB')]).toEqual([1, 0, 1, 0]);
  });

  it('of severity warning fails only when warnings do', () => {
    const limits: Limit[] = [{ metric: 'fallbacks', max: 0, unit: 'count', severity: 'warning' }];
    expect(gateOne('healthy', { policy: only(limits) }).exitCode).toBe(0);
    expect(gateOne('healthy', { policy: { ...only(limits), failOn: 'warning' } }).exitCode).toBe(1);
  });
});
