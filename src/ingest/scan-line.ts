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
import type { Reason } from './reasons.ts';
import { RustReader } from './scan-rust.ts';
import { SlogReader } from './scan-slog.ts';
import { JsonReader } from './scan-json.ts';
import { HEAD_BYTES, type Dictionaries, type LineReader, type SummaryFigures, type Window } from './scan-record.ts';
import { PayloadCounter } from './scan-payload.ts';

/** Bytes that are asked for at once: larger blocks are no faster (measurements.md). */
export const BLOCK_BYTES = 512 * 1024;
/** Readers look up to this far beyond a line's end before they notice it. */
const SPARE_BYTES = 64;
const NEWLINE = 10;
const RETURN = 13;

export type LogDialect = 'rust-file' | 'rust-stdout' | 'go-file' | 'go-stdout' | 'relay-dev' | 'relay-json';

/** Counts of one noise family, per user where it has one. Times on the file's own clock. */
export interface FamilyCount {
  family: string;
  /** Text id; -1: the family is not about anybody. */
  subject: number;
  lines: number;
  bytes: number;
  firstUs: number | null;
  firstLine: number;
  lastUs: number | null;
  lastLine: number;
}

/** A heartbeat that paused. */
export interface Silence {
  family: string;
  subject: number;
  fromUs: number;
  fromLine: number;
  toUs: number;
  toLine: number;
}

export interface RejectionCount {
  lines: number;
  firstLine: number;
  /** Masked text of the first such line, at most 200 characters. */
  example: string;
}

/** A summary line and the event that it belongs to. */
export interface SummaryRow {
  readonly eventId: number;
  readonly lineNo: number;
  readonly tsUs: number;
  readonly figures: SummaryFigures;
}

/** Account of a file so far. */
export interface ScanCounts {
  bytes: number;
  lines: number;
  records: number;
  continuation: number;
  ignored: number;
  rejected: number;
  unmatchedHotlink: number;
  /** The last line has no newline. */
  cut: boolean;
}

/** Everything that a scanner needs to go on later: plain values. */
export interface ScanCheckpoint {
  readonly dialect: LogDialect;
  /** Where to go on: the first byte of the line that was not finished. */
  readonly offset: number;
  readonly counts: ScanCounts;
  readonly afterRecord: boolean;
  readonly families: readonly FamilyCount[];
  readonly silences: readonly Silence[];
  readonly rejections: readonly (readonly [Reason, RejectionCount])[];
  readonly zoneVotes: readonly (readonly [number, number])[];
}

export interface ScanTarget {
  readonly chunk: EventChunk;
  readonly dictionaries: Dictionaries;
  readonly table: CompiledTable;
  /** Microseconds to take off every stamp: the zone of a relay log that has local time. */
  readonly shiftUs?: number;
}

const EXAMPLE_CHARACTERS = 200;

export class LineScanner {
  readonly summaries: SummaryRow[] = [];
  readonly families: FamilyCount[] = [];
  readonly silences: Silence[] = [];
  readonly rejections = new Map<Reason, RejectionCount>();
  readonly counts: ScanCounts = { bytes: 0, lines: 0, records: 0, continuation: 0, ignored: 0, rejected: 0, unmatchedHotlink: 0, cut: false };
  readonly zoneVotes: Map<number, number>;
  private readonly dialect: LogDialect;
  private readonly target: ScanTarget;
  private readonly window: Window;
  private readonly reader: LineReader;
  private readonly payload = new PayloadCounter();
  private readonly shiftUs: number;
  /** First slot of each family of the table; further ones per subject. */
  private readonly slotOf = new Map<number, number>();
  private readonly plainSlot: Int32Array;
  /** A whole line of this dialect can be told from half of one. */
  private readonly provesItsEnd: boolean;
  /** Bytes of the buffer that hold the line being collected. */
  private fill = 0;
  /** Offset in the file of the buffer's first byte. */
  private base = 0;
  /** Length so far of a line whose beginning was read already; 0: none. */
  private longLength = 0;

  constructor(dialect: LogDialect, target: ScanTarget, from?: ScanCheckpoint) {
    this.dialect = dialect;
    this.target = target;
    this.provesItsEnd = dialect === 'rust-file' || dialect === 'relay-json';
    this.shiftUs = target.shiftUs ?? 0;
    const bytes = Buffer.alloc(HEAD_BYTES + BLOCK_BYTES + SPARE_BYTES);
    this.window = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    this.plainSlot = new Int32Array(target.table.families.length).fill(-1);
    const { reader, zoneVotes } = readerOf(dialect, this.window, target);
    this.reader = reader;
    this.zoneVotes = zoneVotes;
    if (from !== undefined) this.restore(from);
  }

  /** Where the next bytes of the file are to be put; then say how many came with `commit`. */
  reserve(): Buffer {
    return this.window.bytes.subarray(this.fill, this.fill + BLOCK_BYTES);
  }

