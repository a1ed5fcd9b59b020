/**
 * Lines of Go programs: the Go client's file and stdout (dialect c), the relay's development log (d).
 *
 *     line=412 time=2026-02-09T13:14:15+10:00 level=INFO msg="hotlink quic dialed" session=9a8b7c6d5e4f3021 addr=127.0.0.1:5
 *     2026-02-09T13:14:15.926+10:00 WRN hotlink tcp proxy bind failed addr=127.0.0.1:10003 error="listen tcp …"
 *     ␛[2m2026-02-09 13:14:15␛[0m ␛[93mWRN␛[0m ␛[2mserver/server.go:417␛[0m hotlink open permission denied ␛[2mhotlink.id=␛[0m'5c0b…'
 *
 * Clocks: the client's with its offset; the relay's is local without one: `tsUs` is then that local time read as UTC, and
 * the loader moves it by the zone that the request lines tell. Headers of requests (`Sec-Websocket-Key`) are not read.
 */
import type { CompiledTable, CompiledTemplate } from './compile.ts';
import { TEXT_COUNT } from './compile.ts';
import { FieldRanges, findTemplate, indexOf, isWholeValue, wholeNumber } from './scan-fields.ts';
import { LEVEL, LineRecord, type LineReader, type ReaderTarget, type Window } from './scan-record.ts';
import { recordEvent, saysHotlink } from './scan-rust.ts';
import { Clock, rfc3339 } from './scan-time.ts';

const ESC = 0x1b;
const SPACE = 32;
const EQUALS = 61;
const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;
const LOWER_M = 109;
const BRACKET = 91;
const SEMICOLON = 59;
const TO = 7;
const FIRST_OF_REQUEST = Buffer.from('http.request.time=');

/** What the line above was: of the web framework, or a failed request whose words go on. */
const BELOW_FRAMEWORK = 1;
const BELOW_ERROR = 2;

export type SlogForm = 'go-file' | 'go-stdout' | 'relay-dev';

function isColourByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === SEMICOLON;
}

/** Steps over one whole colour code, if there is one. */
function afterColour(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== ESC || at >= end || bytes[at + 1] !== BRACKET) return at;
  let p = at + 2;
  while (p < end && isColourByte(bytes[p] ?? 0)) p++;
  return p < end && bytes[p] === LOWER_M ? p + 1 : at;
}

/** Three capital letters, as levels are printed by the tint handler. */
function isLevel(bytes: Uint8Array, at: number): boolean {
  for (let p = at; p < at + 3; p++) if ((bytes[p] ?? 0) < 65 || (bytes[p] ?? 0) > 90) return false;
  return true;
}

/** One attribute as it stands in the line; the reader moves from one to the next. */
export class AttributeCursor {
  private readonly bytes: Uint8Array;
  keyFrom = 0;
  keyTo = 0;
  from = 0;
  to = 0;
  /** The value was double-quoted, so backslashes in it escape. */
  isEscaped = false;
  next = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads ` key=value` at `at`; false at the end of the line or where none stands. */
  read(at: number, end: number): boolean {
    const { bytes } = this;
    if (at >= end || bytes[at] !== SPACE) return false;
    let p = afterColour(bytes, at + 1, end);
    this.keyFrom = p;
    while (p < end && bytes[p] !== EQUALS && bytes[p] !== SPACE) p++;
    if (p >= end || bytes[p] !== EQUALS) return false;
    this.keyTo = p;
    this.value(afterColour(bytes, p + 1, end), end);
    return true;
  }

  private value(at: number, end: number): void {
    const { bytes } = this;
    let p = at;
    this.isEscaped = bytes[p] === QUOTE && p < end;
    if (this.isEscaped) {
      p++;
      this.from = p;
      while (p < end && bytes[p] !== QUOTE) p += bytes[p] === BACKSLASH ? 2 : 1;
      p = Math.min(p, end);
      this.to = p;
      this.next = Math.min(p + 1, end);
    } else {
      this.from = p;
      while (p < end && bytes[p] !== SPACE) p++;
      this.to = p;
      this.next = p;
    }
    if (this.to - this.from >= 2 && bytes[this.from] === APOSTROPHE && bytes[this.to - 1] === APOSTROPHE) {
      this.from++;
      this.to--;
    }
  }
}

