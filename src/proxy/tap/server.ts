/**
 * The tap: listens in front of a relay, passes everything on, decodes what it can, records it, and breaks what it is told to break.
 *
 * It adds no right: the relay behind it decides who may do what. As it stands where a relay stands, it listens on loopback and refuses
 * requests that name another host or come from a web page.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DoctorError } from '../../model/errors.ts';
import type { HttpHead } from '../../protocol/http.ts';
import { CaptureFolder } from './capture.ts';
import { TapConnection, type ConnectionContext } from './connection.ts';
import { FaultSet, isOnLine, SessionEnds } from './fault-set.ts';
import { parseFrameFault, type FrameFault } from './faults.ts';
import { Recorder } from './recorder.ts';
import { Talk } from './talk.ts';

/** Connections at once; more are closed as they come. */
const MOST_CONNECTIONS = 1000;
/** What all connections together may hold before one that asks for more is cut. */
const MOST_HELD_BYTES = 256 * 1024 * 1024;
/** Below this a connection is never asked. */
const SMALL_BYTES = 1024 * 1024;
const DIAL_TIMEOUT_MS = 10_000;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/;

export interface TapOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** `http://host:port` or `https://…`, without a path. */
  readonly relay: string;
  /** Folder for captures; undefined: nothing is recorded. */
  readonly capture: string | undefined;
  readonly maxCaptureBytes: number;
  readonly keepPayload: boolean;
  readonly faults: readonly string[];
  readonly seed: number;
  /** Takes each line for the user. */
  readonly say: (line: string) => void;
}

export class Tap {
  readonly faults: FaultSet;
  private readonly o: TapOptions;
  private readonly server: Server;
  private readonly relay: URL;
  private readonly capture: CaptureFolder | undefined;
  private readonly connections = new Set<TapConnection>();
  private readonly context: ConnectionContext;
  private readonly talk: Talk;
  private accepted = 0;

  private constructor(options: TapOptions) {
    this.o = options;
    this.relay = relayUrl(options.relay);
    this.faults = new FaultSet(options.seed);
    this.talk = new Talk(options.say);
    const { talk } = this;
    this.capture =
      options.capture === undefined
        ? undefined
        : new CaptureFolder({ folder: options.capture, maxBytes: options.maxCaptureBytes, now, say: talk.say });
    this.context = {
      faults: this.faults,
      sessions: new SessionEnds(),
      dial: async () => this.dial(),
      refusal: (head) => this.refusal(head),
      forRelay: (head) => this.forRelay(head),
      say: talk.say,
      mayHold: (bytes) => bytes < SMALL_BYTES || this.heldBytes < MOST_HELD_BYTES,
      cutParty: (party) => this.cut((connection) => connection.party === party),
    };
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
  }

  static async start(options: TapOptions): Promise<Tap> {
    const tap = new Tap(options);
    try {
      for (const text of options.faults) tap.addFault(text);
      tap.server.listen(options.port, options.host);
      await once(tap.server, 'listening');
    } catch (cause) {
      tap.capture?.close();
      if (cause instanceof DoctorError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DoctorError('HLD_LIVE_CANNOT_LISTEN', { address: `${options.host}:${options.port}`, reason }, { cause });
    }
    return tap;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    const { host } = this.o;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** Bytes in memory that were read and not passed on or recorded yet. */
  get heldBytes(): number {
    return [...this.connections].reduce((sum, connection) => sum + connection.heldBytes, this.capture?.heldBytes ?? 0);
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Adds a fault as it is written; throws for one that cannot be read. What strikes at once strikes. */
  addFault(text: string, option?: string): FrameFault {
    const fault = parseFrameFault(text, option);
    if (fault.name !== 'cut' || fault.trigger !== undefined) return this.faults.add(text, option);
    const { where } = fault;
    this.cut(({ party }) => isOnLine(where, party, 'to_relay') || isOnLine(where, party, 'to_client'));
    return fault;
  }

  /** Everything passes again; connections that lost bytes are cut, as their ends would find out. */
  clearFaults(): void {
    this.faults.clear();
    this.cut(({ swallowedBytes }) => swallowedBytes > 0);
  }

  /** Cuts all connections, ends the capture, frees the port. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.cut(() => true);
    await closed;
    this.capture?.close();
    this.talk.close();
  }

  private cut(fits: (connection: TapConnection) => boolean): void {
    for (const connection of this.connections) if (fits(connection)) connection.cut();
  }

  private accept(socket: Socket): void {
    if (this.connections.size >= MOST_CONNECTIONS) {
      this.talk.say('many', `refused: more than ${MOST_CONNECTIONS} connections at once`);
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.accepted++;
    const recorder = new Recorder(this.capture, this.accepted, { keepPayload: this.o.keepPayload, now });
    const connection = new TapConnection(this.context, socket, this.accepted, recorder);
    this.connections.add(connection);
    void connection.run();
    void connection.over.then(() => this.connections.delete(connection));
  }

  private async dial(): Promise<Socket> {
    const { hostname, port, protocol } = this.relay;
    const host = hostname.replace(/^\[|\]$/g, '');
    const isTls = protocol === 'https:';
    const options = { host, port: Number(port === '' ? (isTls ? 443 : 80) : port), allowHalfOpen: true, noDelay: true };
    const socket = isTls ? connectTls({ ...options, servername: host, ALPNProtocols: ['http/1.1'] }) : connect(options);
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw error;
    }
    return socket;
  }

  private refusal({ headers }: HttpHead): string | undefined {
    const origin = headers.get('origin');
    if (origin !== undefined) return `origin ${shown(origin)}`;
    const host = headers.get('host') ?? '';
    const name = host.replace(/:\d+$/, '');
    return LOOPBACK.test(name) || name === this.o.host ? undefined : `host ${shown(host)}`;
  }

  /** A relay elsewhere answers to its own name only. */
  private forRelay(head: Uint8Array): Uint8Array {
    if (LOOPBACK.test(this.relay.hostname)) return head;
    const text = Buffer.from(head).toString('latin1');
    return Buffer.from(text.replace(/(\r\nhost[ \t]*:[ \t]*)[^\r\n]*/i, `$1${this.relay.host}`), 'latin1');
  }
}

/** Seconds since 1970, to the microsecond. */
function now(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1e6;
}

const LONGEST_SHOWN = 100;

function shown(text: string): string {
  return text.slice(0, LONGEST_SHOWN);
}

function relayUrl(text: string): URL {
  const expected = 'an address such as http://127.0.0.1:8080, without a path';
  const refuse = (): DoctorError =>
    new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: 'RELAY_URL', value: withoutUser(text), expected });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse();
  }
  const isPlain = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw refuse();
  return url;
}

/** A password in a link is nobody's business on a terminal. */
function withoutUser(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//***@');
}
