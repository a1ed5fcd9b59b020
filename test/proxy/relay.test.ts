/** The relay over real sockets: what it lets through, what it refuses, what it logs, and what abuse does to it. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import type { Message } from '../../src/protocol/message.ts';
import { RELAYS } from '../../src/proxy/relay/sessions.ts';
import type { RelayOptions } from '../../src/proxy/relay/server.ts';
import { scanLog } from '../ingest/scan.ts';
import { startRelay, WireClient, type StartedRelay } from '../helpers/wire-client.ts';

const A = 'client1@sandbox.local';
const B = 'client2@sandbox.local';
const C = 'aggregator@sandbox.local';
const DIRECTORY = `${A}/shared/flows/f/r/_mpc/1_to_2`;
const PATH = `${DIRECTORY}/stream.tcp.request`;

let started: StartedRelay[] = [];

afterEach(async () => {
  for (const { relay } of started) await relay.close();
  started = [];
});

async function start(options: Partial<RelayOptions> = {}): Promise<StartedRelay> {
  const one = await startRelay(options);
  started.push(one);
  return one;
}

function grant(...readers: readonly string[]): Message {
  const text = `rules:\n- pattern: "**"\n  access:\n    read: [${readers.join(', ')}]\n`;
  const content = Buffer.from(text);
  return { type: 'FILE_WRITE', id: 'acl', path: `${DIRECTORY}/syft.pub.yaml`, etag: '', length: content.length, content };
}

function open(session: string, to?: string): Message {
  return { type: 'HOTLINK_OPEN', id: `open-${session}`, session, path: PATH, ...(to !== undefined && { to }) };
}

const accept = (session: string): Message => ({ type: 'HOTLINK_ACCEPT', id: `accept-${session}`, session });

function data(session: string, seq: number, bytes = 8): Message {
  return { type: 'HOTLINK_DATA', id: `data-${session}-${seq}`, session, seq, path: PATH, payload: new Uint8Array(bytes) };
}

const is = (type: string, session: string) => (m: Message) => m.type === type && 'session' in m && m.session === session;

/** A session from A to B that B accepted. */
async function session(relay: StartedRelay['relay'], name = 's1', readers: readonly string[] = [B]) {
  const [a, b] = [await WireClient.connect(relay, A), await WireClient.connect(relay, B, 'json')];
  a.say(grant(...readers));
  await a.until((m) => m.type === 'ACK');
  a.say(open(name));
  await b.until(is('HOTLINK_OPEN', name));
  b.say(accept(name));
  await a.until(is('HOTLINK_ACCEPT', name));
  return { a, b };
}

