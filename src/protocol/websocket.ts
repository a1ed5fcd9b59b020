/**
 * Reads one direction of a WebSocket connection (RFC 6455 §5) from bytes that were cut anywhere.
 *
 * Hotlink negotiates no extension and sends every message unfragmented (field guide 6.1); fragments are put together all
 * the same, and anything that only an extension would send is refused. Nothing is allocated for a length that was only
 * announced: bytes are kept as they come and joined when the message is whole.
 */
import { ProtocolError } from './protocol-error.ts';

/** Longest message, all fragments together: the read limit of relay and clients (field guide 6.4). */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** Longest payload of a control frame (RFC 6455 §5.5). */
const MAX_CONTROL_BYTES = 125;

/** A whole message or a control frame. */
export type WebSocketItem =
  | { readonly kind: 'text' | 'binary'; readonly payload: Uint8Array }
  | { readonly kind: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | null; readonly reason: string };

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

interface Header {
  readonly final: boolean;
  readonly opcode: number;
  /** Bytes of the payload. */
  readonly length: number;
  /** Bytes of the header itself. */
  readonly size: number;
  readonly mask: Uint8Array | undefined;
}

export interface WebSocketReaderOptions {
  /** Whether frames must be masked: true for what a client sends, false for what a relay sends; either when not given. */
  readonly masked?: boolean;
  readonly maxMessageBytes?: number;
}

export class WebSocketReader {
  private readonly masked: boolean | undefined;
  private readonly limit: number;
  /** Bytes that were given and not yet used, in order. */
  private parts: Uint8Array[] = [];
  private available = 0;
  /** Offset in the stream of the first unused byte. */
  private at = 0;
  private header: Header | undefined;
  private fragments: Uint8Array[] = [];
  private fragmentBytes = 0;
  private fragmentKind: 'text' | 'binary' | undefined;
  private closed = false;
  private failed: ProtocolError | undefined;

  constructor(options: WebSocketReaderOptions = {}) {
    this.masked = options.masked;
    this.limit = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  }

  /** Bytes taken so far that belong to frames which are whole. */
  get offset(): number {
    return this.at;
  }

  /** Whether the stream stands in the middle of a frame or of a fragmented message. */
  get isInside(): boolean {
    return this.available > 0 || this.header !== undefined || this.fragmentKind !== undefined;
  }

  /** Why the bytes cannot be read any further; what was whole before it was handed out. Later bytes are passed over. */
  get failure(): ProtocolError | undefined {
    return this.failed;
  }

