/** Markers to listeners, programs' connections to chunks: the TCP side of one manager (field guide 8.3, 8.5). */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { parseMarker } from '../../protocol/marker.ts';
import type { Behaviour } from './behaviour.ts';
import type { ProxyRow } from './counters.ts';
import { keysOf, writerKeys, type ChannelKeys } from './keys.ts';
import { bare, type PartyLevel } from './log.ts';
import type { LocalWriter, Manager, OutboundPath } from './manager.ts';

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
    const server = createServer({ noDelay: true }, (socket) => void this.serve(socket, channel, address));
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
      for await (const data of socket as AsyncIterable<Buffer>) await this.pump(data, path);
    } catch {
      // The connection broke: for the program's bytes that is an end like any other.
    }
    for (const key of this.manager.writers.remove(writer)) this.debug(`hotlink tcp writer promoted standby key=${bare(key)}`);
    this.debug(`hotlink tcp proxy: closed channel=${bare(canonical)}`);
    this.sockets.delete(socket);
    socket.destroy();
  }

  private async pump(data: Buffer, path: OutboundPath): Promise<void> {
    const { chunkBytes } = this.o.behaviour;
    for (let at = 0; at < data.length; at += chunkBytes) {
      const chunk = data.subarray(at, at + chunkBytes);
      this.debug(`hotlink tcp proxy: recv bytes=${chunk.length} channel=${bare(path.canonical)} outbound=${bare(path.outbound)}`);
      const sent = await this.manager.sendChunk(path, chunk);
      // The rest of what was read goes with it, in no counter.
      if (!sent.ok) return this.o.log('ERROR', `hotlink tcp proxy: send failed (continuing): ${sent.error}`);
    }
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
