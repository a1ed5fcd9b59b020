/**
 * One connection of a client through the tap: HTTP until an upgrade is answered, messages of a WebSocket from then on (field guide 6.1).
 *
 * Bytes are passed on as they came, but for what a fault does to them. A head is looked at before it goes on, so that no web page and
 * no foreign name reaches the relay through the tap; what cannot be read as HTTP is refused, what cannot be read as a message is passed on.
 */
import type { Socket } from 'node:net';
import { HttpReader, type HttpHead, type HttpRead } from '../../protocol/http.ts';
import { partyOf } from './blank-head.ts';
import type { Way } from './capture.ts';
import type { FaultSet, SessionEnds } from './fault-set.ts';
import { bytesOf } from './frames.ts';
import { Lane } from './lane.ts';
import { MessageFaults } from './message-faults.ts';
import type { Recorder } from './recorder.ts';
import { Splitter, type Piece } from './splitter.ts';

/** Behind a request for an upgrade that has no answer yet; a client sends none. */
const MOST_BEHIND_UPGRADE = 1024 * 1024;
/** For a head that was begun, or that never begins on a new connection. */
const HEAD_TIMEOUT_MS = 30_000;

/** For a client to close after the relay did. */
const LINGER_MS = 30_000;

export interface ConnectionContext {
  readonly faults: FaultSet;
  readonly sessions: SessionEnds;
  readonly dial: () => Promise<Socket>;
  /** Words of a refusal; undefined when the request may pass. */
  readonly refusal: (head: HttpHead) => string | undefined;
  /** The head as the relay is to see it. */
  readonly forRelay: (head: Uint8Array) => Uint8Array;
  readonly say: (kind: string, line: string) => void;
  /** False when all connections together hold too much. */
  readonly mayHold: (bytes: number) => boolean;
  readonly cutParty: (party: string | undefined) => void;
}

export class TapConnection {
  party: string | undefined;
  /** Bytes that a freeze took: the connection cannot go on as if nothing had been. */
  swallowedBytes = 0;
  readonly number: number;
  private readonly c: ConnectionContext;
  private readonly client: Socket;
  private readonly recorder: Recorder;
  private readonly requests = new HttpReader('request');
  private readonly answers = new HttpReader('response');
  private readonly lanes: Record<Way, Lane>;
  private readonly messages: MessageFaults;
  private relay: Socket | undefined;
  private head: Uint8Array[] = [];
  /** Bytes of the client behind its request for an upgrade. */
  private waiting: Uint8Array[] | undefined;
  private sockets: Record<Way, Splitter> | undefined;
  private dialling: Promise<Socket | undefined> | undefined;
  private headTimer: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;
  private readonly gone = newSignal();
  private isOver = false;

  constructor(context: ConnectionContext, client: Socket, number: number, recorder: Recorder) {
    this.c = context;
    this.client = client;
    this.number = number;
    this.recorder = recorder;
    const laneOf = (way: Way, target: () => Promise<Socket | undefined>): Lane =>
      new Lane({
        shape: () => context.faults.shape(this.party, way),
        isFrozen: () => context.faults.isFrozen(this.party, way),
        write: async (bytes) => write(await target(), bytes),
        // Where nothing ever went to the relay, nobody there is to be told.
        end: () => void (way === 'to_relay' && this.dialling === undefined ? this.client.end() : target().then((socket) => socket?.end())),
        swallowed: (bytes) => void (this.swallowedBytes += bytes),
      });
    this.lanes = {
      to_relay: laneOf('to_relay', async () => this.dialled()),
      to_client: laneOf('to_client', async () => Promise.resolve(this.client)),
    };
    this.messages = new MessageFaults({
      faults: context.faults,
      sessions: context.sessions,
      say: context.say,
      cut: () => context.cutParty(this.party),
      put: async (way, piece, extraMs) => this.put(way, piece, extraMs),
    });
  }

  get heldBytes(): number {
    const { lanes, sockets, recorder, messages } = this;
    const waiting = [...this.head, ...(this.waiting ?? [])].reduce((sum, part) => sum + part.length, 0);
    const splitters = (sockets?.to_relay.heldBytes ?? 0) + (sockets?.to_client.heldBytes ?? 0);
    return waiting + splitters + lanes.to_relay.heldBytes + lanes.to_client.heldBytes + recorder.heldBytes + messages.heldBytes;
  }

