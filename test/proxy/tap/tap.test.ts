/** The tap over real sockets, in front of a real relay: what passes, what is recorded, what faults do, what it holds. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/protocol/message.ts';
import { MOST_WAITING_BYTES } from '../../../src/proxy/tap/lane.ts';
import { Tap, type TapOptions } from '../../../src/proxy/tap/server.ts';
import { ask } from '../../ingest/sandbox.ts';
import { startRelay, WireClient, type StartedRelay } from '../../helpers/wire-client.ts';

const A = 'client1@sandbox.local';
const B = 'client2@sandbox.local';
const DIRECTORY = `${A}/shared/flows/f/29510000-abcdefabcdef/_mpc/1_to_2`;
const PATH = `${DIRECTORY}/stream.tcp.request`;

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-tap-'));
let folders = 0;
let closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Started {
  readonly relay: StartedRelay;
  readonly tap: Tap;
  readonly folder: string;
  readonly said: string[];
}

async function tapOf(relayUrl: string, options: Partial<TapOptions> = {}): Promise<Omit<Started, 'relay'>> {
  folders++;
  const folder = join(root, `captures-${folders}`);
  const said: string[] = [];
  const tap = await Tap.start({
    host: '127.0.0.1',
    port: 0,
    relay: relayUrl,
    capture: folder,
    maxCaptureBytes: 1e9,
    keepPayload: false,
    faults: [],
    seed: 1,
    say: (line) => said.push(line),
    ...options,
  });
  closing.push(async () => tap.close());
  return { tap, folder, said };
}

async function start(options: Partial<TapOptions> = {}, relayOptions: Parameters<typeof startRelay>[0] = {}): Promise<Started> {
  const relay = await startRelay(relayOptions);
  closing.push(async () => relay.relay.close());
  return { relay, ...(await tapOf(relay.relay.url, options)) };
}

function grant(): Message {
  const content = Buffer.from(`rules:\n- pattern: "**"\n  access:\n    read: [${B}]\n`);
  return { type: 'FILE_WRITE', id: 'acl', path: `${DIRECTORY}/syft.pub.yaml`, etag: '', length: content.length, content };
}

function data(seq: number, text = 'SECRETPAYLOAD', session = 's1'): Message {
  return { type: 'HOTLINK_DATA', id: `d${seq}`, session, seq, path: PATH, payload: Buffer.from(text) };
}

const is = (type: string) => (m: Message) => m.type === type;
const seqs = (client: WireClient): number[] => client.received.flatMap((m) => (m.type === 'HOTLINK_DATA' ? [m.seq] : []));

/** A session from A (msgpack) to B (JSON), accepted, both through the tap. */
async function session({ tap }: Pick<Started, 'tap'>, name = 's1'): Promise<{ a: WireClient; b: WireClient }> {
  const [a, b] = [await WireClient.connect(tap, A), await WireClient.connect(tap, B, 'json')];
  a.say(grant());
  await a.until(is('ACK'));
  a.say({ type: 'HOTLINK_OPEN', id: 'o', session: name, path: PATH, to: B });
  await b.until(is('HOTLINK_OPEN'));
  b.say({ type: 'HOTLINK_ACCEPT', id: 'x', session: name });
  await a.until(is('HOTLINK_ACCEPT'));
  return { a, b };
}

/** Bytes of a capture's lines, one after the other; lines of both ways. */
function raw(folder: string): Buffer {
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return Buffer.concat(
    lines.filter((line) => line !== '').map((line) => Buffer.from((JSON.parse(line) as { bytes?: string }).bytes ?? '', 'base64')),
  );
}