/** A line of the object store's client between those of the relay. */
export function isStoreLine(text: string): boolean {
  return /^SDK \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ /.test(text);
}

export class SlogReader implements LineReader {
  readonly record = new LineRecord();
  /** What goes on below the last line: BELOW_FRAMEWORK, BELOW_ERROR, 0: nothing. */
  above = 0;
  /** How often each distance between local and UTC stamps of requests was seen, minutes. */
  readonly zoneVotes = new Map<number, number>();
  private readonly form: SlogForm;
  private readonly window: Window;
  private readonly table: CompiledTable;
  private readonly target: ReaderTarget;
  private readonly clock: Clock;
  private readonly ranges = new FieldRanges();
  private readonly cursor: AttributeCursor;
  /** Of the last event: which it is, which of its attributes were there, and which of them was the last (-1: another). */
  private template: CompiledTemplate | undefined;
  private seen = 0;
  private lastIndex = -1;
  private isLong = false;
  private end = 0;
  /** End of a quoted message; -1: the message ends where attributes begin. */
  private messageEnd = -1;
  private attributesFrom = 0;
  private readonly accept = (template: CompiledTemplate, after: number): boolean => {
    if (template.goesOn) {
      this.attributesFrom = this.requestFrom(after);
      return true;
    }
    if (this.messageEnd >= 0 ? after !== this.messageEnd : !this.endsMessage(after)) return false;
    if (this.messageEnd < 0) this.attributesFrom = after;
    return template.kindId < 0 || this.fitAttributes(template);
  };

  constructor(form: SlogForm, window: Window, target: ReaderTarget) {
    this.form = form;
    this.window = window;
    this.table = target.table;
    this.target = target;
    this.clock = new Clock(window.bytes, window.view);
    this.cursor = new AttributeCursor(window.bytes);
  }

  read(start: number, end: number, cut: boolean): void {
    const { record } = this;
    const { bytes } = this.window;
    record.clear();
    this.end = end;
    this.isLong = cut;
    this.messageEnd = -1;
    const message =
      this.form === 'go-file'
        ? this.fileHead(start, end)
        : this.form === 'go-stdout'
          ? this.stdoutHead(start, end)
          : this.relayHead(start, end);
    if (message < 0) {
      this.foreign(start, end);
      return;
    }
    this.above = 0;
    const template = findTemplate(this.table, bytes, message, end, this.accept);
    if (template === undefined) {
      const shown = this.messageEnd >= 0 ? this.messageEnd : Math.min(end, message + 120);
      record.reject(saysHotlink(bytes, message, shown) ? 'unknown-hotlink-message' : 'unknown-message');
    } else if (template.parse === 'request') {
      if (this.attributesFrom === end) this.above = BELOW_ERROR;
      this.readRequest();
    } else if (template.kindId < 0) record.noise(template.family);
    else {
      this.template = template;
      recordEvent(template, this.ranges, this.window, this.target, record);
    }
    if (cut && template === undefined) record.reject('unknown-message');
  }

  /** After the words of a message stands the end of the line or a first attribute. */
  private endsMessage(at: number): boolean {
    return at === this.end || this.cursor.read(at, this.end);
  }

  /** Where the attributes of a request begin behind words of any kind; the end of the line when they do not. */
  private requestFrom(at: number): number {
    const { bytes } = this.window;
    let p = indexOf(bytes, at, this.end, FIRST_OF_REQUEST);
    if (p < 0) return this.end;
    if (bytes[p - 1] === LOWER_M) while (p > at && bytes[p] !== ESC) p--;
    return p > at && bytes[p - 1] === SPACE ? p - 1 : this.end;
  }

