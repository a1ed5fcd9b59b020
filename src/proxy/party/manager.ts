/**
 * One manager of sessions: everything that a client knows between one connection to the relay and the next (field guide 8.6–8.8).
 *
 * As in the real client a new connection means a new manager with empty tables, while the old one keeps its listeners and its
 * programs and sends into a queue that is dead. Frames are received one after the other: a frame without a writer holds up all else.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataMessage, EndMessage, Message, OpenMessage } from '../../protocol/message.ts';
import type { PeerStack } from '../webrtc/peer.ts';
import type { Behaviour } from './behaviour.ts';
import { Counters, type Live, type ProxyRow, type SessionRow } from './counters.ts';
import { Delivery, PROXY_PATH, type LocalWriter } from './delivery.ts';
import { bare, type PartyLevel } from './log.ts';
import { Peers } from './peers.ts';
import { FailingQuic } from './quic.ts';
import { newOutbound, SessionTables, type Outbound } from './sessions.ts';
import type { WriterMap } from './writers.ts';

/** A guarded client looks so often whether the peer opened. */
const PEER_POLL_MS = 100;
const QUEUE_CLOSED = 'ws send queue closed\n\nCaused by:\n    channel closed';

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
  /** The line about a message that came; a promise when the log is behind. */
  readonly decoded: (message: Message) => Promise<void> | undefined;
  /** Makes the directory of a session; false when the path leads elsewhere. */
  readonly ensureDirectory: (path: string) => boolean;
  /** Something moved: time for telemetry. */
  readonly moved: () => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
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
  readonly startedMs: number;
  proxies: () => readonly ProxyRow[] = () => [];
  private readonly o: ManagerOptions;
  private readonly sessions: SessionTables;
  private readonly delivery: Delivery;
  private readonly peers: Peers;
  private readonly quic: FailingQuic | undefined;
  /** The last frame of each path, where paths do not wait for each other. */
  private readonly behind = new Map<string, Promise<void>>();

  constructor(options: ManagerOptions) {
    const { behaviour, email, p2pOnly, send, log, stack } = options;
    // Older versions do not know the word.
    const strict = options.strict && behaviour.strictKeys;
    this.o = { ...options, strict };
    this.startedMs = options.now();
    const quic = { none: undefined, off: 'hotlink_ws_only', fails: 'hotlink_quic_pref' } as const;
    this.counters = new Counters({ strictKeys: behaviour.strictKeys, quic: quic[behaviour.quic], strict, startedMs: this.startedMs });
    this.sessions = new SessionTables(behaviour, email, p2pOnly);
    const pause = async (ms: number): Promise<void> => this.pause(ms);
    this.delivery = new Delivery({ ...options, counters: this.counters, pause });
    this.peers = new Peers({
      ...options,
      behaviour: behaviour.peers,
      stack: behaviour.quic === 'none' ? stack : undefined,
      counters: this.counters,
      deliver: async (session, { path, seq, payload }) => this.overPeer(session, path, seq, payload),
      pause,
    });
    if (behaviour.quic === 'fails') this.quic = new FailingQuic({ send, log, pause, ...this.quicCounts() });
  }

  get writers(): WriterMap<LocalWriter> {
    return this.delivery.writers;
  }

  private quicCounts(): { offered: () => void; answeredWithError: () => void } {
    const count = (what: 'quicOffers' | 'quicAnswersErr') => (): void => {
      this.counters[what]++;
      this.o.moved();
    };
    return { offered: count('quicOffers'), answeredWithError: count('quicAnswersErr') };
  }

  /** E1 and E1b have fewer lines, and full session ids. */
  private get isEarly(): boolean {
    return this.o.behaviour.lines === 'E1' || this.o.behaviour.lines === 'E1b';
  }

  live(): Live {
    const row = (s: { id: string; path: string }): Omit<SessionRow, 'status' | 'seq'> => ({
      sid: s.id.slice(0, 8),
      path: s.path,
      webrtc: this.peers.state(s.id),
    });
    return {
      inbound: [...this.sessions.inbound.values()].map(row),
      outbound: [...this.sessions.outbound.values()].map((s) => ({
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
    const behind = this.o.decoded(message);
    if (behind !== undefined) await behind;
    if (message.type === 'HOTLINK_OPEN') return this.opened(message);
    if (message.type === 'HOTLINK_ACCEPT') return this.accepted(message.session);
    if (message.type === 'HOTLINK_REJECT') return this.rejected(message);
    if (message.type === 'HOTLINK_DATA') return this.data(message);
    if (message.type === 'HOTLINK_SIGNAL')
      return this.o.behaviour.quic === 'none' ? this.peers.signal(message) : this.quic?.signal(message);
    if (message.type !== 'HOTLINK_CLOSE') return;
    this.debug(`hotlink close received: session=${bare(message.session)}`);
    this.sessions.inbound.delete(message.session);
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
    const from = message.from ?? undefined;
    await this.delivery.enter(() => void this.sessions.inbound.set(session, { id: session, path, from }));
    if (PROXY_PATH.test(path) && !this.isEarly)
      this.o.log('INFO', `hotlink sending accept for tcp proxy: session=${bare(session.slice(0, 8))} path=${bare(path)}`);
    this.debug(`hotlink send accept: session=${bare(session)} encoding=${this.o.encoding}`);
    if (!(await this.o.send({ type: 'HOTLINK_ACCEPT', id: randomUUID(), session })))
      this.o.log('ERROR', `hotlink send accept failed: session=${bare(session.slice(0, 8))} err=${QUEUE_CLOSED}`);
    this.quic?.offer(session);
    this.peers.offer(session);
  }

  private accepted(session: string): void {
    const sid = bare(session.slice(0, 8));
    const mine = this.sessions.mine(session);
    if (this.isEarly) this.debug(`hotlink accept received: session=${bare(session)}`);
    else
      this.o.log(
        'INFO',
        mine === undefined ? `hotlink accept for unknown outbound: session=${sid}` : `hotlink accept received: session=${sid}`,
      );
    if (mine === undefined) return;
    mine.accepted = true;
    mine.answer?.(true);
  }

  private rejected(message: EndMessage): void {
    this.debug(`hotlink reject received: session=${bare(message.session)} reason=${message.reason ?? ''}`);
    const mine = this.sessions.mine(message.session);
    if (mine === undefined) return;
    mine.rejected = true;
    mine.answer?.(false);
  }

  private async data(message: DataMessage): Promise<void> {
    const payload = message.payload ?? new Uint8Array();
    this.debug(`hotlink data received: session=${bare(message.session)} seq=${message.seq} bytes=${payload.length}`);
    const session = this.sessions.inbound.get(message.session);
    if (session === undefined) return;
    const path = message.path.trim() === '' ? session.path : message.path;
    const arrival = { path, session: message.session, seq: message.seq, payload };
    if (this.o.behaviour.readLoop === 'one') return this.delivery.deliver(arrival);
    const mine = (this.behind.get(path) ?? Promise.resolve()).then(async () => this.delivery.deliver(arrival));
    this.behind.set(
      path,
      mine.catch(() => undefined),
    );
  }

  /** The connection is another one: the relay must know it before it passes on what peers send. */
  async resume(): Promise<void> {
    for (const session of this.sessions.inbound.keys()) await this.o.send({ type: 'HOTLINK_ACCEPT', id: randomUUID(), session });
  }

  /** A frame of a data channel: it holds up its own channel only. */
  private async overPeer(session: string, path: string, seq: number, payload: Uint8Array): Promise<void> {
    const known = this.sessions.inbound.get(session);
    const to = path.trim() === '' ? (known?.path ?? '') : path;
    const where = `session=${bare(session)} path=${bare(to)}`;
    if (known === undefined) {
      // A frame on a session that the peer uses though we opened it (F-3).
      if (!PROXY_PATH.test(to)) return this.debug(`hotlink webrtc message dropped: unknown ${where}`);
      this.debug(`hotlink webrtc message for unknown session, routing by tcp path: ${where}`);
    }
    await this.delivery.deliver({ path: to, session, seq, payload });
  }

  // ---- from the local program

  /** Sends one chunk of a program. */
  async sendChunk(to: OutboundPath, bytes: Uint8Array): Promise<SendResult> {
    const { behaviour, strict, p2pOnly } = this.o;
    const path = to.outbound;
    this.debug(`hotlink best effort (ordered): path=${bare(path)} bytes=${bytes.length} enabled=true eligible=true`);
    if (this.isEarly) this.debug(`hotlink send start: path=${bare(path)} bytes=${bytes.length}`);
    const session = this.current(path) ?? (await this.adopted(path)) ?? (await this.sessionFor(to));
    if (session === 'lost') return SENT;
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
    const { quic } = this.o.behaviour;
    if (!session.fellBack && quic !== 'off') {
      session.fellBack = true;
      this.counters.wsFallbacks++;
      const direct = quic === 'none' ? 'p2p' : 'quic';
      this.o.log('INFO', `hotlink ${direct} not ready, using ws fallback: session=${bare(session.id)} path=${bare(path)}`);
      this.o.moved();
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

  /** The session in use, given up first where the guard wants that. */
  private current(path: string): Outbound | undefined {
    const { session, discarded } = this.sessions.current(path);
    if (discarded !== undefined)
      this.debug(`hotlink tcp self-route guard: discarding existing self session=${bare(discarded.id.slice(0, 8))} path=${bare(path)}`);
    return session;
  }

  /** A session of the peer on the same directory, used for sending (F-3); undefined where the version does not do that. */
  private async adopted(path: string): Promise<Outbound | undefined> {
    const now = this.sessions.adoptable(path);
    if (now !== undefined) {
      this.debug(`hotlink reusing inbound session: session=${bare(now.id.slice(0, 8))} path=${bare(path)}`);
      return this.sessions.remember(newOutbound(now.id, path, true));
    }
    if (!this.sessions.waitsForPeer(path)) return undefined;
    for (let waited = 0; waited < this.o.behaviour.acceptWaitMs; waited += PEER_POLL_MS) {
      await this.pause(PEER_POLL_MS);
      const theirs = this.sessions.adoptable(path);
      if (theirs === undefined) continue;
      this.debug(`hotlink tcp self-route guard: reused inbound after ${waited + PEER_POLL_MS}ms path=${bare(path)}`);
      return this.sessions.remember(newOutbound(theirs.id, path, true));
    }
    // Another connection of the program may have opened one meanwhile.
    return this.sessions.current(path).session;
  }

  private async sessionFor(to: OutboundPath): Promise<Outbound | { readonly error: string } | 'lost'> {
    const { behaviour } = this.o;
    const path = to.outbound;
    const session = this.sessions.remember(newOutbound(randomUUID(), path));
    const sid = bare(session.id.slice(0, 8));
    if (!this.isEarly) this.o.log('INFO', `hotlink session new: session=${sid} path=${bare(path)}`);
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
      this.sessions.forget(session);
      this.o.log('ERROR', `hotlink send open failed: ${QUEUE_CLOSED}`);
      return { error: QUEUE_CLOSED };
    }
    const isAccepted = await Promise.race([answered, this.pause(behaviour.acceptWaitMs).then(() => false)]);
    session.answer = undefined;
    if (!isAccepted) return this.unaccepted(session);
    if (!this.isEarly) this.o.log('INFO', `hotlink session accepted: session=${sid}`);
    if (this.o.p2pOnly) await this.peers.readyForOutbound(session.id);
    return session;
  }

  /** The accept did not come, or a reject did. */
  private async unaccepted(session: Outbound): Promise<Outbound | { readonly error: string } | 'lost'> {
    const { behaviour, strict, encoding } = this.o;
    const sid = bare(session.id.slice(0, 8));
    if (behaviour.acceptFailure === 'forget') {
      this.sessions.forget(session);
      this.debug(`hotlink accept timeout: session=${bare(session.id)} path=${bare(session.path)}`);
      this.debug(`hotlink send close: session=${bare(session.id)} reason=fallback encoding=${encoding}`);
      await this.o.send({ type: 'HOTLINK_CLOSE', id: randomUUID(), session: session.id, reason: 'fallback' });
      return 'lost';
    }
    if (strict) {
      this.sessions.forget(session);
      this.o.log('ERROR', `hotlink strict: accept timeout session=${sid} path=${bare(session.path)}`);
      return { error: 'strict mode: accept timeout' };
    }
    // The real line rounds down: 1s where it waited 1.5.
    const seconds = Math.floor(behaviour.acceptWaitMs / 1000);
    this.o.log('INFO', `hotlink accept timeout (${seconds}s), sending anyway: session=${sid} path=${bare(session.path)}`);
    if (this.o.p2pOnly) await this.peers.readyForOutbound(session.id);
    return session;
  }

  /** Whom the open names. */
  private wished(to: OutboundPath): string | null {
    const { opensTo } = this.o.behaviour;
    if (opensTo === 'marker') return to.outbound === to.canonical ? to.peer : null;
    if (opensTo === 'nobody') return null;
    return this.sessions.inboundOn(to.outbound)[0]?.from ?? null;
  }

  private debug(message: string): void {
    if (this.o.debug) this.o.log('INFO', message);
  }

  /** Lets time pass, or throws when the client ends. */
  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.o.signal });
  }
}
