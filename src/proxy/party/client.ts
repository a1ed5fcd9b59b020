/**
 * A party: one client with its log, its telemetry, its listeners and its connection to the relay (field guide 8).
 *
 * It lives in a folder of the sandbox as the real client does, and writes the files that the real client writes.
 */
import { randomBytes, randomUUID, createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage, type Encoding } from '../../protocol/message-codec.ts';
import type { Message } from '../../protocol/message.ts';
import { MAX_MESSAGE_BYTES } from '../../protocol/websocket.ts';
import { BoundedQueue } from '../relay/queue.ts';
import type { PeerStack } from '../webrtc/peer.ts';
import type { Behaviour } from './behaviour.ts';
import { PartyFolder } from './files.ts';
import { bare, escapeText } from './log.ts';
import { PartyLog, type LogOptions } from './log-output.ts';
import { Manager } from './manager.ts';
import { ProxySide } from './proxy.ts';

const DISCOVERY_MS = 250;
const SYNC_MS = 104;
const HEALTH_MS = 5000;
/** At most one flush in this time for things that move. */
const FLUSH_LEAST_MS = 1000;
/** A kept manager looks so often for a new connection. */
const RETRY_MS = 20;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MOST_MS = 5000;
/** Messages waiting for the relay; senders wait behind them. */
const OUTBOUND_QUEUE = 256;
/** Messages waiting to be handled before the socket is no longer read. */
const INBOUND_HIGH = 64;
const LOOPBACK = /^ws:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/;
const AGENT = 'syftbox-rs/0.1';

export interface PartyOptions {
  readonly email: string;
  /** Folder of the party in the sandbox. */
  readonly home: string;
  readonly relay: string;
  readonly behaviour: Behaviour;
  readonly debug: boolean;
  readonly strict: boolean;
  readonly p2pOnly: boolean;
  readonly hotlink: boolean;
  readonly bindAddress: string;
  /** Small messages to the relay wait for the acknowledgement of the one before, as those of the real client do (F-31). */
  readonly nagle: boolean;
  /** For peer to peer, as a client whose own environment names ICE servers; undefined: one that depends on the relay's, and fails. */
  readonly stack: PeerStack | undefined;
  readonly log: LogOptions;
}

/** One connection to the relay and the manager that came with it. */
interface Line {
  readonly socket: WebSocket;
  readonly outgoing: BoundedQueue<Message>;
  readonly encoding: Encoding;
  manager: Manager | undefined;
}

export class Party {
  private readonly o: PartyOptions;
  private readonly folder: PartyFolder;
  private readonly log: PartyLog;
  private readonly stop = new AbortController();
  private readonly sides = new Set<ProxySide>();
  private readonly loops: Promise<void>[] = [];
  private readonly sentAcls = new Map<string, string>();
  private readonly acknowledgements = new Map<string, string>();
  private line: Line | undefined;
  /** Where a reconnect keeps it. */
  private kept: Manager | undefined;
  private readonly unsent: Message[] = [];
  private hasServerIce = false;

  constructor(options: PartyOptions) {
    this.o = options;
    // Every wait of every manager listens for the end.
    setMaxListeners(0, this.stop.signal);
    this.folder = new PartyFolder(options.home, options.email);
    this.log = new PartyLog(options.home, options.log);
  }

  start(): void {
    const { email, home, relay } = this.o;
    const config = { data_dir: home, email, server_url: relay, client_url: '', client_token: randomBytes(16).toString('hex') };
    this.folder.writeConfig(config);
    this.log.write(
      'INFO',
      `daemon start version=0.1.0 config=${bare(`${home}/.syftbox/config.json`)} log=${bare(`${home}/.syftbox/logs/syftbox.log`)}`,
    );
    this.loops.push(
      this.connectForEver(),
      this.every(SYNC_MS, async () => this.sync()),
      this.every(HEALTH_MS, async () => this.health()),
    );
  }

  /** Ends and lets go of every port and file. */
  async close(): Promise<void> {
    this.stop.abort();
    this.line?.socket.close(1000);
    this.cutLine();
    for (const side of this.sides) side.close();
    this.o.stack?.close();
    await Promise.allSettled(this.loops);
    await this.log.close();
  }

  /** Cuts the connection to the relay, as a lost network does that says so. */
  cutLine(): void {
    this.line?.socket.terminate();
  }

  private get isOver(): boolean {
    return this.stop.signal.aborted;
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }

  private async every(ms: number, act: () => Promise<void>): Promise<void> {
    while (!this.isOver) {
      await act();
      await this.pause(ms);
    }
  }

  // ---- the WebSocket

  private async connectForEver(): Promise<void> {
    let backoff = BACKOFF_FIRST_MS;
    while (!this.isOver) {
      try {
        const line = await this.connect();
        backoff = BACKOFF_FIRST_MS;
        await this.listen(line);
        if (!this.isOver) this.log.write('INFO', 'ws disconnected; reconnecting');
      } catch (error) {
        if (this.isOver) return;
        this.log.write('ERROR', `ws connect error: ${connectError(error)}`);
        await this.pause(backoff);
        backoff = Math.min(backoff * 2, BACKOFF_MOST_MS);
      }
    }
  }

