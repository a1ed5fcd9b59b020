/**
 * The line scanner: blocks of one log in, rows and an account of every line out.
 *
 * Each line is read once where it lies in the scanner's own buffer. Noise is recognised by its beginning and only
 * counted; a line longer than HEAD_BYTES is read by its beginning, and of the rest only the elements of a payload list are
 * counted as they pass. So memory does not depend on the length of a line. The scanner can be stopped at any byte and
 * begun again from its `checkpoint()`: the rows are the same as of one pass (live follow reads growing files that way).
 */
import type { EventChunk } from '../store/append.ts';
import type { CompiledTable } from './compile.ts';
import { mask } from './mask.ts';
import { Account, type SavedAccount } from './scan-account.ts';
import type { LogDialect, PlainDialect } from './dialect.ts';
import type { TableRow } from './files/file-rows.ts';
import { plainReader } from './readers.ts';
import { MixedReader } from './scan-mixed.ts';
import { HEAD_BYTES, JSON_HEAD_BYTES, type Dictionaries, type LineReader, type TextPlace, type Window } from './scan-record.ts';
import { PayloadCounter } from './scan-payload.ts';

export type { LogDialect } from './dialect.ts';

/** Bytes that are asked for at once: larger blocks are no faster (bench/README.md). */
export const BLOCK_BYTES = 512 * 1024;
/** Readers look up to this far beyond a line's end before they notice it. */
const SPARE_BYTES = 64;
const NEWLINE = 10;
const RETURN = 13;

/** Everything that a scanner needs to go on later: plain values. */
export interface ScanCheckpoint extends SavedAccount {
  readonly dialect: LogDialect;
  /** Where to go on: the first byte of the line that was not finished. */
  readonly offset: number;
  /** What the reader remembers of the lines above. */
  readonly above: number;
  readonly zoneVotes: readonly (readonly [number, number])[];
  /** Further memory of the reader. */
  readonly memory?: unknown;
}

export interface ScanTarget {
  /** Where rows go; without it lines are told apart and counted, and values of events are passed over. */
  readonly chunk: EventChunk | undefined;
  readonly dictionaries: Dictionaries;
  readonly table: CompiledTable;
  /** Microseconds to take off every stamp: the zone of a relay log that has local time. */
  readonly shiftUs?: number;
  /** Only for mixed files: what their text is told of where it stands. */
  readonly place?: TextPlace;
}

