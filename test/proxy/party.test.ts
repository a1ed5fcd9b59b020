/** The parts of a party that need no socket: keys, writers, order, log. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/protocol/message.ts';
import { BEHAVIOURS, type Behaviour, type BehaviourName } from '../../src/proxy/party/behaviour.ts';
import { Counters } from '../../src/proxy/party/counters.ts';
import { keysOf, writerKeys } from '../../src/proxy/party/keys.ts';
import { listRoom, writeList, zeroList } from '../../src/proxy/party/byte-list.ts';
import { bare, decodedParts, fileLine, stdoutLine } from '../../src/proxy/party/log.ts';
import { Reorder } from '../../src/proxy/party/reorder.ts';
import { WriterMap } from '../../src/proxy/party/writers.ts';
import { scanLog } from '../ingest/scan.ts';

const NAMES: Readonly<Record<string, string>> = {
  ag: 'aggregator@sandbox.local',
  c1: 'client1@sandbox.local',
  c2: 'client2@sandbox.local',
};
const MIDDLE = 'shared/flows/f/r/_mpc';

function path(short: string): string {
  const [who = '', channel = ''] = short.split('/');
  return `${NAMES[who] ?? ''}/${MIDDLE}/${channel}/stream.tcp.request`;
}

function keys(local: string, from: string, to: string, directory: string, era: BehaviourName) {
  const marker = { from: NAMES[from] ?? '', to: NAMES[to] ?? '' };
  const found = keysOf(`${NAMES[local] ?? ''}/${MIDDLE}/${directory}/stream.tcp`, marker, NAMES[local] ?? '', BEHAVIOURS[era]);
  if (found === undefined) throw new Error('no keys');
  return found;
}

describe('keys, by the worked examples of field guide 8.4', () => {
  it.each([
    ['c1', 'c2', '0_to_1', 'c1/0_to_1', 'c1/0_to_1', 'c2/0_to_1', 'c2/0_to_1', 'c2/1_to_0'],
    ['c2', 'c1', '0_to_1', 'c1/0_to_1', 'c2/0_to_1', 'c1/0_to_1', 'c1/0_to_1', 'c1/1_to_0'],
    ['ag', 'c1', '0_to_1', 'ag/0_to_1', 'ag/0_to_1', 'c1/0_to_1', 'c1/0_to_1', 'c1/1_to_0'],
    ['c1', 'ag', '1_to_0', 'ag/0_to_1', 'c1/0_to_1', 'ag/0_to_1', 'ag/1_to_0', 'ag/0_to_1'],
    ['c1', 'c2', '1_to_2', 'c1/1_to_2', 'c1/1_to_2', 'c2/1_to_2', 'c2/1_to_2', 'c2/2_to_1'],
    ['c2', 'c1', '2_to_1', 'c1/1_to_2', 'c2/1_to_2', 'c1/1_to_2', 'c1/2_to_1', 'c1/1_to_2'],
  ])('%s to %s in %s', (me, peer, directory, canonical, ownerFrom, ownerTo, e5a, e5b) => {
    const [old, mid, now] = [
      keys(me, me, peer, directory, 'E3'),
      keys(me, me, peer, directory, 'E5a'),
      keys(me, me, peer, directory, 'E5b'),
    ];
    expect(old).toEqual({
      canonical: path(canonical),
      local: path(`${me}/${directory}`),
      ownerFrom: path(ownerFrom),
      ownerTo: path(ownerTo),
      peerInbound: null,
      outbound: path(canonical),
    });
    expect(mid).toEqual({ ...old, peerInbound: path(e5a), outbound: path(`${me}/${directory}`) });
    expect(now).toEqual({ ...mid, peerInbound: path(e5b) });
  });

  it.each([
    ['ag', 'c1', '0_to_1', 'E5b', 'true/false/false/true/true'],
    ['c1', 'ag', '1_to_0', 'E5b', 'true/true/true/false/false'],
    ['ag', 'c1', '0_to_1', 'E5a', 'true/false/false/true/false'],
    ['c1', 'ag', '1_to_0', 'E5a', 'true/true/true/false/true'],
    ['c2', 'c1', '0_to_1', 'E5b', 'true/true/false/false/true'],
  ] as const)('flags of the first connection: %s to %s in %s, %s', (me, peer, directory, era, flags) => {
    const map = new WriterMap(BEHAVIOURS[era].writers);
    expect(map.add(writerKeys(keys(me, me, peer, directory, era), BEHAVIOURS[era]), { id: 1, isOpen: true }).join('/')).toBe(flags);
  });

  it('meets: what a party of E5b sends finds the writer of its peer; in E5a what the larger email sends does not', () => {
    for (const [a, b, there, back] of [
      ['ag', 'c1', '0_to_1', '1_to_0'],
      ['c1', 'c2', '1_to_2', '2_to_1'],
    ] as const) {
      for (const era of ['E3', 'E4', 'E5b', 'E6'] as const) {
        expect(writerKeys(keys(b, b, a, back, era), BEHAVIOURS[era])).toContain(keys(a, a, b, there, era).outbound);
        expect(writerKeys(keys(a, a, b, there, era), BEHAVIOURS[era])).toContain(keys(b, b, a, back, era).outbound);
      }
      expect(writerKeys(keys(b, b, a, back, 'E5a'), BEHAVIOURS.E5a)).toContain(keys(a, a, b, there, 'E5a').outbound);
      expect(writerKeys(keys(a, a, b, there, 'E5a'), BEHAVIOURS.E5a)).not.toContain(keys(b, b, a, back, 'E5a').outbound);
    }
  });
});

describe('writers', () => {
  const open = (id: number) => ({ id, isOpen: true });

  it('E3: a program that connects while a probe is there is never heard', () => {
    const [map, probe, program] = [new WriterMap('first-live'), open(1), open(2)];
    map.add(['k'], probe);
    map.add(['k'], program);
    map.remove(probe);
    expect(map.get('k')).toBeUndefined();
  });

  it('E4: it is promoted when the probe goes', () => {
    const [map, probe, program] = [new WriterMap('standby'), open(1), open(2)];
    map.add(['k'], probe);
    expect(map.add(['k'], program)).toEqual([false]);
    expect(map.remove(probe)).toEqual(['k']);
    expect(map.get('k')).toBe(program);
  });

  it('promotes a connection behind itself where keys coincide, and finds nobody then', () => {
    const [map, program] = [new WriterMap('standby'), open(1)];
    expect(map.add(['k', 'k'], program)).toEqual([true, false]);
    expect(map.remove(program)).toEqual(['k']);
    expect(map.get('k')).toBeUndefined();
  });
});

describe('order', () => {
  it('delivers any shuffled stream once, in order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 20 }, (_, i) => i + 1),
          { minLength: 20 },
        ),
        (seqs) => {
          const reorder = new Reorder<number>();
          expect(seqs.flatMap((seq) => reorder.push('k', seq, seq))).toEqual(seqs.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('stops at a hole for ever, and counts what came again', () => {
    const reorder = new Reorder<number>();
    expect([reorder.push('k', 1, 1), reorder.push('k', 3, 3), reorder.push('k', 1, 1)]).toEqual([[1], [], []]);
    expect([reorder.parked, reorder.late]).toEqual([1, 1]);
  });
});

/** The message as a line shows it, bytes and all. */
function decodedText(message: Message, behaviour: Behaviour): string {
  const { head, bytes = new Uint8Array(), tail } = decodedParts(message, behaviour);
  const out = Buffer.alloc(listRoom(bytes.length));
  return head + out.toString('latin1', 0, writeList(bytes, out, 0)) + tail;
}

