/** A bare client of the relay for tests: a real WebSocket that says exactly what a test tells it. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage, type Encoding } from '../../src/protocol/message-codec.ts';
import type { Message } from '../../src/protocol/message.ts';
import { Relay, type RelayOptions } from '../../src/proxy/relay/server.ts';
import { RELAYS } from '../../src/proxy/relay/sessions.ts';

/** How long a test waits for what must come. */
const PATIENCE_MS = 15_000;

export class WireClient {
  readonly received: Message[] = [];
  readonly socket: WebSocket;
  readonly user: string;
  private readonly encoding: Encoding;
  private readonly waiting: (() => void)[] = [];

  private constructor(socket: WebSocket, user: string, encoding: Encoding) {
    this.socket = socket;
    this.user = user;
    this.encoding = encoding;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      this.received.push(decodeMessage(data));
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  static async connect(relay: { readonly url: string }, user: string, encoding: Encoding = 'msgpack'): Promise<WireClient> {
    const url = `${relay.url.replace('http', 'ws')}/api/v1/events?user=${encodeURIComponent(user)}`;
    const socket = new WebSocket(url, { headers: { 'x-syft-ws-encodings': encoding }, perMessageDeflate: false });
    const client = new WireClient(socket, user, encoding);
    await once(socket, 'open');
    await client.until((m) => m.type === 'SYSTEM');
    return client;
  }

  say(message: Message): void {
    this.socket.send(encodeMessage(message, this.encoding), { binary: this.encoding === 'msgpack' });
  }

  /** Waits for a message that fits, among those that came already too. */
  async until(fits: (message: Message) => boolean, what = 'a message'): Promise<Message> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.received.find(fits);
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`${this.user} waits for ${what}; it has ${this.received.map((m) => m.type).join(', ')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  hotlink(): readonly Message[] {
    return this.received.filter((m) => m.type.startsWith('HOTLINK_'));
  }

  close(): void {
    this.socket.terminate();
  }
}

export interface StartedRelay {
  readonly relay: Relay;
  /** Its log, colours removed. */
  readonly lines: readonly string[];
  /** Waits until a line of the log fits. */
  readonly logged: (pattern: RegExp, times?: number) => Promise<void>;
}

export async function startRelay(options: Partial<RelayOptions> = {}): Promise<StartedRelay> {
  const lines: string[] = [];
  const relay = await Relay.start({
    host: '127.0.0.1',
    port: 0,
    behaviour: RELAYS.S2,
    order: 'connection',
    overtaking: 0,
    workers: 2,
    seed: 1,
    debug: false,
    logFormat: 'development',
    zoneMinutes: 600,
    iceServers: undefined,
    turn: undefined,
    ...options,
    writeLine: (line) => {
      options.writeLine?.(line);
      lines.push(line.replaceAll(/\x1b\[[0-9;]*m/g, ''));
    },
  });
  const logged = async (pattern: RegExp, times = 1): Promise<void> => {
    const end = Date.now() + PATIENCE_MS;
    while (lines.filter((line) => pattern.test(line)).length < times) {
      if (Date.now() > end) throw new Error(`the relay's log never had ${String(pattern)} ${times} times`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return { relay, lines, logged };
}
