import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { traceSchema } from '../../src/model/trace.ts';
import { DoctorError } from '../../src/model/errors.ts';
import { buildCase } from '../../src/rules/facts/build.ts';
import type { CaseFile } from '../../src/rules/facts/case-file.ts';
import { describeTrace, partyNamed, traceDirection, type Trace } from '../../src/rules/trace.ts';
import { Store } from '../../src/store/store.ts';
import { caseOf } from '../helpers/judge.ts';
import { story } from '../helpers/story.ts';

const stores: Store[] = [];
const cases = new Map<string, { c: CaseFile; store: Store; root: string }>();

beforeAll(async () => {
  for (const name of [
    'stall-e3-debug',
    'marker-missing',
    'late-application',
    'healthy',
    'port-taken',
    'published-29509775',
    'published-29509970',
  ]) {
    const root = `samples/${name}/sandbox`;
    const store = await Store.create();
    stores.push(store);
    await loadInput(root, store);
    cases.set(name, { c: await buildCase(store.query), store, root });
  }
});
afterAll(() => stores.forEach((store) => store.close()));

function trace(sample: string, from: string, to: string): Trace {
  const { c } = cases.get(sample)!;
  return traceDirection(c, partyNamed(c, from), partyNamed(c, to));
}

function states(t: Trace): Record<string, string> {
  return Object.fromEntries(t.links.map((l) => [l.link, l.state]));
}

