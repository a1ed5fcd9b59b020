/** The parts of the tap that need no socket: how faults are written, what they strike, how streams are cut, what is blanked. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpReader } from '../../../src/protocol/http.ts';
import { decodeMessage, encodeMessage, type Encoding } from '../../../src/protocol/message-codec.ts';
import type { Message } from '../../../src/protocol/message.ts';
import { MAX_MESSAGE_BYTES, WebSocketReader } from '../../../src/protocol/websocket.ts';
import { blankHead, partyOf } from '../../../src/proxy/tap/blank-head.ts';
import { blankMessage } from '../../../src/proxy/tap/blank-message.ts';
import { FaultSet, SessionEnds } from '../../../src/proxy/tap/fault-set.ts';
import { FRAME_FAULTS, parseFrameFault, usageOf, type FrameFaultName } from '../../../src/proxy/tap/faults.ts';
import { bytesOf, corrupted, oversized } from '../../../src/proxy/tap/frames.ts';
import { Splitter, type Piece } from '../../../src/proxy/tap/splitter.ts';
import { Talk } from '../../../src/proxy/tap/talk.ts';
import { messages } from '../../helpers/messages.ts';
import { webSocketFrame } from '../../helpers/wire.ts';

const A = 'client1@sandbox.local';
const B = 'client2@sandbox.local';
const MASK = Uint8Array.from([1, 2, 3, 4]);

function data(seq: number, session = 's1'): Message {
  return { type: 'HOTLINK_DATA', id: `d${seq}`, session, seq, path: 'p', payload: Buffer.from('SECRETPAYLOAD') };
}

describe('faults as they are written', () => {
  it.each([
    ['drop:data:3:client1', { trigger: { kind: 'data', which: { by: 'nth', n: 3 } }, where: { party: 'client1' } }],
    ['drop:open', { trigger: { kind: 'open', which: { by: 'nth', n: 1 } }, where: { party: undefined, from: undefined, to: undefined } }],
    ['duplicate:any:*', { trigger: { kind: 'any', which: { by: 'from', n: 1 } } }],
    ['corrupt:data:5+:client1>', { trigger: { which: { by: 'from', n: 5 } }, where: { from: 'client1', to: undefined } }],
    ['drop:data:/10:>client2', { trigger: { which: { by: 'every', n: 10 } }, where: { from: undefined, to: 'client2' } }],
    ['drop:data:~0.05:client1>client2', { trigger: { which: { by: 'share', share: 0.05 } }, where: { from: 'client1', to: 'client2' } }],
    ['reorder:data:2:client1:4', { number: 4 }],
    ['delay:data:2:client1', { number: 1000 }],
    ['freeze:client2', { trigger: undefined, where: { party: 'client2' } }],
    ['freeze:data:40:client2', { trigger: { kind: 'data' }, where: { party: 'client2' } }],
    ['cut:*', { trigger: undefined, where: { party: undefined } }],
    ['latency:client1:50', { trigger: undefined, number: 50 }],
    ['rate:client1>', { where: { from: 'client1' }, number: 100_000 }],
    [`drop:data:1:${A}`, { where: { party: A } }],
  ])('%s', (text, expected) => {
    expect(parseFrameFault(text)).toMatchObject({ text, ...expected });
  });

  it.each([
    '',
    'magic',
    'drip:data:3',
    'drop',
    'drop:',
    'drop:frames:1',
    'drop:data:0',
    'drop:data:1.5',
    'drop:data:-1',
    'drop:data:~2',
    'drop:data:~0',
    'drop:data:/3+',
    'drop:data:1:a>b>c',
    'drop:data:1:>',
    'drop:data:1:client 1',
    'drop:data:1:client1:5',
    'delay:data:1:client1:-1',
    'delay:data:1:client1:x',
    'reorder:data:1:client1:0',
    'freeze',
    'freeze:client1>client2',
    'freeze:client1:5',
    'latency:client1:1:2',
    'rate:client1:0',
    `drop:data:1:${'x'.repeat(500)}`,
    '__proto__:data',
  ])('refuses %j with what it takes', (text) => {
    expect(() => parseFrameFault(text)).toThrow(/cannot be/);
  });

  it('names the one that was meant', () => {
    expect(() => parseFrameFault('drip:data:3')).toThrow(/drop\?/);
  });
});

describe('which message a fault strikes', () => {
  const passing = (message: Message, party = A, way: 'to_relay' | 'to_client' = 'to_relay', peer?: string) => ({
    way,
    party,
    peer,
    message,
  });
  const struck = (text: string, seed = 1, count = 12): number[] => {
    const set = new FaultSet(seed);
    set.add(text);
    return Array.from({ length: count }, (_, i) => i + 1).filter((seq) => set.strike(passing(data(seq))).length > 0);
  };

  it.each([
    ['drop:data:3', [3]],
    ['drop:data:10+', [10, 11, 12]],
    ['drop:data:/4', [4, 8, 12]],
    ['drop:open:1', []],
    ['drop:any:2:client1', [2]],
    ['drop:data:2:client1>', [2]],
    ['drop:data:2:client2', []],
    ['drop:data:2:>client1', []],
    ['drop:data:2:client1>client2', []],
  ])('%s', (text, expected) => expect(struck(text)).toEqual(expected));

  it('a share comes again with its seed, and is about that share', () => {
    expect(struck('drop:data:~0.3', 7, 1000)).toEqual(struck('drop:data:~0.3', 7, 1000));
    expect(struck('drop:data:~0.3', 8, 1000)).not.toEqual(struck('drop:data:~0.3', 7, 1000));
    const share = struck('drop:data:~0.3', 7, 1000).length / 1000;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.35);
  });

  it('knows who sends to whom from opens and accepts, also across connections', () => {
    const ends = new SessionEnds();
    const open: Message = { type: 'HOTLINK_OPEN', id: 'o', session: 's1', path: 'p' };
    expect(ends.peerOf(A, data(1))).toBeUndefined();
    expect(ends.peerOf(A, open)).toBeUndefined();
    expect(ends.peerOf(B, { type: 'HOTLINK_ACCEPT', id: 'a', session: 's1' })).toBe(A);
    expect(ends.peerOf(A, data(1))).toBe(B);
    expect(ends.peerOf(A, { ...open, session: 's2', to: B })).toBe(B);
    const set = new FaultSet(1);
    set.add('drop:data:1:client1>client2');
    expect(set.strike(passing(data(1), A, 'to_relay', B))).toHaveLength(1);
  });

  it('forgets old sessions rather than keep all', () => {
    const ends = new SessionEnds();
    for (let n = 0; n < 20_000; n++) ends.peerOf(A, { type: 'HOTLINK_OPEN', id: 'o', session: `s${n}`, path: 'p', to: B });
    expect(ends.peerOf(A, data(1, 's0'))).toBeUndefined();
    expect(ends.peerOf(A, data(1, 's19999'))).toBe(B);
  });

  it('a freeze begins with its message and hides one way or both', () => {
    const set = new FaultSet(1);
    set.add('freeze:data:2:client1');
    set.add('freeze:>client2');
    set.strike(passing(data(1)));
    expect(set.isFrozen(A, 'to_client')).toBe(false);
    set.strike(passing(data(2)));
    expect([set.isFrozen(A, 'to_client'), set.isFrozen(A, 'to_relay')]).toEqual([true, true]);
    expect([set.isFrozen(B, 'to_client'), set.isFrozen(B, 'to_relay'), set.isFrozen(undefined, 'to_client')]).toEqual([true, false, false]);
    expect(set.list()).toEqual(['freeze:data:2:client1: seen 2, struck 1, frozen', 'freeze:>client2, frozen']);
    set.clear();
    expect(set.isFrozen(A, 'to_relay')).toBe(false);
  });

  it('delays add up, the lowest rate counts', () => {
    const set = new FaultSet(1);
    for (const text of ['latency:client1:50', 'latency:*:20', 'rate:client1:9000', 'rate:client1>:5000']) set.add(text);
    expect(set.shape(A, 'to_relay')).toEqual({ latencyMs: 70, bytesPerSecond: 5000 });
    expect(set.shape(A, 'to_client')).toEqual({ latencyMs: 70, bytesPerSecond: 9000 });
    expect(set.shape(B, 'to_client')).toEqual({ latencyMs: 20, bytesPerSecond: Infinity });
  });
});

/** Any stream of messages, fragments, pings, as a client sends it. */
const stream = fc.array(
  fc.oneof(
    messages.map((message) => [webSocketFrame(2, encodeMessage(message, 'msgpack'), { mask: MASK })]),
    messages.map((message) => [webSocketFrame(1, encodeMessage(message, 'json'), { mask: MASK })]),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => [webSocketFrame(9, bytes, { mask: MASK })]),
    messages.map((message) => {
      const bytes = encodeMessage(message, 'msgpack');
      const ping = webSocketFrame(9, new Uint8Array(3), { mask: MASK });
      return [
        webSocketFrame(2, bytes.subarray(0, 7), { mask: MASK, final: false }),
        ping,
        webSocketFrame(0, bytes.subarray(7), { mask: MASK }),
      ];
    }),
  ),
  { maxLength: 8 },
);

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end));
}

