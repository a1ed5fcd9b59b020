/**
 * Walks a msgpack document without building anything: that every length is there, that nothing nests deeper than messages
 * do, and where the document ends. What passes is safe to hand to the decoder, which keeps a frame on its stack for each
 * level and tells no offset of what it refuses.
 */
import { ProtocolError } from './protocol-error.ts';

/** Levels of maps and lists in one document; hotlink messages have two, ACL manifests four. */
export const MAX_DEPTH = 16;

/** Bytes behind the first one of fixed-size values: cc to d3, by `byte - 0xcc`; ca and cb are floats. */
const NUMBER_SIZE = [1, 2, 4, 8, 1, 2, 4, 8] as const;

/** Extension of this type is a point in time: ACL manifests of the Go client say when they were made. */
const TIMESTAMP = 0xff;
/** First bytes of its three forms, with the bytes of each that stand before the type and behind it. */
const TIMESTAMPS: Readonly<Record<number, readonly [before: number, behind: number]>> = { 0xd6: [1, 4], 0xd7: [1, 8], 0xc7: [2, 12] };

/** Offset behind the document that begins at `start`. */
export function endOfMsgpack(bytes: Uint8Array, start: number): number {
  return new Walk(bytes).value(start, 0);
}

class Walk {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(at: number, depth: number): number {
    const first = this.bytes[at];
    if (first === undefined) throw new ProtocolError('cut', at, 'a value that is not there');
    if (first < 0x80 || first >= 0xe0 || first === 0xc0 || first === 0xc2 || first === 0xc3) return at + 1;
    return first < 0xc0 ? this.short(at, first, depth) : this.long(at, first, depth);
  }

  /** Maps, lists and texts whose size stands in the first byte. */
  private short(at: number, first: number, depth: number): number {
    if (first < 0x90) return this.items(at, at + 1, (first & 0x0f) * 2, depth);
    if (first < 0xa0) return this.items(at, at + 1, first & 0x0f, depth);
    return this.skip(at, at + 1, first & 0x1f);
  }

  private long(at: number, first: number, depth: number): number {
    if (first >= 0xc4 && first <= 0xc6) return this.sized(at, 1 << (first - 0xc4));
    if (first === 0xca || first === 0xcb) return this.skip(at, at + 1, first === 0xca ? 4 : 8);
    if (first >= 0xcc && first <= 0xd3) return this.skip(at, at + 1, NUMBER_SIZE[first - 0xcc] ?? 0);
    if (first >= 0xd9 && first <= 0xdb) return this.sized(at, 1 << (first - 0xd9));
    if (first >= 0xdc) {
      const width = first % 2 === 0 ? 2 : 4;
      return this.items(at, at + 1 + width, this.length(at, width) * (first >= 0xde ? 2 : 1), depth);
    }
    return this.timestamp(at, first);
  }

  private timestamp(at: number, first: number): number {
    const [before, behind] = TIMESTAMPS[first] ?? [0, 0];
    const isTime = before > 0 && this.bytes[at + before] === TIMESTAMP && (before === 1 || this.bytes[at + 1] === behind);
    if (!isTime) throw new ProtocolError('unsupported', at, 'an extension type or an unused form');
    return this.skip(at, at + before + 1, behind);
  }

  private items(at: number, from: number, count: number, depth: number): number {
    if (depth >= MAX_DEPTH) throw new ProtocolError('over-limit', at, `more than ${MAX_DEPTH} levels`);
    // Every item takes a byte at least, so the loop ends with the bytes.
    let next = from;
    for (let i = 0; i < count; i++) next = this.value(next, depth + 1);
    return next;
  }

  private sized(at: number, width: number): number {
    return this.skip(at, at + 1 + width, this.length(at, width));
  }

  private length(at: number, width: number): number {
    if (at + 1 + width > this.bytes.length) throw new ProtocolError('cut', at, 'a length that is not there');
    if (width === 1) return this.view.getUint8(at + 1);
    return width === 2 ? this.view.getUint16(at + 1) : this.view.getUint32(at + 1);
  }

  private skip(at: number, from: number, length: number): number {
    if (from + length > this.bytes.length) throw new ProtocolError('cut', at, `a value of ${length} bytes that are not all there`);
    return from + length;
  }
}
