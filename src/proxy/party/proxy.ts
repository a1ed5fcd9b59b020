/** Markers to listeners, programs' connections to chunks: the TCP side of one manager (field guide 8.3, 8.5). */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { parseMarker } from '../../protocol/marker.ts';
import type { Behaviour } from './behaviour.ts';
import type { ProxyRow } from './counters.ts';
import { keysOf, writerKeys, type ChannelKeys } from './keys.ts';
import { bare, type PartyLevel } from './log.ts';
import type { LocalWriter, Manager, OutboundPath } from './manager.ts';
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
      this.debug(`hotlink tcp proxy: marker=${bare(found.absolute)} ${pair} port=${channel.port} bind=${address}`);
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
    const server = createServer(
      { noDelay: true, highWaterMark: 2 * this.o.behaviour.chunkBytes },
      (socket) => void this.serve(socket, channel, address),
    );
    try {
      server.listen(channel.port, this.o.bindAddress);
      await once(server, 'listening');
      this.servers.add(server);
    } catch (error) {
      this.o.log('ERROR', `hotlink tcp proxy: bind failed ${address}: ${bindError(error as NodeJS.ErrnoException)}`);
    }
  }

  /** One connection of a program: its writer, and its bytes until it stops writing. */
  private async serve(socket: Socket, { keys, from, to }: Channel, address: string): Promise<void> {
    this.sockets.add(socket);
    // An error is followed by the close, which is all that matters here.
    socket.on('error', () => undefined);
    const { canonical, outbound } = keys;
    this.debug(`hotlink tcp proxy: accepted on ${address} for ${bare(canonical)} (outbound=${bare(outbound)})`);
    const writer: LocalWriter = { id: this.writers++, isOpen: true, write: async (bytes) => writeTo(socket, bytes) };
    const flags = this.manager.writers.add(writerKeys(keys), writer);
    this.debug(`hotlink tcp proxy: writer mapped keys ${mappedText(keys, flags, this.o.behaviour)}`);
    const path: OutboundPath = { outbound, canonical, peer: this.o.email === from ? to : from };
    try {
      let { chunkBytes } = this.o.behaviour;
      for await (const data of reads(socket, chunkBytes)) chunkBytes = await this.pump(data, path, chunkBytes);
    } catch {
      // The connection broke: for the program's bytes that is an end like any other.
    }
    for (const key of this.manager.writers.remove(writer)) this.debug(`hotlink tcp writer promoted standby key=${bare(key)}`);
    this.debug(`hotlink tcp proxy: closed channel=${bare(canonical)}`);
    this.sockets.delete(socket);
    socket.destroy();
  }

  /** Sends what one read gave; returns the size of chunks from now on. */
  private async pump(data: Buffer, path: OutboundPath, chunkBytes: number): Promise<number> {
    let size = chunkBytes;
    this.debug(`hotlink tcp proxy: recv bytes=${data.length} channel=${bare(path.canonical)} outbound=${bare(path.outbound)}`);
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
        this.o.log('ERROR', `hotlink tcp proxy: send failed (continuing): ${sent.error}`);
        return size;
      }
      // The same bytes again, under the next number: the number that was taken leaves a hole (F-9).
      size = smaller;
      this.o.log('INFO', `hotlink tcp proxy: reducing send chunk size to ${size} after oversized packet error`);
    }
    return size;
  }

  /** Stops listening and cuts the programs off. */
  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private debug(message: string): void {
    if (this.o.debug) this.o.log('INFO', message);
  }
}

/** What a program wrote, up to so many bytes at once: as much as is there, as a read of a socket gives. */
async function* reads(socket: Socket, most: number): AsyncGenerator<Buffer> {
  let isOver = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  socket.on('readable', () => wake());
  for (const event of ['end', 'close', 'error']) socket.once(event, end);
  for (;;) {
    // Asked for although nothing is there, so that the system is asked too.
    const data = socket.read(Math.min(Math.max(socket.readableLength, 1), most)) as Buffer | null;
    if (data !== null) yield data;
    else if (isOver) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** Resolves when the kernel has the bytes. */
async function writeTo(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

function mappedText(keys: ChannelKeys, flags: readonly boolean[], behaviour: Behaviour): string {
  const some = (key: string | null): string => (key === null ? 'None' : `Some("${bare(key)}")`);
  const head = `channel=${bare(keys.canonical)} local=${some(keys.local)} owner_from=${some(keys.ownerFrom)} owner_to=${some(keys.ownerTo)}`;
  if (!behaviour.standby) return `${head} active=${String(flags.some(Boolean))}`;
  if (keys.peerInbound === null) return `${head} active(channel/local/from/to)=${flags.join('/')}`;
  return `${head} peer_inbound=${some(keys.peerInbound)} active(ch/loc/from/to/peer)=${flags.join('/')}`;
}