  private fitAttributes(template: CompiledTemplate): boolean {
    const { ranges, cursor } = this;
    const { bytes } = this.window;
    ranges.clear();
    if (template.wholeRest) {
      ranges.from[8] = Math.min(this.attributesFrom + 1, this.end);
      ranges.to[8] = this.end;
      return true;
    }
    let expected = 0;
    let seen = 0;
    this.lastIndex = -1;
    for (let at = this.attributesFrom; cursor.read(at, this.end); at = cursor.next) {
      const index = this.attributeIndex(template, expected);
      this.lastIndex = index;
      if (index < 0) continue;
      expected = index + 1;
      seen |= 1 << index;
      const hole = template.attributes[index]?.hole ?? 0;
      if (hole < TEXT_COUNT) {
        const isList = hole === TO && bytes[cursor.from] === BRACKET && bytes[cursor.to - 1] === 93;
        ranges.from[hole] = isList ? cursor.from + 1 : cursor.from;
        ranges.to[hole] = isList ? cursor.to - 1 : cursor.to;
        if (cursor.isEscaped) ranges.escaped |= 1 << hole;
      } else {
        const value = wholeNumber(bytes, cursor.from, cursor.to);
        if (!(value === value)) return false;
        ranges.numbers[hole - TEXT_COUNT] = value;
      }
    }
    this.seen = seen;
    return template.attributes.every((a, index) => !a.required || (seen & (1 << index)) !== 0);
  }

  /** All attributes are there, and the last value is closed by a quote or known to be whole. */
  endsWhole(): boolean {
    const { template } = this;
    if (template === undefined || this.isLong || template.wholeRest) return false;
    const { attributes } = template;
    if (attributes.length === 0) return true;
    if (this.seen !== (1 << attributes.length) - 1) return false;
    const last = this.window.bytes[this.end - 1];
    if (last === APOSTROPHE || last === QUOTE) return true;
    const hole = attributes[this.lastIndex]?.hole ?? TEXT_COUNT;
    return hole < TEXT_COUNT && isWholeValue(hole, this.window.bytes, this.ranges.from[hole] ?? 0, this.ranges.to[hole] ?? 0);
  }

  /** Which attribute of the template the cursor stands at, looking at the expected one first; -1: none. */
  private attributeIndex(template: CompiledTemplate, expected: number): number {
    const { attributes } = template;
    const { bytes } = this.window;
    const length = this.cursor.keyTo - this.cursor.keyFrom;
    for (let i = 0; i < attributes.length; i++) {
      const index = (expected + i) % attributes.length;
      const key = attributes[index]?.key;
      if (key !== undefined && key.length === length && indexOf(bytes, this.cursor.keyFrom, this.cursor.keyTo, key) === this.cursor.keyFrom)
        return index;
    }
    return -1;
  }