  /** Takes the next bytes; what became whole with them. Never throws: see `failure`. */
  push(bytes: Uint8Array): WebSocketItem[] {
    if (bytes.length > 0 && this.failed === undefined) {
      this.parts.push(bytes);
      this.available += bytes.length;
    }
    const items: WebSocketItem[] = [];
    try {
      while (this.failed === undefined) {
        this.header ??= this.readHeader();
        if (this.header === undefined || this.available < this.header.length) break;
        const { header } = this;
        this.header = undefined;
        const start = this.at;
        const item = this.finish(header, unmask(this.take(header.length), header.mask), start);
        if (item !== undefined) items.push(item);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.failed = error;
      this.parts = [];
    }
    return items;
  }

  private readHeader(): Header | undefined {
    if (this.available < 2) return undefined;
    if (this.closed) throw new ProtocolError('malformed', this.at, 'a frame after the close frame');
    const [first = 0, second = 0] = this.peek(2);
    const isMasked = (second & 0x80) !== 0;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const size = 2 + lengthBytes + (isMasked ? 4 : 0);
    const opcode = first & 0x0f;
    this.checkFirst(first, opcode, short);
    if (this.masked !== undefined && this.masked !== isMasked)
      throw new ProtocolError('malformed', this.at + 1, isMasked ? 'a masked frame of a relay' : 'an unmasked frame of a client');
    if (this.available < size) return undefined;
    const bytes = this.peek(size);
    const length = lengthBytes === 0 ? short : this.longLength(bytes, lengthBytes);
    const announced = length + (opcode === CONTINUATION ? this.fragmentBytes : 0);
    if (announced > this.limit)
      throw new ProtocolError('over-limit', this.at, `a message of ${announced} bytes where ${this.limit} are allowed`);
    this.take(size);
    return { final: (first & 0x80) !== 0, opcode, length, size, mask: isMasked ? bytes.slice(size - 4, size) : undefined };
  }

  /** What the first two bytes alone forbid. */
  private checkFirst(first: number, opcode: number, short: number): void {
    if ((first & 0x70) !== 0) throw new ProtocolError('unsupported', this.at, 'a frame with reserved bits: compressed, or no WebSocket');
    const isControl = opcode >= CLOSE;
    if ((opcode > BINARY && !isControl) || opcode > PONG) throw new ProtocolError('malformed', this.at, `unknown opcode ${opcode}`);
    if (isControl && (short > MAX_CONTROL_BYTES || (first & 0x80) === 0))
      throw new ProtocolError('malformed', this.at, 'a control frame that is long or fragmented');
    if (opcode === CONTINUATION && this.fragmentKind === undefined)
      throw new ProtocolError('malformed', this.at, 'a continuation of nothing');
    if ((opcode === TEXT || opcode === BINARY) && this.fragmentKind !== undefined)
      throw new ProtocolError('malformed', this.at, 'a new message inside a fragmented one');
  }

  private longLength(header: Uint8Array, bytes: number): number {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const length = bytes === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if (!Number.isSafeInteger(length)) throw new ProtocolError('over-limit', this.at, 'a length beyond all limits');
    return length;
  }

  private finish({ final, opcode }: Header, payload: Uint8Array, start: number): WebSocketItem | undefined {
    if (opcode === PING || opcode === PONG) return { kind: opcode === PING ? 'ping' : 'pong', payload };
    if (opcode === CLOSE) {
      this.closed = true;
      return closeOf(payload, start);
    }
    const kind = opcode === CONTINUATION ? (this.fragmentKind ?? 'binary') : opcode === TEXT ? 'text' : 'binary';
    if (final && opcode !== CONTINUATION) return { kind, payload };
    if (payload.length > 0) this.fragments.push(payload);
    this.fragmentBytes += payload.length;
    this.fragmentKind = kind;
    if (!final) return undefined;
    const whole = join(this.fragments, this.fragmentBytes);
    this.fragments = [];
    this.fragmentBytes = 0;
    this.fragmentKind = undefined;
    return { kind, payload: whole };
  }

  /** The next bytes without using them; at most a header's length. */
  private peek(length: number): Uint8Array {
    const [first] = this.parts;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    const out = new Uint8Array(length);
    let filled = 0;
    for (const part of this.parts) {
      if (filled === length) break;
      const piece = part.subarray(0, length - filled);
      out.set(piece, filled);
      filled += piece.length;
    }
    return out;
  }

  /** Uses the next bytes, which must be there. One piece stays where it lies. */
  private take(length: number): Uint8Array {
    this.at += length;
    this.available -= length;
    const [first] = this.parts;
    if (first !== undefined && first.length >= length) {
      if (first.length === length) this.parts.shift();
      else this.parts[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const used: Uint8Array[] = [];
    let missing = length;
    let count = 0;
    for (const part of this.parts) {
      if (missing === 0) break;
      const piece = part.length <= missing ? part : part.subarray(0, missing);
      used.push(piece);
      missing -= piece.length;
      if (piece.length === part.length) count++;
      else this.parts[count] = part.subarray(piece.length);
    }
    this.parts.splice(0, count);
    return join(used, length);
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A copy without its mask; bytes that were given are never changed. */
function unmask(payload: Uint8Array, mask: Uint8Array | undefined): Uint8Array {
  if (mask === undefined) return payload;
  const out = new Uint8Array(payload.length);
  for (let i = 0; i < payload.length; i++) out[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return out;
}

function closeOf(payload: Uint8Array, start: number): WebSocketItem {
  if (payload.length === 1) throw new ProtocolError('malformed', start, 'a close code of one byte');
  if (payload.length === 0) return { kind: 'close', code: null, reason: '' };
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  return { kind: 'close', code, reason: new TextDecoder().decode(payload.subarray(2)) };
}
