/**
 * QUIC as a client of E1 tries it, on a network that lets no datagram through: the acceptor offers an address, the opener dials it in
 * vain, both stay on the WebSocket (field guide 4.5, 8.2). The lines and signals are those of the real client; no QUIC is spoken.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import type { Message, SignalMessage } from '../../protocol/message.ts';
import { bare, escapeText, type PartyLevel } from './log.ts';

const ACCEPT_WAIT_MS = 2500;
const DIAL_MS = 1500;
const DIAL_ERROR = 'timed out';

export interface QuicOptions {
  readonly send: (message: Message) => Promise<boolean>;
  readonly log: (level: PartyLevel, message: string) => void;
  /** Lets time pass, or throws when the client ends. */
  readonly pause: (ms: number) => Promise<void>;
  readonly offered: () => void;
  readonly answeredWithError: () => void;
}

export class FailingQuic {
  private readonly o: QuicOptions;
  private readonly answered = new Set<string>();

  constructor(options: QuicOptions) {
    this.o = options;
  }

  /** The acceptor's part, beside everything else; ends when the client does. */
  offer(session: string): void {
    void this.negotiate(session).catch(() => undefined);
  }

  /** A signal of the peer; the rest of the read loop goes on meanwhile. */
  signal(message: SignalMessage): void {
    const addresses = `[${(message.addresses ?? []).map((address) => `"${escapeText(address)}"`).join(', ')}]`;
    const sid = bare(message.session);
    if (message.kind === 'quic_offer') {
      this.o.log('INFO', `hotlink quic offer received: session=${sid} addrs=${addresses}`);
      void this.dial(message.session).catch(() => undefined);
    }
    if (message.kind !== 'quic_answer') return;
    const error = escapeText(message.error ?? '');
    this.answered.add(message.session);
    this.o.log('INFO', `hotlink quic answer received: session=${sid} addrs=${addresses} error=${error}`);
    this.o.log('INFO', `hotlink quic answer error, ws fallback: session=${sid} error=${error}`);
    this.o.answeredWithError();
  }

  private async negotiate(session: string): Promise<void> {
    const { log, send, pause, offered } = this.o;
    const sid = bare(session);
    log('INFO', `hotlink quic offer starting: session=${sid}`);
    const socket = createSocket('udp4');
    try {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const address = `127.0.0.1:${socket.address().port}`;
      await send(signal(session, 'quic_offer', [address], ''));
      log('INFO', `hotlink quic offer sent: session=${sid} addrs=["${address}"]`);
      offered();
      log('INFO', `hotlink quic accept waiting: session=${sid}`);
      await pause(ACCEPT_WAIT_MS);
      if (!this.answered.has(session)) log('INFO', `hotlink quic accept timeout, ws fallback: session=${sid}`);
    } finally {
      socket.close();
    }
  }

  private async dial(session: string): Promise<void> {
    const { log, send, pause } = this.o;
    await pause(DIAL_MS);
    const sid = bare(session);
    log('INFO', `hotlink quic dial failed, ws fallback: session=${sid} error=${DIAL_ERROR}`);
    await send(signal(session, 'quic_answer', [], DIAL_ERROR));
    log('INFO', `hotlink quic answer sent: session=${sid} error=${DIAL_ERROR}`);
  }
}

function signal(session: string, kind: string, addresses: string[], error: string): SignalMessage {
  return { type: 'HOTLINK_SIGNAL', id: randomUUID(), session, kind, addresses, token: '', error };
}
