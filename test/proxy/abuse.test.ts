/**
 * Bad input and abuse over relay, tap and party: each answers with a clear line and a refusal or a closed connection, others go on, and
 * nothing is written outside the folders that belong to them.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../src/protocol/message-codec.ts';
import type { Message } from '../../src/protocol/message.ts';
import { MAX_MESSAGE_BYTES } from '../../src/protocol/websocket.ts';
import { BEHAVIOURS } from '../../src/proxy/party/behaviour.ts';
import { Party } from '../../src/proxy/party/client.ts';
import { Tap } from '../../src/proxy/tap/server.ts';
import { scanLog } from '../ingest/scan.ts';
import { runBin } from '../helpers/bin.ts';
import { messages } from '../helpers/messages.ts';
import { startRelay, WireClient, type StartedRelay } from '../helpers/wire-client.ts';
import { webSocketFrame } from '../helpers/wire.ts';

const A = 'client1@sandbox.local';
const B = 'client2@sandbox.local';
const C = 'aggregator@sandbox.local';
const DIRECTORY = `${A}/shared/flows/f/29510000-abcdefabcdef/_mpc/1_to_2`;
const PATH = `${DIRECTORY}/stream.tcp.request`;
const MASK = Uint8Array.from([1, 2, 3, 4]);
const EVIL = [
  '../../canary/x',
  `${A}/../../../canary/y`,
  '/etc/hotlink-doctor-canary',
  `${A}/a\u0000b/stream.tcp.request`,
  `${A}/a\nlevel=ERROR msg="forged"/stream.tcp.request`,
  `${A}/${'x'.repeat(5000)}/stream.tcp.request`,
  `${A}/${'d/'.repeat(400)}stream.tcp.request`,
  `..\\..\\canary\\z`,
  `${A}//stream.tcp.request`,
  'canary',
  '',
  '.',
  '\u001b[2J\u009b\u2028\u202e',
  `${A}/link/x/stream.tcp.request`,
  `${C}/link/x/syft.pub.yaml`,
];

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-abuse-'));
let closing: (() => Promise<void> | void)[] = [];
let made = 0;

afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder of its own with one in it for the accused, and things around it that must stay as they are. */
function canary(): { readonly inside: string; readonly around: () => readonly string[] } {
  made++;
  const outer = join(root, `case-${made}`);
  const inside = join(outer, 'sandbox', 'home');
  mkdirSync(inside, { recursive: true });
  for (const place of ['canary', 'sandbox/canary']) {
    mkdirSync(join(outer, place));
    writeFileSync(join(outer, place, 'bird.txt'), 'alive');
  }
  const around = (): readonly string[] =>
    readdirSync(outer, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => path !== inside && !path.startsWith(`${inside}/`))
      .map((path) => `${relative(outer, path)} ${path.endsWith('.txt') ? readFileSync(path, 'utf8') : ''}`)
      .toSorted();
  return { inside, around };
}

interface Front {
  readonly name: 'relay' | 'tap';
  readonly url: string;
  readonly port: number;
  readonly relay: StartedRelay;
  readonly tap: Tap | undefined;
  readonly folder: ReturnType<typeof canary>;
  readonly said: string[];
}

async function front(name: 'relay' | 'tap', options: Parameters<typeof startRelay>[0] = {}): Promise<Front> {
  const relay = await startRelay(options);
  closing.push(async () => relay.relay.close());
  const folder = canary();
  const said: string[] = [];
  if (name === 'relay') return { name, url: relay.relay.url, port: relay.relay.port, relay, tap: undefined, folder, said };
  const tap = await Tap.start({
    host: '127.0.0.1',
    port: 0,
    relay: relay.relay.url,
    capture: folder.inside,
    maxCaptureBytes: 1e9,
    keepPayload: false,
    faults: [],
    seed: 1,
    say: (line) => said.push(line),
  });
  closing.push(async () => tap.close());
  return { name, url: tap.url, port: tap.port, relay, tap, folder, said };
}

const is = (type: string, session: string) => (m: Message) => m.type === type && 'session' in m && m.session === session;