const sorted = (frames: readonly Uint8Array[]): string[] => frames.map((frame) => Buffer.from(frame).toString('hex')).toSorted();

describe('a stream cut into messages', () => {
  it('keeps every frame byte for byte, however it came', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 6 }), (items, cuts) => {
        const frames = items.flat();
        const splitter = new Splitter(true);
        const pieces = cut(Buffer.concat(frames), cuts).flatMap((part) => splitter.push(part));
        const out = pieces.flatMap((piece) => (piece.kind === 'raw' ? [] : piece.frames.map(({ bytes }) => bytes)));
        // A ping among fragments comes before them; nothing else moves.
        expect(sorted(out)).toEqual(sorted(frames));
        expect(splitter.heldBytes).toBe(0);
        expect(pieces.filter((piece) => piece.kind === 'message').every((piece) => piece.message !== undefined)).toBe(true);
      }),
    );
  });

  it('hands on what it cannot read, byte for byte', () => {
    fc.assert(
      fc.property(stream, fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.array(fc.nat(), { maxLength: 6 }), (items, tail, cuts) => {
        const bytes = Buffer.concat([...items.flat(), Buffer.from('GET / HTTP/1.1\r\n\r\n'), tail]);
        const splitter = new Splitter(true);
        const out = cut(bytes, cuts).flatMap((part) => splitter.push(part));
        const passed = Buffer.concat(out.map(bytesOf)).length;
        expect(passed + splitter.heldBytes).toBe(bytes.length);
        expect(out.filter((piece) => piece.kind === 'raw' && piece.why !== undefined)).toHaveLength(1);
      }),
    );
  });

  it('refuses a frame beyond the limit by its header, and holds nothing of it', () => {
    const splitter = new Splitter(false);
    const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    const [piece] = splitter.push(head);
    expect(piece).toMatchObject({ kind: 'raw', why: { problem: 'over-limit' } });
    expect(splitter.push(new Uint8Array(1000))).toMatchObject([{ kind: 'raw' }]);
    expect(splitter.heldBytes).toBe(0);
  });

  it('does not gather empty fragments without end', () => {
    const splitter = new Splitter(false);
    splitter.push(webSocketFrame(2, new Uint8Array(1), { final: false }));
    const empty = Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from(webSocketFrame(0, new Uint8Array(0), { final: false }))));
    expect(splitter.push(empty).some((piece) => piece.kind === 'raw' && piece.why?.problem === 'over-limit')).toBe(true);
  });
});

