/** The client's log in the two real forms, and messages as the client prints them decoded (field guide 3.1, 3.2, 4.2). */
import type { Message } from '../../protocol/message.ts';
import type { Behaviour } from './behaviour.ts';

export type PartyLevel = 'INFO' | 'ERROR';

/** Dialect a, `syftbox.log`: the message is quoted. `extra`: `key=value` pairs behind it. */
export function fileLine(ms: number, level: PartyLevel, message: string, extra = ''): string {
  return `time=${new Date(ms).toISOString()} level=${level} msg="${inQuotes(message)}"${extra === '' ? '' : ` ${extra}`}\n`;
}

/** The same line around something in the middle of its message that needs no quoting. */
export function fileEnds(ms: number, level: PartyLevel, head: string, tail: string): readonly [string, string] {
  return [`time=${new Date(ms).toISOString()} level=${level} msg="${inQuotes(head)}`, `${inQuotes(tail)}"\n`];
}

function inQuotes(message: string): string {
  return message.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}

/** Dialect b, `client-daemon.log`: nothing is quoted. */
export function stdoutLine(ms: number, level: PartyLevel, message: string, extra = ''): string {
  return `${new Date(ms).toISOString()} ${level} ${message}${extra === '' ? '' : ` ${extra}`}\n`;
}

export function stdoutEnds(ms: number, level: PartyLevel, head: string, tail: string): readonly [string, string] {
  return [`${new Date(ms).toISOString()} ${level} ${head}`, `${tail}\n`];
}

/** Text of peers inside a message: quoted as the client's language quotes, so that it stays on its line. */
function quoted(text: string | null | undefined): string {
  return `"${escapeText(text ?? '')}"`;
}

/** Free text inside a message: control characters escaped, so that it stays on its line. */
export function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is escaped
  return text.toWellFormed().replace(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    return `\\u{${c.charCodeAt(0).toString(16)}}`;
  });
}

/** A path of a peer outside quotes: blanks and control characters would break the line's form. */
export function bare(text: string): string {
  return escapeText(text).replaceAll(' ', '\\u{20}');
}

function option(text: string | null | undefined): string {
  return text == null || text === '' ? 'None' : `Some(${quoted(text)})`;
}

/** A message with its bytes, `Some([…])`, left out. */
interface DecodedParts {
  readonly head: string;
  readonly bytes: Uint8Array | undefined;
  readonly tail: string;
}

/** What stands behind `ws message decoded type=`, in the parts before and behind the bytes of the message. */
export function decodedParts(message: Message, behaviour: Behaviour): DecodedParts {
  const text = decodedText(message, behaviour);
  const bytes = message.type === 'HOTLINK_DATA' ? message.payload : message.type === 'FILE_WRITE' ? message.content : null;
  if (bytes == null) return { head: text, bytes: undefined, tail: '' };
  return { head: text.slice(0, -BYTES_END.length), bytes, tail: BYTES_END };
}

const BYTES_END = ']) })';

/** Where the bytes stand; the bytes themselves are put in where the line is written. */
function list(bytes: Uint8Array | null | undefined): string {
  return bytes == null ? 'None' : 'Some([])';
}

/** The whole of it, with an empty list for the bytes. */
function decodedText(message: Message, behaviour: Behaviour): string {
  switch (message.type) {
    case 'HOTLINK_OPEN': {
      const parties = behaviour.namesOpener ? `, from: ${option(message.from)}, to: ${option(message.to)}` : '';
      return `HotlinkOpen(HotlinkOpen { session_id: ${quoted(message.session)}, path: ${quoted(message.path)}${parties} })`;
    }
    case 'HOTLINK_ACCEPT':
      return `HotlinkAccept(HotlinkAccept { session_id: ${quoted(message.session)} })`;
    case 'HOTLINK_REJECT':
      return `HotlinkReject(HotlinkReject { session_id: ${quoted(message.session)}, reason: ${quoted(message.reason)} })`;
    case 'HOTLINK_CLOSE':
      return `HotlinkClose(HotlinkClose { session_id: ${quoted(message.session)}, reason: ${quoted(message.reason)} })`;
    case 'HOTLINK_DATA':
      return `HotlinkData(HotlinkData { session_id: ${quoted(message.session)}, seq: ${message.seq}, path: ${quoted(message.path)}, etag: ${quoted(message.etag)}, payload: ${list(message.payload)} })`;
    case 'HOTLINK_SIGNAL': {
      const addresses = (message.addresses ?? []).map((address) => quoted(address)).join(', ');
      return `HotlinkSignal(HotlinkSignal { session_id: ${quoted(message.session)}, kind: ${quoted(message.kind)}, addrs: [${addresses}], token: ${quoted(message.token)}, error: ${quoted(message.error)} })`;
    }
    case 'FILE_WRITE':
      return `FileWrite(FileWrite { path: ${quoted(message.path)}, etag: ${quoted(message.etag)}, length: ${message.length}, content: ${list(message.content)} })`;
    case 'ACK':
      return `Ack(Ack { original_id: ${quoted(message.originalId)} })`;
    case 'NACK':
      return `Nack(Nack { original_id: ${quoted(message.originalId)}, error: ${quoted(message.error)} })`;
    case 'SYSTEM':
      return `Other { id: ${quoted(message.id)}, typ: 0 }`;
    case 'ERROR':
      return `Other { id: ${quoted(message.id)}, typ: 1 }`;
    case 'FILE_DELETE':
      return `Other { id: ${quoted(message.id)}, typ: 3 }`;
    case 'HTTP':
      return `Other { id: ${quoted(message.id)}, typ: 6 }`;
    case 'FILE_NOTIFY':
      return `Other { id: ${quoted(message.id)}, typ: 7 }`;
    case 'ACL_MANIFEST':
      return `Other { id: ${quoted(message.id)}, typ: 8 }`;
    case 'UNKNOWN':
      break;
  }
  return `Other { id: ${quoted(message.id)}, typ: ${message.number} }`;
}
