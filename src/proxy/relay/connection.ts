/** One WebSocket of a client: its queues, its writer, and the lines that the relay writes about it (field guide 6.4, 4.7). */
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { encodeMessage, type Encoding } from '../../protocol/message-codec.ts';
import { FIELDS, isHotlink, MESSAGE_TYPES, type Message } from '../../protocol/message.ts';
import { BoundedQueue } from './queue.ts';
import type { Bare, LogFields, LogLevel } from './log.ts';
import { placeOf } from './places.ts';

/** Messages waiting to be handled; what comes when it is full is dropped. */
const INBOUND_QUEUE = 256;
/** Where a relay waits instead: it stops reading at so many, and reads again below the second number. */
const INBOUND_HIGH = 64;
const INBOUND_LOW = 16;
/** Messages waiting to be written; direct ones wait, broadcasts are dropped. */
const OUTBOUND_QUEUE = 256;
/** Each of the two queues: twice as much as 256 frames of a real client. The real relay counts messages alone, which are up to 8 MiB long. */
const QUEUE_BYTES = 32 * 1024 * 1024;
/** For one message to leave. */
const WRITE_TIMEOUT_MS = 20_000;
/** How long a client may take to answer the relay's close. */
const CLOSE_TIMEOUT_MS = 1000;

/** Fields that a message may lack, by its type. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(FIELDS).map(([type, fields]) => [type, (fields ?? []).filter((field) => field.optional === true).map(({ name }) => name)]),
);

export type Log = (level: LogLevel, at: string, message: string, fields: LogFields) => void;

export function typeField(message: Message): Bare {
  return { bare: message.type, json: MESSAGE_TYPES.findIndex((type) => type === message.type) };
}

/** What a message takes in a queue: its bytes, and something for the rest. */
function sizeOf(message: Message): number {
  const bytes = 'payload' in message ? message.payload : 'content' in message ? message.content : undefined;
  return (bytes?.length ?? 0) + 256;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly user: string;
  readonly encoding: Encoding;
  /** The client named its version when it connected, as Go clients do. */
  readonly hasVersion: boolean;
  readonly version: string;
  readonly socket: WebSocket;
  readonly log: Log;
  /** What becomes of messages for which there is no room; undefined: dropped, as the real relay does. */
  readonly overflow?: Overflow | undefined;
  /** What each of its queues may hold. */
  readonly queueBytes?: number | undefined;
}

/** drop: as the real relay does (F-16); wait: the socket is not read until there is room. */
export type Overflow = 'drop' | 'wait';

export class Connection {
  readonly id: string;
  readonly user: string;
  readonly hasVersion: boolean;
  readonly inbound: BoundedQueue<Message>;
  private readonly outbound: BoundedQueue<Message>;
  private readonly encoding: Encoding;
  private readonly version: string;
  private readonly socket: WebSocket;
  private readonly log: Log;
  private readonly writer: Promise<void>;
  private readonly overflow: Overflow;
  private readonly queueBytes: number;

  constructor({ id, user, encoding, hasVersion, version, socket, log, overflow = 'drop', queueBytes = QUEUE_BYTES }: ConnectionOptions) {
    const byteLimit = { most: queueBytes, sizeOf };
    this.inbound = new BoundedQueue<Message>(INBOUND_QUEUE, byteLimit);
    this.outbound = new BoundedQueue<Message>(OUTBOUND_QUEUE, byteLimit);
    this.overflow = overflow;
    this.queueBytes = queueBytes;
    this.id = id;
    this.user = user;
    this.hasVersion = hasVersion;
    this.version = version;
    this.encoding = encoding;
    this.socket = socket;
    this.log = log;
    this.writer = this.write();
  }

  /** What waits in both queues. */
  get queued(): { readonly messages: number; readonly bytes: number } {
    const { inbound, outbound } = this;
    return { messages: inbound.length + outbound.length, bytes: inbound.bytes + outbound.bytes };
  }

  /** A message came; it is dropped when its queue is full. */
  receive(message: Message): void {
    if (!this.inbound.offer(message)) this.log('WRN', 'ws/ws_client.go:111', 'wsclient reader buffer full', [['connId', this.id]]);
    const { inbound } = this;
    if (this.overflow === 'wait' && (inbound.length >= INBOUND_HIGH || inbound.bytes >= this.queueBytes / 2)) this.socket.pause();
  }

  /** The next message to be handled; undefined when the connection is gone. */
  async next(): Promise<Message | undefined> {
    const { inbound } = this;
    if (this.socket.isPaused && inbound.length <= INBOUND_LOW && inbound.bytes <= this.queueBytes / 4) this.socket.resume();
    return inbound.take();
  }

  /** Waits while the queue is full; false when the connection closed first. */
  async send(message: Message): Promise<boolean> {
    return this.outbound.put(message);
  }

  broadcast(message: Message): void {
    if (this.outbound.offer(message)) return;
    this.log('WRN', placeOf('buffer-full', this.version), 'wshub send buffer full', [
      ['connId', this.id],
      ['user', this.user],
    ]);
  }

  /** The socket is gone: nothing more is read or written. */
  async gone(): Promise<void> {
    this.inbound.close();
    this.outbound.close();
    await this.writer;
  }

  /** Says goodbye and closes; cuts the line when nobody answers. */
  async close(code: number, reason: string): Promise<void> {
    const { socket } = this;
    if (socket.readyState === socket.CLOSED) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.close(code, reason);
    const patience = new AbortController();
    await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    socket.terminate();
  }

  cut(): void {
    this.socket.terminate();
  }

  private async write(): Promise<void> {
    for (let message = await this.outbound.take(); message !== undefined; message = await this.outbound.take()) {
      const error = await this.writeOne(message);
      const fields: LogFields = [
        ['connId', this.id],
        ['msgId', message.id],
        ['msgType', typeField(message)],
      ];
      if (error === undefined) this.log('DBG', 'ws/ws_client.go:137', 'wsclient writer', fields);
      else this.log('ERR', 'ws/ws_client.go:135', 'wsclient writer', [...fields, ['error', { error }]]);
    }
  }

  /** The error, if it did not leave in time. */
  private async writeOne(message: Message): Promise<string | undefined> {
    if (this.socket.readyState !== this.socket.OPEN) return 'connection closed';
    const bytes = encodeMessage(withoutEmpty(message), this.encoding, 'wide');
    const error = await new Promise<string | undefined>((resolve) => {
      const late = setTimeout(() => resolve('write timeout'), WRITE_TIMEOUT_MS);
      this.socket.send(bytes, { binary: this.encoding === 'msgpack', compress: false }, (failure) => {
        clearTimeout(late);
        resolve(failure?.message);
      });
    });
    if (error === 'write timeout') this.socket.terminate();
    return error;
  }
}

/** As the real relay writes a hotlink message: fields that say nothing are left out. Mandatory ones are never empty lists or nil. */
function withoutEmpty(message: Message): Message {
  if (!isHotlink(message)) return message;
  const isEmpty = (value: unknown): boolean =>
    value === null || value === '' || (typeof value === 'object' && (value as ArrayLike<unknown>).length === 0);
  const optional = OPTIONAL[message.type] ?? [];
  return Object.fromEntries(Object.entries(message).filter(([name, value]) => !optional.includes(name) || !isEmpty(value))) as Message;
}
