import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpReader, isUpgrade, MAX_HEAD_BYTES } from '../../src/protocol/http.ts';

const ASK = 'GET /api/v1/events?user=a%40b.c HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const POST = 'POST /api/v1/blob/download HTTP/1.1\r\ncontent-length: 5\r\n\r\nab\r\nc';
const CHUNKED = 'PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nGET /\r\n0\r\nTrailer: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTT';

/** Targets or states of the heads that come out when the text is cut. */
function heads(
  side: 'request' | 'response',
  text: string,
  cuts: readonly number[],
  methods: readonly string[] = [],
): { seen: string[]; rest: string; reader: HttpReader } {
  const reader = new HttpReader(side);
  for (const method of methods) reader.expect(method);
  const bytes = Buffer.from(text, 'latin1');
  const at = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const seen: string[] = [];
  let rest = '';
  let from = 0;
  for (const to of [...at, bytes.length]) {
    const read = reader.push(bytes.subarray(from, to));
    seen.push(...read.heads.map((h) => (side === 'request' ? h.target : String(h.status))));
    rest += Buffer.from(read.rest ?? []).toString('latin1');
    from = to;
  }
  return { seen, rest, reader };
}

describe('HTTP', () => {
  it('bodies are skipped, and the upgrade is found, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        const { seen, rest, reader } = heads('request', `${POST}${CHUNKED}\r\n${ASK}binary`, cuts);
        expect(seen).toEqual(['/api/v1/blob/download', '/x', '/api/v1/events?user=a%40b.c']);
        expect(rest).toBe('binary');
        expect(reader.failure).toBeUndefined();
      }),
    );
  });

  it('answers without a body have none, whatever their length says', () => {
    const text = `HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n${OK}HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${OK}`;
    expect(heads('response', text, [], ['GET', 'HEAD', 'GET', 'GET', 'GET']).seen).toEqual(['204', '200', '200', '304', '200']);
  });

  it('an answer without length goes on to the end', () => {
    const { seen, reader } = heads('response', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', [], ['GET']);
    expect(seen).toEqual(['200']);
    expect(reader.isBetween).toBe(true);
  });

  it('after 101 the rest is handed out', () => {
    const { seen, rest } = heads(
      'response',
      `${OK}HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x01a`,
      [],
      ['GET', 'GET'],
    );
    expect(seen).toEqual(['200', '101']);
    expect(rest).toBe('\x82\x01a');
  });

  it('headers are told apart by lower-case names; twice the same is a list', () => {
    const [head] = new HttpReader('request').push(Buffer.from('GET / HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\n\r\n')).heads;
    expect(head?.headers.get('x-a')).toBe('1, 2');
    expect(
      isUpgrade(
        new Map([
          ['upgrade', 'WebSocket'],
          ['connection', 'keep-alive, Upgrade'],
        ]),
      ),
    ).toBe(true);
    expect(
      isUpgrade(
        new Map([
          ['upgrade', 'h2c'],
          ['connection', 'Upgrade'],
        ]),
      ),
    ).toBe(false);
  });

  it.each([
    ['no request', 'request', 'hello world, this is no HTTP\r\n\r\n', 'malformed'],
    ['a request line that is none', 'request', 'GET /\r\n\r\n', 'malformed'],
    ['a WebSocket frame', 'response', '\x82\x01a', 'malformed'],
    ['no state', 'response', 'HTTP/1.1 OK\r\n\r\n', 'malformed'],
    ['a header without name', 'request', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 'malformed'],
    ['a length that is none', 'request', 'GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 'bad-field'],
    ['no chunk size', 'request', 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'malformed'],
    ['a head without end', 'request', `GET / HTTP/1.1\r\nX: ${'a'.repeat(MAX_HEAD_BYTES)}`, 'over-limit'],
  ] as const)('%s ends the reading', (_, side, text, problem) => {
    expect(heads(side, text, []).reader.failure).toMatchObject({ problem });
  });

  it('any bytes end in heads or one failure', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('request', 'response'),
        fc.string({ unit: 'binary-ascii', maxLength: 300 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (side, text, cuts) => {
          const { reader } = heads(side, `${side === 'request' ? 'GET / HTTP/1.1\r\n' : 'HTTP/1.1 200 OK\r\n'}${text}`, cuts);
          expect(reader.failure?.offset ?? 0).toBeLessThanOrEqual(text.length + 20);
        },
      ),
    );
  });
});
