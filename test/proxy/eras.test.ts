/** Versions, patches and single switches of the client, without a socket: a manager between a relay and programs in memory. */
import { describe, expect, it } from 'vitest';
import type { DataMessage, Message } from '../../src/protocol/message.ts';
import { BEHAVIOURS, PATCHES, type BehaviourName } from '../../src/proxy/party/behaviour.ts';
import { keysOf, writerKeys } from '../../src/proxy/party/keys.ts';
import { SharedLock } from '../../src/proxy/party/lock.ts';
import { Manager } from '../../src/proxy/party/manager.ts';
import { SessionTables, newOutbound } from '../../src/proxy/party/sessions.ts';
import { parseClient } from '../../src/proxy/party/switches.ts';
import { WriterMap } from '../../src/proxy/party/writers.ts';

const ME = 'client1@sandbox.local';
const PEER = 'client2@sandbox.local';
const AGGREGATOR = 'aggregator@sandbox.local';
const MIDDLE = 'shared/flows/f/r/_mpc';
/** Canonical path of client1 and client2: of client1's own name. */
const OURS = `${ME}/${MIDDLE}/1_to_2/stream.tcp.request`;
/** Canonical path with the aggregator: of another's name. */
const THEIRS = `${AGGREGATOR}/${MIDDLE}/0_to_1/stream.tcp.request`;

/** Lets everything that is ready happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface Rig {
  readonly manager: Manager;
  /** What it sent to the relay. */
  readonly sent: Message[];
  readonly lines: string[];
  readonly chunk: (path: string, text: string) => Promise<unknown>;
  readonly open: (session: string, path: string, from: string) => Promise<void>;
  readonly data: (session: string, path: string, seq: number, text: string) => Promise<void>;
  /** A program's connection; `write` may be told to hang. */
  readonly writer: (path: string, hangs?: boolean) => { got: string };
  readonly kinds: () => string[];
}

/** `accepts`: the relay answers every open at once. */
function rig(spec: string, { accepts = true, p2pOnly = false }: { accepts?: boolean; p2pOnly?: boolean } = {}): Rig {
  const sent: Message[] = [];
  const lines: string[] = [];
  const stop = new AbortController();
  const manager: Manager = new Manager({
    email: ME,
    behaviour: parseClient(spec).behaviour,
    debug: true,
    strict: false,
    p2pOnly,
    encoding: 'msgpack',
    noCredentials: false,
    stack: undefined,
    send: async (message) => {
      sent.push(message);
      if (accepts && message.type === 'HOTLINK_OPEN')
        setImmediate(() => void manager.receive({ type: 'HOTLINK_ACCEPT', id: 'a', session: message.session }));
      return true;
    },
    log: (_level, line) => void lines.push(line),
    decoded: () => undefined,
    ensureDirectory: () => true,
    moved: () => undefined,
    now: () => 0,
    signal: stop.signal,
  });
  let writers = 0;
  return {
    manager,
    sent,
    lines,
    chunk: async (path, text) => manager.sendChunk({ outbound: path, canonical: path, peer: PEER }, Buffer.from(text)),
    open: async (session, path, from) => manager.receive({ type: 'HOTLINK_OPEN', id: 'o', session, path, from, to: null }),
    data: async (session, path, seq, text) =>
      manager.receive({ type: 'HOTLINK_DATA', id: 'd', session, seq, path, etag: '', payload: Buffer.from(text) }),
    writer: (path, hangs = false) => {
      const program = { got: '' };
      const write = async (bytes: Uint8Array): Promise<void> => {
        if (hangs) await new Promise(() => undefined);
        program.got += Buffer.from(bytes).toString();
      };
      manager.writers.add([path], { id: writers++, isOpen: true, write });
      return program;
    },
    kinds: () => sent.map((message) => message.type.replace('HOTLINK_', '').toLowerCase()),
  };
}

const frames = (sent: readonly Message[]): DataMessage[] => sent.filter((message) => message.type === 'HOTLINK_DATA');
const words = (frame: DataMessage): string => Buffer.from(frame.payload ?? []).toString();

