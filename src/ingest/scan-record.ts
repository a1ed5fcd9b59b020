/**
 * What a reader of one dialect says about one line, in registers that are used again for every line.
 *
 * Readers are pure: they look at bytes of the scanner's own buffer and at nothing else. A line longer than HEAD_BYTES is
 * read by its beginning only; what is payload behind that is counted as it passes.
 */
import { TEXT_COUNT, type CompiledTable } from './compile.ts';
import type { Dictionary } from './dictionary.ts';
import type { TableRow } from './files/file-rows.ts';
import type { Reason } from './reasons.ts';

/** Of a longer line only this many bytes are parsed; fields of every message end well before. */
export const HEAD_BYTES = 8192;

/** Of a line that is a JSON object this much: half an object cannot be read. */
export const JSON_HEAD_BYTES = 1024 * 1024;

/** Levels as `log_event` has them. */
export const LEVEL = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** rows: the line gave rows of other tables than `log_event`. */
export type Outcome = 'event' | 'rows' | 'noise' | 'continuation' | 'rejected';

/** A row of the summary table that waits for its event's number (field guide 3.7). */
export interface SummaryFigures {
  txPackets: number;
  txBytesMin: number;
  txBytesMax: number;
  txP2p: number;
  txWs: number;
  rxPackets: number;
  rxBytesMin: number;
  rxBytesMax: number;
  state: 'up' | 'negotiating' | 'off';
  p2pUp: number;
  sessIn: number;
  outAccepted: number;
  outWaiting: number;
}

export class LineRecord {
  outcome: Outcome = 'rejected';
  /** Microseconds since 1970; NaN when the line has no time. */
  tsUs = NaN;
  level: number = LEVEL.info;
  kindId = -1;
  /** Family of a noise line. */
  family = -1;
  /** Text id of who a noise line is about; -1: nobody. */
  subject = -1;
  reason: Reason = 'not-a-record';
  /** Dictionary ids of the text holes; -1 where the line has none. */
  readonly ids = new Int32Array(TEXT_COUNT);
  seq = NaN;
  bytes = NaN;
  n = NaN;
  /** Offset in the buffer at which a payload list begins; -1: no payload in this line. */
  payloadAt = -1;
  summary: SummaryFigures | undefined = undefined;
  /** Of a line with the outcome 'rows'. */
  rows: readonly TableRow[] = [];

  /** Before a line. What only events have is cleared by `clearFields`: most lines are none. */
  clear(): void {
    this.tsUs = NaN;
    this.level = LEVEL.info;
    this.subject = -1;
    this.payloadAt = -1;
    this.summary = undefined;
  }

  clearFields(): void {
    this.ids.fill(-1);
    this.seq = NaN;
    this.bytes = NaN;
    this.n = NaN;
  }

  reject(reason: Reason): void {
    this.outcome = 'rejected';
    this.reason = reason;
  }

  noise(family: number): void {
    this.outcome = 'noise';
    this.family = family;
  }
}

/** Texts and paths of one load, shared by all files. */
export interface Dictionaries {
  readonly texts: Dictionary;
  readonly paths: Dictionary;
}

/** What readers need besides the bytes. */
export interface ReaderTarget {
  readonly table: CompiledTable;
  readonly dictionaries: Dictionaries;
  /** Lines are told apart and counted, but values of events are not wanted. */
  readonly countsOnly: boolean;
  /** Only of mixed files: where the file lies. */
  readonly place?: TextPlace | undefined;
  /** Number of the line that is being read. */
  readonly lineNo: () => number;
  /** Microseconds to take off the local stamps of a relay's lines in a mixed file. */
  readonly relayShiftUs: number;
}

/** What a handler of text is told of the file. */
export interface TextPlace {
  readonly sourceId: number;
  readonly path: string;
  readonly party: string | null;
}

/** Reads one line of one dialect into `record`. */
export interface LineReader {
  readonly record: LineRecord;
  /** 1 when the lines above let an unprefixed one go on, else 0: all that a reader remembers from line to line. */
  above: number;
  /** The line is `start..end` of the buffer, without its newline; `cut`: the rest of a long line is not there. */
  read(start: number, end: number, cut: boolean): void;
  /** The event just read lacks nothing, although no newline shows where its line ends. */
  endsWhole(): boolean;
  /** How often each distance between local and UTC stamps was seen, minutes; only of readers of a relay's own lines. */
  readonly zoneVotes?: Map<number, number>;
  /** Further memory as plain values; only of readers that have more than `above`. */
  save?(): unknown;
  restore?(state: unknown): void;
}

/** The buffer that a scanner owns and its readers look at; both cover the same memory. */
export interface Window {
  readonly bytes: Buffer;
  readonly view: DataView;
}
