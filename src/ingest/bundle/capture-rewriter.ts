/**
 * Rewrites a capture: each line gets, as its bytes, the messages that it completed before, written anew without payload,
 * secrets, bodies and file contents. So every frame stays on its line, with its type, session, seq and size.
 */
import type { Message } from '../../protocol/message.ts';
import { encodeMessage, type Encoding } from '../../protocol/message-codec.ts';
import { MAX_LINE_BYTES, parseLine, userOf } from '../capture.ts';
import { Conversation, type Way, type WireItem } from '../capture-conversation.ts';
import type { HttpHead } from '../../protocol/http.ts';
import { mask } from '../mask.ts';
import { editJson, type Rename } from './edit-line.ts';

const NEWLINE = 10;
/** Connections that are followed at once, as the reader does. */
const MAX_CONNECTIONS = 256;
const BINARY = 0x82;
const TEXT = 0x81;
const PING = 0x89;
/** No message of either encoding. */
const UNREADABLE = Buffer.from([0xc1]);
const BYTES = /("bytes"\s*:\s*")[A-Za-z0-9+/=]*"/g;
/** Headers that speak of a body or an extension; the rewritten stream has neither. */
const DROPPED = new Set(['content-length', 'transfer-encoding', 'trailer', 'content-encoding', 'sec-websocket-extensions', 'expect']);

interface Followed {
  readonly conversation: Conversation;
  readonly ended: Set<Way>;
  /** Bytes of the other direction that a line completed; they go with the next line of theirs. */
  readonly held: Record<Way, Buffer[]>;
}

export class CaptureRewriter {
  private readonly rename: Rename;
  private readonly connections = new Map<number, Followed>();
  private held: Buffer[] = [];
  private heldBytes = 0;
  private out: Buffer[] = [];

  constructor(rename: Rename | undefined) {
    this.rename = rename ?? ((text) => text);
  }

  push(block: Buffer): Buffer {
    let from = 0;
    for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, from)) {
      this.hold(block.subarray(from, at));
      this.finish('\n');
      from = at + 1;
    }
    this.hold(block.subarray(from));
    return this.flush();
  }

  end(): Buffer {
    if (this.heldBytes > 0) this.finish('');
    return this.flush();
  }

  private flush(): Buffer {
    const all = Buffer.concat(this.out);
    this.out = [];
    return all;
  }

  private hold(piece: Buffer): void {
    this.heldBytes += piece.length;
    if (this.heldBytes > MAX_LINE_BYTES) this.held = [];
    else if (piece.length > 0) this.held.push(Buffer.from(piece));
  }

  private finish(end: string): void {
    const text = Buffer.concat(this.held).toString('utf8');
    // Ingest passes over it as over any text that is no object.
    const line = this.heldBytes > MAX_LINE_BYTES ? `…[${this.heldBytes} bytes]` : this.line(text);
    this.out.push(Buffer.from(line + end));
    this.held = [];
    this.heldBytes = 0;
  }

  private line(text: string): string {
    const parsed = parseLine(text);
    if (typeof parsed === 'string') return this.unread(text);
    const followed = this.follow(parsed.connection);
    if (parsed.bytes === undefined) {
      followed.ended.add(parsed.way);
      if (followed.ended.size === 2) this.connections.delete(parsed.connection);
      return editJson(text, this.rename);
    }
    const mine = followed.held[parsed.way].splice(0);
    for (const item of followed.conversation.push(parsed.way, parsed.bytes)) {
      const to = wayOf(item);
      (to === parsed.way ? mine : followed.held[to]).push(this.item(item));
    }
    const bytes = Buffer.concat(mine).toString('base64');
    return editJson(text.replace(BYTES, '$1"'), this.rename).replace(BYTES, (_, name: string) => `${name}${bytes}"`);
  }

  /** A line that gives nothing: its bytes go, the rest is edited as any JSON. */
  private unread(text: string): string {
    const bytes = /"bytes"\s*:\s*"/.exec(text);
    const shown = bytes === null ? text : `${text.slice(0, bytes.index)}"bytes":"?`;
    return editJson(shown.slice(0, 64 * 1024), this.rename);
  }

  private follow(connection: number): Followed {
    const known = this.connections.get(connection);
    const followed = known ?? { conversation: new Conversation(), ended: new Set<Way>(), held: { to_relay: [], to_client: [] } };
    this.connections.delete(connection);
    this.connections.set(connection, followed);
    if (this.connections.size > MAX_CONNECTIONS) {
      const [oldest] = this.connections.keys();
      if (oldest !== undefined) this.connections.delete(oldest);
    }
    return followed;
  }

  // oxlint-disable-next-line typescript/consistent-return -- the switch knows every kind
  private item(item: WireItem): Buffer {
    switch (item.kind) {
      case 'request':
        return this.head(`${item.head.method} ${this.say(item.head.target)} HTTP/1.1`, item.head);
      case 'answer':
      case 'upgraded':
        return this.head(`HTTP/1.1 ${item.head.status} -`, item.head);
      case 'message':
        return this.message(item.way, item.message, item.encoding);
      case 'control':
        return webSocket(item.way, PING, Buffer.alloc(0));
      case 'unreadable':
        return webSocket(item.way, BINARY, UNREADABLE);
    }
  }

  private say(text: string): string {
    return this.rename(mask(text));
  }

  private head(first: string, head: HttpHead): Buffer {
    const lines = [first];
    for (const [name, value] of head.headers) {
      if (DROPPED.has(name)) continue;
      const said = mask(`${name}: ${value}`).slice(name.length + 2);
      lines.push(`${name}: ${this.rename(said).replace(/[\r\n]/g, ' ')}`);
    }
    // Who it is stood in the token, and the token is gone.
    const user = head.method === '' ? null : userOf(head.target, head.headers);
    if (user !== null && userOf(head.target, withoutToken(head.headers)) === null) lines.push(`x-syft-user: ${this.rename(user)}`);
    if (head.method === '' && head.status >= 200 && head.status !== 204 && head.status !== 304) lines.push('content-length: 0');
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  }

  private message(way: Way, message: Message, encoding: Encoding): Buffer {
    const clean: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(message)) clean[name] = this.value(message.type, name, value);
    return webSocket(way, encoding === 'json' ? TEXT : BINARY, Buffer.from(encodeMessage(clean as unknown as Message, encoding)));
  }

  private value(type: string, name: string, value: unknown): unknown {
    if (name === 'type') return value;
    if (value instanceof Uint8Array) return new Uint8Array(name === 'payload' ? value.length : 0);
    // Tokens, session descriptions and whatever lies in messages that nobody reads.
    if (name === 'data') return null;
    if (name === 'token' || name === 'addresses') return value == null ? value : name === 'token' ? '***' : [];
    if (typeof value !== 'string' || (type === 'UNKNOWN' && name === 'number')) return value;
    return this.say(value);
  }
}

function withoutToken(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...headers].filter(([name]) => name !== 'authorization'));
}

function wayOf(item: WireItem): Way {
  return item.kind === 'request' ? 'to_relay' : item.kind === 'answer' || item.kind === 'upgraded' ? 'to_client' : item.way;
}

/** One frame. What a client sends must be masked; a mask of zeros changes nothing. */
function webSocket(way: Way, first: number, payload: Buffer): Buffer {
  const flag = way === 'to_relay' ? 0x80 : 0;
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([first, flag | length])
      : length < 65_536
        ? Buffer.from([first, flag | 126, length >> 8, length & 255])
        : longHead(first, flag, length);
  return Buffer.concat([head, ...(flag === 0 ? [] : [Buffer.alloc(4)]), payload]);
}

function longHead(first: number, flag: number, length: number): Buffer {
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = flag | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
