/**
 * Puts a user's own templates behind those of a dialect: asked for lines that the built-in table takes for noise or does not
 * know. A built-in event is never changed by them.
 */
import type { LineReader, LineRecord } from './scan-record.ts';

export class UserReader implements LineReader {
  record: LineRecord;
  readonly zoneVotes?: Map<number, number>;
  private readonly builtIn: LineReader;
  private readonly users: LineReader;
  private active: LineReader;

  constructor(builtIn: LineReader, users: LineReader) {
    this.builtIn = builtIn;
    this.users = users;
    this.active = builtIn;
    this.record = builtIn.record;
    if (builtIn.zoneVotes !== undefined) this.zoneVotes = builtIn.zoneVotes;
  }

  get above(): number {
    return this.builtIn.above;
  }

  set above(value: number) {
    this.builtIn.above = value;
  }

  read(start: number, end: number, cut: boolean): void {
    const { builtIn, users } = this;
    builtIn.read(start, end, cut);
    this.active = builtIn;
    this.record = builtIn.record;
    const { outcome, reason } = builtIn.record;
    const isUnknown = outcome === 'rejected' && (reason === 'unknown-message' || reason === 'unknown-hotlink-message');
    if (outcome !== 'noise' && !isUnknown) return;
    users.read(start, end, cut);
    if (users.record.outcome !== 'event') return;
    this.active = users;
    this.record = users.record;
  }

  endsWhole(): boolean {
    return this.active.endsWhole();
  }
}
