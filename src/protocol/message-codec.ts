/**
 * SyftBox messages from and to the bytes of one WebSocket message (field guide 6.2): JSON, or msgpack in an `SB` envelope.
 *
 * Decoders take every integer width, nil and missing fields; whatever the bytes are, they give a message or a ProtocolError
 * with an offset. The relay re-encodes what it forwards, so compare messages, never bytes.
 */
import { decode, Encoder } from '@msgpack/msgpack';
import { FIELDS, MESSAGE_TYPES, type Field, type Message } from './message.ts';
import { endOfMsgpack } from './msgpack-check.ts';
import { ProtocolError } from './protocol-error.ts';
import { MAX_MESSAGE_BYTES } from './websocket.ts';

export type Encoding = 'json' | 'msgpack';

/** shortest: as the Rust client writes numbers; wide: as the relay and the Go client do (`typ` in 16 bits, `seq` in 64). */
export type Widths = 'shortest' | 'wide';

const S = 0x53;
const B = 0x42;
const VERSION = 1;
const ENVELOPE_BYTES = 4;
const JSON_INSIDE = 0;
const MSGPACK_INSIDE = 1;

type Document = Readonly<Record<string, unknown>>;

/** Encoding of a message, by its first bytes. */
export function encodingOf(bytes: Uint8Array): Encoding {
  return bytes[0] === S && bytes[1] === B && bytes[3] !== JSON_INSIDE ? 'msgpack' : 'json';
}

/** One WebSocket message, text or binary. Bytes of the result lie in those that were given. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new ProtocolError('over-limit', 0, `a message of ${bytes.length} bytes`);
  if (bytes[0] !== S || bytes[1] !== B) return decodeJson(bytes, 0);
  if (bytes.length < ENVELOPE_BYTES) throw new ProtocolError('cut', 0, 'an envelope without its version');
  if (bytes[2] !== VERSION) throw new ProtocolError('unsupported', 2, `envelope version ${bytes[2]}`);
  if (bytes[3] === JSON_INSIDE) return decodeJson(bytes.subarray(ENVELOPE_BYTES), ENVELOPE_BYTES);
  if (bytes[3] !== MSGPACK_INSIDE) throw new ProtocolError('unsupported', 3, `envelope encoding ${bytes[3]}`);
  const outer = documentAt(bytes, ENVELOPE_BYTES);
  const { id, typ, dat } = outer;
  if (typeof id !== 'string' || !(dat instanceof Uint8Array)) throw new ProtocolError('bad-field', ENVELOPE_BYTES, 'no id or no dat');
  const offset = dat.byteOffset - bytes.byteOffset;
  return messageOf(id, count(typ, 'typ', ENVELOPE_BYTES), () => valueAt(dat, 0, offset), 'msgpack', offset);
}

/** Bytes of one WebSocket message: text for JSON, binary for msgpack. */
export function encodeMessage(message: Message, encoding: Encoding, widths: Widths = 'shortest'): Uint8Array {
  const typ = message.type === 'UNKNOWN' ? message.number : MESSAGE_TYPES.indexOf(message.type);
  const isWide = widths === 'wide';
  if (encoding === 'json') {
    const dat = 'data' in message ? message.data : Object.fromEntries(present(message).map(([field, value]) => [field.json, value]));
    return Buffer.from(JSON.stringify({ id: message.id, typ, dat }, jsonValue));
  }
  const dat = 'data' in message ? [pack(message.data)] : packFields(message, isWide);
  const head = Buffer.from([S, B, VERSION, MSGPACK_INSIDE, 0x83]);
  const number = isWide && typ <= 0xffff ? Buffer.from([0xcd, typ >> 8, typ & 0xff]) : pack(typ);
  const bytes = dat.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([head, pack('id'), pack(message.id), pack('typ'), number, pack('dat'), binHead(bytes), ...dat]);
}

const ENCODER = new Encoder({ useBigInt64: true });

function pack(value: unknown): Uint8Array {
  return ENCODER.encode(value);
}

/** What stands before so many bytes. */
function binHead(length: number): Uint8Array {
  if (length <= 0xff) return Buffer.from([0xc4, length]);
  if (length <= 0xffff) return Buffer.from([0xc5, length >> 8, length & 0xff]);
  const head = Buffer.alloc(5, 0xc6);
  head.writeUInt32BE(length, 1);
  return head;
}