describe('what passes', () => {
  it('is what was sent: messages of several clients in both encodings, both ways, and HTTP', async () => {
    const started = await start();
    const { a, b } = await session(started);
    for (let seq = 1; seq <= 50; seq++) a.say(data(seq, 'x'.repeat(seq * 100)));
    await expect.poll(() => seqs(b).length).toBe(50);
    expect(seqs(b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    const ask = async (base: string): Promise<string> => (await fetch(`${base}/api/v1/datasite/view?user=${encodeURIComponent(A)}`)).text();
    expect(await ask(started.tap.url)).toBe(await ask(started.relay.relay.url));
    const size = 3_000_000;
    const body = new FormData();
    body.append('file', new Blob(['y'.repeat(size)]));
    const url = `/api/v1/blob/upload?key=${encodeURIComponent(`${A}/public/a`)}&user=${encodeURIComponent(A)}`;
    const up = await fetch(`${started.tap.url}${url}`, { method: 'PUT', body });
    expect(await up.json()).toMatchObject({ size });
  });

  it('byte for byte: what a server of any kind answers, in any pieces, and what a client sends', async () => {
    const got: Buffer[] = [];
    const answer = 'HTTP/1.1 200 OK\r\nX-Odd:   spaces \r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n0\r\nTrailer: t\r\n\r\n';
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        got.push(bytes);
        for (const byte of Buffer.from(answer)) socket.write(Buffer.from([byte]));
      });
    });
    const { tap } = await tapOf(await listening(server));
    const request = 'GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Odd:  y\r\n\r\n';
    const socket = connect(tap.port, '127.0.0.1');
    let back = '';
    socket.on('data', (bytes) => (back += bytes.toString()));
    socket.write(request);
    await expect.poll(() => back).toBe(answer);
    expect(Buffer.concat(got).toString()).toBe(request);
    socket.destroy();
  });

  it('a half that ends leaves the other half open', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      socket.on('end', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlater'));
    });
    const { tap } = await tapOf(await listening(server));
    const socket = connect({ port: tap.port, host: '127.0.0.1', allowHalfOpen: true });
    let back = '';
    socket.on('data', (bytes) => (back += bytes.toString()));
    socket.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'end');
    expect(back).toContain('later');
    await expect.poll(() => tap.connectionCount).toBe(0);
  });

  it('an end of the relay is an end for the client, with its words; a broken line is a broken line', async () => {
    const { relay, tap } = await start();
    const a = await WireClient.connect(tap, A);
    const closed = once(a.socket, 'close') as Promise<[number, Buffer]>;
    await relay.relay.close();
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([1000, 'shutdown']);
    await expect(fetch(`${tap.url}/healthz`)).rejects.toThrow('fetch failed');
    await expect.poll(() => tap.connectionCount).toBe(0);
  });

  it('a relay elsewhere is asked by its own name', async () => {
    const got: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        got.push(bytes);
        socket.end('HTTP/1.1 204 No\r\n\r\n');
      });
    });
    const { port } = new URL(await listening(server));
    // The machine's own name for itself, which is no loopback name.
    const { tap } = await tapOf(`http://0.0.0.0:${port}`);
    await fetch(`${tap.url}/healthz`);
    expect(Buffer.concat(got).toString()).toContain(`host: 0.0.0.0:${port}\r\n`);
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what is recorded', () => {
  it('is read by analyze: one capture per party, every message, both ways', async () => {
    const started = await start();
    const { a, b } = await session(started);
    for (let seq = 1; seq <= 3; seq++) a.say(data(seq));
    await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq === 3);
    a.close();
    b.close();
    await expect.poll(() => started.tap.connectionCount).toBe(0);
    await expect.poll(() => started.tap.heldBytes).toBe(0);
    expect(await ask(started.folder, 'SELECT party, kind, rejected FROM source ORDER BY party')).toEqual([
      { party: A, kind: 'capture', rejected: 0 },
      { party: B, kind: 'capture', rejected: 0 },
    ]);
    const frames = await ask(started.folder, 'SELECT party, way, type, seq, bytes, encoding FROM frame ORDER BY party, line_no, seq');
    expect(frames).toEqual([
      { party: A, way: 'to_relay', type: 'HOTLINK_OPEN', seq: null, bytes: null, encoding: 'msgpack' },
      { party: A, way: 'to_client', type: 'HOTLINK_ACCEPT', seq: null, bytes: null, encoding: 'msgpack' },
      ...[1, 2, 3].map((seq) => ({ party: A, way: 'to_relay', type: 'HOTLINK_DATA', seq, bytes: 13, encoding: 'msgpack' })),
      { party: B, way: 'to_client', type: 'HOTLINK_OPEN', seq: null, bytes: null, encoding: 'json' },
      { party: B, way: 'to_relay', type: 'HOTLINK_ACCEPT', seq: null, bytes: null, encoding: 'json' },
      ...[1, 2, 3].map((seq) => ({ party: B, way: 'to_client', type: 'HOTLINK_DATA', seq, bytes: 13, encoding: 'json' })),
    ]);
  });

  it('holds no secret of heads, bodies and messages; files are for their owner only', async () => {
    const started = await start({}, { turn: { user: 'SECRETturnuser', password: 'SECRETturnpass' } });
    const headers = { authorization: 'Bearer SECRETbearer', cookie: 'a=SECRETcookie', 'x-token': 'SECRETheader' };
    const user = encodeURIComponent(A);
    await fetch(`${started.tap.url}/healthz?user=${user}&token=SECRETquery`, { headers });
    await fetch(`${started.tap.url}/api/v1/blob/upload?user=${user}&key=${user}%2Fx`, { method: 'PUT', body: 'SECRETbody', headers });
    const { a, b } = await session(started);
    a.say(data(1));
    await b.until(is('HOTLINK_DATA'));
    for (const who of [a, b])
      who.say({ type: 'HOTLINK_SIGNAL', id: 's', session: 's1', kind: 'sdp_offer', token: 'a=ice-pwd:SECRETice', addresses: [] });
    await b.until(is('HOTLINK_SIGNAL'));
    a.say({ type: 'HTTP', id: 'h', data: { headers: { authorization: 'SECRETrpc' } } });
    b.socket.send('{"half a message": "SECRETgarbage');
    b.socket.send(JSON.stringify({ id: 'x', typ: 99, dat: { a: 'SECRETunknown' } }));
    await started.relay.logged(/reader decode/);
    await started.tap.close();
    const bytes = raw(started.folder);
    expect(bytes.includes('HTTP/1.1 101')).toBe(true);
    expect(bytes.includes('SECRET')).toBe(false);
    for (const name of readdirSync(started.folder)) expect(statSync(join(started.folder, name)).mode & 0o077).toBe(0);
  });

  it('keeps the payload of frames on demand', async () => {
    const started = await start({ keepPayload: true });
    const { a, b } = await session(started);
    a.say(data(1));
    await b.until(is('HOTLINK_DATA'));
    expect(raw(started.folder).includes(Buffer.from('SECRETPAYLOAD').toString('base64'))).toBe(true);
  });

  it('is on the disk as it happens, and its last line is whole', async () => {
    const started = await start();
    const { a } = await session(started);
    a.say(data(1));
    const file = join(started.folder, `${A}.ndjson`);
    await expect.poll(() => readFileSync(file, 'utf8').split('\n').length).toBeGreaterThan(5);
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true);
  });

  it('ends at its limit with a line that says so; everything is still passed on, and analyze knows that it is not whole', async () => {
    const started = await start({ maxCaptureBytes: 6000 });
    const { a, b } = await session(started);
    for (let seq = 1; seq <= 40; seq++) a.say(data(seq, 'x'.repeat(1000)));
    await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq === 40);
    expect(started.said.join('\n')).toMatch(/capture has reached 6000 bytes/);
    const size = readdirSync(started.folder).reduce((sum, name) => sum + statSync(join(started.folder, name)).size, 0);
    expect(size).toBeLessThan(6300);
    expect(await ask(started.folder, 'SELECT DISTINCT reason FROM source_rejection')).toEqual([{ reason: 'capture-limit' }]);
  });

  it('never goes into a file that is there', async () => {
    const started = await start();
    await WireClient.connect(started.tap, A);
    const before = readFileSync(join(started.folder, `${A}.ndjson`), 'utf8');
    const second = await tapOf(started.relay.relay.url, { capture: started.folder });
    const a = await WireClient.connect(second.tap, A);
    expect(readdirSync(started.folder)).toEqual([`${A}.ndjson`, `${A}~2.ndjson`]);
    a.close();
    expect(readFileSync(join(started.folder, `${A}.ndjson`), 'utf8')).toBe(before);
  });
});

