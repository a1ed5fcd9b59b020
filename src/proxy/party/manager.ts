/**
 * One manager of sessions: everything that a client knows between one connection to the relay and the next (field guide 8.6–8.8).
 *
 * As in the real client a new connection means a new manager with empty tables, while the old one keeps its listeners and its
 * programs and sends into a queue that is dead. Frames are received one after the other: a frame without a writer holds up all else.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { PeerStack } from '../webrtc/peer.ts';
import type { DataMessage, EndMessage, Message, OpenMessage } from '../../protocol/message.ts';
import type { Behaviour } from './behaviour.ts';
import { Counters, type Live, type ProxyRow, type SessionRow } from './counters.ts';
import { parentOf } from './keys.ts';
import { bare, type PartyLevel } from './log.ts';
import { Peers } from './peers.ts';
import { Reorder } from './reorder.ts';
import { WriterMap, type Writer } from './writers.ts';

const WRITER_POLL_MS = 250;
const ADOPT_POLL_MS = 100;
const PROXY_PATH = /stream\.tcp\.request$/;
const QUEUE_CLOSED = 'ws send queue closed\n\nCaused by:\n    channel closed';

/** A program's connection, as frames are written to it. */
export interface LocalWriter extends Writer {
  /** Resolves when the kernel took the bytes; rejects with the error's words. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

export interface ManagerOptions {
  readonly email: string;
  readonly behaviour: Behaviour;
  readonly debug: boolean;
  readonly strict: boolean;
  readonly p2pOnly: boolean;
  readonly encoding: string;
  /** The relay's header says TURN and there are no credentials: no peer connection can be built. */
  readonly noCredentials: boolean;
  /** Builds peer connections; undefined: none can be built. */
  readonly stack: PeerStack | undefined;
  /** False when the queue to the relay is dead. */
  readonly send: (message: Message) => Promise<boolean>;
  readonly log: (level: PartyLevel, message: string) => void;
  /** The line about a message that came. */
  readonly decoded: (message: Message) => void;
  /** Makes the directory of a session; false when the path leads elsewhere. */
  readonly ensureDirectory: (path: string) => boolean;
  /** Something moved: time for telemetry. */
  readonly moved: () => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

interface Outbound {
  readonly id: string;
  readonly path: string;
  seq: number;
  accepted: boolean;
  rejected: boolean;
  fellBack: boolean;
  /** Wakes the one who waits for the accept: true when it came. */
  answer: ((accepted: boolean) => void) | undefined;
}

interface Inbound {
  readonly id: string;
  readonly path: string;
  /** Opener as the relay named it; undefined when it did not. */
  readonly from: string | undefined;
}

export type SendResult = { readonly ok: true } | { readonly ok: false; readonly error: string };
const SENT: SendResult = { ok: true };

/** A channel as a listener knows it. */
export interface OutboundPath {
  readonly outbound: string;
  readonly canonical: string;
  readonly peer: string;
}

export class Manager {
  readonly counters: Counters;
  readonly writers: WriterMap<LocalWriter>;
  readonly startedMs: number;
  proxies: () => readonly ProxyRow[] = () => [];
  private readonly o: ManagerOptions;
  private readonly outbound = new Map<string, Outbound>();
  private readonly inbound = new Map<string, Inbound>();
  private readonly reorder = new Reorder<Uint8Array>();
  private readonly peers: Peers;

  constructor(options: ManagerOptions) {
    const { behaviour } = options;
    // Older versions do not know the word.
    const strict = options.strict && behaviour.strictKeys;
    this.o = { ...options, strict };
    this.startedMs = options.now();
    this.writers = new WriterMap(behaviour.standby);
    this.counters = new Counters({ strictKeys: behaviour.strictKeys, strict, startedMs: this.startedMs });
    this.peers = new Peers({
      ...options,
      behaviour: behaviour.peers,
      counters: this.counters,
      deliver: async (session, { path, seq, payload }) => this.overPeer(session, path, seq, payload),
      pause: async (ms) => this.pause(ms),
    });
  }

  live(): Live {
    const row = (s: { id: string; path: string }): Omit<SessionRow, 'status' | 'seq'> => ({
      sid: s.id.slice(0, 8),
      path: s.path,
      webrtc: this.peers.state(s.id),
    });
    return {
      inbound: [...this.inbound.values()].map(row),
      outbound: [...this.outbound.values()].map((s) => ({
        ...row(s),
        status: s.rejected ? 'rejected' : s.accepted ? 'accepted' : 'pending',
        seq: s.seq,
      })),
      proxies: this.proxies(),
    };
  }

