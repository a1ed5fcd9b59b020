/**
 * A party's program: it talks to its peers through the local proxy, as sequre does. One connection per peer; a message is its length
 * in 8 bytes, little end first, then that many bytes, sent one after the other (field guide 1.2).
 */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stream, Streams } from './streams.ts';

const LENGTH_BYTES = 8;
const RETRY_MS = 100;
/** Longest message that is believed. */
const MOST_BYTES = 1024 * 1024 * 1024;

export interface PeerCounts {
  /** Bytes written to the local proxy, lengths included. */
  readonly sent: number;
  /** Bytes read from it. */
  readonly received: number;
}

interface PeerStreams {
  readonly out: Stream;
  readonly in: Stream;
}

class Peer {
  private readonly socket: Socket;
  private readonly out: Stream;
  private readonly in: Stream;
  private parts: Buffer[] = [];
  private available = 0;
  private wake: (() => void) | undefined;
  private isOver = false;

  constructor(socket: Socket, { out, in: into }: PeerStreams) {
    this.socket = socket;
    this.out = out;
    this.in = into;
    const over = (): void => {
      this.isOver = true;
      this.wake?.();
    };
    socket.on('data', (data: Buffer) => {
      this.parts.push(data);
      this.available += data.length;
      this.in.take(data);
      this.wake?.();
    });
    socket.on('end', over);
    socket.on('close', over);
    socket.on('error', over);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.out.give(bytes);
    await new Promise<void>((resolve, reject) => {
      this.socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  async read(length: number, signal: AbortSignal): Promise<Buffer> {
    while (this.available < length) {
      if (this.isOver) throw new Error('the proxy closed the connection');
      if (signal.aborted) throw new Error('gave up');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const all = this.parts.length === 1 ? (this.parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.parts);
    this.parts = all.length > length ? [all.subarray(length)] : [];
    this.available -= length;
    return all.subarray(0, length);
  }

  /** What arrives is left in the socket: the program is busy with something else. */
  stopReading(): void {
    this.socket.pause();
  }

  readAgain(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }
}

export class Program {
  /** What it does now, and for whom it waits. */
  phase = 'start';
  waitingFor: number | null = null;
  private readonly peers = new Map<number, Peer>();
  private readonly me: number;
  private readonly streams: Streams;
  private readonly signal: AbortSignal;
  private isHung = false;

  constructor(me: number, streams: Streams, signal: AbortSignal) {
    this.me = me;
    this.streams = streams;
    this.signal = signal;
    signal.addEventListener('abort', () => this.close(), { once: true });
  }

  counts(peer: number): PeerCounts {
    return { sent: this.streams.between(this.me, peer).sent, received: this.streams.between(peer, this.me).received };
  }

  /** Connects, and tries again until the proxy listens. */
  async connect(peer: number, port: number): Promise<void> {
    for (;;) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      try {
        await once(socket, 'connect', { signal: this.signal });
        this.peers.set(peer, new Peer(socket, { out: this.streams.between(this.me, peer), in: this.streams.between(peer, this.me) }));
        return;
      } catch {
        socket.destroy();
        if (this.signal.aborted) throw new Error(`gave up connecting to port ${port}`);
        await delay(RETRY_MS);
      }
    }
  }

  /** Bytes as they are. */
  async write(peer: number, bytes: Uint8Array): Promise<void> {
    await this.unlessHung();
    await this.peer(peer).write(bytes);
  }

  async read(peer: number, length: number): Promise<Buffer> {
    await this.unlessHung();
    this.waitingFor = peer;
    const bytes = await this.peer(peer).read(length, this.signal);
    this.waitingFor = null;
    return bytes;
  }

  async send(peer: number, message: Uint8Array): Promise<void> {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeBigUInt64LE(BigInt(message.length));
    await this.write(peer, length);
    await this.write(peer, message);
  }

  async receive(peer: number): Promise<Buffer> {
    const length = Number((await this.read(peer, LENGTH_BYTES)).readBigUInt64LE());
    if (length > MOST_BYTES) throw new Error(`a message of ${length} bytes: the stream is out of step`);
    return this.read(peer, length);
  }

  /** From now on it neither sends nor takes anything, with its connections open. */
  hang(): void {
    this.isHung = true;
  }

  private async unlessHung(): Promise<void> {
    if (!this.isHung) return;
    if (!this.signal.aborted) await once(this.signal, 'abort');
    throw new Error('hung on purpose');
  }

  /** Leaves what comes from a peer in the socket until its turn. */
  leave(peer: number): void {
    this.peer(peer).stopReading();
  }

  turnTo(peer: number): void {
    this.peer(peer).readAgain();
  }

  stopReading(): void {
    for (const peer of this.peers.values()) peer.stopReading();
  }

  close(): void {
    for (const peer of this.peers.values()) peer.close();
  }

  private peer(index: number): Peer {
    const peer = this.peers.get(index);
    if (peer === undefined) throw new Error(`no connection to party ${index}`);
    return peer;
  }
}
