/** The faults that are set at a moment: which of them a message strikes, and what the line of a party is like. */
import { isHotlink, type HotlinkMessage, type Message } from '../../protocol/message.ts';
import { Random } from '../random.ts';
import type { Way } from './capture.ts';
import { FRAME_FAULTS, parseFrameFault, type FrameFault, type MessageKind, type Where } from './faults.ts';

const MOST_FAULTS = 100;
/** Sessions whose ends are remembered; the oldest is forgotten first. */
const MOST_SESSIONS = 10_000;

const KIND_OF: Readonly<Record<HotlinkMessage['type'], MessageKind>> = {
  HOTLINK_OPEN: 'open',
  HOTLINK_ACCEPT: 'accept',
  HOTLINK_REJECT: 'reject',
  HOTLINK_DATA: 'data',
  HOTLINK_CLOSE: 'close',
  HOTLINK_SIGNAL: 'signal',
};

/** A message on its way. */
export interface Passing {
  readonly way: Way;
  /** Whose connection it is on. */
  readonly party: string | undefined;
  /** The other end of its session, as far as messages said. */
  readonly peer: string | undefined;
  readonly message: Message | undefined;
}

interface Active {
  readonly fault: FrameFault;
  readonly random: Random;
  /** Messages of its kind and place so far. */
  seen: number;
  struck: number;
  /** A freeze: whether it began. */
  isOn: boolean;
}

export interface Shape {
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
}

export class FaultSet {
  private active: Active[] = [];
  private added = 0;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Adds a fault as it is written; throws for one that cannot be read. */
  add(text: string, option?: string): FrameFault {
    const fault = parseFrameFault(text, option);
    if (this.active.length >= MOST_FAULTS) this.active.shift();
    this.active.push({ fault, random: new Random(this.seed + this.added), seen: 0, struck: 0, isOn: fault.trigger === undefined });
    this.added++;
    return fault;
  }

  clear(): void {
    this.active = [];
  }

  /** A line for each: what it is, how often its messages came, how often it struck. */
  list(): readonly string[] {
    return this.active.map(({ fault, seen, struck, isOn }) => {
      const now = fault.name === 'freeze' ? (isOn ? ', frozen' : ', waits') : '';
      return fault.trigger === undefined ? `${fault.text}${now}` : `${fault.text}: seen ${seen}, struck ${struck}${now}`;
    });
  }

  /** Faults that this message strikes, in the order in which they were added; each counts it. */
  strike(passing: Passing): readonly FrameFault[] {
    const { message } = passing;
    if (this.active.length === 0 || message === undefined || !isHotlink(message)) return [];
    const out: FrameFault[] = [];
    for (const active of this.active) {
      const { trigger, where } = active.fault;
      if (trigger === undefined || (trigger.kind !== 'any' && trigger.kind !== KIND_OF[message.type]) || !isThere(where, passing)) continue;
      active.seen++;
      if (!isDue(active)) continue;
      active.struck++;
      active.isOn = true;
      out.push(active.fault);
    }
    return out;
  }

  isFrozen(party: string | undefined, way: Way): boolean {
    return this.active.some(({ fault, isOn }) => fault.name === 'freeze' && isOn && isOnLine(fault.where, party, way));
  }

  shape(party: string | undefined, way: Way): Shape {
    let latencyMs = 0;
    let bytesPerSecond = Infinity;
    for (const { fault } of this.active) {
      if (FRAME_FAULTS[fault.name].target !== 'line' || !isOnLine(fault.where, party, way)) continue;
      if (fault.name === 'latency') latencyMs += fault.number;
      else bytesPerSecond = Math.min(bytesPerSecond, fault.number);
    }
    return { latencyMs, bytesPerSecond };
  }
}

function isDue({ fault, seen, random }: Active): boolean {
  const which = fault.trigger?.which;
  if (which === undefined) return false;
  if (which.by === 'share') return random.next() < which.share;
  return which.by === 'nth' ? seen === which.n : which.by === 'from' ? seen >= which.n : seen % which.n === 0;
}

function isParty(email: string | undefined, name: string): boolean {
  return email !== undefined && (email === name || email.split('@')[0] === name);
}

/** Whether a message passes there: `client1` and `client1>` are what it sends. */
function isThere({ from, to, party }: Where, passing: Passing): boolean {
  const sender = party ?? from;
  if (sender === undefined && to === undefined) return passing.way === 'to_relay';
  if (sender === undefined) return passing.way === 'to_client' && isParty(passing.party, to ?? '');
  return passing.way === 'to_relay' && isParty(passing.party, sender) && (to === undefined || isParty(passing.peer, to));
}

/** Whether a line is there: `client1` is both ways. */
export function isOnLine({ from, to, party }: Where, email: string | undefined, way: Way): boolean {
  if (party !== undefined) return isParty(email, party);
  if (from !== undefined) return way === 'to_relay' && isParty(email, from);
  return to === undefined || (way === 'to_client' && isParty(email, to));
}

/** Who speaks with whom, from the opens and accepts that passed. */
export class SessionEnds {
  private readonly ends = new Map<string, { readonly opener: string; acceptor: string | undefined }>();

  /** Takes a message of a client to the relay; the other end of its session, if that is known. */
  peerOf(party: string | undefined, message: Message | undefined): string | undefined {
    if (party === undefined || message === undefined || !isHotlink(message)) return undefined;
    const known = this.ends.get(message.session);
    if (message.type === 'HOTLINK_OPEN' && known === undefined) {
      if (this.ends.size >= MOST_SESSIONS) this.ends.delete(this.ends.keys().next().value ?? '');
      this.ends.set(message.session, { opener: party, acceptor: message.to ?? undefined });
      return message.to ?? undefined;
    }
    if (known === undefined) return undefined;
    if (message.type === 'HOTLINK_ACCEPT' && party !== known.opener) known.acceptor = party;
    return party === known.opener ? known.acceptor : known.opener;
  }
}