describe('log', () => {
  it('prints bytes as a list of numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(9), (bytes, start) => {
        const out = Buffer.alloc(start + listRoom(bytes.length));
        expect(out.toString('latin1', start, writeList(bytes, out, start))).toBe(Array.from(bytes).join(', '));
        expect(zeroList(bytes.length).toString()).toBe(Array.from(bytes.fill(0)).join(', '));
      }),
    );
  });

  const hostile = fc.string({ unit: 'binary', maxLength: 40 });
  const message: fc.Arbitrary<Message> = fc.oneof(
    fc.record({
      type: fc.constant('HOTLINK_OPEN' as const),
      id: hostile,
      session: hostile,
      path: hostile,
      from: fc.option(hostile),
      to: fc.option(hostile),
    }),
    fc.record({ type: fc.constant('HOTLINK_REJECT' as const), id: hostile, session: hostile, reason: fc.option(hostile) }),
    fc.record({
      type: fc.constant('HOTLINK_DATA' as const),
      id: hostile,
      session: hostile,
      seq: fc.nat(),
      path: hostile,
      payload: fc.uint8Array(),
    }),
    fc.record({ type: fc.constant('HOTLINK_SIGNAL' as const), id: hostile, session: hostile, kind: hostile, token: fc.option(hostile) }),
  );

  it('keeps what a peer says on one line of both outputs', () => {
    fc.assert(
      fc.property(message, hostile, fc.constantFrom(BEHAVIOURS.E3, BEHAVIOURS.E6), (said, path, behaviour) => {
        for (const text of [`ws message decoded type=${decodedText(said, behaviour)}`, `hotlink session new: session=0 path=${bare(path)}`])
          for (const line of [fileLine(0, 'INFO', text), stdoutLine(0, 'INFO', text)])
            // oxlint-disable-next-line no-control-regex -- that is what must not be there
            expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
    );
  });

  it('is read back by ingest: bytes of a frame, opener and receiver', () => {
    const said: readonly Message[] = [
      { type: 'HOTLINK_OPEN', id: 'a', session: 's1', path: path('c1/1_to_2'), from: NAMES['c1'] ?? '', to: null },
      { type: 'HOTLINK_DATA', id: 'b', session: 's1', seq: 7, path: path('c1/1_to_2'), etag: '', payload: new Uint8Array(300) },
      { type: 'HOTLINK_DATA', id: 'c', session: 's1', seq: 8, path: path('c1/1_to_2'), etag: '', payload: new Uint8Array() },
    ];
    const lines = said.map((m) => fileLine(0, 'INFO', `ws message decoded type=${decodedText(m, BEHAVIOURS.E6)}`));
    const summary = new Counters({ strictKeys: true, strict: false, startedMs: 0 }).summary({ inbound: [], outbound: [], proxies: [] });
    const read = scanLog('rust-file', Buffer.from([...lines, fileLine(0, 'INFO', summary)].join('')));
    expect(read.rejections).toEqual({});
    expect(read.rows.map((row) => [row.kind, row.fields['user'] ?? row.fields['bytes']])).toEqual([
      ['decoded-open', NAMES['c1']],
      ['decoded-data', 300],
      ['decoded-data', 0],
      ['summary', undefined],
    ]);
  });
});
