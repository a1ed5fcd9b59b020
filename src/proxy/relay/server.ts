/**
 * The bundled reference relay: HTTP, WebSocket, sessions, access lists, log, in one process (field guide 6, 7).
 *
 * It says what the real relay says and drops what it drops, but counts every drop. Identity is that of development mode: whoever
 * connects is believed. So it listens on loopback, and answers only requests that name a loopback host and no foreign origin.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { DoctorError } from '../../model/errors.ts';
import { decodeMessage, type Encoding } from '../../protocol/message-codec.ts';
import { isHotlink, type Message } from '../../protocol/message.ts';
import { MAX_MESSAGE_BYTES } from '../../protocol/websocket.ts';
import { Random } from '../random.ts';
import { Blobs } from './blobs.ts';
import type { Access } from './access-log.ts';
import { Connection, typeField, type Log, type Overflow } from './connection.ts';
import { Files } from './files.ts';
import { HttpSide, logRequest, urlOf, userOf } from './http.ts';
import { developmentLine, jsonLine } from './log.ts';
import { placeOf } from './places.ts';
import { Rights } from './rights.ts';
import { SessionTable, type Drop, type RelayBehaviour } from './sessions.ts';
import { Workers, type MessageOrder } from './workers.ts';

const EVENTS_PATH = '/api/v1/events';
/** Version that the relay's first message names. */
const VERSION = '0.5.0-dev';
/** Connections at once; more are refused. */
const MOST_CONNECTIONS = 1000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

export interface RelayOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly behaviour: RelayBehaviour;
  readonly order: MessageOrder;
  /** How often a worker of a shared queue is late, 0–1. */
  readonly overtaking: number;
  /** How late, in milliseconds; 0: a few turns of the event loop. */
  readonly lateMs?: number;
  readonly workers: number;
  readonly overflow?: Overflow;
  readonly seed: number;
  readonly debug: boolean;
  readonly logFormat: 'development' | 'json';
  /** Minutes that the development log's stamps are ahead of UTC. */
  readonly zoneMinutes: number;
  /** Bytes that each queue of a connection may hold. */
  readonly queueBytes?: number;
  /** Takes each line of the log, without newline. */
  readonly writeLine: (line: string) => void;
  /** Takes each access to a file over HTTP. */
  readonly writeAccess?: (access: Access) => void;
  /** Value of the header that names ICE servers; undefined: the TURN address that a real relay makes up. */
  readonly iceServers: string | undefined;
  readonly turn: { readonly user: string; readonly password: string } | undefined;
}

export class Relay {
  readonly drops = new Map<Drop, number>();
  private readonly options: RelayOptions;
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  private readonly connections = new Map<string, Connection>();
  private readonly running = new Set<Promise<void>>();
  private readonly rights = new Rights();
  private readonly files: Files;
  private readonly side: HttpSide;
  private readonly table: SessionTable;
  private readonly workers: Workers;
  private readonly log: Log = (level, at, message, fields) => {
    const { logFormat, zoneMinutes, writeLine } = this.options;
    const now = Date.now();
    const record = { level, at, message, fields };
    writeLine(logFormat === 'json' ? jsonLine(record, now) : developmentLine(record, now + zoneMinutes * 60_000));
  };

  private constructor(options: RelayOptions) {
    this.options = options;
    const { log, rights } = this;
    const blobs = new Blobs();
    const newId = (): string => randomBytes(3).toString('hex');
    const now = (): number => Date.now();
    const version = options.behaviour.name;
    this.files = new Files({ blobs, rights, log, version, now, newId, connections: () => this.connections.values() });
    const accessed = (access: Access): void => options.writeAccess?.(access);
    this.side = new HttpSide({ blobs, rights, log, now, accessed, files: this.files, base: () => this.url });
    const out = {
      send: async (connection: string, message: Message) => (await this.connections.get(connection)?.send(message)) ?? false,
      broadcast: (connection: string, message: Message) => this.connections.get(connection)?.broadcast(message),
      log,
      dropped: (why: Drop) => void this.drops.set(why, (this.drops.get(why) ?? 0) + 1),
      peers: () => [...this.connections.values()].map(({ id, user }) => ({ connection: id, user })),
      may: (user: string, path: string, level: 'read' | 'write') => rights.may(user, path, level),
      newId,
    };
    this.table = new SessionTable(out, { behaviour: options.behaviour, debug: options.debug });
    const { workers, order, overtaking, lateMs = 0, seed } = options;
    const failed = (error: unknown): void =>
      log('ERR', 'server/server.go:230', 'message handler failed', [['error', { error: String(error) }]]);
    this.workers = new Workers({ workers, order, overtaking, lateMs, random: new Random(seed), failed });
    this.http = createServer((request, response) => void this.request(request, response));
    this.http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.upgrade(request, socket, head));
    this.sockets.on('headers', (headers: string[], request: IncomingMessage) => headers.push(...this.upgradeHeaders(request)));
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    try {
      relay.http.listen(options.port, options.host);
      await once(relay.http, 'listening');
    } catch (cause) {
      await relay.workers.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DoctorError('HLD_LIVE_CANNOT_LISTEN', { address: `${options.host}:${options.port}`, reason }, { cause });
    }
    relay.announce();
    return relay;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    const { host } = this.options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  get sessions(): number {
    return this.table.size;
  }

