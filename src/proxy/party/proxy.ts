/** Markers to listeners, programs' connections to chunks: the TCP side of one manager (field guide 8.3, 8.5). */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseMarker } from '../../protocol/marker.ts';
import type { Behaviour } from './behaviour.ts';
import { chunksOf } from './chunks.ts';
import type { ProxyRow } from './counters.ts';
import { keysOf, writerKeys, type ChannelKeys } from './keys.ts';
import { bare, type PartyLevel } from './log.ts';
import { acceptedText, closedText, mappedText, markerText, receivedText } from './proxy-lines.ts';
import type { LocalWriter } from './delivery.ts';
import type { Manager, OutboundPath } from './manager.ts';
import { halved } from './peer-behaviour.ts';
import { isOversize } from './peers.ts';

/** A marker file that was found. */
export interface FoundMarker {
  readonly absolute: string;
  /** Below `datasites/`. */
  readonly path: string;
  readonly text: string;
}

export interface ProxyOptions {
  readonly email: string;
  readonly behaviour: Behaviour;
  readonly debug: boolean;
  readonly bindAddress: string;
  readonly log: (level: PartyLevel, message: string) => void;
}

/** Between two tries for a port that is taken, and between two lines about it. */
const BIND_PAUSE_MS = 250;
const BIND_WORD_MS = 2000;

interface Channel {
  readonly keys: ChannelKeys;
  readonly port: number;
  readonly from: string;
  readonly to: string;
}

/** What the system says of a bind that failed, in the client's words. */
function bindError(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'Os { code: 98, kind: AddrInUse, message: "Address already in use" }';
  if (error.code === 'EACCES') return 'Os { code: 13, kind: PermissionDenied, message: "Permission denied" }';
  return error.message;
}

export class ProxySide {
  private readonly channels = new Map<string, Channel>();
  private readonly servers = new Set<Server>();
  private readonly sockets = new Set<Socket>();
  private readonly manager: Manager;
  private readonly o: ProxyOptions;
  private writers = 0;
  private isClosed = false;

  constructor(manager: Manager, options: ProxyOptions) {
    this.manager = manager;
    this.o = options;
    manager.proxies = () => this.rows();
  }

  /** Starts a listener for each usable marker whose channel has none; a marker is never read again after that. */
  async discover(markers: readonly FoundMarker[]): Promise<void> {
    for (const found of markers) {
      const directory = found.path.split('/').at(-2) ?? '';
      const marker = parseMarker(found.text, directory, this.o.email);
      const keys = keysOf(found.path, marker, this.o.email, this.o.behaviour);
      if (keys === undefined || marker.problem !== null || marker.localPort === null || this.channels.has(keys.canonical)) continue;
      const channel = { keys, port: marker.localPort, from: marker.from ?? '', to: marker.to ?? '' };
      this.channels.set(keys.canonical, channel);
      this.debug(`hotlink tcp proxy: starting for ${bare(found.absolute)}`);
      const address = `${this.o.bindAddress}:${channel.port}`;
      const pair = `from=${channel.from}(${marker.fromIndex ?? 0}) to=${channel.to}(${marker.toIndex ?? 0})`;
      this.debug(markerText(found, `${pair} port=${channel.port} bind=${address}`, keys, this.o.behaviour));
      await this.listen(channel, address);
    }
  }

  private rows(): ProxyRow[] {
    return [...this.channels.values()].map(({ keys, port, from, to }) => ({
      port,
      from,
      to,
      connected: this.manager.writers.get(keys.canonical) !== undefined,
    }));
  }

  private async listen(channel: Channel, address: string): Promise<void> {
    const { bindRetryMs } = this.o.behaviour;
    const bind = async (): Promise<string | undefined> => {
      const options = { noDelay: true, highWaterMark: 2 * this.o.behaviour.chunkBytes };
      const server = createServer(options, (socket) => void this.serve(socket, channel, address));
      try {
        server.listen(channel.port, this.o.bindAddress);
        await once(server, 'listening');
        if (this.isClosed) server.close();
        this.servers.add(server);
        return undefined;
      } catch (error) {
        return bindError(error as NodeJS.ErrnoException);
      }
    };
    const problem = await bind();
    if (problem === undefined) return;
    if (bindRetryMs === 0) return this.o.log('ERROR', `hotlink tcp proxy: bind failed ${address}: ${problem}`);
    void this.bindAgain(bind, address, problem).then((bound) => bound || this.channels.delete(channel.keys.canonical));
  }