function data(session: string, seq: number, bytes = 8): Message {
  return { type: 'HOTLINK_DATA', id: `d-${session}-${seq}`, session, seq, path: PATH, payload: new Uint8Array(bytes) };
}

const accept = (session: string): Message => ({ type: 'HOTLINK_ACCEPT', id: `a-${session}`, session });

/** A good session beside the abuse; `works` sends a frame over it. */
async function goodSession(at: Front): Promise<{ a: WireClient; b: WireClient; works: () => Promise<boolean> }> {
  const [a, b] = [await WireClient.connect(at, A), await WireClient.connect(at, B, 'json')];
  const content = Buffer.from(`rules:\n- pattern: "**"\n  access:\n    read: [${B}]\n`);
  a.say({ type: 'FILE_WRITE', id: 'acl', path: `${DIRECTORY}/syft.pub.yaml`, etag: '', length: content.length, content });
  await a.until((m) => m.type === 'ACK');
  a.say({ type: 'HOTLINK_OPEN', id: 'o', session: 's1', path: PATH });
  await b.until(is('HOTLINK_OPEN', 's1'));
  b.say(accept('s1'));
  await a.until(is('HOTLINK_ACCEPT', 's1'));
  let seq = 0;
  const works = async (): Promise<boolean> => {
    seq++;
    const wanted = seq;
    a.say(data('s1', wanted));
    await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq === wanted, `frame ${wanted}`);
    return true;
  };
  return { a, b, works };
}

