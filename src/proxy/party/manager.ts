/**
 * One manager of sessions: everything that a client knows between one connection to the relay and the next (field guide 8.6–8.8).
 *
 * As in the real client a new connection means a new manager with empty tables, while the old one keeps its listeners and its
 * programs and sends into a queue that is dead. Frames are received one after the other: a frame without a writer holds up all else.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataMessage, EndMessage, Message, OpenMessage } from '../../protocol/message.ts';
import type { Behaviour } from './behaviour.ts';
import { Counters, type Live, type ProxyRow, type SessionRow } from './counters.ts';
import { parentOf } from './keys.ts';
import { bare, decodedText, type PartyLevel } from './log.ts';
import { Reorder } from './reorder.ts';
import { WriterMap, type Writer } from './writers.ts';

const WRITER_POLL_MS = 250;
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
  /** False when the queue to the relay is dead. */
  readonly send: (message: Message) => Promise<boolean>;
  readonly log: (level: PartyLevel, message: string) => void;
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
  private readonly reorder = new Reorder<DataMessage>();

  constructor(options: ManagerOptions) {
    this.o = options;
    this.startedMs = options.now();
    this.writers = new WriterMap(options.behaviour.standby);
    this.counters = new Counters({ strictKeys: options.behaviour.strictKeys, strict: options.strict, startedMs: this.startedMs });
  }

  live(): Live {
    const row = (s: { id: string; path: string }): Omit<SessionRow, 'status' | 'seq'> => ({
      sid: s.id.slice(0, 8),
      path: s.path,
      webrtc: 'none',
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
    this.o.log('INFO', `ws message decoded type=${decodedText(message, this.o.behaviour)}`);
    if (message.type === 'HOTLINK_OPEN') return this.opened(message);
    if (message.type === 'HOTLINK_ACCEPT') return this.accepted(message.session);
    if (message.type === 'HOTLINK_REJECT') return this.rejected(message);
    if (message.type === 'HOTLINK_DATA') return this.data(message);
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
    this.offer(session);
  }

  /** The acceptor offers peer to peer; without TURN credentials it cannot (F-14). */
  private offer(session: string): void {
    if (!this.o.noCredentials) return;
    this.o.log('INFO', `hotlink webrtc offer starting: session=${bare(session)}`);
    this.o.log('ERROR', 'hotlink webrtc session create failed: turn server credentials required');
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
    const path = message.path.trim() === '' ? session.path : message.path;
    const arrivedMs = this.o.now();
    const writer = PROXY_PATH.test(path) ? await this.writerFor(path) : undefined;
    if (writer === undefined) return this.unwritable(path);
    const key = this.o.behaviour.reorderKey === 'path' ? path : `${path}#${message.session}`;
    for (const frame of this.reorder.push(key, message.seq, message)) {
      const bytes = frame.payload ?? new Uint8Array();
      try {
        await writer.write(bytes);
      } catch (error) {
        this.o.log('ERROR', `hotlink tcp write failed: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
      this.counters.written(bytes.length, this.o.now() - arrivedMs);
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
    const session = this.adopted(path) ?? (await this.sessionFor(to));
    if ('error' in session) return { ok: false, error: session.error };
    session.seq++;
    const { seq } = session;
    if (behaviour.graceMs > 0 && !p2pOnly && seq <= behaviour.graceFrames) await this.pause(behaviour.graceMs);
    const sid = bare(session.id.slice(0, 8));
    const where = `session=${sid} path=${bare(path)} seq=${seq}`;
    if (strict) {
      this.counters.strictViolations++;
      this.o.log('ERROR', `hotlink strict: websocket fallback attempted (webrtc not ready) ${where}`);
      return { ok: false, error: 'strict mode: websocket fallback is not allowed' };
    }
    if (p2pOnly) return this.refuseP2pOnly(where, seq);
    return this.overWebSocket(session, path, seq, bytes);
  }

  private refuseP2pOnly(where: string, seq: number): SendResult {
    if (this.o.behaviour.strictKeys) {
      this.o.log('ERROR', `hotlink p2p_only send failed: webrtc not ready after wait ${where}`);
      return { ok: false, error: 'p2p only: webrtc not ready after wait' };
    }
    this.o.log('ERROR', `hotlink p2p_only: dropping packet seq=${seq} (webrtc not ready)`);
    return SENT;
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