  // ---- from the relay

  /** Handles one message to its end before the next may come. */
  async receive(message: Message): Promise<void> {
    this.o.decoded(message);
    if (message.type === 'HOTLINK_OPEN') return this.opened(message);
    if (message.type === 'HOTLINK_ACCEPT') return this.accepted(message.session);
    if (message.type === 'HOTLINK_REJECT') return this.rejected(message);
    if (message.type === 'HOTLINK_DATA') return this.data(message);
    if (message.type === 'HOTLINK_SIGNAL') return this.peers.signal(message);
    if (message.type !== 'HOTLINK_CLOSE') return;
    this.debug(`hotlink close received: session=${bare(message.session)}`);
    this.inbound.delete(message.session);
  }

  private async opened(message: OpenMessage): Promise<void> {
    const { session, path } = message;
    const shown = `session=${bare(session)} path=${bare(path)}`;
    this.debug(`hotlink open received: ${shown}${this.o.behaviour.namesOpener ? ` from=${bare(message.from ?? '')}` : ''}`);
    if (!this.o.ensureDirectory(path)) {
      this.o.log('ERROR', 'hotlink open ensure dir failed: path leads out of the datasites');
      this.debug(`hotlink send reject: session=${bare(session)} reason=ipc unavailable encoding=${this.o.encoding}`);
      await this.o.send({ type: 'HOTLINK_REJECT', id: randomUUID(), session, reason: 'ipc unavailable' });
      return;
    }
    this.inbound.set(session, { id: session, path, from: message.from ?? undefined });
    if (PROXY_PATH.test(path))
      this.o.log('INFO', `hotlink sending accept for tcp proxy: session=${bare(session.slice(0, 8))} path=${bare(path)}`);
    this.debug(`hotlink send accept: session=${bare(session)} encoding=${this.o.encoding}`);
    if (!(await this.o.send({ type: 'HOTLINK_ACCEPT', id: randomUUID(), session })))
      this.o.log('ERROR', `hotlink send accept failed: session=${bare(session.slice(0, 8))} err=${QUEUE_CLOSED}`);
    this.peers.offer(session);
  }

  private accepted(session: string): void {
    const sid = bare(session.slice(0, 8));
    const mine = [...this.outbound.values()].find((s) => s.id === session);
    if (mine === undefined) return this.o.log('INFO', `hotlink accept for unknown outbound: session=${sid}`);
    this.o.log('INFO', `hotlink accept received: session=${sid}`);
    mine.accepted = true;
    mine.answer?.(true);
  }

  private rejected(message: EndMessage): void {
    this.debug(`hotlink reject received: session=${bare(message.session)} reason=${message.reason ?? ''}`);
    const mine = [...this.outbound.values()].find((s) => s.id === message.session);
    if (mine === undefined) return;
    mine.rejected = true;
    mine.answer?.(false);
  }

  private async data(message: DataMessage): Promise<void> {
    const payload = message.payload ?? new Uint8Array();
    this.debug(`hotlink data received: session=${bare(message.session)} seq=${message.seq} bytes=${payload.length}`);
    const session = this.inbound.get(message.session);
    if (session === undefined) return;
    await this.deliver(message.path.trim() === '' ? session.path : message.path, message.session, message.seq, payload);
  }

  /** A frame of a data channel: it holds up its own channel only. */
  private async overPeer(session: string, path: string, seq: number, payload: Uint8Array): Promise<void> {
    const known = this.inbound.get(session);
    const to = path.trim() === '' ? (known?.path ?? '') : path;
    const where = `session=${bare(session)} path=${bare(to)}`;
    if (known === undefined) {
      // A frame on a session that the peer uses though we opened it (F-3).
      if (!PROXY_PATH.test(to)) return this.debug(`hotlink webrtc message dropped: unknown ${where}`);
      this.debug(`hotlink webrtc message for unknown session, routing by tcp path: ${where}`);
    }
    await this.deliver(to, session, seq, payload);
  }