describe('names of clients', () => {
  it.each(Object.keys(BEHAVIOURS) as BehaviourName[])('%s is itself', (era) => {
    expect(parseClient(era).behaviour).toEqual(BEHAVIOURS[era]);
  });

  it('puts patches on in the order of the notes, switches last', () => {
    const { behaviour, patches } = parseClient('E3+E+C/adoption=never/chunk-bytes=4096/reorder-lock=yes');
    expect(patches).toEqual(['C', 'E']);
    expect(behaviour).toEqual({
      ...BEHAVIOURS.E3,
      name: 'E3+C+E/adoption=never/chunk-bytes=4096/reorder-lock=yes',
      guard: 'own-inbound',
      adoption: 'never',
      chunkBytes: 4096,
      reorderLock: true,
    });
  });

  it('makes of E3 with all patches what E4 does with sessions', () => {
    const { adoption, guard, writers, opensTo, namesOpener } = parseClient(`E3+${Object.keys(PATCHES).slice(1).join('+')}`).behaviour;
    expect(BEHAVIOURS.E4).toMatchObject({ adoption, guard, writers, opensTo, namesOpener });
  });

  it.each([
    ['E9', /E1, E1b, E3, E4/],
    ['E3+X', /E3\+PATCH, a patch of B, C, D, E, F, G, frm/],
    ['E3/adopton=never', /did you mean adoption\?/],
    ['E3/adoption=nver', /adoption=never, p2p-only, always; did you mean never\?/],
    ['E3/reorder-lock=true', /reorder-lock=yes or reorder-lock=no/],
    ['E3/chunk-bytes=0', /chunk-bytes=1…1048576 bytes/],
    ['E3/chunk-bytes=1e3', /chunk-bytes/],
    ['E3/constructor=x', /NAME=VALUE, a name of outbound-key/],
    ['toString', /E1, E1b/],
  ])('refuses %s', (spec, wanted) => {
    expect(() => parseClient(spec)).toThrow(expect.objectContaining({ message: expect.stringMatching(wanted) as string }) as Error);
  });
});

describe('paths of a party', () => {
  it('E1 knows a writer under two paths; patch B sends under the name of the peer', () => {
    const marker = { from: ME, to: AGGREGATOR };
    const of = (spec: string, directory = '1_to_0', to = marker) => {
      const { behaviour } = parseClient(spec);
      const keys = keysOf(`${ME}/${MIDDLE}/${directory}/stream.tcp`, to, ME, behaviour);
      if (keys === undefined) throw new Error('no keys');
      return { keys, known: writerKeys(keys, behaviour) };
    };
    expect(of('E1b').known).toEqual([THEIRS, `${ME}/${MIDDLE}/1_to_0/stream.tcp.request`]);
    expect(of('E3').known).toHaveLength(4);
    expect(of('E3+B').keys.outbound).toBe(THEIRS);
    expect(of('E3+B', '1_to_2', { from: ME, to: PEER }).keys.outbound).toBe(`${PEER}/${MIDDLE}/1_to_2/stream.tcp.request`);
  });
});

describe('writers of E1', () => {
  it('gives the canonical path to the newest connection, the local one to the first, and forgets none', () => {
    const [map, probe, program] = [new WriterMap('newest'), { id: 1, isOpen: true }, { id: 2, isOpen: true }];
    expect(map.add(['canonical', 'local'], probe)).toEqual([true, true]);
    expect(map.add(['canonical', 'local'], program)).toEqual([true, false]);
    expect([map.get('canonical'), map.get('local')]).toEqual([program, probe]);
    expect(map.remove(probe)).toEqual([]);
    // The dead one is still what frames go to (F-4: broken pipe instead of no writer).
    expect(map.get('local')).toBe(probe);
  });
});

