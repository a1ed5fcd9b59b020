/**
 * What a capture must not hold of a WebSocket message, taken out in place: contents of files and requests, tokens of signals (they
 * hold the passwords of a peer connection), and the payload of frames unless it is wanted. The copy has the same length and can be
 * decoded to the same message but for what is filled; what cannot be decoded is filled as a whole.
 */
import { decodeMessage, encodingOf } from '../../protocol/message-codec.ts';
import type { Message } from '../../protocol/message.ts';
import { blankAll } from './blank-head.ts';

const FILL = 0x78;
const SPACE = 0x20;
/** Behind the envelope `SB`, version and encoding stands JSON, where that is inside. */
const ENVELOPE_BYTES = 4;

/** A copy without secrets. `keepPayload`: payload bytes of data frames stay. */
export function blankMessage(bytes: Uint8Array, message: Message | undefined, keepPayload: boolean): Buffer {
  if (message === undefined) return blankAll(bytes);
  if (!holdsSecrets(message, keepPayload)) return Buffer.from(bytes);
  return encodingOf(bytes) === 'msgpack' ? blankMsgpack(bytes) : blankJson(bytes, keepPayload);

  function blankMsgpack(given: Uint8Array): Buffer {
    const copy = Buffer.from(given);
    // Decoded once more, so that what is found lies in the copy.
    const own = decodeMessage(copy);
    if ('data' in own) return blankOpaque(copy);
    for (const part of [contentOf(own), keepPayload ? undefined : payloadOf(own)]) part?.fill(0);
    const token = own.type === 'HOTLINK_SIGNAL' ? (own.token ?? '') : '';
    if (token === '') return copy;
    const at = copy.lastIndexOf(token);
    return at < 0 ? blankAll(given) : copy.fill(FILL, at, at + Buffer.byteLength(token));
  }
}

function holdsSecrets(message: Message, keepPayload: boolean): boolean {
  if ('data' in message) return true;
  if (message.type === 'HOTLINK_DATA') return !keepPayload && (message.payload?.length ?? 0) > 0;
  return (contentOf(message)?.length ?? 0) > 0 || (message.type === 'HOTLINK_SIGNAL' && (message.token ?? '') !== '');
}

function contentOf(message: Message): Uint8Array | undefined {
  return 'content' in message ? (message.content ?? undefined) : undefined;
}

function payloadOf(message: Message): Uint8Array | undefined {
  return 'payload' in message ? (message.payload ?? undefined) : undefined;
}

/** Types whose content is nobody's business here: `dat`, the last value, becomes one binary value of the same length. */
function blankOpaque(copy: Buffer): Buffer {
  const key = copy.lastIndexOf('\xa3dat', undefined, 'latin1');
  if (key < 0) return blankAll(copy);
  const head = copy[key + 4] ?? 0;
  const start = key + 4 + (head === 0xc4 ? 2 : head === 0xc5 ? 3 : 5);
  const length = copy.length - start;
  if (length < 1) return copy;
  copy.fill(0, start);
  if (length === 1) copy[start] = 0xc0;
  else if (length < 258) copy.set([0xc4, length - 2], start);
  else if (length < 65_539) copy.set([0xc5, (length - 3) >> 8, (length - 3) & 0xff], start);
  else {
    copy[start] = 0xc6;
    copy.writeUInt32BE(length - 5, start + 1);
  }
  return copy;
}

interface Document {
  id?: unknown;
  typ?: unknown;
  dat?: unknown;
}

/** JSON is written again, without the secrets, and filled up with spaces behind its end. */
function blankJson(bytes: Uint8Array, keepPayload: boolean): Buffer {
  const begin = bytes[0] === 0x53 && bytes[1] === 0x42 ? ENVELOPE_BYTES : 0;
  const { id, typ, dat } = JSON.parse(Buffer.from(bytes.subarray(begin)).toString('utf8')) as Document;
  const text = Buffer.from(JSON.stringify({ id, typ, dat: withoutSecrets(dat, Number(typ), keepPayload) }));
  const out = Buffer.alloc(bytes.length, SPACE);
  if (begin + text.length > bytes.length) return blankAll(bytes);
  out.set(bytes.subarray(0, begin));
  out.set(text, begin);
  return out;
}

/** Types by number: 6 and 8 are opaque, and so are numbers beyond the known ones (field guide 6.3). */
function withoutSecrets(dat: unknown, typ: number, keepPayload: boolean): unknown {
  if (typ === 6 || typ === 8 || typ > 14 || typeof dat !== 'object' || dat === null) return {};
  const copy: Record<string, unknown> = { ...(dat as Record<string, unknown>) };
  if (typeof copy['tok'] === 'string') copy['tok'] = 'x'.repeat(copy['tok'].length);
  for (const name of keepPayload ? ['con'] : ['con', 'pay']) if (copy[name] != null) copy[name] = zeros(copy[name]);
  return copy;
}

/** Bytes of the same number, in the shorter of the two forms that JSON has for them. */
function zeros(value: unknown): string {
  const length = Array.isArray(value) ? value.length : Buffer.from(String(value), 'base64').length;
  return Buffer.alloc(length).toString('base64');
}
