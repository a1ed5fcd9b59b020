import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { encodeMessage } from '../../src/protocol/message-codec.ts';
import type { Message } from '../../src/protocol/message.ts';
import { BASE_TABLES } from '../../src/store/schema.ts';
import { captureLine, webSocketFrame } from '../helpers/wire.ts';
import { ask, CLIENT1, CLIENT2, makeSandbox, removeSandboxes, SESSION, STREAM, withLoaded } from './sandbox.ts';

afterAll(removeSandboxes);

const MASK = Uint8Array.from([9, 8, 7, 6]);
const T = 1_795_353_602.5;
const SAMPLE = join('samples', 'wire-stall', 'sandbox');

function request(head = `GET /api/v1/events?user=${encodeURIComponent(CLIENT1)} HTTP/1.1`, ...more: string[]): string {
  return [head, 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket', ...more, '', ''].join('\r\n');
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

function sent(message: Message, encoding: 'json' | 'msgpack' = 'msgpack'): Uint8Array {
  return webSocketFrame(encoding === 'json' ? 1 : 2, encodeMessage(message, encoding), { mask: MASK });
}

function received(message: Message): Uint8Array {
  return webSocketFrame(2, encodeMessage(message, 'msgpack', 'wide'));
}

const OPEN: Message = { type: 'HOTLINK_OPEN', id: 'm1', session: SESSION, path: STREAM, from: null, to: CLIENT2 };
const ACCEPT: Message = { type: 'HOTLINK_ACCEPT', id: 'm2', session: SESSION };
const DATA: Message = {
  type: 'HOTLINK_DATA',
  id: 'm3',
  session: SESSION,
  seq: 1,
  path: STREAM,
  etag: '',
  payload: Buffer.from('PAYLOADPAYLOAD'),
};

/** A connection of client1 on which these lines follow the upgrade. */
function capture(...lines: readonly string[]): string {
  return [captureLine(T, 1, 'to_relay', request()), captureLine(T, 1, 'to_client', SWITCHED), ...lines].join('');
}

const FRAMES =
  'SELECT line_no, party, way, conn, encoding, type, session, path, seq, bytes, "to", reason, signal FROM frame ORDER BY line_no, seq';
const ACCOUNT = 'SELECT kind, party, lines, records, continuation, ignored, rejected, cut FROM source';
const REASONS = 'SELECT reason, lines FROM source_rejection ORDER BY reason';

describe('a recorded capture', () => {
  it('is accounted for line by line, and its party is who the connection says', async () => {
    await withLoaded(SAMPLE, async (rows) => {
      const sources = await rows(`${ACCOUNT} ORDER BY path`);
      expect(sources.map((s) => [s['kind'], s['party'], s['lines'], s['rejected']])).toEqual([
        ['capture', 'aggregator@sandbox.local', 48, 0],
        ['capture', 'client1@sandbox.local', 44, 0],
        ['capture', 'client2@sandbox.local', 44, 0],
      ]);
      for (const s of sources)
        expect(Number(s['records']) + Number(s['continuation']) + Number(s['ignored']) + Number(s['rejected'])).toBe(s['lines']);
      expect(
        await rows(
          `SELECT way, count(*) AS n, sum(bytes)::INTEGER AS bytes FROM frame WHERE type = 'HOTLINK_DATA' GROUP BY way ORDER BY way`,
        ),
      ).toEqual([
        { way: 'to_client', n: 2, bytes: 26 },
        { way: 'to_relay', n: 8, bytes: 3068 },
      ]);
    });
  });

  it('is read back as the beginning of its lines, never of the bytes', async () => {
    await withLoaded(SAMPLE, async (rows, store) => {
      const reader = excerptReader(SAMPLE, store);
      const lines = readFileSync(join(SAMPLE, 'wire', 'client1.jsonl'), 'utf8').split('\n');
      const [found] = await rows(`SELECT source_id, line_no FROM frame WHERE party = '${CLIENT1}' AND type = 'HOTLINK_DATA'`);
      const line = Number(found?.['line_no']);
      const text = await reader.line(Number(found?.['source_id']), line);
      expect(text).toMatch(/"bytes": "…$/);
      expect(lines[line - 1]?.startsWith(text!.slice(0, -1))).toBe(true);
      expect(await reader.note(Number(found?.['source_id']), line)).toMatch(/^HOTLINK_DATA to the relay: session=\S+ seq=1 bytes=13$/);
      expect(await reader.note(Number(found?.['source_id']), 1)).toBeNull();
    });
  });
});

describe('messages of a capture', () => {
  it('give frames and the events of a client log', async () => {
    const root = makeSandbox({
      'wire/x.jsonl': capture(
        captureLine(T + 1, 1, 'to_relay', sent(OPEN)),
        captureLine(T + 2, 1, 'to_client', received(ACCEPT)),
        captureLine(T + 3, 1, 'to_relay', sent(DATA, 'json')),
        captureLine(T + 4, 1, 'to_client', received({ type: 'HOTLINK_REJECT', id: 'r', session: SESSION, reason: 'unknown session' })),
        captureLine(
          T + 5,
          1,
          'to_relay',
          sent({ type: 'HOTLINK_SIGNAL', id: 's', session: SESSION, kind: 'sdp_offer', token: 'secret sdp' }),
        ),
        captureLine(T + 6, 1, 'to_client', received({ type: 'ACK', id: 'a', originalId: 'm' })),
      ),
    });
    await withLoaded(root, async (rows) => {
      const base = { party: CLIENT1, conn: 1, session: SESSION };
      const none = { path: null, seq: null, bytes: null, to: null, reason: null, signal: null };
      expect(await rows(FRAMES)).toEqual([
        { ...base, ...none, line_no: 3, way: 'to_relay', encoding: 'msgpack', type: 'HOTLINK_OPEN', path: STREAM, to: CLIENT2 },
        { ...base, ...none, line_no: 4, way: 'to_client', encoding: 'msgpack', type: 'HOTLINK_ACCEPT' },
        { ...base, ...none, line_no: 5, way: 'to_relay', encoding: 'json', type: 'HOTLINK_DATA', path: STREAM, seq: 1, bytes: 14 },
        { ...base, ...none, line_no: 6, way: 'to_client', encoding: 'msgpack', type: 'HOTLINK_REJECT', reason: 'unknown session' },
        { ...base, ...none, line_no: 7, way: 'to_relay', encoding: 'msgpack', type: 'HOTLINK_SIGNAL', signal: 'sdp_offer' },
      ]);
      expect(
        await rows(
          'SELECT line_no, kind, sid8, channel, seq, bytes, to_email, reason, ts_us FROM event WHERE line_no > 2 ORDER BY event_id',
        ),
      ).toEqual(
        [
          { line_no: 3, kind: 'session-new', channel: '1_to_2', to_email: CLIENT2 },
          { line_no: 4, kind: 'decoded-accept' },
          { line_no: 5, kind: 'send-data', channel: '1_to_2', seq: 1, bytes: 14 },
          { line_no: 6, kind: 'decoded-reject', reason: 'unknown session' },
          { line_no: 7, kind: 'send-signal', reason: 'sdp_offer' },
        ].map((e, i) => ({
          sid8: SESSION.slice(0, 8),
          channel: null,
          seq: null,
          bytes: null,
          to_email: null,
          reason: null,
          ts_us: (T + 1 + i) * 1_000_000,
          ...e,
        })),
      );
      expect(await rows(ACCOUNT)).toEqual([
        { kind: 'capture', party: CLIENT1, lines: 8, records: 6, continuation: 0, ignored: 2, rejected: 0, cut: false },
      ]);
    });
  });

  it('stand on the line that holds their last byte, however the recorder cut them', async () => {
    const bytes = Buffer.concat([sent(OPEN), sent(DATA), sent({ ...DATA, seq: 2, payload: Buffer.alloc(70_000) })]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
        const ends = [...new Set(cuts)].toSorted((a, b) => a - b);
        const parts = [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
        const root = makeSandbox({ 'x.jsonl': capture(...parts.map((part, i) => captureLine(T + i, 1, 'to_relay', part))) });
        const frames = await ask(root, 'SELECT line_no, type, seq, bytes FROM frame ORDER BY line_no, seq NULLS FIRST');
        // Two lines are the upgrade's.
        const lineOf = (end: number): number => 3 + ends.filter((cut) => cut < end).length;
        expect(frames).toEqual([
          { line_no: lineOf(sent(OPEN).length), type: 'HOTLINK_OPEN', seq: null, bytes: null },
          { line_no: lineOf(sent(OPEN).length + sent(DATA).length), type: 'HOTLINK_DATA', seq: 1, bytes: 14 },
          { line_no: lineOf(bytes.length), type: 'HOTLINK_DATA', seq: 2, bytes: 70_000 },
        ]);
        const [account] = await ask(root, ACCOUNT);
        expect(account).toMatchObject({ lines: 2 + parts.length, rejected: 0 });
      }),
      { numRuns: 15 },
    );
  });

  it('of several connections at once do not mix; a number that ended may come again', async () => {
    const half = sent(OPEN).length >> 1;
    const upgrade = (n: number): string => captureLine(T, n, 'to_relay', request()) + captureLine(T, n, 'to_client', SWITCHED);
    const end = (way: string): string => `${JSON.stringify({ t: T, connection: 1, way, end: true })}\n`;
    const root = makeSandbox({
      'x.jsonl': [
        upgrade(1),
        upgrade(2),
        captureLine(T, 1, 'to_relay', sent(OPEN).subarray(0, half)),
        captureLine(T, 2, 'to_relay', sent(DATA)),
        captureLine(T, 1, 'to_relay', sent(OPEN).subarray(half)),
        end('to_relay'),
        end('to_client'),
        upgrade(1),
        captureLine(T, 1, 'to_relay', sent({ ...DATA, seq: 2 })),
      ].join(''),
    });
    expect(await ask(root, 'SELECT conn, type, seq FROM frame ORDER BY line_no')).toEqual([
      { conn: 2, type: 'HOTLINK_DATA', seq: 1 },
      { conn: 1, type: 'HOTLINK_OPEN', seq: null },
      { conn: 1, type: 'HOTLINK_DATA', seq: 2 },
    ]);
  });

  it('come behind requests, refused upgrades and an answer in pieces', async () => {
    const refused = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno';
    const root = makeSandbox({
      'x.jsonl': [
        captureLine(T, 1, 'to_relay', 'GET /healthz HTTP/1.1\r\n\r\n'),
        captureLine(T, 1, 'to_client', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n'),
        captureLine(T, 1, 'to_relay', request()),
        captureLine(T, 1, 'to_client', refused),
        captureLine(T, 1, 'to_relay', request()),
        captureLine(T, 1, 'to_client', SWITCHED.slice(0, 20)),
        captureLine(T, 1, 'to_client', Buffer.concat([Buffer.from(SWITCHED.slice(20)), received(ACCEPT)])),
      ].join(''),
    });
    expect(await ask(root, FRAMES)).toMatchObject([{ line_no: 7, type: 'HOTLINK_ACCEPT', party: CLIENT1 }]);
    expect(await ask(root, ACCOUNT)).toMatchObject([{ records: 1, ignored: 6, rejected: 0 }]);
  });
});

describe('whose capture it is', () => {
  const claims = (sub: string): string => `Authorization: Bearer e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.c2ln`;
  const events = 'GET /api/v1/events HTTP/1.1';
  it.each([
    ['a header', request(events, `x-syft-from: ${CLIENT2}`), CLIENT2],
    ['another header', request(events, `X-Syft-User: ${CLIENT2}`), CLIENT2],
    ['the subject of its token', request(events, claims(CLIENT2)), CLIENT2],
    ['the folder when nobody says', request(events), CLIENT1],
    ['the folder when it is no address', request('GET /api/v1/events?user=../../x HTTP/1.1'), CLIENT1],
    ['the connection against the folder', request(`GET /api/v1/events?user=${CLIENT2} HTTP/1.1`), CLIENT2],
  ])('%s', async (_, head, party) => {
    const lines = [
      captureLine(T, 1, 'to_relay', head),
      captureLine(T, 1, 'to_client', SWITCHED),
      captureLine(T, 1, 'to_relay', sent(OPEN)),
    ];
    const root = makeSandbox({ [`${CLIENT1}/wire.jsonl`]: lines.join('') });
    expect(await ask(root, 'SELECT f.party, s.party AS of FROM frame AS f JOIN source AS s USING (source_id)')).toEqual([
      { party, of: party },
    ]);
  });

  it('another party in the same file is refused, and counted', async () => {
    const foreign = request(`GET /api/v1/events?user=${CLIENT2} HTTP/1.1`);
    const root = makeSandbox({
      'x.jsonl': capture(
        captureLine(T, 2, 'to_relay', foreign),
        captureLine(T, 2, 'to_client', SWITCHED),
        captureLine(T, 2, 'to_relay', sent(OPEN)),
      ),
    });
    expect(await ask(root, FRAMES)).toEqual([]);
    expect(await ask(root, REASONS)).toEqual([{ reason: 'other-party', lines: 3 }]);
  });

  it('nobody: messages are refused, not guessed', async () => {
    const lines = [
      captureLine(T, 1, 'to_relay', request(events)),
      captureLine(T, 1, 'to_client', SWITCHED),
      captureLine(T, 1, 'to_relay', sent(OPEN)),
    ];
    expect(await ask(makeSandbox({ 'x.jsonl': lines.join('') }), REASONS)).toEqual([{ reason: 'no-party', lines: 1 }]);
  });
});

describe('lines that cannot be read', () => {
  const good = captureLine(T, 1, 'to_relay', sent(OPEN));
  it.each([
    ['no JSON', '{"t": 1, nonsense\n', 'not-json'],
    ['a number', '17\n', 'unexpected-shape'],
    ['no time', '{"connection": 1, "way": "to_relay", "bytes": ""}\n', 'unexpected-shape'],
    ['a time of no century', '{"t": 1e300, "connection": 1, "way": "to_relay", "bytes": ""}\n', 'unexpected-shape'],
    ['another way', '{"t": 1, "connection": 1, "way": "up", "bytes": ""}\n', 'unexpected-shape'],
    ['half a connection', '{"t": 1, "connection": 1.5, "way": "to_relay", "bytes": ""}\n', 'unexpected-shape'],
    ['neither bytes nor an end', '{"t": 1, "connection": 1, "way": "to_relay"}\n', 'unexpected-shape'],
    ['bytes that are no base64', '{"t": 1, "connection": 1, "way": "to_relay", "bytes": "a?=="}\n', 'bad-payload'],
    ['base64 that is cut', '{"t": 1, "connection": 1, "way": "to_relay", "bytes": "abc"}\n', 'bad-payload'],
    ['the recorder reached its limit', '{"t": 1, "connection": 0, "way": "to_relay", "limit": 1000}\n', 'capture-limit'],
    ['an empty line', '\n', 'blank-line'],
    ['a frame that no client sends', captureLine(T, 2, 'to_client', Buffer.from('ff', 'hex')), 'bad-wire-bytes'],
    [
      'a message that is none',
      captureLine(T, 1, 'to_relay', webSocketFrame(2, Buffer.from('SB\x01\x01\xff', 'latin1'), { mask: MASK })),
      'bad-wire-bytes',
    ],
  ])('%s; the next line is read', async (_, line, reason) => {
    const root = makeSandbox({ 'x.jsonl': capture(line, good) });
    expect(await ask(root, REASONS)).toEqual([{ reason, lines: 1 }]);
    expect(await ask(root, 'SELECT type FROM frame')).toEqual([{ type: 'HOTLINK_OPEN' }]);
    expect(await ask(root, ACCOUNT)).toMatchObject([{ lines: 4, rejected: 1 }]);
  });

  it('a last line that is cut is said to be', async () => {
    const root = makeSandbox({ 'x.jsonl': capture(good, captureLine(T, 1, 'to_relay', sent(DATA)).slice(0, 90)) });
    expect(await ask(root, REASONS)).toEqual([{ reason: 'cut-line', lines: 1 }]);
    expect(await ask(root, ACCOUNT)).toMatchObject([{ cut: true, records: 2 }]);
  });

  it('after bytes that are no WebSocket the direction is lost, the other is not', async () => {
    const root = makeSandbox({
      'x.jsonl': capture(captureLine(T, 1, 'to_relay', 'garbage!'), good, captureLine(T, 1, 'to_client', received(ACCEPT))),
    });
    expect(await ask(root, REASONS)).toEqual([{ reason: 'bad-wire-bytes', lines: 2 }]);
    expect(await ask(root, 'SELECT type FROM frame')).toEqual([{ type: 'HOTLINK_ACCEPT' }]);
  });

  it('a line beyond the limit is passed over without being kept', async () => {
    const before = process.memoryUsage().rss;
    const long = `{"t": 1, "connection": 1, "way": "to_relay", "bytes": "${'A'.repeat(40 * 1024 * 1024)}"}\n`;
    const root = makeSandbox({ 'x.jsonl': capture(long, good) });
    expect(await ask(root, REASONS)).toEqual([{ reason: 'too-long-line', lines: 1 }]);
    expect(await ask(root, 'SELECT type FROM frame')).toEqual([{ type: 'HOTLINK_OPEN' }]);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  it('thousands of connections that never end are followed as far as there is room', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => captureLine(T, i + 2, 'to_relay', 'GET / HTTP'));
    const root = makeSandbox({ 'x.jsonl': capture(good, ...many) });
    expect(await ask(root, ACCOUNT)).toMatchObject([{ lines: 3003, ignored: 3001, rejected: 0 }]);
  });
});

it('no token, payload, session description or key reaches the store', async () => {
  const secrets = ['TOKENtokenTOKEN', 'PAYLOADPAYLOAD', 'USERFRAGMENT', 'turnpassTURNPASS', 'c2VjcmV0a2V5'];
  const root = makeSandbox({
    'x.jsonl': [
      captureLine(
        T,
        1,
        'to_relay',
        request(
          `GET /api/v1/events?user=${CLIENT1}&token=TOKENtokenTOKEN HTTP/1.1`,
          'Authorization: Bearer TOKENtokenTOKEN',
          'Sec-WebSocket-Key: c2VjcmV0a2V5',
        ),
      ),
      captureLine(
        T,
        1,
        'to_client',
        SWITCHED.replace(
          '\r\n\r\n',
          '\r\nX-Syft-Hotlink-Ice-Servers: turn:user:turnpassTURNPASS@h:1\r\nX-Syft-Hotlink-Turn-Pass: turnpassTURNPASS\r\n\r\n',
        ),
      ),
      captureLine(T, 1, 'to_relay', sent(DATA)),
      captureLine(
        T,
        1,
        'to_relay',
        sent({
          type: 'HOTLINK_SIGNAL',
          id: 's',
          session: SESSION,
          kind: 'ice_candidate',
          token: 'a=ice-ufrag:USERFRAGMENT',
          error: 'token=TOKENtokenTOKEN',
        }),
      ),
      `{"t": 1, "connection": 1, "way": "to_relay", "bytes": "${Buffer.from('Authorization: Bearer TOKENtokenTOKEN').toString('base64')}?"}\n`,
    ].join(''),
  });
  const tables = [...BASE_TABLES.matchAll(/CREATE TABLE (\w+)/g)].map((m) => m[1]);
  await withLoaded(root, async (rows) => {
    let all = '';
    for (const table of tables) all += JSON.stringify(await rows(`SELECT * FROM ${table}`));
    expect(all).toContain(SESSION);
    expect(all).toContain('turn:***@h:1');
    for (const secret of secrets) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(Buffer.from(secret).toString('base64').slice(0, 12));
    }
  });
});