  /** Puts a frame in its place and writes what is complete. */
  private async deliver(path: string, session: string, seq: number, payload: Uint8Array): Promise<void> {
    const arrivedMs = this.o.now();
    const writer = PROXY_PATH.test(path) ? await this.writerFor(path) : undefined;
    if (writer === undefined) return this.unwritable(path);
    const key = this.o.behaviour.reorderKey === 'path' ? path : `${path}#${session}`;
    // All at once: frames of the other way may come while these are being written.
    const writing = this.reorder.push(key, seq, payload).map(async (bytes) => {
      await writer.write(bytes);
      this.counters.written(bytes.length, this.o.now() - arrivedMs);
    });
    const failed = (await Promise.allSettled(writing)).find((write) => write.status === 'rejected');
    if (failed !== undefined) {
      const { reason } = failed as { reason: unknown };
      return this.o.log('ERROR', `hotlink tcp write failed: ${reason instanceof Error ? reason.message : String(reason)}`);
    }
    this.o.moved();
  }

  /** Waits inside the read loop, so that everything behind this frame waits too (F-7, F-30). */
  private async writerFor(path: string): Promise<LocalWriter | undefined> {
    const now = this.writers.get(path);
    if (now !== undefined) return now;
    this.debug(`hotlink tcp writer not ready, waiting for path=${bare(path)}`);
    for (let waited = 0; waited < this.o.behaviour.writerWaitMs; waited += WRITER_POLL_MS) {
      await this.pause(WRITER_POLL_MS);
      const writer = this.writers.get(path);
      if (writer === undefined) continue;
      this.debug(`hotlink tcp writer ready after wait path=${bare(path)}`);
      return writer;
    }
    return undefined;
  }

  private async unwritable(path: string): Promise<void> {
    this.o.log('ERROR', `hotlink tcp write skipped: no writer for path=${bare(path)} after retries`);
    await this.pause(this.o.behaviour.ipcWaitMs);
    this.o.log('ERROR', 'hotlink ipc write failed: ipc accept timeout after 30s');
  }

  // ---- from the local program

  /** Sends one chunk of a program. */
  async sendChunk(to: OutboundPath, bytes: Uint8Array): Promise<SendResult> {
    const { behaviour, strict, p2pOnly } = this.o;
    const path = to.outbound;
    const session = this.adopted(path) ?? (await this.adoptedLater(path)) ?? (await this.sessionFor(to));
    if ('error' in session) return { ok: false, error: session.error };
    session.seq++;
    const { id, seq } = session;
    this.peers.name(id, path, seq, bytes.length);
    if (behaviour.graceMs > 0 && !p2pOnly && seq <= behaviour.graceFrames) await this.peers.ready(id, behaviour.graceMs);
    const startedMs = this.o.now();
    const direct = await this.peers.send(id, { path, etag: '', seq, payload: bytes });
    if (direct === 'sent') {
      this.counters.sent(bytes.length, true, this.o.now() - startedMs);
      this.o.moved();
      return SENT;
    }
    const where = `session=${bare(id.slice(0, 8))} path=${bare(path)} seq=${seq}`;
    if (strict) {
      const why = direct === 'not-ready' ? `(not ready) ${where}` : `after webrtc error ${where} err=${direct.error}`;
      return this.violated(`hotlink strict: websocket fallback attempted ${why}`);
    }
    if (!p2pOnly) return this.overWebSocket(session, path, seq, bytes);
    if (behaviour.peers.refusal === 'refuse') {
      // The same words for a send that failed on an open channel.
      const error = `hotlink p2p_only send failed: webrtc not ready after wait ${where}`;
      this.o.log('ERROR', error);
      return { ok: false, error };
    }
    this.o.log('ERROR', `hotlink p2p_only: dropping packet seq=${seq} (webrtc not ready after wait)`);
    return SENT;
  }

  private violated(error: string): SendResult {
    this.counters.strictViolations++;
    this.o.log('ERROR', error);
    this.o.moved();
    return { ok: false, error };
  }

  private async overWebSocket(session: Outbound, path: string, seq: number, bytes: Uint8Array): Promise<SendResult> {
    if (!session.fellBack) {
      session.fellBack = true;
      this.counters.wsFallbacks++;
      this.o.log('INFO', `hotlink p2p not ready, using ws fallback: session=${bare(session.id)} path=${bare(path)}`);
    }
    this.debug(`hotlink send data: session=${bare(session.id)} seq=${seq} bytes=${bytes.length} encoding=${this.o.encoding}`);
    const message: DataMessage = { type: 'HOTLINK_DATA', id: randomUUID(), session: session.id, seq, path, etag: '', payload: bytes };
    if (!(await this.o.send(message))) {
      this.o.log('ERROR', `hotlink send data failed: ${QUEUE_CLOSED}`);
      return { ok: false, error: QUEUE_CLOSED };
    }
    this.counters.sent(bytes.length, false, 0);
    this.o.moved();
    return SENT;
  }