  /** What waits in the queues of each connection. */
  get queued(): readonly { readonly messages: number; readonly bytes: number }[] {
    return [...this.connections.values()].map((connection) => connection.queued);
  }

  /** Says goodbye to everybody, handles what it has, frees the port. */
  async close(): Promise<void> {
    this.http.close();
    await Promise.all([...this.connections.values()].map(async (connection) => connection.close(1000, 'shutdown')));
    await Promise.all(this.running);
    await this.workers.close();
    this.http.closeAllConnections();
  }

  /** Ends at once, as a killed process does: no close frame. */
  async kill(): Promise<void> {
    this.http.close();
    for (const connection of this.connections.values()) connection.cut();
    this.http.closeAllConnections();
    await Promise.all(this.running);
    await this.workers.close();
  }

  private announce(): void {
    const { log } = this;
    log('INF', 'server/main.go:53', 'server config', [
      ['config.http.address', `${this.options.host}:${this.port}`],
      ['config.auth.enabled', { bare: 'false' }],
    ]);
    log('INF', 'server/server.go:88', 'syftbox server start', []);
    log('INF', 'server/server.go:115', 'message handlers start', [['workers', this.options.workers]]);
    log('INF', 'server/server.go:191', 'server start http', [['addr', this.url]]);
    log('INF', placeOf('hub-started', this.options.behaviour.name), 'wshub started', []);
  }

  /** Words of the refusal; undefined when the request may pass. */
  private refusal(request: IncomingMessage): string | undefined {
    const { origin, host = '' } = request.headers;
    if (origin !== undefined) return `origin ${origin.slice(0, 100)}`;
    const name = host.replace(/:\d+$/, '');
    return LOOPBACK.has(name) || name === this.options.host ? undefined : `host ${host.slice(0, 100)}`;
  }

  private async request(request: IncomingMessage, response: import('node:http').ServerResponse): Promise<void> {
    const refusal = this.refusal(request);
    request.on('error', () => response.destroy());
    if (refusal !== undefined) {
      this.log('WRN', 'server/server.go:140', 'request refused', [['reason', refusal]]);
      response.writeHead(403).end();
      return;
    }
    try {
      await this.side.answer(request, response, randomUUID());
    } catch (error) {
      this.log('ERR', 'server/server.go:141', 'request failed', [['error', { error: String(error) }]]);
      response.destroy();
    }
  }

