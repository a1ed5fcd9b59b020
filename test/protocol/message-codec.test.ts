import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conversation, type Way } from '../../src/ingest/capture-conversation.ts';
import { decodeMessage, encodeMessage, encodingOf } from '../../src/protocol/message-codec.ts';
import { type Message } from '../../src/protocol/message.ts';
import { MAX_DEPTH } from '../../src/protocol/msgpack-check.ts';
import { ProtocolError } from '../../src/protocol/protocol-error.ts';
import { MAX_MESSAGE_BYTES } from '../../src/protocol/websocket.ts';
import { messages } from '../helpers/messages.ts';
import { wireCases } from '../helpers/wire.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** Bytes may be of one class or another. */
function plain(message: Message): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' ? { ...value, type: 'bytes' } : value,
    ),
  );
}

function failure(bytes: Uint8Array): ProtocolError {
  try {
    decodeMessage(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** Where reading failed; -1 when it did not. Any other throw than the protocol's comes through. */
function offsetOf(bytes: Uint8Array): number {
  try {
    decodeMessage(bytes);
    return -1;
  } catch (error) {
    if (error instanceof ProtocolError) return error.offset;
    throw error;
  }
}

interface Fixture {
  readonly recording: string;
  readonly way: Way;
  readonly bytes: string;
}

const FIXTURES = readFileSync(join(import.meta.dirname, 'fixtures', 'messages.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Fixture);

describe('messages of recordings', () => {
  it('are of every type that a run uses', () => {
    const types = new Set(FIXTURES.map((f) => decodeMessage(Buffer.from(f.bytes, 'base64')).type));
    expect([...types].toSorted()).toEqual(
      ['ACK', 'FILE_WRITE', 'HOTLINK_ACCEPT', 'HOTLINK_DATA', 'HOTLINK_OPEN', 'HOTLINK_SIGNAL', 'SYSTEM'].toSorted(),
    );
  });

  it.each(FIXTURES.map((f, i) => [`${i} ${f.recording} ${f.way}`, f] as const))('%s is encoded again byte for byte', (_, fixture) => {
    const bytes = Buffer.from(fixture.bytes, 'base64');
    const message = decodeMessage(bytes);
    expect(encodingOf(bytes)).toBe('msgpack');
    expect(Buffer.from(encodeMessage(message, 'msgpack', fixture.way === 'to_relay' ? 'shortest' : 'wide')).equals(bytes)).toBe(true);
    expect(decodeMessage(encodeMessage(message, 'json'))).toEqual(message);
  });

  it.each(wireCases().map((c) => [c.name, c] as const))('%s: every message, byte for byte', (_, c) => {
    let messages = 0;
    for (const file of readdirSync(c.wire)) {
      const connections = new Map<number, Conversation>();
      for (const text of readFileSync(join(c.wire, file), 'utf8').trim().split('\n')) {
        const line = JSON.parse(text) as { connection: number; way: Way; bytes?: string };
        const conversation = connections.get(line.connection) ?? new Conversation();
        connections.set(line.connection, conversation);
        for (const item of conversation.push(line.way, Buffer.from(line.bytes ?? '', 'base64'))) {
          expect(item.kind).not.toBe('unreadable');
          if (item.kind !== 'message') continue;
          messages++;
          const again = encodeMessage(item.message, item.encoding, line.way === 'to_relay' ? 'shortest' : 'wide');
          expect(Buffer.from(again).equals(item.bytes)).toBe(true);
        }
      }
    }
    expect(messages).toBeGreaterThan(100);
  });
});

describe('vectors of field guide 6.2', () => {
  const accept: Message = { type: 'HOTLINK_ACCEPT', id: 'm1', session: 's1' };
  const data: Message = { type: 'HOTLINK_DATA', id: 'm3', session: 's1', seq: 1, path: 'p', payload: Buffer.from([1, 2, 3]) };
  it.each([
    ['accept of Rust', 'shortest', accept, '53420101 83 a26964 a26d31 a3747970 0a a3646174 c408 81 a3736964 a27331'],
    ['accept of Go', 'wide', accept, '53420101 83 a26964 a26d31 a3747970 cd000a a3646174 c408 81 a3736964 a27331'],
    [
      'data of Rust',
      'shortest',
      { ...data, etag: '' },
      '53420101 83 a26964 a26d33 a3747970 0c a3646174 c421 85 a3736964 a27331 a3736571 01 a3707468 a170 a3657467 a0 a3706179 c403 010203',
    ],
    [
      'data of Go',
      'wide',
      data,
      '53420101 83 a26964 a26d33 a3747970 cd000c a3646174 c424 84 a3736964 a27331 a3736571 cf0000000000000001 a3707468 a170 a3706179 c403 010203',
    ],
  ] as const)('%s', (_, widths, message, bytes) => {
    expect(plain(decodeMessage(hex(bytes)))).toEqual(plain(message));
    expect(Buffer.from(encodeMessage(message, 'msgpack', widths)).toString('hex')).toBe(bytes.replaceAll(' ', ''));
  });

  it('the relay says hello', () => {
    const bytes = hex(
      '53420101 83 a26964 a6616231326364 a3747970 cd0000 a3646174 c41e 82 ad53797374656d56657273696f6e a3302e38 a74d657373616765 a26f6b',
    );
    expect(decodeMessage(bytes)).toEqual({ type: 'SYSTEM', id: 'ab12cd', version: '0.8', message: 'ok' });
  });

  it('JSON as Rust writes it: to is null, from is not there', () => {
    const bytes = Buffer.from('{"id":"m1","typ":9,"dat":{"sid":"s1","pth":"a@x/p","to":null}}');
    expect(decodeMessage(bytes)).toEqual({ type: 'HOTLINK_OPEN', id: 'm1', session: 's1', path: 'a@x/p', to: null });
    expect(Buffer.from(encodeMessage(decodeMessage(bytes), 'json')).equals(bytes)).toBe(true);
  });

  it('payload in JSON is base64 or a list of numbers', () => {
    const read = (pay: string): unknown =>
      decodeMessage(Buffer.from(`{"id":"m","typ":12,"dat":{"sid":"s","seq":1,"pth":"p","pay":${pay}}}`));
    expect(plain(read('"AQID"') as Message)).toEqual(
      plain({ type: 'HOTLINK_DATA', id: 'm', session: 's', seq: 1, path: 'p', payload: Buffer.from([1, 2, 3]) }),
    );
    expect(read('[1,2,3]')).toMatchObject({ payload: Uint8Array.from([1, 2, 3]) });
  });

  it('JSON in an envelope is read like text', () => {
    expect(decodeMessage(Buffer.concat([hex('53420100'), Buffer.from('{"id":"m","typ":4,"dat":{"oid":"x"}}')]))).toEqual({
      type: 'ACK',
      id: 'm',
      originalId: 'x',
    });
  });

  it('an ACL manifest as the relay forwards it holds a point in time, and is written again as it was', () => {
    const text =
      'U0IBAYOiaWSibTGjdHlwzQAIo2RhdMR0hqdWZXJzaW9uAahEYXRhc2l0ZahhQHgudGVzdKNGb3KoYkB4LnRlc3SnRm9ySGFzaLBlZTJjMWZlNmUxMjhmY2Y0' +
      'qUdlbmVyYXRlZNf/dzWUAGmKg4uoQUNMT3JkZXKRgqRQYXRopnB1YmxpY6RIYXNooWg=';
    const bytes = Buffer.from(text, 'base64');
    const message = decodeMessage(bytes);
    expect(message).toMatchObject({ type: 'ACL_MANIFEST', data: { Datasite: 'a@x.test', Generated: new Date('2026-02-10T01:02:03.5Z') } });
    expect(Buffer.from(encodeMessage(message, 'msgpack', 'wide')).equals(bytes)).toBe(true);
    const other = Buffer.from(bytes);
    other[other.indexOf(Buffer.from([0xd7, 0xff])) + 1] = 5;
    expect(failure(other).problem).toBe('unsupported');
  });

  it('a type that nobody knows keeps its number', () => {
    const message: Message = { type: 'UNKNOWN', id: 'm', number: 99, data: { a: [1, 'b'] } };
    for (const encoding of ['json', 'msgpack'] as const) expect(decodeMessage(encodeMessage(message, encoding))).toEqual(message);
  });
});

describe('any message', () => {
  it.each([
    ['json', 'shortest'],
    ['msgpack', 'shortest'],
    ['msgpack', 'wide'],
  ] as const)('comes back from %s, numbers %s', (encoding, widths) => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(plain(decodeMessage(encodeMessage(message, encoding, widths)))).toEqual(plain(message));
      }),
    );
  });

  it('one changed byte gives a message or an error with an offset inside', () => {
    fc.assert(
      fc.property(messages, fc.constantFrom('json', 'msgpack'), fc.nat(), fc.nat(255), (message, encoding, at, byte) => {
        const changed = Buffer.from(encodeMessage(message, encoding));
        changed[at % changed.length] = byte;
        expect(offsetOf(changed)).toBeLessThanOrEqual(changed.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('any bytes behind an envelope give a message or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        expect(offsetOf(Buffer.concat([hex('53420101'), tail]))).toBeLessThanOrEqual(4 + tail.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('hostile bytes', () => {
  const list = (first: string): Uint8Array => Buffer.concat([hex('53420101'), hex(first)]);
  it.each([
    ['a list of 4 billion', 'ddffffffff', 'cut', 9],
    ['a map of 4 billion', 'dfffffffff', 'cut', 9],
    ['a text of 4 billion', 'dbffffffff', 'cut', 4],
    ['bytes of 4 billion', 'c6ffffffff', 'cut', 4],
    ['an extension', 'd47200', 'unsupported', 4],
    ['a key that is a prototype', '81a95f5f70726f746f5f5f80', 'malformed', 4],
    ['no map', '01', 'bad-field', 4],
    ['nothing', '', 'cut', 4],
  ])('%s', (_, first, problem, offset) => {
    expect(failure(list(first))).toMatchObject({ problem, offset });
  });

  it('lists in lists end at a limit, and cost nothing', () => {
    const before = process.memoryUsage().heapTotal;
    expect(failure(list('91'.repeat(1_000_000)))).toMatchObject({ problem: 'over-limit', offset: 4 + MAX_DEPTH });
    expect(process.memoryUsage().heapTotal - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('an error inside dat counts from the message', () => {
    const inner = hex('81a3736964d9ff');
    const outer = Buffer.concat([hex('53420101 83 a26964 a16d a3747970 0a a3646174 c407'), inner]);
    expect(failure(outer)).toMatchObject({ problem: 'cut', offset: outer.length - 2 });
  });

  it('a longer message than the limit is not looked at', () => {
    expect(failure(Buffer.alloc(MAX_MESSAGE_BYTES + 1))).toMatchObject({ problem: 'over-limit', offset: 0 });
  });

  it.each([
    ['a number beyond 2^53', '{"id":"m","typ":12,"dat":{"sid":"s","seq":9007199254740993,"pth":"p"}}'],
    ['no session', '{"id":"m","typ":10,"dat":{}}'],
    ['a session that is a number', '{"id":"m","typ":10,"dat":{"sid":1}}'],
    ['bytes that are no base64', '{"id":"m","typ":12,"dat":{"sid":"s","seq":1,"pth":"p","pay":"%%"}}'],
    ['no id', '{"typ":10,"dat":{"sid":"s"}}'],
  ])('%s is refused', (_, json) => {
    expect(failure(Buffer.from(json)).problem).toBe('bad-field');
  });
});