  commit(length: number): void {
    this.scan(this.fill + length);
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
    const { counts } = this;
    const rest = this.longLength + this.fill;
    counts.bytes = this.base + this.fill;
    if (rest === 0) return;
    counts.cut = true;
    if (this.longLength > 0) this.finishLong(0);
    else this.line(0, this.fill, true);
    this.fill = 0;
    this.longLength = 0;
  }

  /** State after the last whole line; a line that is not finished is read again from its first byte. */
  checkpoint(): ScanCheckpoint {
    const offset = this.base - this.longLength;
    return structuredClone({
      dialect: this.dialect,
      offset,
      counts: { ...this.counts, bytes: offset, cut: false },
      afterRecord: this.reader instanceof RustReader && this.reader.afterRecord,
      families: this.families,
      silences: this.silences,
      rejections: [...this.rejections],
      zoneVotes: [...this.zoneVotes],
    });
  }

  private restore(from: ScanCheckpoint): void {
    const copy = structuredClone(from);
    this.base = copy.offset;
    Object.assign(this.counts, copy.counts);
    for (const family of copy.families) {
      const index = this.target.table.families.indexOf(family.family);
      this.families.push(family);
      if (family.subject < 0) this.plainSlot[index] = this.families.length - 1;
      else this.slotOf.set(index * 2 ** 32 + family.subject, this.families.length - 1);
    }
    this.silences.push(...copy.silences);
    for (const [reason, count] of copy.rejections) this.rejections.set(reason, count);
    for (const [zone, votes] of copy.zoneVotes) this.zoneVotes.set(zone, votes);
    if (this.reader instanceof RustReader) this.reader.afterRecord = copy.afterRecord;
  }

