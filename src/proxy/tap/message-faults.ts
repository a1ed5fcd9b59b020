/** What faults do to the messages of one connection: left out, doubled, held back, spoilt. */
import { isHotlink } from '../../protocol/message.ts';
import type { Way } from './capture.ts';
import type { FaultSet, SessionEnds } from './fault-set.ts';
import type { FrameFault } from './faults.ts';
import { corrupted, oversized } from './frames.ts';
import type { Piece } from './splitter.ts';

type MessagePiece = Extract<Piece, { kind: 'message' }>;

/** A message that waits for others to overtake it goes after this. */
const LONGEST_HOLD_MS = 2000;
const MOST_HELD_BYTES = 16 * 1024 * 1024;

export interface MessageFaultsOptions {
  readonly faults: FaultSet;
  readonly sessions: SessionEnds;
  readonly say: (kind: string, line: string) => void;
  /** Cuts the party's connections. */
  readonly cut: () => void;
  readonly put: (way: Way, piece: Piece, extraMs: number) => Promise<void>;
}

/** A message that was held back. */
interface Held {
  readonly way: Way;
  readonly piece: MessagePiece;
  readonly type: string;
  /** Messages that may still overtake it. */
  left: number;
  readonly timer: NodeJS.Timeout;
}

export class MessageFaults {
  private readonly o: MessageFaultsOptions;
  private held: Held[] = [];

  constructor(options: MessageFaultsOptions) {
    this.o = options;
  }

  get heldBytes(): number {
    return this.held.reduce((sum, { piece }) => sum + piece.payload.length, 0);
  }

  /** Passes a message on, or what is made of it. */
  async pass(way: Way, party: string | undefined, piece: MessagePiece): Promise<void> {
    const { message } = piece;
    const peer = way === 'to_relay' ? this.o.sessions.peerOf(party, message) : undefined;
    const struck = this.o.faults.strike({ way, party, peer, message });
    for (const fault of struck) this.o.say(`fault ${fault.text}`, `fault ${fault.text} strikes ${described(piece)} ${wayOf(way, party)}`);
    if (struck.some((fault) => fault.name === 'cut')) return this.o.cut();
    const late = struck.reduce((sum, fault) => sum + (fault.name === 'delay' ? fault.number : 0), 0);
    const reorder = struck.find((fault) => fault.name === 'reorder');
    if (reorder !== undefined && this.heldBytes < MOST_HELD_BYTES) this.hold(way, piece, reorder.number);
    else for (const one of made(piece, struck)) await this.o.put(way, one, late);
    await this.overtaken(way, message?.type ?? '', piece);
  }

  /** Nothing more comes that way: what was held back goes. */
  async flush(way: Way): Promise<void> {
    for (const held of this.held.filter((one) => one.way === way)) await this.release(held);
  }

  close(): void {
    for (const { timer } of this.held) clearTimeout(timer);
    this.held = [];
  }

  private hold(way: Way, piece: MessagePiece, left: number): void {
    const held: Held = {
      way,
      piece,
      type: piece.message?.type ?? '',
      left,
      timer: setTimeout(() => void this.release(held), LONGEST_HOLD_MS),
    };
    this.held.push(held);
  }

  /** A message passed: those of its kind that were held back have one less to wait for. */
  private async overtaken(way: Way, type: string, passed: MessagePiece): Promise<void> {
    const before = this.held;
    for (const held of before) {
      if (held.way !== way || held.type !== type || held.piece === passed) continue;
      held.left--;
      if (held.left <= 0) await this.release(held);
    }
  }

  private async release(held: Held): Promise<void> {
    if (!this.held.includes(held)) return;
    this.held = this.held.filter((one) => one !== held);
    clearTimeout(held.timer);
    await this.o.put(held.way, held.piece, 0);
  }
}

function made(piece: MessagePiece, struck: readonly FrameFault[]): readonly Piece[] {
  let out: readonly MessagePiece[] = [piece];
  for (const { name } of struck) {
    if (name === 'drop') out = [];
    if (name === 'duplicate') out = [...out, ...out];
    if (name === 'corrupt') out = out.map(corrupted);
    if (name === 'oversize') out = out.map(oversized);
  }
  return out;
}

function described({ message }: MessagePiece): string {
  if (message === undefined || !isHotlink(message)) return 'a message';
  const seq = message.type === 'HOTLINK_DATA' ? ` seq ${message.seq}` : '';
  return `${message.type}${seq} of session ${message.session.slice(0, 8)}`;
}

function wayOf(way: Way, party: string | undefined): string {
  return way === 'to_relay' ? `from ${party ?? 'nobody'}` : `to ${party ?? 'nobody'}`;
}