function rawSocket(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

const UPGRADE = (user: string): string =>
  [
    `GET /api/v1/events?user=${encodeURIComponent(user)} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '',
    '',
  ].join('\r\n');

/** A socket that has become a WebSocket and will send bytes that no client sends. */
async function upgraded(port: number, user = C): Promise<Socket> {
  const socket = rawSocket(port);
  const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.write(UPGRADE(user));
  await answered;
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

describe.each(['relay', 'tap'] as const)('%s', (name) => {
  it('messages in the wrong order are refused or dropped, and other sessions go on', async () => {
    const at = await front(name);
    const { a, b, works } = await goodSession(at);
    const c = await WireClient.connect(at, C);
    c.say(data('never-opened', 1));
    expect(await c.until(is('HOTLINK_REJECT', 'never-opened'))).toMatchObject({ reason: 'unknown session' });
    c.say(accept('never-opened-2'));
    expect(await c.until(is('HOTLINK_REJECT', 'never-opened-2'))).toMatchObject({ reason: 'unknown session' });
    c.say(accept('s1'));
    expect(await c.until(is('HOTLINK_REJECT', 's1'))).toMatchObject({ reason: 'already accepted' });
    c.received.length = 0;
    c.say(data('s1', 1));
    c.say({ type: 'HOTLINK_SIGNAL', id: 'g', session: 's1', kind: 'sdp_offer', token: 't' });
    c.say({ type: 'HOTLINK_CLOSE', id: 'x', session: 'nowhere' });
    c.say({ type: 'HOTLINK_REJECT', id: 'y', session: 'nowhere' });
    await at.relay.logged(/not sender.*aggregator/);
    await at.relay.logged(/not participant.*aggregator/);
    // Twice from him who accepted changes nothing; the opener cannot accept for him.
    b.say(accept('s1'));
    a.say(accept('s1'));
    expect(await works()).toBe(true);
    expect(a.received.filter(is('HOTLINK_SIGNAL', 's1'))).toEqual([]);
    expect(await works()).toBe(true);
  });

  it.each([
    ['a frame without a mask', webSocketFrame(2, new Uint8Array(4))],
    ['reserved bits', Buffer.from([0xc2, 0x80, 1, 2, 3, 4])],
    ['an unknown opcode', Buffer.from([0x83, 0x80, 1, 2, 3, 4])],
    ['a continuation of nothing', webSocketFrame(0, new Uint8Array(4), { mask: MASK })],
    ['a length beyond all limits', Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4])],
    ['a message beyond the limit, announced', Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x80, 0, 1, 1, 2, 3, 4])],
    ['a long ping', webSocketFrame(9, new Uint8Array(200), { mask: MASK })],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ])('%s closes its connection with a line; other sessions go on', async (_, bytes) => {
    const at = await front(name);
    const { works } = await goodSession(at);
    const socket = await upgraded(at.port);
    socket.write(bytes);
    await closed(socket);
    await at.relay.logged(/WRN ws\/ws_client\.go:\d+ wsclient reader error=/);
    expect(await works()).toBe(true);
  });

  it('a message beyond the limit, really sent, is not gathered', async () => {
    const at = await front(name);
    const { works } = await goodSession(at);
    const c = await WireClient.connect(at, C);
    const gone = once(c.socket, 'close');
    c.socket.send(new Uint8Array(MAX_MESSAGE_BYTES + 1));
    await gone;
    expect(await works()).toBe(true);
    expect(Math.max(...at.relay.relay.queued.map(({ bytes }) => bytes))).toBeLessThan(MAX_MESSAGE_BYTES);
    expect(at.tap?.heldBytes ?? 0).toBeLessThan(MAX_MESSAGE_BYTES);
  });

  it('foreign hosts and web pages are refused, over HTTP and WebSocket', async () => {
    const at = await front(name);
    const { works } = await goodSession(at);
    const status = async (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const asked = httpRequest({ port: at.port, host: '127.0.0.1', path: `/healthz?user=${A}`, headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        asked.on('error', reject).end();
      });
    expect(await status({ host: 'evil.example' })).toBe(403);
    expect(await status({ host: '127.0.0.1.evil.example' })).toBe(403);
    expect(await status({ origin: 'https://evil.example' })).toBe(403);
    expect(await status({ host: 'localhost' })).toBe(200);
    for (const line of ['Origin: http://127.0.0.1', 'Host: evil.example']) {
      const socket = rawSocket(at.port);
      let back = '';
      socket.on('data', (bytes) => (back += bytes.toString()));
      socket.write(UPGRADE(A).replace('Host: 127.0.0.1', line.startsWith('Host') ? line : `Host: 127.0.0.1\r\n${line}`));
      await closed(socket);
      expect(back).toMatch(/^HTTP\/1\.1 403/);
    }
    expect(await works()).toBe(true);
    const lines = name === 'tap' ? at.said : at.relay.lines;
    expect(lines.filter((line) => /refused.*evil\.example/.test(line)).length).toBeGreaterThan(0);
  });

  it('a second request behind a good one is looked at too', async () => {
    const at = await front(name);
    const socket = rawSocket(at.port);
    let back = '';
    socket.on('data', (bytes) => (back += bytes.toString()));
    const good = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    socket.write(good);
    await expect.poll(() => back).toContain('"ok"');
    socket.write('GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    await expect.poll(() => back).toMatch(/403/);
    socket.destroy();
  });

  it.each([
    'no HTTP at all',
    'GET\r\n\r\n',
    'get / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    '\u0000\u0001\u0002\u0003\r\n\r\n',
  ])('what is no request is refused: %j', async (text) => {
    const at = await front(name);
    const { works } = await goodSession(at);
    const socket = rawSocket(at.port);
    socket.write(text);
    await closed(socket);
    expect(await works()).toBe(true);
  });

  it('half-open connections, silent ones and a thousand a second hold up nobody', async () => {
    const at = await front(name);
    const { works } = await goodSession(at);
    const sockets = Array.from({ length: 600 }, (_, n) => {
      const socket = rawSocket(at.port);
      if (n % 3 === 0) socket.write(UPGRADE(C).slice(0, 40 + (n % 60)));
      if (n % 3 === 1) socket.write(UPGRADE(C).replace('websocket', 'websocke'));
      return socket;
    });
    expect(await works()).toBe(true);
    for (let n = 0; n < 1000; n++) rawSocket(at.port).destroy();
    for (let n = 0; n < 200; n++) rawSocket(at.port).resetAndDestroy();
    expect(await works()).toBe(true);
    for (const socket of sockets) socket.destroy();
    expect(await works()).toBe(true);
    await expect.poll(() => at.tap?.connectionCount ?? 2, { timeout: 10_000 }).toBe(2);
  }, 30_000);

  it('names with ways out, NUL, line feeds and of any length write nothing anywhere', async () => {
    const at = await front(name);
    const before = at.folder.around();
    const { a, works } = await goodSession(at);
    for (const evil of [...EVIL, '../../canary@x.y', 'a@b.c/../../../canary/z', `${'x'.repeat(300)}@y.z`, 'a\u0000@b.c', '..@b.c']) {
      const query = `user=${encodeURIComponent(evil)}&key=${encodeURIComponent(evil)}`;
      const answer = await fetch(`${at.url}/api/v1/blob/upload?${query}`, { method: 'PUT', body: 'x' });
      // Who is named like the beginning of a path owns it (field guide 7.8); it is kept in memory.
      expect([200, 400, 401, 403]).toContain(answer.status);
      const socket = rawSocket(at.port);
      socket.write(UPGRADE(evil));
      socket.end();
      await closed(socket);
      a.say({ type: 'HOTLINK_OPEN', id: evil, session: evil, path: evil, to: evil });
      a.say({ type: 'FILE_WRITE', id: 'w', path: evil, etag: evil, length: 1, content: Buffer.from('x') });
    }
    expect(await works()).toBe(true);
    expect(at.folder.around()).toEqual(before);
    // What is plain in a name may be in the name of a capture; nothing else.
    for (const file of readdirSync(at.folder.inside)) expect(file).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._+@~-]{0,130}\.ndjson$/);
    expect(scanLog('relay-dev', Buffer.from(`${at.relay.lines.join('\n')}\n`)).rejections).toEqual({});
  }, 30_000);

  it('any bytes as a message, any message with hostile names: it lives, logs lines, and serves others', async () => {
    const at = await front(name);
    const { works } = await goodSession(at);
    let c = await WireClient.connect(at, C);
    await fc.assert(
      fc.asyncProperty(hostileBytes, fc.boolean(), async (bytes, isText) => {
        if (c.socket.readyState !== c.socket.OPEN) c = await WireClient.connect(at, C);
        c.socket.removeAllListeners('message');
        await new Promise<void>((resolve) => c.socket.send(bytes, { binary: !isText }, () => resolve()));
      }),
      { numRuns: 200 },
    );
    expect(await works()).toBe(true);
    expect(at.relay.lines.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
  }, 60_000);

  it('a reader that does not read: what waits for it stays within bounds, in messages and in bytes', async () => {
    const queueBytes = 2_000_000;
    const at = await front(name, { queueBytes });
    const { a, b } = await goodSession(at);
    b.socket.pause();
    let messagesMost = 0;
    let bytesMost = 0;
    const watch = setInterval(() => {
      messagesMost = Math.max(messagesMost, ...at.relay.relay.queued.map((q) => q.messages));
      bytesMost = Math.max(bytesMost, ...at.relay.relay.queued.map((q) => q.bytes));
    }, 1);
    // Without a limit on bytes both queues of the relay would take all of these.
    for (let seq = 1; seq <= 120; seq++) a.say(data('s1', seq, 200_000));
    await at.relay.logged(/reader buffer full/);
    clearInterval(watch);
    expect(messagesMost).toBeGreaterThan(8);
    expect(messagesMost).toBeLessThanOrEqual(20);
    expect(bytesMost).toBeLessThanOrEqual(2 * queueBytes);
    expect((await fetch(`${at.url}/healthz`)).status).toBe(200);
  }, 60_000);
});

const evilText = fc.oneof(fc.constantFrom(...EVIL, A, B, PATH, 's1'), fc.string({ unit: 'binary', maxLength: 60 }));

/** Messages whose texts are hostile, in both encodings, some with a byte changed or cut; and any bytes. */
const hostileBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(messages, fc.array(evilText, { minLength: 8, maxLength: 8 }), fc.constantFrom('json', 'msgpack'))
    .map(([message, texts, encoding]) => Buffer.from(encodeMessage(poisoned(message, texts), encoding))),
  fc.tuple(messages, fc.nat(), fc.nat(255)).map(([message, at, byte]) => {
    const bytes = Buffer.from(encodeMessage(message, 'msgpack'));
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.tuple(messages, fc.nat()).map(([message, at]) => {
    const bytes = Buffer.from(encodeMessage(message, 'json'));
    return bytes.subarray(0, at % bytes.length);
  }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
);

function poisoned(message: Message, texts: readonly string[]): Message {
  let next = 0;
  const entries = Object.entries(message).map(([key, value]) =>
    key !== 'type' && typeof value === 'string' ? [key, (texts[next++ % texts.length] ?? '').toWellFormed()] : [key, value],
  );
  return Object.fromEntries(entries) as Message;
}

describe('party', () => {
  interface Victim {
    readonly party: Party;
    readonly home: string;
    readonly around: () => readonly string[];
    /** The relay's end of its latest connection. */
    readonly socket: () => Promise<ServerSocket>;
    readonly heard: Message[];
  }

  async function victim(): Promise<Victim> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    const sockets: ServerSocket[] = [];
    const heard: Message[] = [];
    server.on('connection', (socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('message', (bytes: Buffer) => heard.push(decodeMessage(bytes)));
    });
    const { port } = server.address() as { port: number };
    const { inside, around } = canary();
    const party = new Party({
      email: B,
      home: inside,
      relay: `http://127.0.0.1:${port}`,
      behaviour: { ...BEHAVIOURS.E6, writerWaitMs: 1, ipcWaitMs: 1 },
      debug: true,
      strict: false,
      p2pOnly: false,
      hotlink: true,
      bindAddress: '127.0.0.1',
      nagle: false,
      stack: undefined,
      log: { both: true, payload: 'values' },
    });
    party.start();
    closing.push(async () => {
      await party.close();
      for (const socket of sockets) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
    const socket = async (): Promise<ServerSocket> => {
      await expect.poll(() => sockets.at(-1)?.readyState, { timeout: 10_000 }).toBe(1);
      return sockets.at(-1)!;
    };
    await socket();
    return { party, home: inside, around, socket, heard };
  }

  /** A good open is accepted: it still listens and answers. */
  async function lives({ socket, heard }: Victim, session: string): Promise<boolean> {
    const bytes = encodeMessage({ type: 'HOTLINK_OPEN', id: 'o', session, path: PATH, from: A }, 'json');
    // A connection that it closes over what came before takes what was sent meanwhile with it.
    const ask = async (): Promise<boolean> => {
      if (heard.some(is('HOTLINK_ACCEPT', session))) return true;
      (await socket()).send(bytes, { binary: false });
      return false;
    };
    await expect.poll(ask, { timeout: 20_000, interval: 200 }).toBe(true);
    return true;
  }

  const logOf = (home: string): string => readFileSync(join(home, '.syftbox/logs/syftbox.log'), 'utf8');

  it('hostile paths of opens and files make nothing outside its datasites, not even through a link', async () => {
    const v = await victim();
    for (const owner of [A, C]) {
      mkdirSync(join(v.home, 'datasites', owner), { recursive: true });
      symlinkSync(join(v.home, '../canary'), join(v.home, 'datasites', owner, 'link'));
    }
    mkdirSync(join(v.home, 'datasites', A, 'real'));
    symlinkSync(join(v.home, '../canary/bird.txt'), join(v.home, 'datasites', A, 'real', 'syft.pub.yaml'));
    const before = v.around();
    const socket = await v.socket();
    for (const [n, evil] of [...EVIL, `${A}/real/syft.pub.yaml`].entries()) {
      const content = Buffer.from('forged');
      socket.send(encodeMessage({ type: 'HOTLINK_OPEN', id: 'o', session: `evil-${n}`, path: evil, from: evil }, 'json'));
      socket.send(encodeMessage({ type: 'FILE_WRITE', id: 'f', path: evil, etag: evil, length: 6, content }, 'json'));
      socket.send(encodeMessage({ type: 'FILE_WRITE', id: 'f', path: `${evil}/syft.pub.yaml`, etag: '', length: 6, content }, 'json'));
      socket.send(encodeMessage({ ...data(`evil-${n}`, 1), path: evil } as Message, 'json'));
    }
    expect(await lives(v, 'good')).toBe(true);
    expect(v.around()).toEqual(before);
    const refused = v.heard.filter((m) => m.type === 'HOTLINK_REJECT');
    expect(refused.length).toBeGreaterThan(8);
    expect(refused.every((m) => 'reason' in m && m.reason === 'ipc unavailable')).toBe(true);
    await expect.poll(() => logOf(v.home)).toContain('hotlink open ensure dir failed: path leads out of the datasites');
  }, 30_000);

  it('frames in the wrong order, of nobody, and beyond the limit: it goes on, or comes back', async () => {
    const v = await victim();
    const socket = await v.socket();
    socket.send(encodeMessage(data('never-opened', 1), 'json'));
    socket.send(encodeMessage(accept('never-opened'), 'json'));
    socket.send(encodeMessage({ type: 'HOTLINK_CLOSE', id: 'c', session: 'never-opened' }, 'json'));
    expect(await lives(v, 'one')).toBe(true);
    const closedOne = once(socket, 'close');
    socket.send(new Uint8Array(MAX_MESSAGE_BYTES + 1));
    await closedOne;
    expect(await lives(v, 'two')).toBe(true);
  }, 30_000);

  it('any bytes as a message: it lives, its log stays a log, and nothing is written outside its folder', async () => {
    const v = await victim();
    const before = v.around();
    await fc.assert(
      fc.asyncProperty(hostileBytes, fc.boolean(), async (bytes, isText) => {
        const socket = await v.socket();
        await new Promise<void>((resolve) => socket.send(bytes, { binary: !isText }, () => resolve()));
      }),
      { numRuns: 150 },
    );
    expect(await lives(v, 'after')).toBe(true);
    expect(v.around()).toEqual(before);
    const text = logOf(v.home);
    // A line that quotes an id which is none is counted as not understood; that it is a line of the log must hold of all.
    const { rejections } = scanLog('rust-file', Buffer.from(text));
    expect(Object.keys(rejections).filter((reason) => !QUOTES_NO_ID.includes(reason))).toEqual([]);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('time='))).toEqual([]);
  }, 90_000);
});