  /** Reads all lines that end before `fill`, and keeps the rest. */
  private scan(fill: number): void {
    const { bytes } = this.window;
    let from = 0;
    if (this.longLength > 0) {
      const newline = bytes.indexOf(NEWLINE);
      if (newline < 0 || newline >= fill) {
        this.feed(0, fill);
        this.longLength += fill;
        this.base += fill;
        this.fill = 0;
        return;
      }
      this.feed(0, newline);
      this.finishLong(newline);
      from = newline + 1;
    }
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, from);
      if (newline < 0 || newline >= fill) break;
      this.line(from, newline, false);
      from = newline + 1;
    }
    const rest = fill - from;
    if (rest > HEAD_BYTES) {
      this.base += from;
      this.beginLong(from, fill);
      this.base += rest;
      this.fill = 0;
    } else {
      bytes.copyWithin(0, from, fill);
      this.base += from;
      this.fill = rest;
    }
  }

  private line(start: number, end: number, unfinished: boolean): void {
    const { reader } = this;
    const { record } = reader;
    const { bytes } = this.window;
    const length = end - start;
    const isLong = length > HEAD_BYTES;
    const shown = isLong ? start + HEAD_BYTES : length > 0 && bytes[end - 1] === RETURN ? end - 1 : end;
    reader.read(start, shown, isLong);
    if (record.payloadAt >= 0) {
      this.payload.begin();
      this.payload.feed(bytes, record.payloadAt, end);
      this.closePayload(unfinished);
    }
    this.account(this.base + start, length, unfinished, start, shown);
  }

  /** Reads the beginning of a line that goes on beyond the buffer; what follows is only counted. */
  private beginLong(start: number, fill: number): void {
    const { reader } = this;
    reader.read(start, start + HEAD_BYTES, true);
    this.longExample = undefined;
    if (reader.record.outcome === 'rejected') this.longExample = this.example(start, start + HEAD_BYTES);
    if (reader.record.payloadAt >= 0) {
      this.payload.begin();
      this.payload.feed(this.window.bytes, reader.record.payloadAt, fill);
    }
    this.longLength = fill - start;
  }
  private longExample: string | undefined;

  private feed(from: number, to: number): void {
    if (this.reader.record.payloadAt >= 0) this.payload.feed(this.window.bytes, from, to);
  }

  /** The long line ended at `newline` of the buffer, or the file did (0). */
  private finishLong(newline: number): void {
    const unfinished = this.counts.cut;
    if (this.reader.record.payloadAt >= 0) this.closePayload(unfinished);
    const length = this.longLength + newline;
    const offset = this.base - this.longLength;
    this.longLength = 0;
    this.account(offset, length, unfinished, 0, 0);
  }

  private closePayload(unfinished: boolean): void {
    const { record } = this.reader;
    if (record.outcome !== 'event') return;
    if (this.payload.isComplete) record.bytes = this.payload.count;
    else record.reject(unfinished ? 'cut-line' : 'bad-payload');
  }

  private example(start: number, shown: number): string {
    return mask(this.window.bytes.toString('utf8', start, Math.min(shown, start + 2 * EXAMPLE_CHARACTERS))).slice(0, EXAMPLE_CHARACTERS);
  }

  private account(offset: number, length: number, unfinished: boolean, start: number, shown: number): void {
    const { counts } = this;
    const { record } = this.reader;
    counts.lines++;
    if (unfinished && record.outcome === 'event' && !this.provesItsEnd) record.reject('cut-line');
    switch (record.outcome) {
      case 'event':
        counts.records++;
        this.emit(offset, length);
        break;
      case 'noise':
        counts.ignored++;
        this.countFamily(length);
        break;
      case 'continuation':
        counts.continuation++;
        break;
      case 'rejected':
        this.reject(unfinished, start, shown);
        break;
    }
  }

  private reject(unfinished: boolean, start: number, shown: number): void {
    const { counts } = this;
    const { record } = this.reader;
    counts.rejected++;
    // Half a line proves nothing about templates: it counts as cut, whatever it says.
    const reason = unfinished ? 'cut-line' : record.reason;
    if (reason === 'unknown-hotlink-message') counts.unmatchedHotlink++;
    const known = this.rejections.get(reason);
    if (known === undefined) this.rejections.set(reason, { lines: 1, firstLine: counts.lines, example: this.longExample ?? this.example(start, shown) });
    else known.lines++;
    this.longExample = undefined;
  }

  private emit(offset: number, length: number): void {
    const { chunk } = this.target;
    const { record } = this.reader;
    const row = chunk.rows;
    chunk.lineNo[row] = this.counts.lines;
    chunk.byteOffset[row] = offset;
    chunk.byteLength[row] = length;
    chunk.tsUs[row] = record.tsUs - this.shiftUs;
    chunk.level[row] = record.level;
    chunk.kindId[row] = record.kindId;
    const { ids } = record;
    chunk.sessionId[row] = ids[0] ?? -1;
    chunk.pathId[row] = ids[1] ?? -1;
    chunk.keyId[row] = ids[2] ?? -1;
    chunk.connId[row] = ids[3] ?? -1;
    chunk.msgId[row] = ids[4] ?? -1;
    chunk.msgType[row] = ids[5] ?? -1;
    chunk.userId[row] = ids[6] ?? -1;
    chunk.toId[row] = ids[7] ?? -1;
    chunk.reasonId[row] = ids[8] ?? -1;
    chunk.addrId[row] = ids[9] ?? -1;
    chunk.seq[row] = record.seq;
    chunk.bytes[row] = record.bytes;
    chunk.n[row] = record.n;
    if (record.summary !== undefined) this.summaries.push({ eventId: chunk.nextEventId, lineNo: this.counts.lines, tsUs: record.tsUs - this.shiftUs, figures: record.summary });
    chunk.next();
  }

  private countFamily(length: number): void {
    const { record } = this.reader;
    const slot = this.slot(record.family, record.subject);
    const count = this.families[slot];
    if (count === undefined) return;
    const now = record.tsUs - this.shiftUs;
    const line = this.counts.lines;
    count.lines++;
    count.bytes += length;
    if (now === now) {
      const last = count.lastUs;
      if (last === null) count.firstUs = now;
      else if (now - last > (this.target.table.silenceUs[record.family] ?? Infinity)) {
        this.silences.push({ family: count.family, subject: count.subject, fromUs: last, fromLine: count.lastLine, toUs: now, toLine: line });
      }
      count.lastUs = now;
    }
    count.lastLine = line;
  }

  private slot(family: number, subject: number): number {
    const key = family * 2 ** 32 + subject;
    const known = subject < 0 ? (this.plainSlot[family] ?? -1) : (this.slotOf.get(key) ?? -1);
    if (known >= 0) return known;
    const line = this.counts.lines;
    const slot =
      this.families.push({ family: this.target.table.families[family] ?? '', subject, lines: 0, bytes: 0, firstUs: null, firstLine: line, lastUs: null, lastLine: line }) - 1;
    if (subject < 0) this.plainSlot[family] = slot;
    else this.slotOf.set(key, slot);
    return slot;
  }
}

function readerOf(dialect: LogDialect, window: Window, target: ScanTarget): { reader: LineReader; zoneVotes: Map<number, number> } {
  const { table, dictionaries } = target;
  switch (dialect) {
    case 'rust-file':
      return { reader: new RustReader('file', window, table, dictionaries), zoneVotes: new Map() };
    case 'rust-stdout':
      return { reader: new RustReader('stdout', window, table, dictionaries), zoneVotes: new Map() };
    case 'relay-json':
      return { reader: new JsonReader(window, table, dictionaries), zoneVotes: new Map() };
    case 'go-file':
    case 'go-stdout':
    case 'relay-dev': {
      const reader = new SlogReader(dialect, window, table, dictionaries);
      return { reader, zoneVotes: reader.zoneVotes };
    }
  }
}