describe('faults', () => {
  async function after(fault: string, count = 6): Promise<{ got: number[]; started: Started; a: WireClient; b: WireClient }> {
    const started = await start({ faults: [fault] });
    const { a, b } = await session(started);
    for (let seq = 1; seq <= count; seq++) a.say(data(seq));
    await expect.poll(() => started.said.some((line) => line.startsWith(`fault ${fault} strikes`))).toBe(true);
    return { got: seqs(b), started, a, b };
  }

  it.each([
    ['drop:data:3:client1', [1, 2, 4, 5, 6]],
    ['drop:data:3:>client2', [1, 2, 4, 5, 6]],
    ['drop:data:/2:client1>client2', [1, 3, 5]],
    ['duplicate:data:3:client1', [1, 2, 3, 3, 4, 5, 6]],
    ['reorder:data:3:client1', [1, 2, 4, 3, 5, 6]],
    ['reorder:data:2:client1:3', [1, 3, 4, 5, 2, 6]],
    ['reorder:data:6:client1', [1, 2, 3, 4, 5, 6]],
    ['corrupt:data:3:client1', [1, 2, 4, 5, 6]],
    ['delay:data:3:client1:300', [1, 2, 3, 4, 5, 6]],
  ])('%s', async (fault, expected) => {
    const { b } = await after(fault);
    await expect.poll(() => seqs(b), { timeout: 5000 }).toEqual(expected);
  });

  it('corrupt: the relay cannot decode it, and the connection stays', async () => {
    const { started, a } = await after('corrupt:data:2:client1');
    await started.relay.logged(/wsclient reader decode/);
    expect(a.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('corrupt towards a client: it gets a whole frame that is no message', async () => {
    const started = await start({ faults: ['corrupt:data:1:>client2'] });
    const { a, b } = await session(started);
    const bytes: Buffer[] = [];
    b.socket.removeAllListeners('message');
    b.socket.on('message', (payload: Buffer) => bytes.push(payload));
    a.say(data(1));
    await expect.poll(() => bytes.length).toBe(1);
    expect(() => JSON.parse(bytes[0]?.toString() ?? '') as unknown).toThrow(/JSON/);
  });

  it('oversize: the relay closes that connection, the other goes on', async () => {
    const started = await start({ faults: ['oversize:data:2:client1'] });
    const { a, b } = await session(started);
    const closed = once(a.socket, 'close');
    a.say(data(1));
    a.say(data(2));
    await closed;
    expect(seqs(b)).toEqual([1]);
    expect(b.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('cut: all connections of the party break, those of others do not; it may come back', async () => {
    const started = await start();
    const { a, b } = await session(started);
    const closed = once(a.socket, 'close') as Promise<[number]>;
    started.tap.addFault('cut:client1');
    expect((await closed)[0]).toBe(1006);
    expect(b.socket.readyState).toBe(WebSocket.OPEN);
    await WireClient.connect(started.tap, A);
  });

  it('freeze: nothing comes through any more, HTTP neither, nobody is told; after clear new connections work', async () => {
    const started = await start();
    const { a, b } = await session(started);
    a.say(data(1));
    await b.until(is('HOTLINK_DATA'));
    started.tap.addFault('freeze:client1');
    a.say(data(2));
    const asked = fetch(`${started.tap.url}/healthz?user=${encodeURIComponent(A)}`).then(
      () => 'answered',
      () => 'broken',
    );
    const other = await fetch(`${started.tap.url}/healthz?user=${encodeURIComponent(B)}`);
    expect(other.status).toBe(200);
    expect(seqs(b)).toEqual([1]);
    expect([a.socket.readyState, b.socket.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
    expect(started.tap.heldBytes).toBe(0);
    started.tap.clearFaults();
    expect(await asked).toBe('broken');
    await WireClient.connect(started.tap, A);
  });

  it('a faster clearing of faults leaves connections alone that lost nothing', async () => {
    const started = await start();
    const { a } = await session(started);
    started.tap.addFault('drop:data:1:client1');
    started.tap.clearFaults();
    a.say(data(1));
    await expect.poll(() => a.socket.readyState).toBe(WebSocket.OPEN);
    expect(started.tap.faults.list()).toEqual([]);
  });

  it('latency and rate hold things up and lose nothing', async () => {
    const started = await start({ faults: ['latency:client1:200', 'rate:client2:20000'] });
    const { a, b } = await session(started);
    const began = Date.now();
    for (let seq = 1; seq <= 20; seq++) a.say(data(seq, 'x'.repeat(500)));
    await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq === 20);
    expect(seqs(b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    // At least what was asked for; how much more is the machine's.
    expect(Date.now() - began).toBeGreaterThanOrEqual(200);
  });

  it('records what the client saw: a dropped frame was sent and never came', async () => {
    const { started } = await after('drop:data:3:client1', 4);
    await started.tap.close();
    const frames = await ask(started.folder, "SELECT party, seq FROM frame WHERE type = 'HOTLINK_DATA' ORDER BY party, seq");
    expect(frames.filter((f) => f['party'] === A).map((f) => f['seq'])).toEqual([1, 2, 3, 4]);
    expect(frames.filter((f) => f['party'] === B).map((f) => f['seq'])).not.toContain(3);
  });
});

describe('a client or relay that does not read', () => {
  it('holds up its sender; the tap holds no more than it may', async () => {
    const started = await start();
    const { a, b } = await session(started);
    b.socket.pause();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, started.tap.heldBytes)), 1);
    for (let seq = 1; seq <= 600; seq++) a.say(data(seq, 'x'.repeat(60_000)));
    await expect.poll(() => started.tap.heldBytes, { timeout: 10_000 }).toBeGreaterThan(MOST_WAITING_BYTES);
    clearInterval(watch);
    expect(most).toBeLessThan(4 * MOST_WAITING_BYTES);
    // Others are served meanwhile.
    expect((await fetch(`${started.tap.url}/healthz?user=${encodeURIComponent(B)}`)).status).toBe(200);
    b.socket.resume();
    await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq > 100);
  }, 20_000);
});

describe('its end', () => {
  it('frees its port; a failed start leaves nothing behind', async () => {
    const started = await start();
    const { port } = started.tap;
    const a = await WireClient.connect(started.tap, A);
    await expect(tapOf('http://127.0.0.1:1', { port })).rejects.toMatchObject({ code: 'HLD_LIVE_CANNOT_LISTEN' });
    await expect(tapOf('http://127.0.0.1:1', { faults: ['nonsense'] })).rejects.toMatchObject({ code: 'HLD_CLI_BAD_OPTION_VALUE' });
    const closed = once(a.socket, 'close');
    await started.tap.close();
    await closed;
    const again = await tapOf('http://127.0.0.1:1', { port });
    expect(again.tap.port).toBe(port);
  });

  it.each(['nonsense', 'ftp://h', 'http://h/path', 'http://user:SECRET@h', 'http://h?x'])('refuses the relay %j', async (relay) => {
    const refused = tapOf(relay);
    await expect(refused).rejects.toMatchObject({ code: 'HLD_CLI_BAD_OPTION_VALUE' });
    await expect(refused).rejects.not.toThrow(/SECRET/);
  });
});