/** Reasons for which a line is not understood whose form is that of the log. */
const QUOTES_NO_ID = ['unknown-message', 'unknown-hotlink-message'];

describe('the command line', () => {
  it.each([
    ['an address off this machine', ['tap', 'http://127.0.0.1:1', '--host', '0.0.0.0'], 'HLD_LIVE_NOT_LOOPBACK'],
    ['the same in other words', ['tap', 'http://127.0.0.1:1', '--host', '::'], 'HLD_LIVE_NOT_LOOPBACK'],
    ['a relay off this machine', ['relay', join(root, 'r'), '--host', '0.0.0.0'], 'HLD_LIVE_NOT_LOOPBACK'],
    ['an email with a way out', ['party', root, '../../x@y.z', '--relay', 'http://127.0.0.1:1'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['an email of dots', ['party', root, '..@y.z', '--relay', 'http://127.0.0.1:1'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['a very long email', ['party', root, `${'x'.repeat(5000)}@y.z`, '--relay', 'http://127.0.0.1:1'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['a relay that is none', ['tap', 'file:///etc/passwd'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['a fault that is none', ['tap', 'http://127.0.0.1:1', '--frame-fault', 'drip:data'], 'HLD_CLI_BAD_OPTION_VALUE'],
    ['a capture in a file', ['tap', 'http://127.0.0.1:1', '--capture', join(root, 'file.txt/x')], 'HLD_CLI_UNWRITABLE_OUTPUT'],
  ])('refuses %s', (_, args, code) => {
    writeFileSync(join(root, 'file.txt'), '');
    const refused = runBin(['live', ...args]);
    expect(refused.stderr).toContain(code);
    expect(refused.code).toBe(2);
  });
});
