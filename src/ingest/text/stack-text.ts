/**
 * Stack dumps of programs: gdb, lldb, py-spy, Rust, `at name (file:line)`, and any line that names sequre's receiving functions
 * (field guide 1.2). Whose stack it is says the header above: `=== syqure-{run}-pid1 ===`, `==> … <==`, `pid1:`.
 */
import type { TableRow } from '../files/file-rows.ts';
import type { TextAnswer, TextHandler, TextLine } from './handler.ts';
import { whosePath, whoseText, unwrap, type Whose } from './runner-rows.ts';

const MAX_NAME = 200;
const MAX_DEPTH = 100_000;
/** Frames and headers are short; a longer line is something else. */
const MAX_LINE = 2000;

/** Depth in the first group, where the form has one; name in the second. */
const FORMS: readonly RegExp[] = [
  /^\s*#(\d+)\s+(?:0x[0-9a-f]+ in )?([^\s(][^(]*?) ?\(/,
  /^\s*(?:\* )?frame #(\d+): 0x[0-9a-f]+ (?:[^\s`]+`)?(.+?)(?: \+ \d+)?(?: at \S+)?$/,
  /^\s+(\d+):\s+(?:0x[0-9a-f]+ - )?((?=\S*(?:::|receive_jar))\S.*)$/,
  /^\s*()at ([\w.$<>:[\], ]+?) \([^()]*:\d+(?::\d+)?\)$/,
  /^\s+()([\w.<>:$]+) \([^()\s]+:\d+\)$/,
];
const RECEIVES = /(?:\b[\w.]{1,100}[.:])?\breceive_jar(?:_size)?\b/;
/** The place of the frame above: `at /rustc/…/mod.rs:12:5`, `from /lib/libc.so.6`. */
const PLACE = /^\s+(?:at|from) \S+$/;
const TITLE = /^\s*(?:=+|-{3,}|#{2,}|==>)\s*(.*?)\s*(?:=+|-{3,}|#{2,}|<==)?\s*$/;
const SHORT = /^\s*(?:pid|party ?|CP)(\d{1,3})\b[^=]{0,40}:?\s*$/i;
const THREAD = /^\s*(?:\* )?(?:Thread \d|thread #\d|Thread 0x|Process \d+:|stack backtrace:$)/;

interface Memory {
  whose: Whose;
  /** Of the next frame without a number. */
  next: number;
}

export class StackTextHandler implements TextHandler {
  private memory: Memory = { whose: {}, next: 0 };

  read(given: TextLine): TextAnswer {
    if (given.text.length > MAX_LINE) return undefined;
    const { line, whose } = unwrap(given);
    if (whose.partyIndex !== undefined && whose.partyIndex !== this.memory.whose.partyIndex) this.memory = { whose, next: 0 };
    const frame = this.frameOf(line);
    if (frame !== undefined) return [frame];
    if (this.memory.next > 0 && PLACE.test(line.text)) return 'continuation';
    return this.header(line.text) ? 'noise' : undefined;
  }

  save(): unknown {
    return { ...this.memory };
  }

  restore(state: unknown): void {
    this.memory = { ...(state as Memory) };
  }

  private frameOf(line: TextLine): TableRow | undefined {
    const form = FORMS.map((pattern) => pattern.exec(line.text)).find((m) => m !== null);
    const name = form?.[2] ?? RECEIVES.exec(line.text)?.[0];
    if (name === undefined) return undefined;
    const { whose } = this.memory;
    const path = whosePath(line.path);
    const number = form?.[1] === undefined || form[1] === '' ? this.memory.next : Math.min(Number(form[1]), MAX_DEPTH);
    this.memory.next = number + 1;
    const container = whose.container ?? null;
    const place = [line.sourceId, line.lineNo, line.party, whose.partyIndex ?? path.partyIndex ?? null, container];
    return { table: 'stack_frame', values: [...place, number, name.trim().slice(0, MAX_NAME).toWellFormed()] };
  }

  /** Whether the line says whose stack, or which thread's, comes next. */
  private header(text: string): boolean {
    const title = TITLE.exec(text);
    const short = SHORT.exec(title?.[1] ?? text);
    const named = title === null ? {} : whoseText(title[1] ?? '');
    if (named.container !== undefined) this.memory = { whose: named, next: 0 };
    else if (short !== null) this.memory = { whose: { partyIndex: Number(short[1]) }, next: 0 };
    else if (THREAD.test(text)) this.memory = { ...this.memory, next: 0 };
    else return false;
    return true;
  }
}
