/**
 * Rewrites a text file line by line, in blocks: the text of each line goes through `edit`, printed byte lists become their
 * length (`payload: Some([12021 bytes])`, which ingest reads as it reads the list), and line numbers stay.
 *
 * A list may be a hundred megabytes long: it is counted as it passes. Of other text that is longer than what ingest looks at
 * only that much is kept, so memory does not depend on the length of a line.
 */
import { PayloadCounter } from '../scan-payload.ts';
import { HEAD_BYTES, JSON_HEAD_BYTES } from '../scan-record.ts';

const NEWLINE = 10;
const CLOSE = 93;
/** Kept of a text line, and of one that is JSON: more than ingest looks at, so that a long line stays one. */
export const KEPT_TEXT_BYTES = 48 * 1024;
export const KEPT_JSON_BYTES = JSON_HEAD_BYTES + HEAD_BYTES + 64 * 1024;
/** Text that is collected before it is searched for lists. */
const DIGEST_BYTES = 64 * 1024;
/** The longest beginning of a list that the search must see whole. */
const LIST_HEAD_BYTES = 96;
/** At a cut, a value that was torn is left away as far back as this. */
const TORN_CHARACTERS = 2048;
const COUNTER_BYTES = 64 * 1024;

/** Lists that the client prints of a payload or a file, and any other list of eight bytes or more. */
const LIST = /\b(?:payload|content): Some\(\[|(?<!":\s?)\[(?=\d{1,3}(?:, \d{1,3}){7})/g;

/** What lines hold. json: objects, which ingest reads further than text; mixed: text, with objects here and there. */
export type Keep = 'text' | 'json' | 'mixed';

export class LineRewriter {
  private readonly edit: (line: string) => string;
  private readonly limit: number;
  private readonly hasLists: boolean;
  /** Text of the line that was searched already. */
  private kept: Buffer[] = [];
  private keptBytes = 0;
  /** Text that was not. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private isInList = false;
  /** Bytes that are not kept, since the line has enough. */
  private skipped = 0;
  private readonly window = Buffer.alloc(COUNTER_BYTES);
  private readonly counter = new PayloadCounter(this.window);
  private out: Buffer[] = [];

  constructor(keep: Keep, edit: (line: string) => string) {
    this.edit = edit;
    this.limit = keep === 'text' ? KEPT_TEXT_BYTES : KEPT_JSON_BYTES;
    this.hasLists = keep !== 'json';
  }

  /** The next bytes of the file; answers what is finished of the new one. */
  push(block: Buffer): Buffer {
    let from = 0;
    for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, from)) {
      this.take(block.subarray(from, at));
      this.finish(true);
      from = at + 1;
    }
    this.take(block.subarray(from));
    return this.flush();
  }

  /** The file ends here; a line without newline stays one. */
  end(): Buffer {
    if (this.keptBytes + this.pendingBytes + this.skipped > 0 || this.isInList) this.finish(false);
    return this.flush();
  }

  private flush(): Buffer {
    const all = Buffer.concat(this.out);
    this.out = [];
    return all;
  }

  private take(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.isInList) {
      const close = piece.indexOf(CLOSE);
      this.count(close < 0 ? piece : piece.subarray(0, close + 1));
      if (close < 0) return;
      this.closeList();
      this.take(piece.subarray(close + 1));
    } else if (this.keptBytes >= this.limit && !this.hasLists) this.skipped += piece.length;
    else {
      this.pending.push(Buffer.from(piece));
      this.pendingBytes += piece.length;
      if (this.pendingBytes > DIGEST_BYTES) this.digest(false);
    }
  }

  /** Searches the collected text for lists. What may be the beginning of one waits, unless the line ends here. */
  private digest(isEnd: boolean): void {
    let rest = Buffer.concat(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    while (rest.length > 0) {
      LIST.lastIndex = 0;
      const found = this.hasLists ? LIST.exec(rest.toString('latin1')) : null;
      if (found === null) {
        const wait = isEnd || !this.hasLists ? 0 : Math.min(LIST_HEAD_BYTES, rest.length);
        this.keep(rest.subarray(0, rest.length - wait));
        if (wait > 0) this.pending = [rest.subarray(rest.length - wait)];
        this.pendingBytes = wait;
        return;
      }
      const at = found.index + found[0].length;
      this.keep(rest.subarray(0, at));
      rest = rest.subarray(at);
      this.counter.begin();
      this.isInList = true;
      const close = rest.indexOf(CLOSE);
      this.count(close < 0 ? rest : rest.subarray(0, close + 1));
      if (close < 0) return;
      this.closeList();
      rest = rest.subarray(close + 1);
    }
  }

  private count(piece: Buffer): void {
    for (let from = 0; from < piece.length; from += COUNTER_BYTES) {
      const part = piece.subarray(from, from + COUNTER_BYTES);
      part.copy(this.window);
      this.counter.feed(0, part.length);
    }
  }

  /** A list that is none stays unreadable: ingest rejects the line as it rejected the one before. */
  private closeList(): void {
    this.isInList = false;
    this.keep(Buffer.from(`${this.counter.isComplete ? this.counter.count : '?'} bytes]`));
  }

  private keep(piece: Buffer): void {
    const room = Math.max(0, this.limit - this.keptBytes);
    const part = piece.subarray(0, room);
    this.skipped += piece.length - part.length;
    this.kept.push(part);
    this.keptBytes += part.length;
  }

  private keptText(): string {
    const text = Buffer.concat(this.kept).toString('utf8');
    if (this.limit === KEPT_TEXT_BYTES || text.length <= KEPT_TEXT_BYTES || text.includes('{"')) return text;
    this.skipped += text.length - KEPT_TEXT_BYTES;
    return text.slice(0, KEPT_TEXT_BYTES);
  }

  private finish(hasNewline: boolean): void {
    if (this.isInList) {
      this.isInList = false;
      this.keep(Buffer.from('? bytes'));
    }
    if (this.pendingBytes > 0) this.digest(true);
    // The list began in what was left.
    if (this.isInList) {
      this.isInList = false;
      this.keep(Buffer.from('? bytes'));
    }
    const text = this.keptText();
    const isReturn = this.skipped === 0 && text.endsWith('\r');
    const whole = isReturn ? text.slice(0, -1) : text;
    const edited = this.skipped === 0 ? this.edit(whole) : `${this.edit(withoutTorn(whole))}…[${this.skipped} more bytes]`;
    this.out.push(Buffer.from(`${edited.replaceAll('\n', ' ')}${isReturn ? '\r' : ''}${hasNewline ? '\n' : ''}`));
    this.kept = [];
    this.keptBytes = 0;
    this.skipped = 0;
  }
}

/** A text that was cut, without its last word: half of a secret is not known for one. */
function withoutTorn(text: string): string {
  const end = text.slice(-TORN_CHARACTERS);
  const blank = Math.max(end.lastIndexOf(' '), end.lastIndexOf('"'), end.lastIndexOf(','));
  return text.slice(0, text.length - end.length + Math.max(0, blank));
}
