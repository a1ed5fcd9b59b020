/** Lines for the user: the first of each kind, then one now and then with their number, so that no stranger can fill a disk. */

/** Of one kind, in full. */
const FIRST_LINES = 20;
/** Kinds that are told apart; texts of users' faults are kinds. */
const MOST_KINDS = 200;

export class Talk {
  private readonly write: (line: string) => void;
  private readonly counts = new Map<string, number>();

  constructor(write: (line: string) => void) {
    this.write = write;
  }

  readonly say = (kind: string, line: string): void => {
    const known = this.counts.size < MOST_KINDS || this.counts.has(kind) ? kind : 'other';
    const count = (this.counts.get(known) ?? 0) + 1;
    this.counts.set(known, count);
    const isTold = count <= FIRST_LINES || Number.isInteger(Math.log2(count));
    if (isTold) this.write(`${plain(line)}${count > FIRST_LINES ? ` (the ${count}th such line)` : ''}`);
  };

  /** How often what was said, where not all of it was. */
  close(): void {
    for (const [kind, count] of this.counts) if (count > FIRST_LINES) this.write(`${plain(kind)}: ${count} in all`);
  }
}

/** One line, without anything that steers a terminal. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (mark) => `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
