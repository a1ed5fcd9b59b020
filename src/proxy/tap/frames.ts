/** WebSocket frames as the tap puts them in place of others. */
import { encodingOf } from '../../protocol/message-codec.ts';
import { MAX_MESSAGE_BYTES } from '../../protocol/websocket.ts';
import type { Piece, RawFrame } from './splitter.ts';

type MessagePiece = Extract<Piece, { kind: 'message' }>;

const TEXT = 0x81;
const BINARY = 0x82;
/** Of a client's frames that are made here: the bytes stay as they are. */
const NO_MASK = [0, 0, 0, 0] as const;

/** Bytes that go over the wire for a piece. */
export function bytesOf(piece: Piece): Uint8Array {
  if (piece.kind === 'raw') return piece.bytes;
  return piece.frames.length === 1
    ? (piece.frames[0]?.bytes ?? new Uint8Array(0))
    : Buffer.concat(piece.frames.map((frame) => frame.bytes));
}

/** One frame with this payload, in place of those of the piece. */
function inPlaceOf(piece: MessagePiece, payload: Uint8Array): MessagePiece {
  const isMasked = ((piece.frames[0]?.bytes[1] ?? 0) & 0x80) !== 0;
  const frame = frameOf(piece.isText ? TEXT : BINARY, payload, isMasked);
  return { kind: 'message', frames: [frame], payload, message: undefined, isText: piece.isText };
}

function frameOf(first: number, payload: Uint8Array, isMasked: boolean): RawFrame {
  const head = Buffer.alloc(10);
  const n = payload.length;
  head[0] = first;
  head[1] = (isMasked ? 0x80 : 0) | (n < 126 ? n : n < 65_536 ? 126 : 127);
  if (n >= 65_536) head.writeBigUInt64BE(BigInt(n), 2);
  else if (n >= 126) head.writeUInt16BE(n, 2);
  const size = n < 126 ? 2 : n < 65_536 ? 4 : 10;
  const header = Buffer.concat([head.subarray(0, size), Buffer.from(isMasked ? NO_MASK : [])]);
  return { bytes: Buffer.concat([header, payload]), headerBytes: header.length };
}

/** The same message with bytes that no reader takes: an unknown version of the envelope, or JSON that does not end. */
export function corrupted(piece: MessagePiece): MessagePiece {
  const payload = Buffer.from(piece.payload);
  if (encodingOf(payload) === 'msgpack') payload[2] = 0xff;
  else payload[payload.length - 1] = 0x7e;
  return inPlaceOf(piece, payload);
}

/** A message one byte beyond what relay and clients read. */
export function oversized(piece: MessagePiece): MessagePiece {
  return inPlaceOf(piece, Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x20));
}