  /** Tries a port that is taken again and again, beside the other channels; false: gave up, so that the marker is looked for again. */
  private async bindAgain(bind: () => Promise<string | undefined>, address: string, first: string): Promise<boolean> {
    const { bindRetryMs } = this.o.behaviour;
    let problem: string | undefined = first;
    for (let waited = 0; waited < bindRetryMs && !this.isClosed; waited += BIND_PAUSE_MS) {
      if (this.o.debug || waited % BIND_WORD_MS === 0) this.o.log('INFO', `hotlink tcp proxy: bind retry ${address}: ${problem}`);
      await delay(BIND_PAUSE_MS, undefined, { ref: false });
      problem = await bind();
      if (problem === undefined) return true;
    }
    const seconds = Math.floor(bindRetryMs / 1000);
    this.o.log('ERROR', `hotlink tcp proxy: bind timeout ${address} after ${seconds}s: ${problem}`);
    return false;
  }

  /** One connection of a program: its writer, and its bytes until it stops writing. */
  private async serve(socket: Socket, { keys, from, to }: Channel, address: string): Promise<void> {
    this.sockets.add(socket);
    // An error is followed by the close, which is all that matters here.
    socket.on('error', () => undefined);
    const { behaviour } = this.o;
    const { writers } = this.manager;
    const { canonical, outbound } = keys;
    this.debug(acceptedText(address, keys, behaviour));
    const writer: LocalWriter = { id: this.writers++, isOpen: true, write: async (bytes) => writeTo(socket, bytes) };
    const flags = writers.add(writerKeys(keys, behaviour), writer);
    this.debug(mappedText(keys, flags, writers.keys, behaviour));
    const path: OutboundPath = { outbound, canonical, peer: this.o.email === from ? to : from };
    try {
      let { chunkBytes } = behaviour;
      for await (const data of chunksOf(socket, chunkBytes, behaviour.burstMs)) {
        this.debug(receivedText(data.length, keys, behaviour));
        const next = await this.pump(data, path, chunkBytes);
        if (next === 'stop') break;
        chunkBytes = next;
      }
    } catch {
      // The connection broke: for the program's bytes that is an end like any other.
    }
    const left = writers.keys;
    for (const key of writers.remove(writer)) this.debug(`hotlink tcp writer promoted standby key=${bare(key)}`);
    this.debug(closedText(keys, left, behaviour));
    this.sockets.delete(socket);
    socket.destroy();
  }

  /** Sends what one read gave; returns the size of chunks from now on. */
  private async pump(data: Buffer, path: OutboundPath, chunkBytes: number): Promise<number | 'stop'> {
    let size = chunkBytes;
    for (let at = 0; at < data.length;) {
      const chunk = data.subarray(at, at + size);
      const sent = await this.manager.sendChunk(path, chunk);
      if (sent.ok) {
        at += chunk.length;
        continue;
      }
      const smaller = this.o.behaviour.peers.halves && isOversize(sent.error) ? halved(size) : undefined;
      if (smaller === undefined) {
        // The rest of what was read goes with it, in no counter.
        const stops = this.o.behaviour.sendFailure === 'stop';
        this.o.log('ERROR', `hotlink tcp proxy: send failed${stops ? '' : ' (continuing)'}: ${sent.error}`);
        return stops ? 'stop' : size;
      }
      // The same bytes again, under the next number: the number that was taken leaves a hole (F-9).
      size = smaller;
      this.o.log('INFO', `hotlink tcp proxy: reducing send chunk size to ${size} after oversized packet error`);
    }
    return size;
  }

  /** Stops listening and cuts the programs off. */
  close(): void {
    this.isClosed = true;
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private debug(message: string): void {
    if (this.o.debug) this.o.log('INFO', message);
  }
}

/** Resolves when the kernel has the bytes. */
async function writeTo(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