  get isWebSocket(): boolean {
    return this.sockets !== undefined;
  }

  /** From its first byte to its end. */
  async run(): Promise<void> {
    this.watchHead(true);
    this.client.on('error', () => undefined);
    this.client.once('close', (hadError) => this.closed('to_relay', hadError));
    await this.read('to_relay', this.client, async (bytes) => this.fromClient(bytes));
  }

  /** Resolves when both sides are closed. */
  get over(): Promise<void> {
    return this.gone.promise;
  }

  /** A side closed: unless a freeze hides that from the other one, it hears of it. */
  private closed(way: Way, hadError: boolean): void {
    const other = way === 'to_relay' ? this.relay : this.client;
    const isHidden = this.c.faults.isFrozen(this.party, way);
    if (!isHidden && !this.isOver && (hadError || other?.readableEnded === false)) this.cut();
    if (this.client.closed && (this.relay === undefined || this.relay.closed)) this.gone.resolve();
  }

  /** Breaks it off at once, at both sides, as a lost network does that says so. */
  cut(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.headTimer);
    clearTimeout(this.linger);
    this.messages.close();
    for (const lane of Object.values(this.lanes)) lane.destroy();
    for (const way of ['to_relay', 'to_client'] as const) this.recorder.end(way);
    reset(this.client);
    if (this.relay !== undefined) reset(this.relay);
  }

  private async read(way: Way, socket: Socket, take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    let broke = false;
    try {
      // An end of one direction is no end of the other.
      for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await take(bytes);
        if (this.isOver) return;
      }
    } catch (error) {
      broke = true;
      // A socket's errors have a code; anything else is our own, and ends this connection alone.
      if ((error as NodeJS.ErrnoException).code === undefined) this.c.say('failed', `connection ${this.number}: ${String(error)}`);
    }
    if (this.isOver) return;
    if (way === 'to_relay') this.recorder.end(way);
    if (this.c.faults.isFrozen(this.party, way)) return;
    if (broke) return this.cut();
    await this.messages.flush(way);
    this.lanes[way].end();
    if (way === 'to_client') this.linger = setTimeout(() => this.cut(), LINGER_MS).unref();
  }

  // ---- from the client

  private async fromClient(bytes: Uint8Array): Promise<void> {
    if (this.sockets !== undefined) return this.pieces('to_relay', this.sockets.to_relay.push(bytes));
    if (this.waiting !== undefined) return this.wait(bytes);
    const read = this.requests.push(bytes);
    const refusal = this.look(read);
    this.recorder.http('to_relay', read);
    if (this.requests.failure !== undefined) this.recorder.unreadable('to_relay', bytes.subarray(lengthOf(read)));
    if (refusal !== undefined) return this.refuse(refusal.status, refusal.why);
    for (const part of read.parts) {
      if (part.kind !== 'head') await this.lanes.to_relay.put(part.bytes);
      else {
        this.head.push(part.bytes);
        if (!part.isEnd) continue;
        const head = Buffer.concat(this.head);
        this.head = [];
        await this.lanes.to_relay.put(this.c.forRelay(head));
      }
    }
    this.watchHead(this.head.length > 0);
    if (read.rest === undefined) return;
    this.waiting = [];
    this.wait(read.rest);
  }

  /** Who asks, and whether he may. */
  private look({ heads }: HttpRead): { readonly status: number; readonly why: string } | undefined {
    for (const head of heads) {
      const why = this.c.refusal(head);
      if (why !== undefined) return { status: 403, why };
      this.party ??= this.recorder.named(head) ?? partyOf(head.target, head.headers);
      this.answers.expect(head.method);
    }
    const { failure } = this.requests;
    return failure === undefined ? undefined : { status: 400, why: failure.message };
  }

  private wait(bytes: Uint8Array): void {
    if (bytes.length > 0) this.waiting?.push(bytes);
    const length = (this.waiting ?? []).reduce((sum, part) => sum + part.length, 0);
    if (length > MOST_BEHIND_UPGRADE) this.refuse(400, 'more behind a request for an upgrade than is ever sent');
  }

  /** Answers in place of the relay, and closes. */
  private refuse(status: number, why: string): void {
    this.c.say('refused', `refused ${status}: ${why}`);
    // Not in the middle of another answer.
    if (!this.answers.isExpecting || status === 400 || this.relay === undefined)
      this.client.write(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    this.isOver = true;
    clearTimeout(this.headTimer);
    this.recorder.end('to_relay');
    this.recorder.end('to_client');
    this.client.destroySoon();
    this.relay?.destroy();
    for (const lane of Object.values(this.lanes)) lane.destroy();
  }

  private watchHead(isBegun: boolean): void {
    clearTimeout(this.headTimer);
    if (!isBegun || this.isOver) return;
    this.headTimer = setTimeout(() => this.refuse(408, `no whole request within ${HEAD_TIMEOUT_MS / 1000} s`), HEAD_TIMEOUT_MS);
    this.headTimer.unref();
  }

  // ---- from the relay

  /** The connection to the relay, made when the first bytes are to go there. */
  private async dialled(): Promise<Socket | undefined> {
    this.dialling ??= this.c.dial().then(
      (socket) => {
        socket.on('error', () => undefined);
        if (this.isOver) {
          socket.destroy();
          return undefined;
        }
        this.relay = socket;
        socket.once('close', (hadError) => this.closed('to_client', hadError));
        void this.read('to_client', socket, async (bytes) => this.fromRelay(bytes));
        return socket;
      },
      (error: unknown) => {
        this.c.say('relay', `the relay cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
        this.cut();
        return undefined;
      },
    );
    return this.dialling;
  }

  private async fromRelay(bytes: Uint8Array): Promise<void> {
    if (this.sockets !== undefined) return this.pieces('to_client', this.sockets.to_client.push(bytes));
    const read = this.answers.push(bytes);
    const http = bytes.subarray(0, bytes.length - (read.rest?.length ?? 0));
    const record = (): void => {
      this.recorder.http('to_client', read);
      if (this.answers.failure !== undefined) this.recorder.unreadable('to_client', bytes.subarray(lengthOf(read)));
    };
    await this.lanes.to_client.put(http, 0, record);
    if (read.rest !== undefined) return this.upgrade(read.rest);
    const isAnswered = read.heads.some((head) => head.status >= 200) && !this.answers.isExpecting;
    if (this.waiting === undefined || !isAnswered) return;
    // The upgrade was refused: what the client sent behind it is HTTP.
    const held = this.waiting;
    this.waiting = undefined;
    this.requests.resume();
    for (const part of held) await this.fromClient(part);
  }

  private async upgrade(rest: Uint8Array): Promise<void> {
    this.sockets = { to_relay: new Splitter(true), to_client: new Splitter(false) };
    const held = this.waiting ?? [];
    this.waiting = undefined;
    await this.pieces('to_client', this.sockets.to_client.push(rest));
    for (const part of held) await this.fromClient(part);
  }

  // ---- messages

  private async pieces(way: Way, pieces: readonly Piece[]): Promise<void> {
    const { heldBytes } = this;
    if (!this.c.mayHold(heldBytes)) {
      this.c.say('held', `connection ${this.number} of ${this.party ?? 'nobody'} is cut: all connections together hold too much`);
      return this.cut();
    }
    for (const piece of pieces) {
      if (piece.kind === 'raw' && piece.why !== undefined)
        this.c.say(
          'unread',
          `connection ${this.number} of ${this.party ?? 'nobody'} ${way}: no messages from here on (${piece.why.message})`,
        );
      if (way === 'to_relay') this.recorder.piece(way, piece);
      if (piece.kind === 'message') await this.messages.pass(way, this.party, piece);
      else await this.put(way, piece, 0);
      if (this.isOver) return;
    }
  }

  /** What the client gets is recorded when it goes out to it, what it sends when it came. */
  private async put(way: Way, piece: Piece, extraMs: number): Promise<void> {
    await this.lanes[way].put(bytesOf(piece), extraMs, way === 'to_client' ? () => this.recorder.piece(way, piece) : undefined);
  }
}

interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function newSignal(): Signal {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((given) => (resolve = given));
  return { promise, resolve };
}

/**
 * With a reset where the connection is plain: the other end is told that it broke. Never once its end was sent: the runtime would refuse the
 * reset, keep the socket for ever and never exit.
 */
function reset(socket: Socket): void {
  if ('encrypted' in socket || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function lengthOf({ parts }: HttpRead): number {
  return parts.reduce((sum, part) => sum + part.bytes.length, 0);
}

/** Resolves when the socket has room for more, or is gone. */
async function write(socket: Socket | undefined, bytes: Uint8Array): Promise<void> {
  if (socket === undefined || socket.destroyed || !socket.writable || socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
