/** The account of one log: every line under one heading, families with their times, rejections with a first example. */
import type { EventChunk } from '../store/append.ts';
import type { CompiledTable } from './compile.ts';
import type { Reason } from './reasons.ts';
import type { LineRecord, SummaryFigures } from './scan-record.ts';

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

/** Figures of an account as plain values. */
export interface SavedAccount {
  readonly counts: ScanCounts;
  readonly families: readonly FamilyCount[];
  readonly silences: readonly Silence[];
  readonly rejections: readonly (readonly [Reason, RejectionCount])[];
}

/** Figures of a slot, in the order in which `figures` holds them. */
const FIGURES = 6;
const LINES = 0;
const BYTES = 1;
const FIRST_US = 2;
const FIRST_LINE = 3;
const LAST_US = 4;
const LAST_LINE = 5;

const TWO_32 = 2 ** 32;
/** What the column for a line's length holds. */
const LONGEST = 2 ** 31 - 1;

function orNull(us: number): number | null {
  return Number.isNaN(us) ? null : us;
}

export class Account {
  readonly counts: ScanCounts = {
    bytes: 0,
    lines: 0,
    records: 0,
    continuation: 0,
    ignored: 0,
    rejected: 0,
    unmatchedHotlink: 0,
    cut: false,
  };
  readonly summaries: SummaryRow[] = [];
  readonly silences: Silence[] = [];
  readonly rejections = new Map<Reason, RejectionCount>();
  private readonly table: CompiledTable;
  /** Where rows go; undefined: events are only counted. */
  private readonly chunk: EventChunk | undefined;
  private readonly shiftUs: number;
  /** A slot per family and subject: which ones they are, and their figures. */
  private readonly slots: { readonly family: string; readonly subject: number }[] = [];
  private figures = new Float64Array(64 * FIGURES);
  private readonly plainSlot: Int32Array;
  private readonly slotOf = new Map<number, number>();

  constructor(table: CompiledTable, chunk: EventChunk | undefined, shiftUs: number, from?: SavedAccount) {
    this.table = table;
    this.chunk = chunk;
    this.shiftUs = shiftUs;
    this.plainSlot = new Int32Array(table.families.length).fill(-1);
    if (from !== undefined) this.restore(from);
  }

  /** Families seen, in the order of their first lines. */
  families(): FamilyCount[] {
    const { figures } = this;
    return this.slots.map(({ family, subject }, slot) => {
      const at = slot * FIGURES;
      const figure = (index: number): number => figures[at + index] ?? NaN;
      return {
        family,
        subject,
        lines: figure(LINES),
        bytes: figure(BYTES),
        firstUs: orNull(figure(FIRST_US)),
        firstLine: figure(FIRST_LINE),
        lastUs: orNull(figure(LAST_US)),
        lastLine: figure(LAST_LINE),
      };
    });
  }

  save(): SavedAccount {
    return structuredClone({ counts: this.counts, families: this.families(), silences: this.silences, rejections: [...this.rejections] });
  }

  private restore(from: SavedAccount): void {
    Object.assign(this.counts, from.counts);
    for (const family of from.families) {
      const at = this.newSlot(this.table.families.indexOf(family.family), family.subject) * FIGURES;
      this.figures.set([family.lines, family.bytes, family.firstUs ?? NaN, family.firstLine, family.lastUs ?? NaN, family.lastLine], at);
    }
    for (const silence of structuredClone(from.silences)) this.silences.push(silence);
    for (const [reason, count] of structuredClone(from.rejections)) this.rejections.set(reason, count);
  }

  /** A row of `log_event`. */
  event(record: LineRecord, offset: number, length: number): void {
    const { chunk } = this;
    this.counts.records++;
    if (chunk === undefined) return;
    const row = chunk.rows;
    const lineNo = this.counts.lines;
    const tsUs = record.tsUs - this.shiftUs;
    chunk.lineNo[row] = lineNo;
    chunk.byteOffset[row] = offset;
    chunk.byteLength[row] = Math.min(length, LONGEST);
    chunk.tsUs[row] = tsUs;
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
    if (record.summary !== undefined) this.summaries.push({ eventId: chunk.nextEventId, lineNo, tsUs, figures: record.summary });
    chunk.next();
  }

  /** A line of recognised noise. */
  noise(record: LineRecord, length: number): void {
    const { counts } = this;
    counts.ignored++;
    const { family, subject } = record;
    const slot = subject < 0 ? (this.plainSlot[family] ?? -1) : (this.slotOf.get(family * TWO_32 + subject) ?? -1);
    const at = (slot < 0 ? this.newSlot(family, subject) : slot) * FIGURES;
    const { figures } = this;
    const now = record.tsUs - this.shiftUs;
    figures[at + LINES] = (figures[at + LINES] ?? 0) + 1;
    figures[at + BYTES] = (figures[at + BYTES] ?? 0) + length;
    if (now === now) {
      const last = figures[at + LAST_US] ?? NaN;
      if (now - last > (this.table.silenceUs[family] ?? Infinity)) this.silence(family, subject, last, figures[at + LAST_LINE] ?? 0, now);
      if (!(last === last)) figures[at + FIRST_US] = now;
      figures[at + LAST_US] = now;
    }
    figures[at + LAST_LINE] = counts.lines;
  }

  private silence(family: number, subject: number, fromUs: number, fromLine: number, toUs: number): void {
    this.silences.push({ family: this.table.families[family] ?? '', subject, fromUs, fromLine, toUs, toLine: this.counts.lines });
  }

  private newSlot(family: number, subject: number): number {
    const slot = this.slots.push({ family: this.table.families[family] ?? '', subject }) - 1;
    if (subject < 0) this.plainSlot[family] = slot;
    else this.slotOf.set(family * TWO_32 + subject, slot);
    if (this.figures.length < (slot + 1) * FIGURES) {
      const larger = new Float64Array(this.figures.length * 2);
      larger.set(this.figures);
      this.figures = larger;
    }
    this.figures.set([0, 0, NaN, this.counts.lines, NaN, this.counts.lines], slot * FIGURES);
    return slot;
  }

  rejected(reason: Reason, example: () => string): void {
    const { counts } = this;
    counts.rejected++;
    if (reason === 'unknown-hotlink-message') counts.unmatchedHotlink++;
    const known = this.rejections.get(reason);
    if (known === undefined) this.rejections.set(reason, { lines: 1, firstLine: counts.lines, example: example() });
    else known.lines++;
  }
}