  /** A session of the peer on the same directory, used for sending (F-3); undefined where the version does not do that. */
  private adopted(path: string): Outbound | undefined {
    const { behaviour, p2pOnly } = this.o;
    const known = this.outbound.get(parentOf(path));
    if (known !== undefined) return known;
    if (behaviour.adoption === 'never' || (behaviour.adoption === 'p2p-only' && !p2pOnly)) return undefined;
    const theirs = [...this.inbound.values()].find((s) => parentOf(s.path) === parentOf(path));
    if (theirs === undefined) return undefined;
    this.debug(`hotlink reusing inbound session: session=${bare(theirs.id.slice(0, 8))} path=${bare(path)}`);
    return this.remember({ ...newOutbound(theirs.id, path), accepted: true });
  }

  /** Without the WebSocket a channel first waits for a session of the peer on the same directory (field guide 8.7, step 4). */
  private async adoptedLater(path: string): Promise<Outbound | undefined> {
    const { behaviour, p2pOnly, email } = this.o;
    if (!p2pOnly || !path.startsWith(`${email}/`)) return undefined;
    for (let waited = 0; waited < behaviour.peers.adoptWaitMs; waited += ADOPT_POLL_MS) {
      await this.pause(ADOPT_POLL_MS);
      const session = this.adopted(path);
      if (session === undefined) continue;
      this.debug(`hotlink tcp self-route guard: reused inbound after ${waited + ADOPT_POLL_MS}ms path=${bare(path)}`);
      return session;
    }
    return this.outbound.get(parentOf(path));
  }

  private remember(session: Outbound): Outbound {
    this.outbound.set(parentOf(session.path), session);
    return session;
  }

  private async sessionFor(to: OutboundPath): Promise<Outbound | { readonly error: string }> {
    const { behaviour, strict } = this.o;
    const path = to.outbound;
    const session = this.remember(newOutbound(randomUUID(), path));
    const sid = bare(session.id.slice(0, 8));
    this.o.log('INFO', `hotlink session new: session=${sid} path=${bare(path)}`);
    this.debug(`hotlink send open: session=${session.id} path=${bare(path)} encoding=${this.o.encoding}`);
    const answered = new Promise<boolean>((resolve) => (session.answer = resolve));
    const wished = this.wished(to);
    const open: OpenMessage = {
      type: 'HOTLINK_OPEN',
      id: randomUUID(),
      session: session.id,
      path,
      ...(behaviour.namesOpener && { from: null, to: wished }),
    };
    if (!(await this.o.send(open))) {
      this.outbound.delete(parentOf(path));
      this.o.log('ERROR', `hotlink send open failed: ${QUEUE_CLOSED}`);
      return { error: QUEUE_CLOSED };
    }
    const isAccepted = await Promise.race([answered, this.pause(behaviour.acceptWaitMs).then(() => false)]);
    session.answer = undefined;
    if (isAccepted) this.o.log('INFO', `hotlink session accepted: session=${sid}`);
    else if (strict) {
      this.outbound.delete(parentOf(path));
      this.o.log('ERROR', `hotlink strict: accept timeout session=${sid} path=${bare(path)}`);
      return { error: 'strict mode: accept timeout' };
    } else this.o.log('INFO', `hotlink accept timeout (${behaviour.acceptWaitLabel}), sending anyway: session=${sid} path=${bare(path)}`);
    if (this.o.p2pOnly) await this.peers.readyForOutbound(session.id);
    return session;
  }

  /** Whom the open names. */
  private wished(to: OutboundPath): string | null {
    const { opensTo } = this.o.behaviour;
    if (opensTo === 'marker') return to.outbound === to.canonical ? to.peer : null;
    if (opensTo === 'nobody') return null;
    return [...this.inbound.values()].find((s) => parentOf(s.path) === parentOf(to.outbound))?.from ?? null;
  }

  private debug(message: string): void {
    if (this.o.debug) this.o.log('INFO', message);
  }

  /** Lets time pass, or throws when the client ends. */
  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.o.signal });
  }
}

function newOutbound(id: string, path: string): Outbound {
  return { id, path, seq: 0, accepted: false, rejected: false, fellBack: false, answer: undefined };
}
