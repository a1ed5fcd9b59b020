/** Which connection of a local program gets the frames of which path (field guide 8.5). */
import type { Behaviour } from './behaviour.ts';

/** A program's connection. */
export interface Writer {
  readonly id: number;
  isOpen: boolean;
}

export class WriterMap<W extends Writer> {
  private readonly active = new Map<string, W>();
  private readonly waiting = new Map<string, W>();
  private readonly policy: Behaviour['writers'];

  constructor(policy: Behaviour['writers']) {
    this.policy = policy;
  }

  /** Registers under each key in turn, the canonical one first; tells for each whether it became the active one. */
  add(keys: readonly string[], writer: W): readonly boolean[] {
    return keys.map((key, index) => {
      const present = this.active.get(key);
      // In E1 the canonical path belongs to the newest connection, every other one to the first, for ever.
      if (this.policy === 'newest' && present !== undefined && index > 0) return false;
      // As in the real client a key that coincides with one before finds its own connection there.
      if (this.policy !== 'newest' && present?.isOpen === true) {
        if (this.policy === 'standby') this.waiting.set(key, writer);
        return false;
      }
      this.active.set(key, writer);
      return true;
    });
  }

  /** Takes a closed connection out; returns the keys whose standby was promoted (it may be closed itself). */
  remove(writer: W): readonly string[] {
    writer.isOpen = false;
    const promoted: string[] = [];
    if (this.policy === 'newest') return promoted;
    for (const [key, present] of this.active) {
      if (present !== writer) continue;
      const next = this.waiting.get(key);
      this.waiting.delete(key);
      if (next === undefined) this.active.delete(key);
      else {
        this.active.set(key, next);
        promoted.push(key);
      }
    }
    return promoted;
  }

  /** The connection for a path: open, but for E1, which keeps closed ones too. */
  get(key: string): W | undefined {
    const writer = this.active.get(key);
    return writer?.isOpen === true || this.policy === 'newest' ? writer : undefined;
  }

  /** Every path with a connection, in order. */
  get keys(): readonly string[] {
    return [...this.active.keys()].toSorted();
  }
}
