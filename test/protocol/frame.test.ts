import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, findFrame, HEADER_BYTES, type Frame } from '../../src/protocol/frame.ts';
import { ProtocolError } from '../../src/protocol/protocol-error.ts';

const text = fc.string({ unit: 'binary', maxLength: 60 }).map((s) => s.toWellFormed());
const frames: fc.Arbitrary<Frame> = fc.record({
  path: text,
  etag: text,
  seq: fc.maxSafeNat(),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function same(a: Frame, b: Frame): void {
  expect({ ...a, payload: Buffer.from(a.payload).toString('hex') }).toEqual({ ...b, payload: Buffer.from(b.payload).toString('hex') });
}

/** End of the frame, or where reading it failed. */
function endOf(bytes: Uint8Array): number {
  try {
    return decodeFrame(bytes).end;
  } catch (error) {
    if (error instanceof ProtocolError) return error.offset;
    throw error;
  }
}

describe('HLNK frames', () => {
  it.each([
    ['484c4e4b0100030000000000030000000000000001612f62010203', { path: 'a/b', etag: '', seq: 1, payload: Uint8Array.from([1, 2, 3]) }],
    ['484c4e4b0100030002000000020000000000000102612f6265316869', { path: 'a/b', etag: 'e1', seq: 258, payload: Buffer.from('hi') }],
  ])('vector %s', (hex, frame) => {
    expect(Buffer.from(encodeFrame(frame)).toString('hex')).toBe(hex);
    same(decodeFrame(Buffer.from(hex, 'hex')).frame, frame);
  });

  it('one after the other in a stream come back, behind whatever stands before them', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 4 }), fc.uint8Array({ maxLength: 20 }), (list, noise) => {
        const before = noise.filter((byte) => byte !== 0x48);
        const bytes = Buffer.concat([before, ...list.map((f) => encodeFrame(f))]);
        let at = before.length;
        expect(findFrame(bytes, 0)).toBe(list.length === 0 ? -1 : at);
        for (const frame of list) {
          const decoded = decodeFrame(bytes, at);
          same(decoded.frame, frame);
          at = decoded.end;
        }
        expect(at).toBe(bytes.length);
      }),
    );
  });

  it('a frame that is cut anywhere is cut', () => {
    fc.assert(
      fc.property(frames, fc.nat(), (frame, cut) => {
        const bytes = encodeFrame(frame);
        const part = bytes.subarray(0, cut % bytes.length);
        expect(() => decodeFrame(part)).toThrow(expect.objectContaining({ problem: 'cut', offset: 0 }) as Error);
      }),
    );
  });

  it.each([
    ['another magic', 0, 'malformed', 0],
    ['another version', 4, 'unsupported', 4],
    ['a payload of 4 billion', 9, 'over-limit', 9],
    ['a number beyond 2^53', 13, 'bad-field', 13],
  ])('%s', (_, at, problem, offset) => {
    const bytes = Buffer.from(encodeFrame({ path: 'p', etag: '', seq: 1, payload: new Uint8Array(3) }));
    bytes[at] = 0xff;
    expect(() => decodeFrame(bytes)).toThrow(expect.objectContaining({ problem, offset }) as Error);
  });

  it('any bytes give a frame or an error of the protocol', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
        const bytes = Buffer.concat([Buffer.from('HLNK\x01'), tail]);
        expect(endOf(bytes)).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it('a path that no header can hold is refused', () => {
    expect(() => encodeFrame({ path: 'p'.repeat(70_000), etag: '', seq: 1, payload: new Uint8Array() })).toThrow(RangeError);
    expect(HEADER_BYTES).toBe(21);
  });
});