describe('what a capture holds of a message', () => {
  const SECRETS = new Set(['token', 'payload', 'content', 'data']);
  /** What is to be left of a message. */
  const withoutSecrets = (message: Message, encoding: Encoding): unknown =>
    Object.fromEntries(
      Object.entries(message).map(([name, value]: [string, unknown]) => {
        if (!SECRETS.has(name)) return [name, value];
        return [
          name,
          value instanceof Uint8Array ? Buffer.alloc(value.length) : typeof value === 'string' ? filled(value, encoding) : value,
        ];
      }),
    );
  /** As long as it was: in bytes, or in JSON in characters. */
  const filled = (text: string, encoding: Encoding): string => 'x'.repeat(encoding === 'msgpack' ? Buffer.byteLength(text) : text.length);
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it.each(['json', 'msgpack'] as const)('%s: the same length, the same message, nothing of its secrets', (encoding) => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encodeMessage(message, encoding);
        const before = Buffer.from(bytes);
        const blanked = blankMessage(bytes, decodeMessage(bytes), false);
        expect(Buffer.from(bytes)).toEqual(before);
        expect(blanked).toHaveLength(bytes.length);
        expect(plain(decodeMessage(blanked))).toEqual(plain(withoutSecrets(decodeMessage(bytes), encoding)));
      }),
    );
  });

  it.each(['json', 'msgpack'] as const)('%s: requests and lists of other people are taken out whole, at any length', (encoding) => {
    for (const length of [0, 1, 2, 3, 200, 250, 260, 300, 65_000, 65_530, 66_000]) {
      const message: Message = { type: 'HTTP', id: 'm', data: { authorization: 'S'.repeat(length) } };
      const bytes = encodeMessage(message, encoding);
      const blanked = blankMessage(bytes, decodeMessage(bytes), true);
      expect(blanked).toHaveLength(bytes.length);
      expect(decodeMessage(blanked)).toMatchObject({ type: 'HTTP', id: 'm' });
      expect(blanked.includes('SS')).toBe(false);
    }
  });

  it('keeps the payload of frames where it is wanted, and nothing of what cannot be decoded', () => {
    const bytes = encodeMessage(data(1), 'msgpack');
    expect(blankMessage(bytes, data(1), true).includes('SECRETPAYLOAD')).toBe(true);
    expect(blankMessage(bytes, data(1), false).includes('SECRETPAYLOAD')).toBe(false);
    expect(blankMessage(bytes, undefined, true).toString()).toBe('x'.repeat(bytes.length));
  });
});