describe('a direction', () => {
  test('whose frames the relay refused breaks there, after an open and an accept that are seen', async () => {
    const t = trace('stall-e3-debug', 'aggregator', 'client1');
    expect(t.breaksAt).toBe('relay took and wrote');
    expect(states(t)).toMatchObject({
      'session opened': 'seen',
      'relay took the open': 'seen',
      accepted: 'seen',
      'accept reached the opener': 'seen',
      delivered: 'absent',
    });
    const { c, store, root } = cases.get('stall-e3-debug')!;
    const relay = (await describeTrace(c, t, excerptReader(root, store))).links.find((l) => l.link === t.breaksAt);
    expect(relay?.evidence[0]).toMatchObject({ source: 'relay/server/logs/server.log', line: 224 });
    expect(relay?.evidence[0]?.text).toContain('not sender');
    expect(relay?.time).toBe('2026-11-22T13:25:47.000Z');
  });

  test('that was never used breaks at the bytes of the program, not at the transport', () => {
    expect(trace('stall-e3-debug', 'client1', 'client2').breaksAt).toBe('bytes from the program');
  });

  test('without a marker breaks at the marker', () => {
    const t = trace('marker-missing', 'client2', 'client1');
    expect(t.breaksAt).toBe('marker of the sender');
    expect(t.links[0]?.evidence).toContainEqual(
      expect.objectContaining({ absent: true, source: expect.stringMatching(/2_to_1\/stream\.tcp$/) }),
    );
  });

  test('whose listener lost its port breaks at the listener', () => {
    const { c } = cases.get('port-taken')!;
    const breaks = c.directions.map((d) => traceDirection(c, d.from, d.to).breaksAt);
    expect(breaks).toContain('proxy listens');
  });

  test('whose first frame met no writer breaks at the write, with the line of the drop', () => {
    const t = trace('late-application', 'client2', 'aggregator');
    expect(t.breaksAt).toBe('written to the program');
    expect(t.links.find((l) => l.link === t.breaksAt)?.evidence[0]).toHaveProperty('event.kind', 'write-skipped');
    expect(states(t)).toMatchObject({ 'frames decoded': 'seen' });
  });

  test('of a healthy run has no absent link, either way between any two', () => {
    const { c } = cases.get('healthy')!;
    expect(c.directions).toHaveLength(6);
    for (const d of c.directions) expect(traceDirection(c, d.from, d.to).links.filter((l) => l.state === 'absent')).toEqual([]);
  });

  test('of which only counters are left is unknowable where no line could show it', () => {
    const { c } = cases.get('published-29509775')!;
    for (const d of c.directions) {
      const t = traceDirection(c, d.from, d.to);
      expect(t.links.find((l) => l.link === 'relay took and wrote')?.says).toBe('no relay log');
      expect(states(t)).toMatchObject({ 'relay took and wrote': 'unknowable', 'frames decoded': 'unknowable' });
    }
  });

  test('that a receiver without a marker cannot take breaks there, whatever is seen before', () => {
    const t = trace('marker-missing', 'client1', 'client2');
    expect(t.breaksAt).toBe('marker of the receiver');
    expect(t.meaning).toContain("client2's client does not know this channel");
  });

  test('whose open reached nobody breaks at the relay, although the opener sent all the same', async () => {
    const c = await caseOf(story().start().open('client2', 'client1', { heard: false }).timeout().lose(8, 500).end(20));
    const t = traceDirection(c, partyNamed(c, 'client2'), partyNamed(c, 'client1'));
    expect(states(t)).toMatchObject({ 'session opened': 'seen', 'frames sent': 'seen', accepted: 'absent' });
    expect(t.breaksAt).toMatch(/^(relay took the open|open reached the other side)$/);
    expect(t.attempted.answer).toBe('yes');
    expect(t.meaning).toContain('access list');
  });

  test('never has an absent link that rests on a missing line before what cannot come without it', () => {
    const wrong = [...cases].flatMap(([sample, { c }]) =>
      c.directions.flatMap((d) => {
        const s = states(traceDirection(c, d.from, d.to));
        const before = [
          ...(s['frames decoded'] === 'seen' ? ['open reached the other side', 'accepted', 'session opened'] : []),
          ...(s['session opened'] === 'seen' ? ['program connected', 'bytes from the program'] : []),
        ];
        return before.filter((link) => s[link] === 'absent').map((link) => `${sample} ${d.from} ${d.to}: ${link}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('whether a direction was ever attempted', () => {
  test('yes, with the line of the first byte', () => {
    const { answer, evidence } = trace('late-application', 'client2', 'aggregator').attempted;
    expect(answer).toBe('yes');
    expect(evidence[0]).toHaveProperty('event.kind', 'session-new');
  });

  test('no, with what would show it and does not', () => {
    const { answer, evidence } = trace('stall-e3-debug', 'client1', 'client2').attempted;
    expect(answer).toBe('no');
    expect(evidence[0]).toMatchObject({ absent: true });
    const deaf = trace('marker-missing', 'client2', 'client1').attempted;
    expect(deaf).toMatchObject({ answer: 'no', says: expect.stringContaining('dialled and found nobody') });
  });

  test('no, where hotlink is off in the sender, and the listener is where it breaks', async () => {
    const c = await caseOf(story().hotlinkOff('client2').start().talk('client1', 'aggregator', 13).end(20));
    const t = traceDirection(c, partyNamed(c, 'client2'), partyNamed(c, 'client1'));
    expect(t).toMatchObject({ breaksAt: 'proxy listens', attempted: { answer: 'no' } });
    expect(t.links.find((l) => l.link === t.breaksAt)?.says).toContain('hotlink is off');
  });

  test('unknown, and why, where no line could show it', () => {
    const { c } = cases.get('published-29509970')!;
    const tries = c.directions.map((d) => traceDirection(c, d.from, d.to).attempted);
    expect(tries.map((t) => t.answer)).toContain('unknown');
    for (const t of tries.filter((x) => x.answer === 'unknown')) expect(t.says).toMatch(/^it cannot be known: no log of /);
  });
});

test('each dated link has its own time and the common one', async () => {
  const { c, store, root } = cases.get('stall-e3-debug')!;
  const report = await describeTrace(c, trace('stall-e3-debug', 'aggregator', 'client1'), excerptReader(root, store));
  traceSchema.parse(report);
  const dated = report.links.filter((l) => l.time !== null);
  expect(dated.length).toBeGreaterThan(5);
  for (const l of dated) expect(l.commonTime).toMatch(/^2026-11-22T13:25:/);
});

test('a party is named by email or role; another name is refused with the known ones', () => {
  const { c } = cases.get('healthy')!;
  expect(partyNamed(c, 'client1@sandbox.local')).toBe(partyNamed(c, 'client1'));
  const refused = (): string => partyNamed(c, 'client9');
  expect(refused).toThrow(DoctorError);
  expect(refused).toThrow("no party 'client9' in this input; did you mean 'client1'?; its parties are aggregator, client1, client2");
});
