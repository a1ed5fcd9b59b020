/**
 * The relay's table of sessions: what it does with each hotlink message (field guide 7.1–7.6).
 *
 * Sessions live in memory and never expire; a connection that closes leaves them as they are. Everything that the real relay
 * does without a word is counted here, so that nothing vanishes unseen: see `Drops`.
 */
import type { AcceptMessage, DataMessage, EndMessage, HotlinkMessage, OpenMessage, SignalMessage } from '../../protocol/message.ts';
import type { LogFields, LogLevel } from './log.ts';
import { placeOf } from './places.ts';
import type { Decision } from './rights.ts';

/** A connection as the table sees it. */
export interface Peer {
  readonly connection: string;
  readonly user: string;
}

/** What a version of the relay does (field guide, eras of the relay: S0, S1, S2). */
export interface RelayBehaviour {
  readonly name: string;
  /** The open is forwarded with `frm` and the wished `to`; a `to` is obeyed. */
  readonly namesParties: boolean;
  /** A proxy session takes the accept of one user only. */
  readonly singleAccept: boolean;
  readonly signals: boolean;
}

export const RELAYS: Readonly<Record<'S0' | 'S1' | 'S2', RelayBehaviour>> = {
  S0: { name: 'S0', namesParties: false, singleAccept: false, signals: false },
  S1: { name: 'S1', namesParties: false, singleAccept: false, signals: true },
  S2: { name: 'S2', namesParties: true, singleAccept: true, signals: true },
};

/** Why a message went nowhere, for each way in which the real relay says nothing. */
export type Drop =
  | 'open-nobody'
  | 'accept-own'
  | 'reject-unknown'
  | 'reject-own'
  | 'data-not-sender'
  | 'data-no-acceptor'
  | 'data-gone'
  | 'data-unreadable'
  | 'close-unknown'
  | 'signal-not-participant'
  | 'signal-nobody';

export interface TableOutput {
  /** Waits while the connection's queue is full; a connection that is gone takes nothing: false. */
  readonly send: (connection: string, message: HotlinkMessage) => Promise<boolean>;
  /** Dropped when the queue is full. */
  readonly broadcast: (connection: string, message: HotlinkMessage) => void;
  readonly log: (level: LogLevel, at: string, message: string, fields: LogFields) => void;
  readonly dropped: (why: Drop, session: string) => void;
  readonly peers: () => Iterable<Peer>;
  readonly may: (user: string, path: string, level: 'read' | 'write') => Decision;
  /** Six hex characters, as the relay names its own messages. */
  readonly newId: () => string;
}

export interface TableOptions {
  readonly behaviour: RelayBehaviour;
  /** `hotlink data relay` lines (SYFTBOX_HOTLINK_DEBUG=1 at the relay). */
  readonly debug: boolean;
}

interface Session {
  readonly path: string;
  readonly fromUser: string;
  readonly fromConnection: string;
  readonly toUser: string;
  /** Connection to user. */
  readonly accepted: Map<string, string>;
}

const PROXY_PATH = '/stream.tcp.request';
/** With debug on, lines come for the first numbers, each so many, and whenever the receivers are not exactly one. */
const DEBUG_FIRST = 3;
const DEBUG_EACH = 500;

export class SessionTable {
  private readonly sessions = new Map<string, Session>();
  private readonly out: TableOutput;
  private readonly options: TableOptions;

  constructor(out: TableOutput, options: TableOptions) {
    this.out = out;
    this.options = options;
  }

  get size(): number {
    return this.sessions.size;
  }

  private at(what: Parameters<typeof placeOf>[0]): string {
    return placeOf(what, this.options.behaviour.name);
  }

  async handle(message: HotlinkMessage, from: Peer): Promise<void> {
    switch (message.type) {
      case 'HOTLINK_OPEN':
        return this.open(message, from);
      case 'HOTLINK_ACCEPT':
        return this.accept(message, from);
      case 'HOTLINK_REJECT':
        return this.reject(message, from);
      case 'HOTLINK_DATA':
        return this.data(message, from);
      case 'HOTLINK_CLOSE':
        return this.close(message, from);
      case 'HOTLINK_SIGNAL':
        if (this.options.behaviour.signals) return this.signal(message, from);
        this.out.log('INF', this.at('unhandled'), 'unhandled message', [['msgType', { bare: 'HOTLINK_SIGNAL', json: 14 }]]);
    }
  }

  private async open(message: OpenMessage, from: Peer): Promise<void> {
    const { session, path } = message;
    const group: LogFields = [
      ['hotlink.id', message.id],
      ['hotlink.session', session],
      ['hotlink.from', from.user],
      ['hotlink.path', path],
    ];
    const write = this.out.may(from.user, path, 'write');
    if (write !== true) {
      this.out.log('WRN', this.at('open-denied'), 'hotlink open permission denied', [...group, ['error', { error: write }]]);
      return this.refuse(from.connection, session, 'permission denied');
    }
    const wished = this.options.behaviour.namesParties ? (message.to ?? '').trim() : '';
    const to = wished === from.user ? '' : wished;
    const read = to === '' ? true : this.out.may(to, path, 'read');
    if (read !== true) {
      this.out.log('WRN', this.at('target-denied'), 'hotlink open target not permitted', [
        ...group,
        ['to', to],
        ['error', { error: read }],
      ]);
      return this.refuse(from.connection, session, 'permission denied');
    }
    this.sessions.set(session, { path, fromUser: from.user, fromConnection: from.connection, toUser: to, accepted: new Map() });
    // Versions before S2 do not know the fields that name parties, so these are lost on the way.
    const named = this.options.behaviour.namesParties ? { from: from.user, ...(to !== '' && { to }) } : {};
    const forwarded: OpenMessage = { type: 'HOTLINK_OPEN', id: message.id, session, path, ...named };
    let heard = 0;
    for (const peer of this.out.peers()) {
      if (peer.user === from.user || (to !== '' && peer.user !== to) || this.out.may(peer.user, path, 'read') !== true) continue;
      heard++;
      this.out.broadcast(peer.connection, forwarded);
    }
    if (heard === 0) this.out.dropped('open-nobody', session);
  }

