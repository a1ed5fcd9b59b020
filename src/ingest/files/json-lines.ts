/**
 * Files of JSON lines that are not logs: access logs, progress events. Read in blocks of whole lines with the `ndjson` package;
 * when it passes over a line of a block (it does not say which), the block is walked once more to name each bad one.
 */
import { closeSync, readSync } from 'node:fs';
import { openPlain } from '../open-plain.ts';
import ndjson from 'ndjson';
import type { Reason } from '../reasons.ts';
import type { CountedFile } from './count-file.ts';
import type { FileRejection } from './file-rows.ts';

/** What a value is worth: a record, or why it is none. */
export type JsonVerdict = 'record' | Reason;

export interface JsonLines extends CountedFile {
  readonly records: number;
  readonly ignored: number;
  /** One for each reason, with its first line. */
  readonly rejections: readonly FileRejection[];
}

/** A line longer than this is no record of these files; it is passed over, not collected. */
const LONGEST_LINE = 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;
const EXAMPLE_CHARACTERS = 2048;
const MOST_ODD_LINES = 10_000;
const NEWLINE = 10;

/** Reads a file line by line; undefined when it cannot be read. `each` gets the values in order with their line numbers. */
export async function readJsonLines(path: string, each: (value: unknown, line: number) => JsonVerdict): Promise<JsonLines | undefined> {
  const reader = new JsonLineReader(each);
  let fd: number;
  try {
    fd = openPlain(path);
  } catch {
    return undefined;
  }
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) await reader.push(block.subarray(0, length));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
  return reader.end();
}

class JsonLineReader {
  private readonly each: (value: unknown, line: number) => JsonVerdict;
  private readonly rejections = new Map<Reason, { reason: Reason; line: number; text: string; lines: number }>();
  private lines = 0;
  private records = 0;
  private ignored = 0;
  /** Lines that are no objects and were parsed all the same, to tell other JSON from none. */
  private oddLines = 0;
  /** Bytes of a line whose end is not there yet. */
  private rest: Buffer = Buffer.alloc(0);
  /** The line of `rest` is longer than any record: of it only the beginning is kept. */
  private isTooLong = false;

  constructor(each: (value: unknown, line: number) => JsonVerdict) {
    this.each = each;
  }

  async push(block: Buffer): Promise<void> {
    const first = block.indexOf(NEWLINE);
    if (first < 0) {
      this.keep(block);
      return;
    }
    if (this.isTooLong) this.endTooLong();
    else await this.lump(Buffer.concat([this.rest, block.subarray(0, first + 1)]));
    const last = block.lastIndexOf(NEWLINE);
    if (last > first) await this.lump(block.subarray(first + 1, last + 1));
    this.rest = Buffer.alloc(0);
    this.keep(block.subarray(last + 1));
  }

  async end(): Promise<JsonLines> {
    const cut = this.rest.length > 0;
    if (this.isTooLong) this.endTooLong();
    else if (cut) await this.lump(this.rest);
    const { lines, records, ignored, rejections } = this;
    return { lines, cut, records, ignored, rejections: [...rejections.values()] };
  }

  /** Keeps the beginning of a line; copied, since the block is filled again. */
  private keep(part: Buffer): void {
    if (this.isTooLong) return;
    const rest = Buffer.concat([this.rest, part]);
    this.isTooLong = rest.length > LONGEST_LINE;
    this.rest = this.isTooLong ? Buffer.from(rest.subarray(0, 4 * EXAMPLE_CHARACTERS)) : rest;
  }

  private endTooLong(): void {
    this.lines++;
    this.reject('too-long-line', this.lines, this.rest.toString('utf8'));
    this.isTooLong = false;
  }

  /** Whole lines, or the last one without its newline. */
  private async lump(bytes: Buffer): Promise<void> {
    const text = bytes.toString('utf8');
    const isWhole = bytes.at(-1) === NEWLINE;
    const lines = text.split('\n');
    if (isWhole) lines.pop();
    const before = this.lines;
    this.lines += lines.length;
    // Only what looks like objects from end to end is worth the package: a parser that throws at each line takes minutes.
    const values = lines.every(isObject) ? await parseAll(text, lines.length) : [];
    if (values.length === lines.length) {
      for (const [index, value] of values.entries()) this.take(value, before + index + 1, lines[index] ?? '');
      return;
    }
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') {
        this.ignored++;
        continue;
      }
      const parsed = isObject(line) || (!line.startsWith('{') && this.oddLines++ < MOST_ODD_LINES) ? parseOne(line) : undefined;
      if (parsed === undefined) this.reject(isWhole ? 'not-json' : 'cut-line', before + index + 1, line);
      else this.take(parsed.value, before + index + 1, line);
    }
  }

  private take(value: unknown, line: number, text: string): void {
    const verdict = this.each(value, line);
    if (verdict === 'record') this.records++;
    else this.reject(verdict, line, text);
  }

  private reject(reason: Reason, line: number, text: string): void {
    const known = this.rejections.get(reason);
    if (known === undefined) this.rejections.set(reason, { reason, line, text: text.slice(0, EXAMPLE_CHARACTERS), lines: 1 });
    else known.lines++;
  }
}

function isObject(line: string): boolean {
  return line.startsWith('{') && line.trimEnd().endsWith('}');
}

function parseOne(line: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}

/**
 * Values of the lines that parse. A lone `null` ends the package's stream early, and what follows it is then an error of the
 * stream: both show as too few values.
 */
async function parseAll(text: string, atMost: number): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  const stream = ndjson.parse({ strict: false });
  const done = new Promise<void>((resolve) => {
    stream.on('end', resolve);
    stream.on('error', () => resolve());
    stream.on('close', resolve);
  });
  stream.on('data', (value: unknown) => {
    if (values.length < atMost) values.push(value);
  });
  stream.end(text);
  await done;
  return values;
}
