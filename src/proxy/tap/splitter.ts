/**
 * One direction of a WebSocket, cut into whole messages with the bytes in which they came. What belongs to one message stays
 * together: fragments wait for the last one. Bytes that cannot be read are handed on as they are, from there to the end.
 */
import { decodeMessage } from '../../protocol/message-codec.ts';
import type { Message } from '../../protocol/message.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { WebSocketReader, type WebSocketItem } from '../../protocol/websocket.ts';

export interface RawFrame {
  readonly bytes: Uint8Array;
  /** Of the header, mask included. */
  readonly headerBytes: number;
}

export type Piece =
  /** `message` is undefined when the bytes are no message that we know to read. */
  | {
      readonly kind: 'message';
      readonly frames: readonly RawFrame[];
      readonly payload: Uint8Array;
      readonly message: Message | undefined;
      readonly isText: boolean;
    }
  | { readonly kind: 'control'; readonly frames: readonly RawFrame[] }
  /** No WebSocket any more, as far as we can tell; `why` stands at the first of them. */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array; readonly why?: ProtocolError };

const NOTHING = new Uint8Array(0);
const SHORT_HEADER = 2;
const LONGEST_HEADER = 14;
/** Hotlink sends none; a message in more pieces is handed on unread. */
const MOST_FRAGMENTS = 4096;

export class Splitter {
  private readonly reader: WebSocketReader;
  private header: { readonly length: number; readonly bytes: Uint8Array } | undefined;
  private held: Uint8Array = NOTHING;
  private parts: Uint8Array[] = [];
  private available = 0;
  private frames: RawFrame[] = [];
  private framesBytes = 0;
  private isRaw = false;

  constructor(masked: boolean) {
    this.reader = new WebSocketReader({ masked });
  }

  /** Bytes that wait for the rest of their message. */
  get heldBytes(): number {
    return this.available + this.framesBytes + (this.header?.bytes.length ?? 0);
  }

  push(bytes: Uint8Array): Piece[] {
    if (this.isRaw) return bytes.length === 0 ? [] : [{ kind: 'raw', bytes }];
    this.parts.push(bytes);
    this.available += bytes.length;
    const pieces: Piece[] = [];
    while (!this.isRaw) {
      const piece = this.next();
      if (piece === undefined) break;
      if (piece !== 'more') pieces.push(piece);
    }
    return pieces;
  }

  /** What the next whole frame completes; undefined while there is none. */
  private next(): Piece | 'more' | undefined {
    if (this.header === undefined) {
      const header = headerOf(this.peek(LONGEST_HEADER));
      if (header === undefined) return undefined;
      this.header = { length: header.length, bytes: this.use(header.size) };
      // The header alone says whether the frame can be read: nobody waits for bytes of one that cannot.
      const items = this.reader.push(this.header.bytes);
      if (this.reader.failure !== undefined) return this.giveUp(this.reader.failure);
      if (header.length === 0) return this.take(items[0]);
    }
    if (this.available < this.header.length) return undefined;
    this.join(this.header.length);
    const [item] = this.reader.push(this.held.subarray(0, this.header.length));
    if (this.reader.failure !== undefined) return this.giveUp(this.reader.failure);
    return this.take(item);
  }

  /** The frame whose header was read is whole. */
  private take(item: WebSocketItem | undefined): Piece | 'more' {
    const { bytes: header, length } = this.header ?? { bytes: NOTHING, length: 0 };
    this.header = undefined;
    const frame = { bytes: length === 0 ? header : Buffer.concat([header, this.use(length)]), headerBytes: header.length };
    if (item !== undefined && item.kind !== 'text' && item.kind !== 'binary') return { kind: 'control', frames: [frame] };
    this.frames.push(frame);
    this.framesBytes += frame.bytes.length;
    if (item === undefined) {
      if (this.frames.length <= MOST_FRAGMENTS) return 'more';
      return this.giveUp(new ProtocolError('over-limit', 0, `a message of more than ${MOST_FRAGMENTS} fragments`));
    }
    const { frames } = this;
    this.frames = [];
    this.framesBytes = 0;
    return { kind: 'message', frames, payload: item.payload, message: decoded(item.payload), isText: item.kind === 'text' };
  }

  private giveUp(why: ProtocolError): Piece {
    this.isRaw = true;
    const bytes = Buffer.concat([...this.frames.map((frame) => frame.bytes), this.header?.bytes ?? NOTHING, this.use(this.available)]);
    this.header = undefined;
    this.frames = [];
    this.framesBytes = 0;
    return { kind: 'raw', bytes, why };
  }

  private peek(length: number): Uint8Array {
    this.join(Math.min(length, this.available));
    return this.held.subarray(0, length);
  }

  private use(length: number): Uint8Array {
    this.join(length);
    const out = this.held.subarray(0, length);
    this.held = this.held.subarray(length);
    this.available -= length;
    return out;
  }

  /** Makes the first bytes lie in one piece. */
  private join(length: number): void {
    if (this.held.length >= length) return;
    this.held = Buffer.concat([this.held, ...this.parts]);
    this.parts = [];
  }
}

/** Sizes of the frame that begins here; undefined while its header is not whole. */
function headerOf(bytes: Uint8Array): { readonly size: number; readonly length: number } | undefined {
  if (bytes.length < SHORT_HEADER) return undefined;
  const second = bytes[1] ?? 0;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const size = SHORT_HEADER + lengthBytes + ((second & 0x80) === 0 ? 0 : 4);
  if (bytes.length < size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
  return { size, length };
}

function decoded(payload: Uint8Array): Message | undefined {
  try {
    return decodeMessage(payload);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