  private async accept(message: AcceptMessage, from: Peer): Promise<void> {
    const { session: sid } = message;
    const session = this.sessions.get(sid);
    if (session === undefined) return this.refuse(from.connection, sid, 'unknown session');
    if (from.user === session.fromUser) return this.out.dropped('accept-own', sid);
    if (session.toUser !== '' && from.user !== session.toUser) return this.refuse(from.connection, sid, 'permission denied');
    const others = [...session.accepted.values()].some((user) => user !== from.user);
    if (this.options.behaviour.singleAccept && others && session.path.endsWith(PROXY_PATH))
      return this.refuse(from.connection, sid, 'already accepted');
    if (this.out.may(from.user, session.path, 'read') !== true) return this.refuse(from.connection, sid, 'permission denied');
    session.accepted.set(from.connection, from.user);
    await this.out.send(session.fromConnection, message);
  }

  private async reject(message: EndMessage, from: Peer): Promise<void> {
    const session = this.sessions.get(message.session);
    if (session === undefined) return this.out.dropped('reject-unknown', message.session);
    if (from.user === session.fromUser) return this.out.dropped('reject-own', message.session);
    await this.out.send(session.fromConnection, message);
  }

  private async data(message: DataMessage, from: Peer): Promise<void> {
    const { session: sid } = message;
    const session = this.sessions.get(sid);
    if (session === undefined) return this.refuse(from.connection, sid, 'unknown session');
    if (from.user !== session.fromUser) {
      this.out.dropped('data-not-sender', sid);
      const fields: LogFields = [
        ['session', sid],
        ['from', from.user],
      ];
      return this.out.log('WRN', this.at('not-sender'), 'hotlink data rejected (not sender)', fields);
    }
    const readers = [...session.accepted].filter(([, user]) => this.out.may(user, session.path, 'read') === true);
    this.logRelayed(message, from, readers);
    if (session.accepted.size === 0) this.out.dropped('data-no-acceptor', sid);
    else if (readers.length === 0) this.out.dropped('data-unreadable', sid);
    for (const [connection] of readers) if (!(await this.out.send(connection, message))) this.out.dropped('data-gone', sid);
  }

  private logRelayed(message: DataMessage, from: Peer, readers: readonly (readonly [string, string])[]): void {
    const isShown = readers.length !== 1 || message.seq <= DEBUG_FIRST || message.seq % DEBUG_EACH === 0;
    if (!this.options.debug || !this.options.behaviour.namesParties || !isShown) return;
    this.out.log('INF', this.at('data-relayed'), 'hotlink data relay', [
      ['session', message.session],
      ['from', from.user],
      ['path', message.path],
      ['seq', message.seq],
      ['bytes', message.payload?.length ?? 0],
      ['recipients', readers.length],
      ['to', { bare: `[${readers.map(([connection, user]) => `${user}@${connection}`).join(' ')}]` }],
    ]);
  }

  private async close(message: EndMessage, from: Peer): Promise<void> {
    const session = this.sessions.get(message.session);
    if (session === undefined) return this.out.dropped('close-unknown', message.session);
    if (from.user === session.fromUser) {
      this.sessions.delete(message.session);
      for (const connection of session.accepted.keys()) await this.out.send(connection, message);
      return;
    }
    session.accepted.delete(from.connection);
    await this.out.send(session.fromConnection, message);
  }

  private async signal(message: SignalMessage, from: Peer): Promise<void> {
    const { session: sid } = message;
    const session = this.sessions.get(sid);
    if (session === undefined) {
      const error: SignalMessage = {
        type: 'HOTLINK_SIGNAL',
        id: this.out.newId(),
        session: sid,
        kind: 'quic_error',
        error: 'unknown session',
      };
      await this.out.send(from.connection, error);
      return;
    }
    if (from.user === session.fromUser) {
      if (session.accepted.size === 0) this.out.dropped('signal-nobody', sid);
      for (const connection of session.accepted.keys()) await this.out.send(connection, message);
      return;
    }
    if (!session.accepted.has(from.connection)) {
      this.out.dropped('signal-not-participant', sid);
      const fields: LogFields = [
        ['session', sid],
        ['from', from.user],
      ];
      return this.out.log('WRN', this.at('not-participant'), 'hotlink signal rejected (not participant)', fields);
    }
    await this.out.send(session.fromConnection, message);
  }

  private async refuse(connection: string, session: string, reason: string): Promise<void> {
    await this.out.send(connection, { type: 'HOTLINK_REJECT', id: this.out.newId(), session, reason });
  }
}