  /** `line=412 time=… level=INFO msg=`; the counter may be missing. */
  private fileHead(start: number, end: number): number {
    const { bytes } = this.window;
    const { record } = this;
    const head = bytes.toString('latin1', start, Math.min(end, start + 96));
    const m = /^(?:line=\d+ )?time=(\S+) level=([A-Z]+)(?:[+-]\d+)? msg=(")?/.exec(head);
    if (m === null) return -1;
    const at = start + head.indexOf('time=') + 5;
    const { us, length } = rfc3339(bytes, at, end);
    record.tsUs = us;
    record.level = levelOf(m[2]);
    if (!(us === us) || length !== m[1]?.length) return -1;
    const message = start + m[0].length;
    let p = message;
    if (m[3] === undefined) while (p < end && bytes[p] !== SPACE) p++;
    else while (p < end && bytes[p] !== QUOTE) p += bytes[p] === BACKSLASH ? 2 : 1;
    this.messageEnd = Math.min(p, end);
    this.attributesFrom = m[3] === undefined ? this.messageEnd : Math.min(p + 1, end);
    return message;
  }

  private stdoutHead(start: number, end: number): number {
    const { bytes } = this.window;
    const { us, length } = rfc3339(bytes, start, end);
    const p = start + length;
    if (!(us === us) || p + 5 > end || bytes[p] !== SPACE || !isLevel(bytes, p + 1) || bytes[p + 4] !== SPACE) return -1;
    this.record.tsUs = us;
    this.record.level = levelOf(bytes.toString('latin1', p + 1, p + 4));
    return p + 5;
  }

  private relayHead(start: number, end: number): number {
    const { bytes } = this.window;
    const { record } = this;
    let p = afterColour(bytes, start, end);
    if (end - p < 24 || bytes[p + 4] !== 45 || bytes[p + 10] !== SPACE) return -1;
    record.tsUs = this.clock.secondsUs(p);
    if (!(record.tsUs === record.tsUs)) return -1;
    p = afterColour(bytes, p + 19, end);
    if (bytes[p] !== SPACE) return -1;
    p = afterColour(bytes, p + 1, end);
    if (p + 3 > end || !isLevel(bytes, p)) return -1;
    record.level = levelOf(bytes.toString('latin1', p, p + 3));
    p = afterColour(bytes, p + 3, end);
    if (bytes[p] !== SPACE) return -1;
    // The source position, `ws/ws_hub.go:52`.
    p = afterColour(bytes, p + 1, end);
    while (p < end && bytes[p] !== SPACE && bytes[p] !== ESC) p++;
    p = afterColour(bytes, p, end);
    return p < end && bytes[p] === SPACE ? p + 1 : -1;
  }

  /** Lines without time: the web framework's start-up block, a warning of the store's client, stack traces (field guide 3.4). */
  private foreign(start: number, end: number): void {
    const { record } = this;
    const { bytes } = this.window;
    record.tsUs = NaN;
    if (this.form === 'relay-dev') {
      const head = bytes.toString('latin1', start, Math.min(end, start + 40));
      const isFramework = head.startsWith('[GIN-debug] ');
      if (isFramework || isStoreLine(head)) {
        this.above = isFramework ? BELOW_FRAMEWORK : 0;
        record.noise(this.table.families.indexOf('relay-foreign'));
        return;
      }
      if (
        (this.above === BELOW_FRAMEWORK && (end === start || head.startsWith(' - using '))) ||
        (this.above === BELOW_ERROR && head.startsWith('Error #'))
      ) {
        record.outcome = 'continuation';
        return;
      }
    }
    record.reject(
      end === start ? 'blank-line' : saysHotlink(bytes, start, Math.min(end, start + 400)) ? 'unknown-hotlink-message' : 'not-a-record',
    );
  }

  /** `Incoming request`: the family by method and path, the user by the query, and a vote on the zone. */
  private readRequest(): void {
    const { record, cursor } = this;
    const { bytes } = this.window;
    let path = '';
    let query = '';
    for (let at = this.attributesFrom; cursor.read(at, this.end); at = cursor.next) {
      const key = bytes.toString('latin1', cursor.keyFrom, cursor.keyTo);
      if (key === 'http.request.time') this.vote(rfc3339(bytes, cursor.from, cursor.to).us);
      else if (key === 'http.request.path') path = bytes.toString('latin1', cursor.from, cursor.to);
      else if (key === 'http.request.query') {
        query = bytes.toString('latin1', cursor.from, cursor.to);
        break;
      }
    }
    const request = classifyRequest(path, query);
    record.noise(this.table.families.indexOf(request.family));
    if (request.user !== undefined) record.subject = this.target.dictionaries.texts.idOfText(request.user);
  }

  private vote(utcUs: number): void {
    const minutes = Math.round((this.record.tsUs - utcUs) / 900_000_000) * 15;
    if (minutes >= -900 && minutes <= 900) this.zoneVotes.set(minutes, (this.zoneVotes.get(minutes) ?? 0) + 1);
  }
}

/** What a request says of its client: `/healthz` and the upload of its own telemetry beat every five seconds. */
export function classifyRequest(
  path: string,
  query: string,
): { family: 'healthz' | 'telemetry-upload' | 'http'; user: string | undefined } {
  const parameters = new URLSearchParams(query);
  const user = parameters.get('user') ?? undefined;
  if (path === '/healthz') return { family: 'healthz', user };
  const isUpload = path.endsWith('/blob/upload') && parameters.get('key')?.endsWith('/hotlink_telemetry.json') === true;
  return { family: isUpload ? 'telemetry-upload' : 'http', user };
}

export function levelOf(name: string | undefined): number {
  switch (name?.charAt(0) ?? '') {
    case 'D':
    case 'T':
      return LEVEL.debug;
    case 'W':
      return LEVEL.warn;
    case 'E':
      return LEVEL.error;
    default:
      return LEVEL.info;
  }
}