describe('which session a chunk goes out on', () => {
  it('E3 sends on the session that the peer opened (F-3)', async () => {
    const r = rig('E3');
    await r.open('theirs', OURS, PEER);
    await r.chunk(OURS, 'one');
    await r.chunk(OURS, 'two');
    expect(frames(r.sent).map((f) => [f.session, f.seq, words(f)])).toEqual([
      ['theirs', 1, 'one'],
      ['theirs', 2, 'two'],
    ]);
    expect(r.kinds()).not.toContain('open');
  });

  it('patch C gives that session up behind the first chunk, and opens its own: one frame is lost', async () => {
    const r = rig('E3+C/accept-wait-ms=200');
    await r.open('theirs', OURS, PEER);
    await r.chunk(OURS, 'one');
    await r.chunk(OURS, 'two');
    await r.chunk(OURS, 'three');
    const [first, ...rest] = frames(r.sent);
    expect([first?.session, first?.seq]).toEqual(['theirs', 1]);
    expect(rest.map((f) => [f.session === 'theirs', f.seq, words(f)])).toEqual([
      [false, 1, 'two'],
      [false, 2, 'three'],
    ]);
    expect(r.lines.filter((line) => /reusing|guard|send open/.test(line)).map((line) => line.split(':')[0])).toEqual([
      'hotlink reusing inbound session',
      'hotlink tcp self-route guard',
      'hotlink send open',
    ]);
    expect(r.manager.counters.wsFallbacks).toBe(2);
  });

  it('patch C leaves a path of another name alone', async () => {
    const r = rig('E3+C');
    await r.open('theirs', THEIRS, AGGREGATOR);
    await r.chunk(THEIRS, 'one');
    await r.chunk(THEIRS, 'two');
    expect(frames(r.sent).map((f) => f.session)).toEqual(['theirs', 'theirs']);
  });

  it('patch C waits for the peer on a path of its own name, and takes what comes', async () => {
    const r = rig('E3+C');
    const sending = r.chunk(OURS, 'one');
    await settle();
    await r.open('theirs', OURS, PEER);
    await sending;
    expect(frames(r.sent).map((f) => f.session)).toEqual(['theirs']);
    expect(r.lines.join('\n')).toMatch(/self-route guard: reused inbound after \d+ms/);
  });

  it.each(['E3+E', 'E3+C+E', 'E3+C+D+E', 'E4', 'E3/adoption=never'])('%s opens its own', async (spec) => {
    const r = rig(spec);
    await r.open('theirs', OURS, PEER);
    await r.chunk(OURS, 'one');
    await r.chunk(OURS, 'two');
    const own = frames(r.sent).map((f) => f.session);
    expect(own).toHaveLength(2);
    expect(own).not.toContain('theirs');
  });

  it.each(['E3+B', 'E3+D', 'E3+F', 'E3+G', 'E3+frm'])('%s adopts as E3 does', async (spec) => {
    const r = rig(spec);
    await r.open('theirs', OURS, PEER);
    await r.chunk(OURS, 'one');
    expect(frames(r.sent).map((f) => f.session)).toEqual(['theirs']);
  });

  it('patch F names who opened before; without it nobody is named', async () => {
    const opensOf = async (spec: string): Promise<unknown[]> => {
      const r = rig(spec);
      await r.open('theirs', OURS, PEER);
      await r.chunk(OURS, 'one');
      return r.sent.flatMap((m) => (m.type === 'HOTLINK_OPEN' ? [m.to] : []));
    };
    expect(await opensOf('E3+E+F')).toEqual([PEER]);
    expect(await opensOf('E3+E+frm')).toEqual([null]);
    expect(await opensOf('E3+E')).toEqual([undefined]);
  });

  it('E4 in p2p-only mode never takes a session that leads to itself', () => {
    const tables = new SessionTables(BEHAVIOURS.E4, ME, true);
    tables.inbound.set('loop', { id: 'loop', path: OURS, from: ME });
    expect(tables.adoptable(OURS)).toBeUndefined();
    tables.remember(newOutbound('loop', OURS));
    expect(tables.current(OURS).discarded?.id).toBe('loop');
    tables.inbound.set('theirs', { id: 'theirs', path: OURS, from: PEER });
    expect(tables.adoptable(OURS)?.id).toBe('theirs');
  });
});

describe('an accept that does not come', () => {
  it('E1 closes the session and loses the chunk without a word to the program', async () => {
    const r = rig('E1/accept-wait-ms=50', { accepts: false });
    expect(await r.chunk(OURS, 'one')).toEqual({ ok: true });
    expect(r.kinds()).toEqual(['open', 'close']);
    expect(r.sent[1]).toMatchObject({ reason: 'fallback' });
    expect(await r.chunk(OURS, 'two')).toEqual({ ok: true });
    expect(r.kinds()).toEqual(['open', 'close', 'open', 'close']);
    expect([r.manager.counters.txBytes, r.manager.counters.wsFallbacks]).toEqual([0, 0]);
  });

  it('E1 takes a reject like that, at once', async () => {
    const r = rig('E1', { accepts: false });
    const sending = r.chunk(OURS, 'one');
    await settle();
    const [open] = r.sent;
    if (open?.type !== 'HOTLINK_OPEN') throw new Error('no open');
    await r.manager.receive({ type: 'HOTLINK_REJECT', id: 'r', session: open.session, reason: 'permission denied' });
    await sending;
    expect(r.kinds()).toEqual(['open', 'close']);
  });

  it('E3 sends into it', async () => {
    const r = rig('E3/accept-wait-ms=50', { accepts: false });
    await r.chunk(OURS, 'one');
    expect(r.kinds()).toEqual(['open', 'data']);
    expect(r.lines.join('\n')).toContain('hotlink accept timeout (0s), sending anyway');
  });
});

