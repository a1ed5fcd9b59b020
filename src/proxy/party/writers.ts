/** Which connection of a local program gets the frames of which path (field guide 8.5). */

/** A program's connection. */
export interface Writer {
  readonly id: number;
  isOpen: boolean;
}

export class WriterMap<W extends Writer> {
  private readonly active = new Map<string, W>();
  private readonly waiting = new Map<string, W>();
  private readonly standby: boolean;

  constructor(standby: boolean) {
    this.standby = standby;
  }

  /** Registers under each key in turn; tells for each whether it became the active one. */
  add(keys: readonly string[], writer: W): readonly boolean[] {
    return keys.map((key) => {
      const present = this.active.get(key);
      // As in the real client a key that coincides with one before finds its own connection there.
      if (present?.isOpen === true) {
        if (this.standby) this.waiting.set(key, writer);
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

  /** The open connection for a path. */
  get(key: string): W | undefined {
    const writer = this.active.get(key);
    return writer?.isOpen === true ? writer : undefined;
  }
}