  private upgradeHeaders(request: IncomingMessage): string[] {
    const headers = [`X-Request-Id: ${idOf(request)}`, `Date: ${new Date().toUTCString()}`, `X-Syft-Ws-Encoding: ${encodingFor(request)}`];
    const { behaviour, iceServers, turn } = this.options;
    if (!behaviour.namesParties) return headers;
    const host = (request.headers.host ?? 'localhost').replace(/:\d+$/, '');
    headers.push(`X-Syft-Hotlink-Ice-Servers: ${iceServers ?? `turns:${host}:5349?transport=tcp`}`);
    if (turn !== undefined) headers.push(`X-Syft-Hotlink-Turn-User: ${turn.user}`, `X-Syft-Hotlink-Turn-Pass: ${turn.password}`);
    return headers;
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const startedMs = Date.now();
    const user = userOf(request);
    const refusal = this.refusal(request);
    const status =
      refusal !== undefined
        ? 403
        : urlOf(request).pathname !== EVENTS_PATH
          ? 404
          : user === undefined
            ? 401
            : this.connections.size >= MOST_CONNECTIONS
              ? 503
              : 101;
    const answered = { status, requestId: idOf(request), startedMs, endedMs: Date.now(), bytes: 0 };
    logRequest(this.log, request, answered, status === 401 ? 'invalid email' : undefined);
    socket.on('error', () => socket.destroy());
    if (user === undefined || status !== 101) {
      if (refusal !== undefined) this.log('WRN', 'server/server.go:140', 'request refused', [['reason', refusal]]);
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      const serving = this.serve(ws, user, encodingFor(request), (request.headers['x-syft-version'] ?? '') !== '').finally(() =>
        this.running.delete(serving),
      );
      this.running.add(serving);
    });
  }

  /** One connection from its registration to its end. */
  private async serve(socket: WebSocket, user: string, encoding: Encoding, hasVersion: boolean): Promise<void> {
    const { log } = this;
    const id = randomBytes(4).toString('hex');
    const { overflow, behaviour, queueBytes } = this.options;
    const version = behaviour.name;
    const connection = new Connection({ id, user, encoding, hasVersion, version, socket, log, overflow, queueBytes });
    this.connections.set(id, connection);
    const hub = (what: 'hub-registered' | 'hub-removed'): void =>
      log('DBG', placeOf(what, version), what === 'hub-registered' ? 'wshub registered' : 'wshub removed', [
        ['connId', id],
        ['user', user],
        ['active', this.connections.size],
      ]);
    hub('hub-registered');
    log('DBG', 'ws/ws_client.go:50', 'wsclient start', [['connId', id]]);
    connection.broadcast({ type: 'SYSTEM', id: randomBytes(3).toString('hex'), version: VERSION, message: 'ok' });
    socket.on('message', (data: Buffer) => this.receive(connection, data));
    socket.on('error', (error) =>
      log('WRN', 'ws/ws_client.go:92', 'wsclient reader', [
        ['error', { error: error.message }],
        ['connId', id],
      ]),
    );
    const forwarding = this.forward(connection);
    // Not events.once: an error comes before the close and is no reason to stop here.
    await new Promise((resolve) => socket.once('close', resolve));
    log('DBG', 'ws/ws_client.go:81', 'wsclient reader shutdown', [['connId', id]]);
    await connection.gone();
    log('DBG', 'ws/ws_client.go:118', 'wsclient writer shutdown', [['connId', id]]);
    log('DBG', 'ws/ws_client.go:75', 'wsclient closed', [['connId', id]]);
    this.connections.delete(id);
    hub('hub-removed');
    await forwarding;
  }

  private receive(connection: Connection, data: Buffer): void {
    let reason: string;
    try {
      const message = decodeMessage(data);
      if (message.type !== 'UNKNOWN') return connection.receive(message);
      reason = `unknown message type: ${message.number}`;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    this.log('WRN', 'ws/ws_client.go:99', 'wsclient reader decode', [
      ['error', { error: reason }],
      ['connId', connection.id],
    ]);
  }

  /** From the connection's own queue to the one that all share. */
  private async forward(connection: Connection): Promise<void> {
    for (let message = await connection.next(); message !== undefined; message = await connection.next()) {
      const current = message;
      const taken = (): void =>
        this.log('DBG', 'server/server.go:200', 'server received websocket message', [
          ['msgType', typeField(current)],
          ['msgId', current.id],
          ['connId', connection.id],
          ['from', connection.user],
        ]);
      await this.workers.add({ taken, run: async () => this.handle(current, connection) });
    }
  }

  private async handle(message: Message, from: Connection): Promise<void> {
    if (isHotlink(message)) return this.table.handle(message, { connection: from.id, user: from.user });
    if (message.type === 'FILE_WRITE') return this.files.written(message, from);
    if (message.type === 'ACL_MANIFEST') return this.files.manifest(message, from);
    this.log('INF', placeOf('unhandled', this.options.behaviour.name), 'unhandled message', [['msgType', typeField(message)]]);
  }
}

const IDS = new WeakMap<IncomingMessage, string>();

/** The same in the answer's header and in the log. */
function idOf(request: IncomingMessage): string {
  const id = IDS.get(request) ?? randomUUID();
  IDS.set(request, id);
  return id;
}

/** The first encoding of the client's list that we speak. */
function encodingFor(request: IncomingMessage): Encoding {
  const wished = request.headers['x-syft-ws-encodings'];
  const list = (Array.isArray(wished) ? wished.join(',') : (wished ?? '')).split(',').map((name) => name.trim().toLowerCase());
  return list.find((name): name is Encoding => name === 'msgpack' || name === 'json') ?? 'json';
}
