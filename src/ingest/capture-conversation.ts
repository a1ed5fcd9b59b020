/** One recorded connection: HTTP in both directions until a WebSocket begins, messages from then on (field guide 6.1, 6.2). */
import { HttpReader, type HttpHead } from '../protocol/http.ts';
import { decodeMessage, encodingOf, type Encoding } from '../protocol/message-codec.ts';
import type { Message } from '../protocol/message.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { WebSocketReader } from '../protocol/websocket.ts';

export type Way = 'to_relay' | 'to_client';

export type WireItem =
  /** A request, the one for an upgrade too. */
  | { readonly kind: 'request'; readonly head: HttpHead }
  | { readonly kind: 'answer'; readonly head: HttpHead }
  /** The answer that makes the connection a WebSocket. */
  | { readonly kind: 'upgraded'; readonly head: HttpHead }
  | { readonly kind: 'message'; readonly way: Way; readonly message: Message; readonly encoding: Encoding; readonly bytes: Uint8Array }
  /** Ping, pong or close. */
  | { readonly kind: 'control'; readonly way: Way }
  /** One message, or everything that follows in this direction, cannot be read. */
  | { readonly kind: 'unreadable'; readonly way: Way; readonly error: ProtocolError };

/** Bytes behind a request for an upgrade that wait for the answer; a client sends none. */
const MAX_WAITING_BYTES = 1024 * 1024;

export class Conversation {
  private readonly requests = new HttpReader('request');
  private readonly answers = new HttpReader('response');
  private sockets: { readonly to_relay: WebSocketReader; readonly to_client: WebSocketReader } | undefined;
  /** Bytes of the client behind its request for an upgrade; undefined while none is asked for. */
  private waiting: Uint8Array[] | undefined;
  private waitingBytes = 0;

  /** Whether it is a WebSocket by now. */
  get isWebSocket(): boolean {
    return this.sockets !== undefined;
  }

  push(way: Way, bytes: Uint8Array): WireItem[] {
    if (this.sockets !== undefined) return readSocket(way, this.sockets[way], bytes);
    return way === 'to_relay' ? this.pushRequest(bytes) : this.pushAnswer(bytes);
  }

  private pushRequest(bytes: Uint8Array): WireItem[] {
    if (this.waiting !== undefined) return this.wait(bytes);
    const { heads, rest } = this.requests.push(bytes);
    const items: WireItem[] = heads.map((head) => {
      this.answers.expect(head.method);
      return { kind: 'request', head };
    });
    if (rest !== undefined) {
      this.waiting = [];
      this.waitingBytes = 0;
      items.push(...this.wait(rest));
    }
    if (this.requests.failure !== undefined) items.push({ kind: 'unreadable', way: 'to_relay', error: this.requests.failure });
    return items;
  }

  private wait(bytes: Uint8Array): WireItem[] {
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > MAX_WAITING_BYTES)
      return [{ kind: 'unreadable', way: 'to_relay', error: new ProtocolError('over-limit', 0, 'bytes that wait for an upgrade') }];
    if (bytes.length > 0) this.waiting?.push(bytes);
    return [];
  }

  private pushAnswer(bytes: Uint8Array): WireItem[] {
    const { heads, rest } = this.answers.push(bytes);
    const items: WireItem[] = [];
    for (const head of heads) {
      items.push({ kind: head.status === 101 ? 'upgraded' : 'answer', head });
      // While an upgrade is asked for, its answer is the last one that is due.
      if (head.status >= 200 && this.waiting !== undefined && !this.answers.isExpecting) items.push(...this.refuse());
    }
    if (rest !== undefined) items.push(...this.upgrade(rest));
    if (this.answers.failure !== undefined) items.push({ kind: 'unreadable', way: 'to_client', error: this.answers.failure });
    return items;
  }

  /** The relay answered something else: what the client sent behind its request is HTTP. */
  private refuse(): WireItem[] {
    const held = this.waiting ?? [];
    this.waiting = undefined;
    this.requests.resume();
    return held.flatMap((bytes) => this.pushRequest(bytes));
  }

  private upgrade(rest: Uint8Array): WireItem[] {
    this.sockets = { to_relay: new WebSocketReader({ masked: true }), to_client: new WebSocketReader({ masked: false }) };
    const held = this.waiting ?? [];
    this.waiting = undefined;
    return [...readSocket('to_client', this.sockets.to_client, rest), ...held.flatMap((bytes) => this.push('to_relay', bytes))];
  }
}

function readSocket(way: Way, reader: WebSocketReader, bytes: Uint8Array): WireItem[] {
  const items: WireItem[] = [];
  for (const item of reader.push(bytes)) {
    if (item.kind !== 'text' && item.kind !== 'binary') {
      items.push({ kind: 'control', way });
      continue;
    }
    try {
      items.push({ kind: 'message', way, message: decodeMessage(item.payload), encoding: encodingOf(item.payload), bytes: item.payload });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      items.push({ kind: 'unreadable', way, error });
    }
  }
  if (reader.failure !== undefined) items.push({ kind: 'unreadable', way, error: reader.failure });
  return items;
}
