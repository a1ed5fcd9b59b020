/**
 * Lines of a Rust client: syftbox.log (dialect a), stdout (b), and stdout inside desktop.log (f) and syftboxd.log.
 *
 *     time=2026-02-09T03:14:15.926Z level=INFO msg="hotlink session new: session=0f1e2d3c path=a@x/…/stream.tcp.request"
 *     2026-02-09T03:14:15.926Z ERROR hotlink tcp proxy: bind failed 127.0.0.1:10003: Os { code: 98, … }
 *
 * Clock: the client's, UTC, milliseconds. Payload bytes are counted, never kept; tokens and ICE data are masked or skipped.
 */
import { PAYLOAD, SKIP, TEXT_COUNT, type CompiledTable, type CompiledTemplate } from './compile.ts';
import { LEVEL, LineRecord, type LineReader, type ReaderTarget, type Window } from './scan-record.ts';
import { FieldRanges, findTemplate, fitSegments, indexOf, isWholeValue } from './scan-fields.ts';
import { parseSummary } from './scan-summary.ts';
import { Clock } from './scan-time.ts';

const SPACE = 32;
const PATH_HOLES = [false, true, true, false, false, false, false, false, false, false];
const PATH = 1;
const TYPE = 5;

const encoder = new TextEncoder();
const MPC = encoder.encode('/_mpc/');
const TELEMETRY = encoder.encode('hotlink_telemetry.json');
const HOTLINK_PREFIX = encoder.encode('HOTLINK_');
const SYSTEM = encoder.encode('SYSTEM');
const HOTLINK = encoder.encode('hotlink');
const HOTLINK_TYPE = encoder.encode('Hotlink');
const CAUSED_BY = encoder.encode('Caused by:');

/** Four characters as a little-endian word. */
function word(text: string): number {
  return Buffer.from(text, 'latin1').readInt32LE();
}

const WORD_TIME = word('time');
const WORD_LEV = word(' lev');
const WORD_VEL = word('vel=');
const WORD_MSG = word('msg=');
const WORD_INFO = word('INFO');
const EQUALS = 61;
const QUOTE = 34;
const BRACKET = 91;

/** Shortest beginnings of a record: `time=…Z level=INFO msg="` and `…Z INFO `. */
const FILE_HEAD_BYTES = 46;
const STDOUT_HEAD_BYTES = 30;

/** Levels by the first letter of their names; any other is taken as info. */
const LEVELS: readonly (number | undefined)[] = [...Array.from({ length: 128 }).keys()].map(
  (code) => ({ D: LEVEL.debug, T: LEVEL.debug, W: LEVEL.warn, E: LEVEL.error })[String.fromCharCode(code)],
);

/** Turns fitted ranges into a record: filter, ids, numbers. Shared by all text dialects. */
export function recordEvent(
  template: CompiledTemplate,
  ranges: FieldRanges,
  window: Window,
  target: ReaderTarget,
  record: LineRecord,
): void {
  const { bytes, view } = window;
  if (template.filter !== undefined && !isKept(template, ranges, bytes)) {
    record.noise(template.family);
    return;
  }
  record.outcome = 'event';
  record.payloadAt = ranges.payloadAt;
  if (target.countsOnly) return;
  const { dictionaries } = target;
  record.clearFields();
  record.kindId = template.kindId;
  for (let hole = 0; hole < TEXT_COUNT; hole++) {
    const from = ranges.from[hole] ?? 0;
    const to = ranges.to[hole] ?? 0;
    if (to <= from) continue;
    const dictionary = PATH_HOLES[hole] === true ? dictionaries.paths : dictionaries.texts;
    record.ids[hole] = dictionary.idOf(bytes, view, from, to, (ranges.escaped & (1 << hole)) !== 0);
  }
  record.seq = ranges.numbers[0] ?? NaN;
  record.bytes = ranges.numbers[1] ?? NaN;
  record.n = ranges.numbers[2] ?? NaN;
}

function isKept(template: CompiledTemplate, ranges: FieldRanges, bytes: Uint8Array): boolean {
  if (template.filter === 'hotlink-type') {
    const from = ranges.from[TYPE] ?? 0;
    const to = ranges.to[TYPE] ?? 0;
    return (
      indexOf(bytes, from, Math.min(to, from + HOTLINK_PREFIX.length), HOTLINK_PREFIX) === from ||
      (to - from === SYSTEM.length && indexOf(bytes, from, to, SYSTEM) === from)
    );
  }
  const from = ranges.from[PATH] ?? 0;
  const to = ranges.to[PATH] ?? 0;
  return indexOf(bytes, from, to, MPC) >= 0 || indexOf(bytes, Math.max(from, to - TELEMETRY.length), to, TELEMETRY) >= 0;
}

/** A line that says hotlink and matches nothing must not pass for noise. */
export function saysHotlink(bytes: Uint8Array, from: number, to: number): boolean {
  return indexOf(bytes, from, to, HOTLINK) >= 0 || indexOf(bytes, from, to, HOTLINK_TYPE) >= 0;
}

export class RustReader implements LineReader {
  readonly record = new LineRecord();
  /** The last line began a record, so indented and blank lines below belong to it. */
  above = 0;
  private readonly escaped: boolean;
  private readonly window: Window;
  private readonly table: CompiledTable;
  private readonly target: ReaderTarget;
  private readonly clock: Clock;
  private readonly ranges = new FieldRanges();
  /** Of the last event. */
  private template: CompiledTemplate | undefined;
  private end = 0;
  private cut = false;
  private readonly accept = (template: CompiledTemplate, after: number): boolean => {
    if (template.kindId < 0) return true;
    this.ranges.clear();
    if (this.escaped) this.ranges.escaped = -1;
    if (template.parse === 'summary') return this.readSummary(after);
    return fitSegments(template, this.window.bytes, after, this.end, this.cut, this.ranges);
  };

