/**
 * A manager's sessions, and which of them a chunk goes out on (field guide 8.7, steps 1–4). No clock, no queue: each answer is what
 * the tables say now.
 */
import type { Behaviour } from './behaviour.ts';
import { parentOf } from './keys.ts';

export interface Outbound {
  readonly id: string;
  readonly path: string;
  /** Opened by the peer and used for sending. */
  readonly adopted: boolean;
  seq: number;
  accepted: boolean;
  rejected: boolean;
  fellBack: boolean;
  /** Wakes the one who waits for the accept: true when it came. */
  answer: ((accepted: boolean) => void) | undefined;
}

export interface Inbound {
  readonly id: string;
  readonly path: string;
  /** Opener as the relay named it; undefined when it did not. */
  readonly from: string | undefined;
}

export function newOutbound(id: string, path: string, adopted = false): Outbound {
  return { id, path, adopted, seq: 0, accepted: adopted, rejected: false, fellBack: false, answer: undefined };
}

type Rules = Pick<Behaviour, 'adoption' | 'guard'>;

export class SessionTables {
  /** By the directory of the path. */
  readonly outbound = new Map<string, Outbound>();
  /** By id. */
  readonly inbound = new Map<string, Inbound>();
  /** Sessions that the guard gave up: they are not used again. */
  private readonly discarded = new Set<string>();
  private readonly rules: Rules;
  private readonly email: string;
  private readonly p2pOnly: boolean;

  constructor(rules: Rules, email: string, p2pOnly: boolean) {
    this.rules = rules;
    this.email = email;
    this.p2pOnly = p2pOnly;
  }

  remember(session: Outbound): Outbound {
    this.outbound.set(parentOf(session.path), session);
    return session;
  }

  forget(session: Outbound): void {
    if (this.outbound.get(parentOf(session.path)) === session) this.outbound.delete(parentOf(session.path));
  }

  /** The own session of a message from the relay. */
  mine(id: string): Outbound | undefined {
    return [...this.outbound.values()].find((s) => s.id === id);
  }

  /** The session in use for a path, if it still may be; `discarded`: the guard has just given it up. */
  current(path: string): { readonly session?: Outbound; readonly discarded?: Outbound } {
    const session = this.outbound.get(parentOf(path));
    if (session === undefined) return {};
    if (session.adopted && !this.mayAdopt) {
      this.forget(session);
      return {};
    }
    if (!this.isSelf(session, path)) return { session };
    this.forget(session);
    this.discarded.add(session.id);
    return { discarded: session };
  }

  /** A session of the peer on the same directory, where this version would send on it (F-3). */
  adoptable(path: string): Inbound | undefined {
    if (!this.mayAdopt) return undefined;
    return this.inboundOn(path).find((s) => !this.discarded.has(s.id) && !(this.rules.guard === 'own-inbound' && s.from === this.email));
  }

  /** On a path of its own name a guarded client first waits for the peer's session. */
  waitsForPeer(path: string): boolean {
    return this.rules.guard !== 'none' && this.mayAdopt && this.owns(path);
  }

  inboundOn(path: string): readonly Inbound[] {
    return [...this.inbound.values()].filter((s) => parentOf(s.path) === parentOf(path));
  }

  private get mayAdopt(): boolean {
    return this.rules.adoption === 'always' || (this.rules.adoption === 'p2p-only' && this.p2pOnly);
  }

  private owns(path: string): boolean {
    return path.split('/')[0] === this.email;
  }

  private isSelf(session: Outbound, path: string): boolean {
    const twin = this.inbound.get(session.id);
    if (twin === undefined || !this.owns(path)) return false;
    return this.rules.guard === 'also-inbound' || (this.rules.guard === 'own-inbound' && twin.from === this.email);
  }
}