describe('order and locks', () => {
  it('F-11: of a new session on the same path the first frames are parked where order is kept by path', async () => {
    const got = async (spec: string): Promise<string> => {
      const r = rig(spec);
      const program = r.writer(OURS);
      await r.open('old', OURS, PEER);
      await r.data('old', OURS, 1, 'a');
      await r.data('old', OURS, 2, 'b');
      await r.open('new', OURS, PEER);
      for (const [index, text] of ['c', 'd', 'e'].entries()) await r.data('new', OURS, index + 1, text);
      return program.got;
    };
    expect(await got('E1b')).toBe('abe');
    expect(await got('E3')).toBe('abe');
    expect(await got('E3/reorder-key=session')).toBe('abcde');
    expect(await got('E4')).toBe('abcde');
  });

  it.each([
    ['E1b', false],
    ['E1', false],
    ['E3/reorder-lock=yes', false],
    ['E3', true],
    ['E6', true],
  ])('F-8: with one connection that is not read, the others of %s go on: %s', async (spec, goesOn) => {
    const r = rig(spec);
    const [stuck, other] = [r.writer(OURS, true), r.writer(THEIRS)];
    await r.open('a', OURS, PEER);
    await r.open('b', THEIRS, AGGREGATOR);
    // Two ways into one client, as the WebSocket and a peer connection are.
    void r.data('a', OURS, 1, 'x');
    void r.data('b', THEIRS, 1, 'y');
    await settle();
    expect([stuck.got, other.got]).toEqual(['', goesOn ? 'y' : '']);
  });

  it.each([
    ['E1b', false],
    ['E3/table-lock=yes', false],
    ['E3', true],
  ])('F-8: while a frame waits for its writer %s enters an open: %s', async (spec, enters) => {
    const r = rig(spec);
    await r.open('a', OURS, PEER);
    void r.data('a', OURS, 1, 'x');
    await settle();
    void r.open('b', THEIRS, AGGREGATOR);
    await settle();
    expect(r.sent.some((m) => m.type === 'HOTLINK_ACCEPT' && m.session === 'b')).toBe(enters);
  });

  it('a lock that is waited for alone holds up who comes later, and lets all go on', async () => {
    const lock = new SharedLock();
    const done: string[] = [];
    let free: () => void = () => undefined;
    const first = lock.shared(async () => new Promise<void>((resolve) => (free = resolve)));
    const alone = lock.alone(() => void done.push('alone'));
    const later = lock.shared(async () => void done.push('later'));
    await settle();
    expect(done).toEqual([]);
    free();
    await Promise.all([first, alone, later]);
    expect(done).toEqual(['alone', 'later']);
  });
});

describe('QUIC of E1', () => {
  it('offers, is dialled in vain, and falls back once per session with the keys and words of E1', async () => {
    const r = rig('E1b');
    await r.open('theirs', OURS, PEER);
    await expect.poll(() => r.sent.some((m) => m.type === 'HOTLINK_SIGNAL' && m.kind === 'quic_offer')).toBe(true);
    await r.manager.receive({
      type: 'HOTLINK_SIGNAL',
      id: 's',
      session: 'theirs',
      kind: 'quic_answer',
      addresses: [],
      token: '',
      error: 'no',
    });
    await r.chunk(OURS, 'one');
    await r.chunk(OURS, 'two');
    expect(r.lines.filter((line) => line.includes('quic not ready'))).toHaveLength(1);
    expect(r.lines.join('\n')).toContain('hotlink quic answer error, ws fallback: session=theirs error=no');
    const telemetry = JSON.parse(r.manager.counters.json(r.manager.live(), 1)) as Record<string, unknown>;
    expect(telemetry).toMatchObject({ mode: 'hotlink_quic_pref', quic_offers: 1, quic_answers_err: 1, ws_fallbacks: 1, tx_ws_packets: 2 });
    expect(Object.keys(telemetry)).toEqual(Object.keys(telemetry).toSorted());
    expect(telemetry).not.toHaveProperty('live');
  });

  it('switched off says so, offers nothing and counts no fallback', async () => {
    const r = rig('E1/quic=off');
    await r.open('theirs', OURS, PEER);
    await r.chunk(OURS, 'one');
    await settle();
    expect(r.kinds()).toEqual(['accept', 'open', 'data']);
    expect(JSON.parse(r.manager.counters.json(r.manager.live(), 1))).toMatchObject({ mode: 'hotlink_ws_only', ws_fallbacks: 0 });
  });
});