const EXAMPLE_CHARACTERS = 200;
const EXAMPLE_BYTES = 2048;
const COLOUR = /\x1b\[[0-9;]*m/g;

export class LineScanner {
  readonly account: Account;
  readonly zoneVotes: Map<number, number>;
  /** Rows of other tables than `log_event`; only mixed files have them. */
  readonly rows: TableRow[] = [];
  /** Lines that gave them. */
  textRecords = 0;
  /** Of a mixed file: its reader, which knows whose the lines were. */
  readonly mixed: MixedReader | undefined;
  private readonly headBytes: number;
  private readonly dialect: LogDialect;
  private readonly window: Window;
  private readonly reader: LineReader;
  private readonly payload: PayloadCounter;
  /** Bytes of the buffer that hold the line being collected. */
  private fill = 0;
  /** Offset in the file of the buffer's first byte. */
  private base = 0;
  /** Length so far of a line whose beginning was read already; 0: none. */
  private longLength = 0;
  private longExample = '';

  constructor(dialect: LogDialect, target: ScanTarget, from?: ScanCheckpoint) {
    this.dialect = dialect;
    // A mixed file may hold JSON lines behind prefixes.
    this.headBytes = dialect === 'mixed' ? JSON_HEAD_BYTES + HEAD_BYTES : dialect === 'relay-json' ? JSON_HEAD_BYTES : HEAD_BYTES;
    const bytes = Buffer.alloc(this.headBytes + BLOCK_BYTES + SPARE_BYTES);
    this.window = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    this.payload = new PayloadCounter(bytes);
    const { table, dictionaries, chunk, place, shiftUs = 0 } = target;
    // Of a mixed file only some lines have local stamps: its reader moves those.
    const isMixed = dialect === 'mixed';
    this.account = new Account(table, chunk, isMixed ? 0 : shiftUs, from);
    const lineNo = (): number => this.account.counts.lines + 1;
    const forReader = { table, dictionaries, countsOnly: chunk === undefined, place, lineNo, relayShiftUs: isMixed ? shiftUs : 0 };
    this.mixed = isMixed ? new MixedReader(this.window, forReader) : undefined;
    this.reader = this.mixed ?? plainReader(dialect as PlainDialect, this.window, forReader);
    this.zoneVotes = this.reader.zoneVotes ?? new Map();
    if (from === undefined) return;
    this.reader.restore?.(from.memory);
    this.base = from.offset;
    this.reader.above = from.above;
    for (const [zone, votes] of from.zoneVotes) this.zoneVotes.set(zone, votes);
  }

  /** Where the next bytes of the file are to be put; then say how many came with `commit`. */
  reserve(): Buffer {
    return this.window.bytes.subarray(this.fill, this.fill + BLOCK_BYTES);
  }

  commit(length: number): void {
    if (length > 0) this.scan(this.fill + length);
  }

  /** Takes the next bytes of the file, however they were cut. */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += BLOCK_BYTES) {
      const part = chunk.subarray(from, Math.min(chunk.length, from + BLOCK_BYTES));
      this.window.bytes.set(part, this.fill);
      this.commit(part.length);
    }
  }

  /** The file ends here for now. A piece without newline counts as a line; no further bytes may come. */
  end(): void {
    const { counts } = this.account;
    counts.bytes = this.base + this.fill;
    if (this.longLength + this.fill === 0) return;
    counts.cut = true;
    this.window.bytes[this.fill] = NEWLINE;
    if (this.longLength > 0) this.finishLong(0);
    else this.line(0, this.fill, true);
    this.fill = 0;
    this.longLength = 0;
  }

  /** State after the last whole line; a line that is not finished is read again from its first byte. */
  checkpoint(): ScanCheckpoint {
    const offset = this.base - this.longLength;
    const { counts, ...rest } = this.account.save();
    const isInside = this.longLength > 0;
    const memory = isInside ? this.memoryLong : this.reader.save?.();
    return {
      ...rest,
      dialect: this.dialect,
      offset,
      counts: { ...counts, bytes: offset, cut: false },
      above: isInside ? this.aboveLong : this.reader.above,
      zoneVotes: [...this.zoneVotes],
      ...(memory !== undefined && { memory }),
    };
  }
  private aboveLong = 0;
  private memoryLong: unknown;

  /** Reads all lines that end before `fill`, and keeps the rest. */
  private scan(fill: number): void {
    const { bytes } = this.window;
    // So that the search for a newline never runs beyond what was read.
    bytes[fill] = NEWLINE;
    let from = 0;
    let newline = bytes.indexOf(NEWLINE);
    if (this.longLength > 0) {
      this.feed(0, newline);
      if (newline === fill) {
        this.longLength += fill;
        this.base += fill;
        this.fill = 0;
        return;
      }
      this.finishLong(newline);
      from = newline + 1;
      newline = bytes.indexOf(NEWLINE, from);
    }
    while (newline < fill) {
      this.line(from, newline, false);
      from = newline + 1;
      newline = bytes.indexOf(NEWLINE, from);
    }
    const rest = fill - from;
    if (rest > this.headBytes) {
      this.base += from;
      this.beginLong(from, fill);
      this.base += rest;
      this.fill = 0;
    } else {
      if (from > 0) bytes.copyWithin(0, from, fill);
      this.base += from;
      this.fill = rest;
    }
  }

  private line(start: number, end: number, unfinished: boolean): void {
    const { reader } = this;
    const { bytes } = this.window;
    const length = end - start;
    const isLong = length > this.headBytes;
    const shown = isLong ? start + this.headBytes : length > 0 && bytes[end - 1] === RETURN ? end - 1 : end;
    reader.read(start, shown, isLong);
    const { record } = reader;
    if (record.outcome === 'noise' && !unfinished) {
      const { account } = this;
      account.counts.lines++;
      account.noise(record, length);
      return;
    }
    if (record.payloadAt >= 0) {
      this.payload.begin();
      this.payload.feed(record.payloadAt, end);
      this.closePayload(unfinished);
    }
    this.settle(this.base + start, length, unfinished, () => this.example(start, shown));
  }

  /** Reads the beginning of a line that goes on beyond the buffer; what follows is only counted. */
  private beginLong(start: number, fill: number): void {
    const { reader } = this;
    this.aboveLong = reader.above;
    this.memoryLong = reader.save?.();
    reader.read(start, start + this.headBytes, true);
    if (reader.record.outcome !== 'event' || reader.record.payloadAt >= 0) this.longExample = this.example(start, start + this.headBytes);
    if (reader.record.payloadAt >= 0) {
      this.payload.begin();
      this.payload.feed(reader.record.payloadAt, fill);
    }
    this.longLength = fill - start;
  }

  private feed(from: number, to: number): void {
    if (this.reader.record.payloadAt >= 0) this.payload.feed(from, to);
  }

  /** The long line ended at `newline` of the buffer, or the file did (0). */
  private finishLong(newline: number): void {
    const unfinished = this.account.counts.cut;
    if (this.reader.record.payloadAt >= 0) this.closePayload(unfinished);
    const length = this.longLength + newline;
    const offset = this.base - this.longLength;
    this.longLength = 0;
    this.settle(offset, length, unfinished, () => this.longExample);
  }

  private closePayload(unfinished: boolean): void {
    const { record } = this.reader;
    if (record.outcome !== 'event') return;
    if (this.payload.isComplete) record.bytes = this.payload.count;
    else record.reject(unfinished ? 'cut-line' : 'bad-payload');
  }

  private example(start: number, shown: number): string {
    // Colours first: they stand between a key and its value.
    // More than is shown, so that a secret at its end is seen whole.
    const text = this.window.bytes.toString('utf8', start, Math.min(shown, start + EXAMPLE_BYTES)).replace(COLOUR, '');
    return mask(text).slice(0, EXAMPLE_CHARACTERS).toWellFormed();
  }

  /** Puts a line that was read under its heading. */
  private settle(offset: number, length: number, unfinished: boolean, example: () => string): void {
    const { account } = this;
    const { record } = this.reader;
    account.counts.lines++;
    if (unfinished && (record.outcome === 'event' || record.outcome === 'rows') && !this.reader.endsWhole()) record.reject('cut-line');
    switch (record.outcome) {
      case 'event':
        account.event(record, offset, length);
        break;
      case 'rows':
        account.counts.records++;
        this.textRecords++;
        this.rows.push(...record.rows);
        break;
      case 'noise':
        account.noise(record, length);
        break;
      case 'continuation':
        account.counts.continuation++;
        break;
      case 'rejected':
        // Half a line proves nothing about templates: it counts as cut, whatever it says.
        account.rejected(unfinished ? 'cut-line' : record.reason, example);
        break;
    }
  }
}
