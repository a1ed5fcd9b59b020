/**
 * The messages of a SyftBox connection (field guide 6.3) as one discriminated union.
 *
 * An optional field that is `undefined` was not in the message; `null` and `''` were, as nil and as empty text. Senders
 * differ in that (field guide 6.2), so what was decoded can be encoded again as it was.
 */

/** Names of the message types by their number, as the logs have them. */
export const MESSAGE_TYPES = [
  'SYSTEM',
  'ERROR',
  'FILE_WRITE',
  'FILE_DELETE',
  'ACK',
  'NACK',
  'HTTP',
  'FILE_NOTIFY',
  'ACL_MANIFEST',
  'HOTLINK_OPEN',
  'HOTLINK_ACCEPT',
  'HOTLINK_REJECT',
  'HOTLINK_DATA',
  'HOTLINK_CLOSE',
  'HOTLINK_SIGNAL',
] as const;

interface Base<T> {
  readonly type: T;
  /** Chosen by the sender; the relay keeps it when it forwards. */
  readonly id: string;
}

/** Type 0: the relay's first word. */
export interface SystemMessage extends Base<'SYSTEM'> {
  readonly version: string;
  readonly message: string;
}

/** Type 1. */
export interface ErrorMessage extends Base<'ERROR'> {
  readonly code: number;
  readonly path: string;
  readonly message: string;
}

/** Types 2 and 7: a small file, ACL files above all. */
export interface FileMessage extends Base<'FILE_WRITE' | 'FILE_NOTIFY'> {
  readonly path: string;
  readonly etag: string;
  readonly length: number;
  readonly content?: Uint8Array | null;
}

/** Type 3. */
export interface FileDeleteMessage extends Base<'FILE_DELETE'> {
  readonly path: string;
}

/** Type 4. */
export interface AckMessage extends Base<'ACK'> {
  readonly originalId: string;
}

/** Type 5. */
export interface NackMessage extends Base<'NACK'> {
  readonly originalId: string;
  readonly error: string;
}

/** Types 6 and 8, and numbers that this version does not know: `data` as it was decoded. */
export interface OpaqueMessage extends Base<'HTTP' | 'ACL_MANIFEST'> {
  readonly data: unknown;
}

export interface UnknownMessage extends Base<'UNKNOWN'> {
  readonly number: number;
  readonly data: unknown;
}

/** Type 9 (field guide 7.1). `from` and `to` exist from E4 and S2 on. */
export interface OpenMessage extends Base<'HOTLINK_OPEN'> {
  readonly session: string;
  readonly path: string;
  readonly from?: string | null;
  readonly to?: string | null;
}

/** Type 10 (field guide 7.2). */
export interface AcceptMessage extends Base<'HOTLINK_ACCEPT'> {
  readonly session: string;
}

/** Types 11 and 13 (field guide 7.3, 7.5). */
export interface EndMessage extends Base<'HOTLINK_REJECT' | 'HOTLINK_CLOSE'> {
  readonly session: string;
  readonly reason?: string | null;
}

/** Type 12 (field guide 7.4). */
export interface DataMessage extends Base<'HOTLINK_DATA'> {
  readonly session: string;
  /** From 1, within the session. */
  readonly seq: number;
  readonly path: string;
  readonly etag?: string | null;
  readonly payload?: Uint8Array | null;
}

/** Type 14 (field guide 6.7, 7.6). */
export interface SignalMessage extends Base<'HOTLINK_SIGNAL'> {
  readonly session: string;
  /** sdp_offer, sdp_answer, ice_candidate, quic_offer, quic_answer, quic_error, webrtc_error. */
  readonly kind: string;
  readonly addresses?: readonly string[] | null;
  readonly token?: string | null;
  readonly error?: string | null;
}

export type HotlinkMessage = OpenMessage | AcceptMessage | EndMessage | DataMessage | SignalMessage;

export type Message =
  | SystemMessage
  | ErrorMessage
  | FileMessage
  | FileDeleteMessage
  | AckMessage
  | NackMessage
  | OpaqueMessage
  | UnknownMessage
  | HotlinkMessage;

export function isHotlink(message: Message): message is HotlinkMessage {
  return message.type.startsWith('HOTLINK_');
}

export type FieldKind = 'text' | 'count' | 'bytes' | 'texts';

export interface Field {
  /** Property of the message. */
  readonly name: string;
  readonly json: string;
  readonly msgpack: string;
  readonly kind: FieldKind;
  readonly optional?: true;
  /** First byte of the nine in which the relay and the Go client write it, whatever it is: cf unsigned, d3 signed. */
  readonly wide?: 0xcf | 0xd3;
}

function field(name: string, json: string, msgpack: string, kind: FieldKind = 'text'): Field {
  return { name, json, msgpack, kind };
}

/** Hotlink messages use the short keys in both encodings, all others Go's field names in msgpack (field guide 6.3). */
function short(name: string, key: string, kind: FieldKind = 'text'): Field {
  return { name, json: key, msgpack: key, kind };
}

function maybe(name: string, key: string, kind: FieldKind = 'text'): Field {
  return { ...short(name, key, kind), optional: true };
}

const SESSION = short('session', 'sid');
const FILE: readonly Field[] = [
  field('path', 'pth', 'Path'),
  field('etag', 'etg', 'ETag'),
  { ...field('length', 'len', 'Length', 'count'), wide: 0xd3 },
  { ...field('content', 'con', 'Content', 'bytes'), optional: true },
];
const END: readonly Field[] = [SESSION, maybe('reason', 'rsn')];

/** Fields in the order in which both sides write them; undefined: the content is opaque. */
export const FIELDS: Readonly<Record<(typeof MESSAGE_TYPES)[number], readonly Field[] | undefined>> = {
  SYSTEM: [field('version', 'ver', 'SystemVersion'), field('message', 'msg', 'Message')],
  ERROR: [field('code', 'cod', 'Code', 'count'), field('path', 'pth', 'Path'), field('message', 'msg', 'Message')],
  FILE_WRITE: FILE,
  FILE_DELETE: [field('path', 'pth', 'Path')],
  ACK: [field('originalId', 'oid', 'OriginalId')],
  NACK: [field('originalId', 'oid', 'OriginalId'), field('error', 'err', 'Error')],
  HTTP: undefined,
  FILE_NOTIFY: FILE,
  ACL_MANIFEST: undefined,
  HOTLINK_OPEN: [SESSION, short('path', 'pth'), maybe('from', 'frm'), maybe('to', 'to')],
  HOTLINK_ACCEPT: [SESSION],
  HOTLINK_REJECT: END,
  HOTLINK_DATA: [
    SESSION,
    { ...short('seq', 'seq', 'count'), wide: 0xcf },
    short('path', 'pth'),
    maybe('etag', 'etg'),
    maybe('payload', 'pay', 'bytes'),
  ],
  HOTLINK_CLOSE: END,
  HOTLINK_SIGNAL: [SESSION, short('kind', 'knd'), maybe('addresses', 'adr', 'texts'), maybe('token', 'tok'), maybe('error', 'err')],
};
