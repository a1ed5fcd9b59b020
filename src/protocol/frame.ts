/**
 * The HLNK frame of data channels, QUIC streams and local sockets (field guide 6.5): a 21-byte big-endian header, then path, etag
 * and payload.
 *
 *     484c4e4b 01 0003 0000 00000003 0000000000000001 612f62 010203     path a/b, no etag, seq 1, payload 01 02 03
 */
import { ProtocolError } from './protocol-error.ts';
import { MAX_MESSAGE_BYTES } from './websocket.ts';

const MAGIC = 'HLNK';
const VERSION = 1;
export const HEADER_BYTES = 21;

export interface Frame {
  readonly path: string;
  readonly etag: string;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** A frame and where the next one may begin. A message of a data channel is one frame; bytes behind it mean nothing there. */
export interface DecodedFrame {
  readonly frame: Frame;
  readonly end: number;
}

/** The frame that begins at `start`. Throws `cut` when it is not all there: a stream reader then waits for more. */
export function decodeFrame(bytes: Uint8Array, start = 0): DecodedFrame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length - start < HEADER_BYTES) throw new ProtocolError('cut', start, 'a frame without its header');
  if (buffer.toString('latin1', start, start + 4) !== MAGIC) throw new ProtocolError('malformed', start, 'no HLNK');
  if (buffer[start + 4] !== VERSION) throw new ProtocolError('unsupported', start + 4, `frame version ${buffer[start + 4]}`);
  const path = start + HEADER_BYTES;
  const etag = path + buffer.readUInt16BE(start + 5);
  const payload = etag + buffer.readUInt16BE(start + 7);
  const length = buffer.readUInt32BE(start + 9);
  if (length > MAX_MESSAGE_BYTES) throw new ProtocolError('over-limit', start + 9, `a payload of ${length} bytes`);
  const end = payload + length;
  if (end > bytes.length) throw new ProtocolError('cut', start, `a frame of ${end - start} bytes that are not all there`);
  const seq = Number(buffer.readBigUInt64BE(start + 13));
  if (!Number.isSafeInteger(seq)) throw new ProtocolError('bad-field', start + 13, 'a sequence number beyond 2^53');
  return {
    frame: {
      path: buffer.toString('utf8', path, etag),
      etag: buffer.toString('utf8', etag, payload),
      seq,
      payload: bytes.subarray(payload, end),
    },
    end,
  };
}

export function encodeFrame({ path, etag, seq, payload }: Frame): Uint8Array {
  const pathBytes = Buffer.from(path);
  const etagBytes = Buffer.from(etag);
  const header = Buffer.alloc(HEADER_BYTES);
  if (pathBytes.length > 0xffff || etagBytes.length > 0xffff) throw new RangeError('a path or etag of a frame has at most 65535 bytes');
  header.write(MAGIC, 'latin1');
  header[4] = VERSION;
  header.writeUInt16BE(pathBytes.length, 5);
  header.writeUInt16BE(etagBytes.length, 7);
  header.writeUInt32BE(payload.length, 9);
  header.writeBigUInt64BE(BigInt(seq), 13);
  return Buffer.concat([header, pathBytes, etagBytes, payload]);
}

/** Where the next frame may begin at or behind `from`; -1: nowhere, and only the last three bytes can still be a beginning. */
export function findFrame(bytes: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(MAGIC, from, 'latin1');
}