  private async connect(): Promise<Line> {
    const url = `${this.o.relay.replace(/^http/, 'ws')}/api/v1/events?user=${encodeURIComponent(this.o.email)}`;
    const headers = { 'x-syft-ws-encodings': 'msgpack,json' };
    // A mask protects what stands between; on one machine nothing does, and masking is most of what sending costs.
    const mask = LOOPBACK.test(url) ? { generateMask: (bytes: Buffer) => void bytes.fill(0) } : {};
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, ...mask });
    let encoding: Encoding = 'json';
    let raw: Socket | undefined;
    // In the order in which the real client handles them: headers first, then everything that is read.
    const early: Buffer[] = [];
    const keep = (data: Buffer): void => void early.push(data);
    socket.on('message', keep);
    await new Promise<void>((resolve, reject) => {
      socket.once('upgrade', (response) => {
        raw = response.socket;
        encoding = response.headers['x-syft-ws-encoding'] === 'msgpack' ? 'msgpack' : 'json';
        const ice = response.headers['x-syft-hotlink-ice-servers'];
        if (this.o.stack === undefined && this.o.behaviour.serverIce && typeof ice === 'string' && !this.hasServerIce) {
          this.hasServerIce = ice.includes('turn');
          this.log.write('INFO', `hotlink ICE servers from server: ${bare(ice)}`);
        }
      });
      socket.once('open', resolve);
      socket.once('error', reject);
      if (this.isOver) reject(new Error('over'));
    });
    if (this.isOver) {
      socket.on('error', () => undefined);
      socket.terminate();
      throw new Error('over');
    }
    // The library has turned the delay off by now.
    if (this.o.nagle) raw?.setNoDelay(false);
    socket.on('error', () => undefined);
    const line: Line = { socket, outgoing: new BoundedQueue(OUTBOUND_QUEUE), encoding, manager: undefined };
    this.line = line;
    if (this.o.hotlink) await this.takeManager(line);
    socket.off('message', keep);
    this.read(line, early);
    this.loops.push(this.write(line));
    return line;
  }

  private async takeManager(line: Line): Promise<void> {
    if (this.kept === undefined) return this.newManager(line);
    line.manager = this.kept;
    for (const message of this.unsent.splice(0)) await line.outgoing.put(message);
    await this.kept.resume();
  }

  /** Over the connection that there is, or the next one. */
  private async sendKept(message: Message): Promise<boolean> {
    while (!this.isOver) {
      if ((await this.line?.outgoing.put(message)) === true) return true;
      await this.pause(RETRY_MS);
    }
    return false;
  }

  private newManager(line: Line): void {
    const { email, behaviour, debug, strict, p2pOnly, bindAddress, stack } = this.o;
    const log = this.log.write;
    let flushedMs = 0;
    const flush = (): void => {
      flushedMs = Date.now();
      const live = manager.live();
      this.folder.writeTelemetry(manager.counters.json(live, flushedMs));
      if (behaviour.quic === 'none') log('INFO', manager.counters.summary(live));
    };
    const manager = new Manager({
      email,
      behaviour,
      debug,
      strict,
      p2pOnly,
      encoding: line.encoding,
      noCredentials: this.hasServerIce,
      stack,
      send: async (message) => (behaviour.reconnect === 'keep' ? this.sendKept(message) : line.outgoing.put(message)),
      log,
      decoded: (message) => this.log.decoded(message, behaviour),
      ensureDirectory: (path) => this.folder.ensureDirectory(path),
      moved: () => void (Date.now() - flushedMs >= FLUSH_LEAST_MS && flush()),
      now: () => Date.now(),
      signal: this.stop.signal,
    });
    log('INFO', greeting(behaviour));
    flush();
    flush();
    line.manager = manager;
    if (behaviour.reconnect === 'keep') this.kept = manager;
    const side = new ProxySide(manager, { email, behaviour, debug, bindAddress, log });
    this.sides.add(side);
    // An older manager keeps looking and flushing, as the real one does (F-18).
    this.loops.push(this.every(DISCOVERY_MS, async () => side.discover(this.folder.look().markers)));
    const { flushMs } = behaviour;
    if (flushMs > 0) this.loops.push(this.pause(flushMs).then(async () => this.every(flushMs, async () => flush())));
  }

  /** Takes messages off the socket into a queue; the socket is not read while the queue is long. */
  private read(line: Line, early: readonly Buffer[]): void {
    const { socket } = line;
    const waiting = new BoundedQueue<Buffer>(Number.MAX_SAFE_INTEGER);
    for (const data of early) waiting.offer(data);
    socket.on('message', (data: Buffer) => {
      waiting.offer(data);
      if (waiting.length > INBOUND_HIGH) socket.pause();
    });
    socket.on('close', () => waiting.close());
    const handle = async (): Promise<void> => {
      for (let data = await waiting.take(); data !== undefined && !this.isOver; data = await waiting.take()) {
        if (waiting.length <= INBOUND_HIGH && socket.isPaused) socket.resume();
        await this.handle(line, data);
      }
    };
    this.loops.push(handle().catch(() => undefined));
  }

  private async handle(line: Line, data: Buffer): Promise<void> {
    let message: Message;
    try {
      message = decodeMessage(data);
    } catch (error) {
      this.log.write('ERROR', `ws decode error: ${escapeText(error instanceof Error ? error.message : String(error))}`);
      return;
    }
    if (message.type === 'FILE_WRITE') this.folder.keep(message.path, message.content ?? new Uint8Array());
    if (message.type === 'ACK') this.acknowledged(message.originalId);
    await line.manager?.receive(message);
  }

  private async write(line: Line): Promise<void> {
    for (let message = await line.outgoing.take(); message !== undefined; message = await line.outgoing.take()) {
      const isOpen = line.socket.readyState === WebSocket.OPEN;
      const problem = isOpen ? await this.send(line, message) : new Error('closed');
      if (problem !== undefined && this.kept !== undefined) this.unsent.push(message);
    }
  }

  private async send({ socket, encoding }: Line, message: Message): Promise<Error | undefined> {
    const bytes = encodeMessage(message, encoding);
    return new Promise((resolve) => socket.send(bytes, { binary: encoding === 'msgpack' }, (error) => resolve(error ?? undefined)));
  }

  /** Resolves when the connection is gone. */
  private async listen(line: Line): Promise<void> {
    await new Promise<void>((resolve) => {
      if (line.socket.readyState === WebSocket.CLOSED) resolve();
      line.socket.once('close', () => resolve());
    });
    line.outgoing.close();
    if (this.line === line) this.line = undefined;
  }

  // ---- HTTP and files

  private async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const separator = path.includes('?') ? '&' : '?';
    const url = `${this.o.relay}${path}${separator}user=${encodeURIComponent(this.o.email)}`;
    return fetch(url, { ...init, headers: { 'user-agent': AGENT }, signal: this.stop.signal });
  }

  /** A pass of file sync: the heartbeat of the HTTP path, and the moment at which new access lists are sent. */
  private async sync(): Promise<void> {
    try {
      const answer = await this.ask('/api/v1/datasite/view');
      const body = (await answer.json()) as { files?: unknown[] };
      const n = body.files?.length ?? 0;
      this.log.write('INFO', `scan_remote: server returned ${n} files, ignored=0, filtered=0, kept=${n}`);
      this.log.write('INFO', `sync reconcile start: local_count=${n} remote_count=${n} journal_count=${n} all_keys=${n}`);
      this.log.write('INFO', 'sync actions: uploads=0 downloads=0 remote_deletes=0 local_deletes=0 conflicts=0');
      await this.sendAcls();
    } catch (error) {
      if (!this.isOver) this.log.write('ERROR', `sync error: ${syncError(error)}`);
    }
  }

  private async sendAcls(): Promise<void> {
    const { line } = this;
    if (line === undefined) return;
    for (const { path, text } of this.folder.look().acls) {
      if (this.sentAcls.get(path) === text) continue;
      this.sentAcls.set(path, text);
      const content = Buffer.from(text);
      const id = randomUUID();
      this.acknowledgements.set(id, path);
      this.log.write('INFO', `priority send attempting path=${bare(path)} size=${content.length} is_acl=true`);
      const etag = createHash('md5').update(content).digest('hex');
      await line.outgoing.put({ type: 'FILE_WRITE', id, path, etag, length: content.length, content });
    }
  }

  private acknowledged(id: string): void {
    const path = this.acknowledgements.get(id);
    if (path === undefined) return;
    this.acknowledgements.delete(id);
    this.log.write('INFO', `priority send SUCCESS path=${bare(path)} is_acl=true`);
  }

  private async health(): Promise<void> {
    try {
      await this.ask('/healthz');
      const telemetry = this.folder.readTelemetry();
      if (telemetry === '') return;
      const form = new FormData();
      form.set('file', new Blob([telemetry]), 'hotlink_telemetry.json');
      await this.ask(`/api/v1/blob/upload?key=${encodeURIComponent(this.folder.telemetryKey)}`, { method: 'PUT', body: form });
    } catch {
      // The sync pass says what is wrong with the line, ten times a second.
    }
  }
}

/** First line of a new manager. */
function greeting({ quic }: Behaviour): string {
  if (quic === 'none') return 'hotlink enabled: webrtc p2p + ws fallback + tcp proxy';
  return `hotlink config: socket_only=true quic_enabled=${String(quic === 'fails')} quic_only=false tcp_proxy=true`;
}

function connectError(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'Io(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })';
  if (code === 'ECONNRESET') return 'Io(Os { code: 104, kind: ConnectionReset, message: "Connection reset by peer" })';
  return escapeText(message);
}

function syncError(error: unknown): string {
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return escapeText(cause?.message ?? (error instanceof Error ? error.message : String(error)));
}
