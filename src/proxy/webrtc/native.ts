/**
 * The only file that touches `node-datachannel`, which is optional: it is loaded when a party wants peer to peer.
 *
 * The library calls back from its own threads. An exception in a callback would abort the process, an object that nobody holds
 * would lose its callbacks, and its threads keep the process alive until `close`.
 */
import type { DataChannel, PeerConnection } from 'node-datachannel';
import { LABEL, MESSAGE_LIMIT, OVERSIZE, type Peer, type PeerEvents, type PeerStack } from './peer.ts';

/** Channels that parties of ours create carry it; a real client's are empty, and it does not look. */
const PROTOCOL = 'hotlink-doctor';
/** All peers of a stack are on this machine. */
const ADDRESS = '127.0.0.1';
/** Loopback takes large packets: nearly twice the throughput of the default. From 5000 on nothing is delivered. */
const PACKET_BYTES = 4096;
/** Both ends have one media section, and this is its name. Real clients leave it empty and count sections. */
const SECTION = '0';

/**
 * How long an answerer keeps the offerer's candidates to itself. If it used them at once, it could be connected first and begin DTLS with
 * somebody who is not: nine of ten connections then took a second longer. Its own candidates are enough on one machine.
 */
const HOLD_MS = 300;

type Library = typeof import('node-datachannel');

/** Throws when the library is not installed or has no binary for this machine. */
export async function loadNative(): Promise<PeerStack> {
  const library = await import('node-datachannel');
  const peers = new Set<NativePeer>();
  return {
    name: `libdatachannel ${library.getLibraryVersion()}`,
    create: (events) => {
      const peer = new NativePeer(library, events, () => peers.delete(peer));
      peers.add(peer);
      return peer;
    },
    close: () => {
      for (const peer of peers) peer.close();
      library.cleanup();
    },
  };
}

class NativePeer implements Peer {
  private readonly connection: PeerConnection;
  private readonly events: PeerEvents;
  private readonly gone: () => void;
  private channel: DataChannel | undefined;
  private early: string[] | undefined = [];
  private timer: NodeJS.Timeout | undefined;
  private isOpen = false;
  private isClosed = false;

  constructor(library: Library, events: PeerEvents, gone: () => void) {
    this.events = events;
    this.gone = gone;
    this.connection = new library.PeerConnection('party', {
      iceServers: [],
      bindAddress: ADDRESS,
      mtu: PACKET_BYTES,
      maxMessageSize: MESSAGE_LIMIT,
    });
    const { connection } = this;
    connection.onLocalDescription((sdp, type) => this.guard(() => events.described(sdp, type === 'offer' ? 'offer' : 'answer')));
    connection.onLocalCandidate((line) => this.guard(() => events.candidate(line.replace(/^a=/, ''))));
    connection.onStateChange((state) => this.guard(() => void ((state === 'failed' || state === 'closed') && this.ended())));
    connection.onDataChannel((channel) =>
      this.guard(() => {
        if (this.channel !== undefined) return;
        events.received(channel.getLabel(), channel.getProtocol() === PROTOCOL);
        this.use(channel);
      }),
    );
  }

  readonly offer = (): void => this.use(this.connection.createDataChannel(LABEL, { protocol: PROTOCOL }));

  readonly remote = (sdp: string, type: 'offer' | 'answer'): void => {
    this.connection.setRemoteDescription(sdp, type);
    if (type === 'answer') this.useCandidates();
    else this.timer = setTimeout(() => this.useCandidates(), HOLD_MS).unref();
  };

  readonly candidate = (candidate: string): void => {
    if (this.early !== undefined) this.early.push(candidate);
    else if (!this.isClosed) this.connection.addRemoteCandidate(candidate, SECTION);
  };

  private useCandidates(): void {
    const waiting = this.early ?? [];
    this.early = undefined;
    if (this.isOpen) return;
    for (const candidate of waiting) {
      try {
        this.candidate(candidate);
      } catch {
        // One that the library does not take; others may do.
      }
    }
  }

  readonly send = (bytes: Uint8Array): void => {
    if (bytes.length > MESSAGE_LIMIT) throw new Error(OVERSIZE);
    if (this.channel === undefined || !this.isOpen || this.isClosed) throw new Error('data channel is not open');
    this.channel.sendMessageBinary(bytes);
  };

  readonly buffered = (): number => (this.isClosed ? 0 : (this.channel?.bufferedAmount() ?? 0));

  readonly close = (): void => {
    this.gone();
    clearTimeout(this.timer);
    this.isClosed = true;
    try {
      // What is queued goes out first; closing the connection at once would drop it.
      this.channel?.close();
      this.connection.close();
    } catch {
      // Closed by the other side at this moment.
    }
  };

  private use(channel: DataChannel): void {
    this.channel = channel;
    channel.onOpen(() => this.guard(() => this.opened()));
    channel.onMessage((data) => this.guard(() => this.events.message(bytesOf(data))));
    channel.onClosed(() => this.guard(() => this.ended()));
    channel.onError(() => this.guard(() => this.ended()));
    if (channel.isOpen()) this.opened();
  }

  private opened(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.events.open();
  }

  private ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.events.closed();
  }

  /** An exception may not leave a callback of the library; outside of it, it is one like any other. */
  private guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}

function bytesOf(data: string | Buffer | ArrayBuffer): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