  constructor(form: 'file' | 'stdout', window: Window, target: ReaderTarget) {
    this.escaped = form === 'file';
    this.window = window;
    this.table = target.table;
    this.target = target;
    this.clock = new Clock(window.bytes, window.view);
  }

  read(start: number, end: number, cut: boolean): void {
    const { record } = this;
    record.clear();
    const message = this.escaped ? this.fileHead(start, end) : this.stdoutHead(start, end);
    if (message < 0) return;
    this.above = 1;
    this.end = end;
    this.cut = cut;
    const template = findTemplate(this.table, this.window.bytes, message, end, this.accept);
    if (template === undefined) record.reject(saysHotlink(this.window.bytes, message, end) ? 'unknown-hotlink-message' : 'unknown-message');
    else if (template.kindId < 0) record.noise(template.family);
    else {
      this.template = template;
      recordEvent(template, this.ranges, this.window, this.target, record);
    }
  }

  /** Reads `time=… level=… msg="`; answers where the message begins, or -1. */
  private fileHead(start: number, end: number): number {
    const { bytes, view } = this.window;
    const { record } = this;
    if (end - start >= FILE_HEAD_BYTES && view.getInt32(start, true) === WORD_TIME && bytes[start + 4] === EQUALS) {
      record.tsUs = this.clock.millisUs(start + 5);
      const isLevel = view.getInt32(start + 29, true) === WORD_LEV && view.getInt32(start + 32, true) === WORD_VEL;
      const p = this.afterLevel(start + 36);
      const isMessage = bytes[p] === SPACE && view.getInt32(p + 1, true) === WORD_MSG && bytes[p + 5] === QUOTE;
      if (record.tsUs === record.tsUs && isLevel && isMessage && p + 6 <= end) return p + 6;
    }
    this.unprefixed(start, end);
    return -1;
  }

  /** Reads a level of four or five letters into the record; answers where it ends, or -1. */
  private afterLevel(at: number): number {
    const { bytes, view } = this.window;
    if (view.getInt32(at, true) === WORD_INFO) {
      this.record.level = LEVEL.info;
      return at + 4;
    }
    let p = at;
    while (p < at + 5 && (bytes[p] ?? 0) >= 65 && (bytes[p] ?? 0) <= 90) p++;
    this.record.level = LEVELS[bytes[at] ?? 0] ?? LEVEL.info;
    return p - at >= 4 ? p : -1;
  }

  private stdoutHead(start: number, end: number): number {
    const { bytes } = this.window;
    const { record } = this;
    if (end - start >= STDOUT_HEAD_BYTES && bytes[start + 4] === 45 && bytes[start + 24] === SPACE) {
      record.tsUs = this.clock.millisUs(start);
      const p = this.afterLevel(start + 25);
      if (record.tsUs === record.tsUs && p > start + 25 && bytes[p] === SPACE && p < end) return p + 1;
    } else if (bytes[start] === BRACKET && end > start) return this.bracketHead(start, end);
    this.unprefixed(start, end);
    return -1;
  }

  /** Error chains go on below their record: a blank line, `Caused by:`, four blanks and a cause. */
  private unprefixed(start: number, end: number): void {
    const { bytes } = this.window;
    const { record } = this;
    record.tsUs = NaN;
    record.level = LEVEL.info;
    const isIndented =
      end - start >= 4 && bytes[start] === SPACE && bytes[start + 1] === SPACE && bytes[start + 2] === SPACE && bytes[start + 3] === SPACE;
    const isChain =
      !this.escaped && (end === start || isIndented || indexOf(bytes, start, Math.min(end, start + CAUSED_BY.length), CAUSED_BY) === start);
    if (this.above === 1 && isChain) record.outcome = 'continuation';
    else {
      this.above = 0;
      record.reject(end === start ? 'blank-line' : saysHotlink(bytes, start, end) ? 'unknown-hotlink-message' : 'not-a-record');
    }
  }

  /** `[2026-02-09T13:14:15+10:00][INFO] [STDOUT] line of dialect b`, or `[…Z][SYFTBOX-SDK][INFO] …`. */
  private bracketHead(start: number, end: number): number {
    const { bytes } = this.window;
    const head = bytes.toString('latin1', start, Math.min(end, start + 64));
    const wrapped = /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\]\[[A-Z]+\] (\[STD(?:OUT|ERR)\] )?/.exec(head);
    if (wrapped === null && !/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\]\[[A-Z-]+\]/.test(head)) {
      this.unprefixed(start, end);
      return -1;
    }
    if (wrapped?.[1] !== undefined) return this.stdoutHead(start + wrapped[0].length, end);
    this.record.noise(this.table.families.indexOf('desktop'));
    this.above = 1;
    return -1;
  }

  endsWhole(): boolean {
    const last = this.template?.segments.at(-1);
    if (last?.hole === PAYLOAD) return true;
    if (this.cut) return false;
    if (last === undefined || last.after.length > 0 || last.hole === SKIP) return true;
    return (
      last.hole < TEXT_COUNT && isWholeValue(last.hole, this.window.bytes, this.ranges.from[last.hole] ?? 0, this.ranges.to[last.hole] ?? 0)
    );
  }

  private readSummary(after: number): boolean {
    const text = this.window.bytes.toString('utf8', after, this.escaped ? this.end - 1 : this.end);
    this.record.summary = parseSummary(text);
    return this.record.summary !== undefined;
  }
}
