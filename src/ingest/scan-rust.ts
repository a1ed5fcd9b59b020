/**
 * Lines of a Rust client: syftbox.log (dialect a), stdout (b), and stdout inside desktop.log (f) and syftboxd.log.
 *
 *     time=2026-02-09T03:14:15.926Z level=INFO msg="hotlink session new: session=0f1e2d3c path=a@x/…/stream.tcp.request"
 *     2026-02-09T03:14:15.926Z ERROR hotlink tcp proxy: bind failed 127.0.0.1:10003: Os { code: 98, … }
 *
 * Clock: the client's, UTC, milliseconds. Payload bytes are counted, never kept; tokens and ICE data are masked or skipped.
 */
import { TEXT_COUNT, type CompiledTable, type CompiledTemplate } from './compile.ts';
import { LEVEL, LineRecord, type LineReader, type ReaderTarget, type Window } from './scan-record.ts';
import { FieldRanges, findTemplate, fitSegments, indexOf } from './scan-fields.ts';
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

/** 'time' and ' msg' as little-endian words. */
const WORD_TIME = 0x656d6974;
const WORD_INFO = 0x4f464e49;

/** Turns fitted ranges into a record: filter, ids, numbers. Shared by all text dialects. */
export function recordEvent(template: CompiledTemplate, ranges: FieldRanges, window: Window, target: ReaderTarget, record: LineRecord): void {
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
    return indexOf(bytes, from, Math.min(to, from + HOTLINK_PREFIX.length), HOTLINK_PREFIX) === from || (to - from === SYSTEM.length && indexOf(bytes, from, to, SYSTEM) === from);
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
    else recordEvent(template, this.ranges, this.window, this.target, record);
  }

  /** Reads `time=… level=… msg="`; answers where the message begins, or -1. */
  private fileHead(start: number, end: number): number {
    const { bytes, view } = this.window;
    const { record } = this;
    if (end - start < 46 || view.getInt32(start, true) !== WORD_TIME || bytes[start + 4] !== 61) {
      record.reject(end === start ? 'blank-line' : 'not-a-record');
      return -1;
    }
    record.tsUs = this.clock.millisUs(start + 5);
    const isInfo = view.getInt32(start + 36, true) === WORD_INFO;
    record.level = isInfo ? LEVEL.info : this.levelAt(start + 36);
    const p = start + (isInfo || record.level === LEVEL.warn ? 40 : 41);
    // ` msg="`
    if (!(record.tsUs === record.tsUs) || bytes[p] !== SPACE || bytes[p + 4] !== 61 || bytes[p + 5] !== 34) {
      record.reject('not-a-record');
      return -1;
    }
    return p + 6;
  }

  private levelAt(at: number): number {
    switch (this.window.bytes[at]) {
      case 69:
        return LEVEL.error;
      case 87:
        return LEVEL.warn;
      case 68:
        return LEVEL.debug;
      default:
        return LEVEL.info;
    }
  }

  private stdoutHead(start: number, end: number): number {
    const { bytes } = this.window;
    const { record } = this;
    if (bytes[start] === 91 && end > start) return this.bracketHead(start, end);
    if (end - start >= 30 && bytes[start + 4] === 45 && bytes[start + 24] === SPACE) {
      record.tsUs = this.clock.millisUs(start);
      if (record.tsUs === record.tsUs) {
        record.level = this.levelAt(start + 25);
        const p = bytes[start + 29] === SPACE ? start + 30 : start + 31;
        if (bytes[p - 1] === SPACE) return p;
      }
    }
    this.unprefixed(start, end);
    return -1;
  }

  /** Error chains go on below their record: a blank line, `Caused by:`, four blanks and a cause. */
  private unprefixed(start: number, end: number): void {
    const { bytes } = this.window;
    const { record } = this;
    record.tsUs = NaN;
    const isIndented = end - start >= 4 && bytes[start] === SPACE && bytes[start + 1] === SPACE && bytes[start + 2] === SPACE && bytes[start + 3] === SPACE;
    const isChain = end === start || isIndented || indexOf(bytes, start, Math.min(end, start + CAUSED_BY.length), CAUSED_BY) === start;
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

  private readSummary(after: number): boolean {
    const text = this.window.bytes.toString('utf8', after, this.escaped ? this.end - 1 : this.end);
    this.record.summary = parseSummary(text);
    return this.record.summary !== undefined;
  }
}
