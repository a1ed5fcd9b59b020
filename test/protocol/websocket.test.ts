import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, WebSocketReader, type WebSocketItem } from '../../src/protocol/websocket.ts';
import { webSocketFrame } from '../helpers/wire.ts';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const MASK = Uint8Array.from([1, 2, 3, 250]);

function readCut(reader: WebSocketReader, bytes: Uint8Array, cuts: readonly number[]): WebSocketItem[] {
  const items: WebSocketItem[] = [];
  const at = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of [...at, bytes.length]) {
    items.push(...reader.push(bytes.subarray(from, to)));
    from = to;
  }
  return items;
}

interface Sent {
  readonly payload: Uint8Array;
  readonly isText: boolean;
  /** Where the message is fragmented. */
  readonly pieces: readonly number[];
  readonly ping: boolean;
}

const sent: fc.Arbitrary<Sent> = fc.record({
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 125, max: 70_000 }).map((n) => new Uint8Array(n).fill(n % 256)),
  ),
  isText: fc.boolean(),
  pieces: fc.array(fc.nat(), { maxLength: 3 }),
  ping: fc.boolean(),
});

function framesOf({ payload, isText, pieces, ping }: Sent, mask: Uint8Array | undefined): Uint8Array[] {
  const ends = [...new Set(pieces.map((p) => p % (payload.length + 1)))].toSorted((a, b) => a - b);
  const parts = [...ends, payload.length].map((end, i) => payload.subarray(ends[i - 1] ?? 0, end));
  const options = mask === undefined ? {} : { mask };
  return parts.flatMap((part, i) => [
    webSocketFrame(i === 0 ? (isText ? TEXT : BINARY) : 0, part, { ...options, final: i === parts.length - 1 }),
    ...(ping ? [webSocketFrame(PING, Buffer.from('hi'), options)] : []),
  ]);
}

describe('frames', () => {
  it.each([
    ['a client', MASK],
    ['a relay', undefined],
  ] as const)('of %s come out whole, however they are cut and fragmented', (_, mask) => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (list, cuts) => {
        const bytes = Buffer.concat(list.flatMap((s) => framesOf(s, mask)));
        const reader = new WebSocketReader({ masked: mask !== undefined });
        const items = readCut(reader, bytes, cuts);
        expect(reader.failure).toBeUndefined();
        expect(reader.isInside).toBe(false);
        expect(reader.offset).toBe(bytes.length);
        const whole = items.flatMap((i) => (i.kind === 'text' || i.kind === 'binary' ? [i] : []));
        expect(whole.map((i) => [i.kind, Buffer.from(i.payload).toString('hex')])).toEqual(
          list.map((s) => [s.isText ? 'text' : 'binary', Buffer.from(s.payload).toString('hex')]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('of one byte after the other', () => {
    const bytes = Buffer.concat([
      webSocketFrame(BINARY, Buffer.alloc(130, 7)),
      webSocketFrame(CLOSE, Buffer.from([0x03, 0xe8, ...Buffer.from('shutdown')])),
    ]);
    const reader = new WebSocketReader({ masked: false });
    const items = readCut(
      reader,
      bytes,
      Array.from({ length: bytes.length }, (_, i) => i),
    );
    expect(items[0]).toMatchObject({ kind: 'binary' });
    expect(items[1]).toEqual({ kind: 'close', code: 1000, reason: 'shutdown' });
  });

  it('leave the bytes that were given as they are', () => {
    const bytes = Buffer.from(webSocketFrame(BINARY, Buffer.from('abc'), { mask: MASK }));
    const copy = Buffer.from(bytes);
    new WebSocketReader().push(bytes);
    expect(bytes.equals(copy)).toBe(true);
  });
});

describe('bytes that are no such frames', () => {
  const read = (bytes: Uint8Array | string, masked?: boolean): WebSocketReader => {
    const reader = new WebSocketReader(masked === undefined ? {} : { masked });
    reader.push(typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes);
    return reader;
  };
  it.each([
    ['reserved bits: compressed', 'c10161', 'unsupported', 0],
    ['an unknown opcode', '8300', 'malformed', 0],
    ['a control frame in pieces', '0900', 'malformed', 0],
    ['a long control frame', '897e0100', 'malformed', 0],
    ['a continuation of nothing', '8001ff', 'malformed', 0],
    ['a message in a message', '0101618101', 'malformed', 3],
    ['a close code of one byte', '880103', 'malformed', 2],
    ['a frame behind the close', '88008100', 'malformed', 2],
    ['a length of 2^63', '827f8000000000000000', 'over-limit', 0],
  ])('%s', (_, hex, problem, offset) => {
    expect(read(hex).failure).toMatchObject({ problem, offset });
  });

  it('a mask tells client from relay', () => {
    expect(read('810161', true).failure).toMatchObject({ problem: 'malformed', offset: 1 });
    expect(read('81810000000061', false).failure).toMatchObject({ problem: 'malformed', offset: 1 });
  });

  it('an announced length beyond the limit is refused before its bytes come, in one piece or many', () => {
    const head = Buffer.from('827f0000000000800001', 'hex');
    expect(head.readBigUInt64BE(2)).toBe(BigInt(MAX_MESSAGE_BYTES + 1));
    expect(read(head).failure).toMatchObject({ problem: 'over-limit' });
    const reader = new WebSocketReader({ maxMessageBytes: 100 });
    reader.push(webSocketFrame(BINARY, Buffer.alloc(60), { final: false }));
    reader.push(webSocketFrame(0, Buffer.alloc(60)));
    expect(reader.failure).toMatchObject({ problem: 'over-limit', offset: 62 });
  });

  it('what was whole before is handed out all the same', () => {
    const reader = new WebSocketReader();
    expect(reader.push(Buffer.concat([webSocketFrame(TEXT, Buffer.from('ok')), Buffer.from('ff00', 'hex')]))).toHaveLength(1);
    expect(reader.failure?.offset).toBe(4);
    expect(reader.push(webSocketFrame(TEXT, Buffer.from('ok')))).toEqual([]);
  });

  it('any bytes at all end in items or one failure', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
        const reader = new WebSocketReader();
        readCut(reader, bytes, cuts);
        expect(reader.failure?.offset ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