/** Fields that the message has, nil ones too, in their order. */
function present(message: Message): readonly (readonly [Field, unknown])[] {
  const values = message as unknown as Document;
  const fields = message.type === 'UNKNOWN' ? [] : (FIELDS[message.type] ?? []);
  return fields.map((field) => [field, values[field.name]] as const).filter(([, value]) => value !== undefined);
}

/** In parts, so that a payload is copied once, into the whole message. */
function packFields(message: Message, isWide: boolean): readonly Uint8Array[] {
  const entries = present(message);
  const parts: Uint8Array[] = [Buffer.from([0x80 | entries.length])];
  for (const [field, value] of entries) {
    parts.push(pack(field.msgpack));
    if (isWide && field.wide !== undefined && typeof value === 'number') {
      const nine = Buffer.alloc(9, field.wide);
      nine.writeBigUInt64BE(BigInt(value), 1);
      parts.push(nine);
    } else if (value instanceof Uint8Array) parts.push(binHead(value.length), value);
    else parts.push(pack(value));
  }
  return parts;
}

function valueAt(bytes: Uint8Array, start: number, offset: number): unknown {
  let end: number;
  try {
    end = endOfMsgpack(bytes, start);
  } catch (error) {
    throw error instanceof ProtocolError ? error.movedBy(offset) : error;
  }
  if (end !== bytes.length) throw new ProtocolError('malformed', offset + end, 'bytes behind the document');
  try {
    return decode(bytes.subarray(start), { useBigInt64: true });
  } catch (error) {
    throw new ProtocolError('malformed', offset + start, error instanceof Error ? error.message : 'no msgpack');
  }
}

function documentAt(bytes: Uint8Array, start: number): Document {
  const value = valueAt(bytes, start, 0);
  if (!isDocument(value)) throw new ProtocolError('bad-field', start, 'no map');
  return value;
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function decodeJson(bytes: Uint8Array, offset: number): Message {
  let outer: unknown;
  try {
    outer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProtocolError('malformed', offset, 'neither an SB envelope nor JSON');
  }
  if (!isDocument(outer)) throw new ProtocolError('bad-field', offset, 'no object');
  const { id, typ, dat } = outer;
  if (typeof id !== 'string') throw new ProtocolError('bad-field', offset, 'no id');
  return messageOf(id, count(typ, 'typ', offset), () => dat, 'json', offset);
}

function messageOf(id: string, typ: number, content: () => unknown, encoding: Encoding, offset: number): Message {
  const type = MESSAGE_TYPES[typ];
  if (type === undefined) return { type: 'UNKNOWN', id, number: typ, data: content() };
  const fields = FIELDS[type];
  if (fields === undefined) return { type, id, data: content() } as Message;
  const document = content();
  if (!isDocument(document)) throw new ProtocolError('bad-field', offset, `${type} without fields`);
  const message: Record<string, unknown> = { type, id };
  for (const field of fields) {
    const value = document[encoding === 'json' ? field.json : field.msgpack];
    const read = readField(field, value, encoding, offset);
    if (read !== undefined) message[field.name] = read;
  }
  return message as unknown as Message;
}

function readField(field: Field, value: unknown, encoding: Encoding, offset: number): unknown {
  if (value === undefined || value === null) {
    if (field.optional === true) return value;
    throw new ProtocolError('bad-field', offset, `no ${field.name}`);
  }
  switch (field.kind) {
    case 'text':
      if (typeof value === 'string') return value;
      break;
    case 'count':
      return count(value, field.name, offset);
    case 'bytes': {
      const bytes = encoding === 'json' ? bytesOfJson(value) : value;
      if (bytes instanceof Uint8Array) return bytes;
      break;
    }
    case 'texts':
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  }
  throw new ProtocolError('bad-field', offset, `${field.name} is no ${field.kind}`);
}

/** A whole number from 0 that can be held exactly. */
function count(value: unknown, name: string, offset: number): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
    throw new ProtocolError('bad-field', offset, `${name} is no count`);
  return number;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Standard base64 with padding, or an array of numbers (field guide 6.2). */
function bytesOfJson(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return BASE64.test(value) ? Buffer.from(value, 'base64') : undefined;
  if (!Array.isArray(value)) return undefined;
  return value.every((byte) => Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) <= 255)
    ? Uint8Array.from(value, Number)
    : undefined;
}

/** Bytes as base64; JSON has no larger whole numbers than text can hold. */
function jsonValue(this: unknown, key: string, value: unknown): unknown {
  // A Buffer has turned itself into an object before this is called.
  const own = (this as Record<string, unknown>)[key];
  if (own instanceof Uint8Array) return Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64');
  return typeof value === 'bigint' ? value.toString() : value;
}