describe('what a capture holds of a head', () => {
  const claims = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${claims({ sub: A, exp: 1_900_000_000, scope: 'secret-scope' })}.c2lnbmF0dXJl`;
  const head = [
    `GET /api/v1/events?user=${encodeURIComponent(A)}&token=SECRETtoken&x HTTP/1.1`,
    'Host: 127.0.0.1:8080',
    `Authorization: Bearer ${jwt}`,
    'Cookie: session=SECRETcookie',
    'X-Api-Key: SECRETkey',
    'Sec-WebSocket-Key: SECRETws==',
    'X-Syft-Hotlink-Turn-Pass: SECRETturn',
    'X-Syft-Hotlink-Ice-Servers: turn:SECRETuser:SECRETpass@h:3478, stun:s:1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    '',
    '',
  ].join('\r\n');

  it('keeps its length and what it means, and no secret', () => {
    const blanked = blankHead(Buffer.from(head)).toString('latin1');
    expect(blanked).toHaveLength(head.length);
    expect(blanked).not.toContain('SECRET');
    expect(blanked).not.toContain('secret-scope');
    expect(blanked).not.toContain('c2lnbmF0dXJl');
    const [read] = new HttpReader('request').push(Buffer.from(blanked)).heads;
    const [original] = new HttpReader('request').push(Buffer.from(head)).heads;
    expect([...(read?.headers.keys() ?? [])]).toEqual([...(original?.headers.keys() ?? [])]);
    expect(read?.headers.get('x-syft-hotlink-ice-servers')).toMatch(/^turn:x+@h:3478, stun:s:1$/);
  });

  it('a token still says whose it is, where nothing else does', () => {
    const bare = head.replace(/\?\S*/, '');
    const [read] = new HttpReader('request').push(blankHead(Buffer.from(bare))).heads;
    expect(partyOf(read?.target ?? '', read?.headers ?? new Map())).toBe(A);
  });

  it('any token, of any length: nothing of it stays but the subject', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), fc.emailAddress(), (noise, email) => {
        const token = `${claims({ a: noise })}.${claims({ noise, sub: email })}.${claims({ noise })}`;
        const text = `GET / HTTP/1.1\r\nauthorization: bearer ${token}\r\n\r\n`;
        const blanked = blankHead(Buffer.from(text)).toString('latin1');
        expect(blanked).toHaveLength(text.length);
        const [read] = new HttpReader('request').push(Buffer.from(blanked)).heads;
        const kept = /\.([\w-]+)\./.exec(read?.headers.get('authorization') ?? '')?.[1] ?? '';
        expect(JSON.parse(Buffer.from(kept, 'base64url').toString())).toEqual({ sub: email });
      }),
    );
  });

  it('a link that is itself the right to read is none in the capture', () => {
    expect(blankHead(Buffer.from('GET /blob/s3cr3t HTTP/1.1\r\n\r\n')).toString()).toBe('GET /xxxx/xxxxxx HTTP/1.1\r\n\r\n');
  });

  it.each(['a b@c.d', '../x@y.z', 'x@y/../../z.w', `${'x'.repeat(300)}@y.z`, 'x\u0000@y.z', 'x@y'])('%j is nobody', (name) => {
    expect(partyOf(`/?user=${encodeURIComponent(name)}`, new Map())).toBeUndefined();
  });
});

describe('messages that are spoilt', () => {
  const piece = (encoding: Encoding, masked: boolean): Extract<Piece, { kind: 'message' }> => {
    const frame = webSocketFrame(encoding === 'json' ? 1 : 2, encodeMessage(data(1), encoding), masked ? { mask: MASK } : {});
    const [read] = new Splitter(masked).push(frame);
    if (read?.kind !== 'message') throw new Error('no message');
    return read;
  };

  it.each([
    ['json', true],
    ['json', false],
    ['msgpack', true],
    ['msgpack', false],
  ] as const)('%s, masked %s: a whole frame that cannot be decoded; one that is too long', (encoding, masked) => {
    const [item] = new WebSocketReader({ masked }).push(bytesOf(corrupted(piece(encoding, masked))));
    expect(item?.kind).toBe(encoding === 'json' ? 'text' : 'binary');
    expect(() => decodeMessage(item !== undefined && 'payload' in item ? item.payload : new Uint8Array(0))).toThrow(/envelope|JSON/);
    const long = new WebSocketReader({ masked, maxMessageBytes: MAX_MESSAGE_BYTES + 1 }).push(bytesOf(oversized(piece(encoding, masked))));
    expect(long).toHaveLength(1);
    const reader = new WebSocketReader({ masked });
    expect(reader.push(bytesOf(oversized(piece(encoding, masked))))).toHaveLength(0);
    expect(reader.failure?.problem).toBe('over-limit');
  });
});

describe('what it says', () => {
  it('tells the first of a kind, then few, and the number at the end', () => {
    const lines: string[] = [];
    const talk = new Talk((line) => lines.push(line));
    for (let n = 0; n < 1000; n++) talk.say('refused', `refused \u001b[2J\n${n}`);
    talk.close();
    expect(lines.length).toBeLessThan(40);
    expect(lines[0]).toBe('refused \\u001b[2J\\u000a0');
    expect(lines.at(-1)).toBe('refused: 1000 in all');
  });
});

/** The table of docs/live.md, aligned as the formatter does. */
function table(): string {
  const rows = (Object.keys(FRAME_FAULTS) as FrameFaultName[]).map((name) => [
    usageOf(name)
      .split(' or ')
      .map((usage) => `\`${usage}\``)
      .join(', '),
    FRAME_FAULTS[name].says,
    FRAME_FAULTS[name].failures,
  ]);
  const head = ['fault', 'what happens', 'as in'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

it('docs/live.md has the table of faults that the code has', () => {
  const text = readFileSync('docs/live.md', 'utf8');
  const [, written = ''] = /<!-- frame faults: [^>]*-->\n\n([^]*?)\n\n<!-- end of frame faults -->/.exec(text) ?? [];
  expect(written).toBe(table());
});