describe('sessions', () => {
  it('carries data from opener to acceptor in another encoding, with its id and number', async () => {
    const { relay } = await start();
    const { a, b } = await session(relay);
    a.say(data('s1', 1, 300));
    const got = await b.until(is('HOTLINK_DATA', 's1'));
    expect(got).toMatchObject({ id: 'data-s1-1', seq: 1, path: PATH });
    expect('payload' in got ? got.payload?.length : 0).toBe(300);
    expect(await b.until(is('HOTLINK_OPEN', 's1'))).toMatchObject({ from: A });
  });

  it('drops what the acceptor sends on the session, without a word to it, and logs the warning', async () => {
    const { relay, logged } = await start();
    const { a, b } = await session(relay);
    b.say(data('s1', 1));
    await logged(/WRN server\/server\.go:546 hotlink data rejected \(not sender\) session='s1' from='client2@sandbox\.local'/);
    expect(a.received.some((m) => m.type === 'HOTLINK_DATA')).toBe(false);
    expect(b.received.some((m) => m.type === 'HOTLINK_REJECT')).toBe(false);
    expect(relay.drops.get('data-not-sender')).toBe(1);
  });

  it('refuses an open without the right to write, and each frame of it after', async () => {
    const { relay, logged } = await start();
    const b = await WireClient.connect(relay, B);
    b.say(open('s2'));
    expect(await b.until(is('HOTLINK_REJECT', 's2'))).toMatchObject({ reason: 'permission denied' });
    await logged(
      /hotlink open permission denied hotlink\.id='open-s2' hotlink\.session='s2' .*error="error getting rule: no rules available"/,
    );
    b.received.length = 0;
    b.say(data('s2', 1));
    expect(await b.until(is('HOTLINK_REJECT', 's2'))).toMatchObject({ reason: 'unknown session' });
  });

  it('forwards an open only to those who may read, and names its drop when there is nobody', async () => {
    const { relay } = await start();
    const { a, b } = await session(relay, 's1', [B]);
    const c = await WireClient.connect(relay, C);
    a.say(open('s3'));
    await b.until(is('HOTLINK_OPEN', 's3'));
    expect(c.hotlink()).toEqual([]);
    b.close();
    await expect.poll(() => relay.drops.get('open-nobody') ?? (a.say(open('s4')), 0)).toBeGreaterThan(0);
  });

  it('obeys the wished receiver, and refuses one who may not read', async () => {
    const { relay, logged } = await start();
    const { a, b } = await session(relay, 's1', [B, C]);
    const c = await WireClient.connect(relay, C);
    a.say(open('s5', C));
    await c.until(is('HOTLINK_OPEN', 's5'));
    expect(b.received.some(is('HOTLINK_OPEN', 's5'))).toBe(false);
    b.say(accept('s5'));
    expect(await b.until(is('HOTLINK_REJECT', 's5'))).toMatchObject({ reason: 'permission denied' });
    a.say(open('s6', 'nobody@sandbox.local'));
    expect(await a.until(is('HOTLINK_REJECT', 's6'))).toMatchObject({ reason: 'permission denied' });
    await logged(/hotlink open target not permitted .* to='nobody@sandbox\.local' error="access denied/);
  });

  it('S2 lets one user accept a session, S1 two', async () => {
    const second = async (version: 'S1' | 'S2'): Promise<{ accepts: number; refused: readonly Message[] }> => {
      const { relay } = await start({ behaviour: RELAYS[version] });
      const { a } = await session(relay, 's1', [B, C]);
      const c = await WireClient.connect(relay, C);
      c.say(accept('s1'));
      c.say(data('unknown', 1));
      await c.until(is('HOTLINK_REJECT', 'unknown'));
      return { accepts: a.received.filter(is('HOTLINK_ACCEPT', 's1')).length, refused: c.received.filter(is('HOTLINK_REJECT', 's1')) };
    };
    expect(await second('S2')).toMatchObject({ accepts: 1, refused: [{ reason: 'already accepted' }] });
    expect(await second('S1')).toMatchObject({ accepts: 2, refused: [] });
  });

  it('forwards close and reject to the other side, and forgets a session that its opener closed', async () => {
    const { relay } = await start();
    const { a, b } = await session(relay);
    b.say({ type: 'HOTLINK_REJECT', id: 'r', session: 's1', reason: 'ipc unavailable' });
    expect(await a.until(is('HOTLINK_REJECT', 's1'))).toMatchObject({ reason: 'ipc unavailable' });
    a.say({ type: 'HOTLINK_CLOSE', id: 'c', session: 's1', reason: 'fallback' });
    expect(await b.until(is('HOTLINK_CLOSE', 's1'))).toMatchObject({ reason: 'fallback' });
    expect(relay.sessions).toBe(0);
  });

  it('drops a signal of somebody who did not accept yet: the offer race', async () => {
    const { relay, logged } = await start();
    const { b } = await session(relay);
    const a = await WireClient.connect(relay, A);
    a.say(open('s7'));
    await b.until(is('HOTLINK_OPEN', 's7'));
    b.say({ type: 'HOTLINK_SIGNAL', id: 'offer', session: 's7', kind: 'sdp_offer', token: '{}' });
    await logged(/hotlink signal rejected \(not participant\) session='s7' from='client2@sandbox\.local'/);
    expect(a.received.some((m) => m.type === 'HOTLINK_SIGNAL')).toBe(false);
  });

  it('lets messages of one connection overtake each other when workers share a queue, never by connection', async () => {
    const frames = 200;
    const arrival = async (options: Partial<RelayOptions>): Promise<number[]> => {
      const { relay } = await start(options);
      const { a, b } = await session(relay);
      for (let seq = 1; seq <= frames; seq++) a.say(data('s1', seq));
      await expect.poll(() => b.received.filter((m) => m.type === 'HOTLINK_DATA').length).toBe(frames);
      return b.received.flatMap((m) => (m.type === 'HOTLINK_DATA' ? [m.seq] : []));
    };
    const inOrder = Array.from({ length: frames }, (_, index) => index + 1);
    expect(await arrival({ order: 'connection' })).toEqual(inOrder);
    const shuffled = await arrival({ order: 'shared', overtaking: 0.3 });
    expect(shuffled).not.toEqual(inOrder);
    expect(shuffled.toSorted((x, y) => x - y)).toEqual(inOrder);
  });
});

describe('its log', () => {
  it.each(['development', 'json'] as const)('%s: ingest knows every line', async (logFormat) => {
    const raw: string[] = [];
    const { relay } = await start({ logFormat, debug: true, writeLine: (line) => raw.push(line) });
    const { a, b } = await session(relay);
    a.say(data('s1', 1));
    await b.until(is('HOTLINK_DATA', 's1'));
    b.say(data('s1', 1));
    b.say({ type: 'HTTP', id: 'x', data: {} });
    b.socket.send('no message at all');
    b.say({ type: 'FILE_WRITE', id: 'w', path: `${A}/not-mine.txt`, etag: '', length: 0, content: new Uint8Array() });
    await b.until((m) => m.type === 'ERROR');
    await fetch(`${relay.url}/healthz?user=${encodeURIComponent(A)}`);
    b.close();
    a.close();
    await expect.poll(() => raw.filter((line) => line.includes('wshub removed')).length).toBe(2);
    const read = scanLog(logFormat === 'json' ? 'relay-json' : 'relay-dev', Buffer.from(`${raw.join('\n')}\n`));
    expect(read.rejections).toEqual({});
    expect(read.counts['lines']).toBe(raw.length);
    const kinds = new Set(read.rows.map((row) => row.kind));
    for (const kind of ['hub-registered', 'relay-received', 'relay-written', 'data-not-sender', 'relay-data', 'relay-decode-error'])
      expect(kinds).toContain(kind);
  });

  it('keeps one record on one line, whatever a client calls itself or its paths', async () => {
    const { relay, lines } = await start();
    const evil = 'x\u001b[2J\ny\u009b';
    const b = await WireClient.connect(relay, B);
    b.say({ type: 'HOTLINK_OPEN', id: evil, session: evil, path: `${A}/${evil}` });
    await b.until((m) => m.type === 'HOTLINK_REJECT');
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(lines.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
  });
});

describe('files', () => {
  it('uploads, lists, hands out and deletes, each by right', async () => {
    const { relay } = await start();
    const ask = async (
      method: string,
      path: string,
      user: string,
      body?: string | FormData,
    ): Promise<{ status: number; json: unknown }> => {
      const separator = path.includes('?') ? '&' : '?';
      const answer = await fetch(`${relay.url}${path}${separator}user=${encodeURIComponent(user)}`, {
        method,
        ...(body !== undefined && { body }),
      });
      return { status: answer.status, json: await answer.json() };
    };
    const form = new FormData();
    form.set('file', new Blob(['hello']), 'a.txt');
    const key = `${A}/public/a.txt`;
    expect((await ask('PUT', `/api/v1/blob/upload?key=${encodeURIComponent(key)}`, B, form)).status).toBe(403);
    expect(await ask('PUT', `/api/v1/blob/upload?key=${encodeURIComponent(key)}`, A, form)).toMatchObject({
      status: 200,
      json: { key, size: 5 },
    });
    expect(await ask('GET', '/api/v1/datasite/view', B)).toMatchObject({ json: { files: [] } });
    const acl = new FormData();
    acl.set('file', new Blob(['rules:\n- pattern: "**"\n  access:\n    read: ["*"]\n']), 'syft.pub.yaml');
    await ask('PUT', `/api/v1/blob/upload?key=${encodeURIComponent(`${A}/public/syft.pub.yaml`)}`, A, acl);
    expect(await ask('GET', '/api/v1/datasite/view', B)).toMatchObject({ json: { files: [{ key }, {}] } });
    const { json } = await ask('POST', '/api/v1/blob/download', B, JSON.stringify({ keys: [key, `${A}/secret`] }));
    const { urls, errors } = json as { urls: { url: string }[]; errors: unknown[] };
    expect(errors).toHaveLength(1);
    expect(await (await fetch(urls[0]?.url ?? '')).text()).toBe('hello');
    expect((await fetch(`${relay.url}/blob/no-link`)).status).toBe(404);
    expect(await ask('POST', '/api/v1/blob/delete', A, JSON.stringify({ keys: [key] }))).toMatchObject({
      json: { deleted: [key], errors: [] },
    });
  });

  it.each(['../x', `${A}/../../x`, `${A}/a\u0000b`, `${A}//x`, 'x'])('refuses the key %j', async (key) => {
    const { relay } = await start();
    const url = `${relay.url}/api/v1/blob/upload?key=${encodeURIComponent(key)}&user=${encodeURIComponent(A)}`;
    const form = new FormData();
    form.set('file', new Blob(['x']), 'x');
    expect((await fetch(url, { method: 'PUT', body: form })).status).toBe(400);
  });
});

describe('abuse', () => {
  it('refuses foreign hosts, web pages, nameless clients and other paths', async () => {
    const { relay, logged } = await start();
    const refused = async (path: string, headers: Record<string, string>): Promise<number> => {
      const socket = new WebSocket(`${relay.url.replace('http', 'ws')}${path}`, { headers });
      socket.on('error', () => undefined);
      const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      return answer.statusCode;
    };
    const events = `/api/v1/events?user=${encodeURIComponent(A)}`;
    expect(await refused(events, { Origin: 'https://evil.example' })).toBe(403);
    expect(await refused(events, { Host: 'evil.example' })).toBe(403);
    expect(await refused('/api/v1/events', {})).toBe(401);
    expect(await refused('/elsewhere?user=a@b.c', {})).toBe(404);
    await logged(/request refused reason='?"?.*evil/, 2);
    expect((await fetch(`${relay.url}/healthz`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });

  it('closes on a message beyond the limit, drops garbage, and serves the others', async () => {
    const { relay, logged } = await start();
    const { a, b } = await session(relay);
    const bad = await WireClient.connect(relay, C);
    bad.socket.send(Buffer.from([0x53, 0x42, 1, 1, 0xc1]));
    bad.socket.send('{"id":');
    await logged(/WRN ws\/ws_client\.go:99 wsclient reader decode error=/, 2);
    bad.socket.send(new Uint8Array(9 * 1024 * 1024));
    await once(bad.socket, 'close');
    a.say(data('s1', 1));
    expect(await b.until(is('HOTLINK_DATA', 's1'))).toMatchObject({ seq: 1 });
  });

  it('drops what comes faster than it is handled, and says so', async () => {
    const { relay, logged } = await start();
    const { a, b } = await session(relay);
    b.socket.pause();
    // More than both queues and what the kernel keeps for a reader that does not read.
    for (let seq = 1; seq <= 900; seq++) a.say(data('s1', seq, 60_000));
    await logged(/wsclient reader buffer full/);
    const c = await WireClient.connect(relay, C);
    c.say(grant(B));
    await c.until((m) => m.type === 'ERROR');
    b.socket.resume();
    expect(await b.until((m) => m.type === 'HOTLINK_DATA' && m.seq > 300)).toBeDefined();
  });

  it('loses nothing where it may wait: the sender has to', async () => {
    const frames = 500;
    const { relay, lines } = await start({ overflow: 'wait' });
    const { a, b } = await session(relay);
    b.socket.pause();
    for (let seq = 1; seq <= frames; seq++) a.say(data('s1', seq, 60_000));
    const came = (): number => lines.filter((line) => line.includes('received websocket message')).length;
    // It has stopped taking, before all was taken.
    let before = -1;
    await expect.poll(() => before === (before = came()), { interval: 1000, timeout: 60_000 }).toBe(true);
    expect(came()).toBeLessThan(frames);
    b.socket.resume();
    const seqs = (): number[] => b.received.flatMap((m) => (m.type === 'HOTLINK_DATA' ? [m.seq] : []));
    await expect.poll(() => seqs().length, { timeout: 60_000 }).toBe(frames);
    expect(seqs()).toEqual(Array.from({ length: frames }, (_, index) => index + 1));
    expect(lines.filter((line) => line.includes('buffer full'))).toEqual([]);
  }, 150_000);

  it('outlives a thousand connections that say nothing or half a word', async () => {
    const { relay } = await start();
    const halves = Array.from({ length: 1000 }, (_, index) => {
      const socket = connect(relay.port, '127.0.0.1');
      socket.on('error', () => undefined);
      if (index % 2 === 0) socket.write('GET /api/v1/events HTTP/1.1\r\nHost: 127');
      return socket;
    });
    const { a, b } = await session(relay);
    for (const socket of halves) socket.destroy();
    a.say(data('s1', 1));
    expect(await b.until(is('HOTLINK_DATA', 's1'))).toMatchObject({ seq: 1 });
  });

  it('frees its port when it ends, and says goodbye', async () => {
    const { relay } = await startRelay();
    const { port } = relay;
    const a = await WireClient.connect(relay, A);
    const closed = once(a.socket, 'close') as Promise<[number, Buffer]>;
    await relay.close();
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([1000, 'shutdown']);
    const again = await startRelay({ port });
    expect(again.relay.port).toBe(port);
    await expect(startRelay({ port })).rejects.toMatchObject({ code: 'HLD_LIVE_CANNOT_LISTEN' });
    await again.relay.kill();
  });
});
