/**
 * Lines of the relay with SYFTBOX_ENV=PROD or STAGE (dialect e): one JSON object per line, groups nested, message types
 * as numbers, the relay's clock with its offset.
 *
 *     {"time":"2026-02-09T03:14:15.926535897Z","level":"WARN","msg":"hotlink data rejected (not sender)","session":"0f1e…","from":"c@x"}
 */
import { TEXT_COUNT, type CompiledTable, type CompiledTemplate } from './compile.ts';
import { LineRecord, type LineReader, type ReaderTarget, type Window } from './scan-record.ts';
import { saysHotlink } from './scan-rust.ts';
import { classifyRequest, isStoreLine, levelOf } from './scan-slog.ts';
import { textTimeUs } from './scan-time.ts';
import { MESSAGE_TYPES } from '../protocol/message.ts';

type Json = string | number | boolean | null | undefined | Json[] | { [key: string]: Json };

const TYPE = 5;
const DEEPEST = 8;

/** The value of a dotted key: groups are nested objects, but a key may itself hold dots. */
function lookUp(object: { [key: string]: Json }, name: string): Json {
  if (name in object) return object[name];
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  const inner = object[name.slice(0, dot)];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? lookUp(inner, name.slice(dot + 1)) : undefined;
}

/** Lists are printed with blanks; what is nested more deeply than any field is not spelt out. */
function asText(value: Json, depth = 0): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value)) return value.map((item) => asText(item, depth + 1)).join(' ');
  try {
    return JSON.stringify(value);
  } catch {
    return '…';
  }
}

/** Parses one line as an object; undefined for anything else. */
export function parseObject(text: string): { [key: string]: Json } | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export class JsonReader implements LineReader {
  readonly record = new LineRecord();
  above = 0;
  private readonly window: Window;
  private readonly table: CompiledTable;
  private readonly target: ReaderTarget;
  /** Messages that begin so go on with words of their own. */
  private readonly beginnings: readonly (readonly [lead: string, template: CompiledTemplate])[];

  constructor(window: Window, target: ReaderTarget) {
    this.window = window;
    this.table = target.table;
    this.target = target;
    const open = target.table.templates.filter(({ goesOn }) => goesOn);
    this.beginnings = open.map((template) => [Buffer.from(template.lead).toString('utf8'), template]);
  }

  read(start: number, end: number): void {
    const { record } = this;
    record.clear();
    if (end === start) {
      record.reject('blank-line');
      return;
    }
    const text = this.window.bytes.toString('utf8', start, end);
    if (isStoreLine(text)) {
      record.noise(this.table.families.indexOf('relay-foreign'));
      return;
    }
    const object = parseObject(text);
    const message = object?.['msg'];
    if (object === undefined || typeof message !== 'string') {
      record.reject(object === undefined ? 'not-json' : 'unexpected-shape');
      return;
    }
    record.tsUs = textTimeUs(asText(object['time']));
    record.level = levelOf(asText(object['level']));
    for (const template of this.table.byMessage.get(message) ?? this.begunBy(message)) {
      if (template.parse === 'request') {
        this.readRequest(object);
        return;
      }
      if (template.kindId < 0) {
        record.noise(template.family);
        return;
      }
      if (this.fit(template, object)) return;
    }
    const words = Buffer.from(message);
    record.reject(saysHotlink(words, 0, words.length) ? 'unknown-hotlink-message' : 'unknown-message');
  }

  private begunBy(message: string): readonly CompiledTemplate[] {
    return this.beginnings.flatMap(([lead, template]) => (message.startsWith(lead) ? [template] : []));
  }

  /** Half an object does not parse. */
  endsWhole(): boolean {
    return true;
  }

  private fit(template: CompiledTemplate, object: { [key: string]: Json }): boolean {
    const { record } = this;
    const texts: (string | undefined)[] = [];
    const numbers: number[] = [NaN, NaN, NaN];
    for (const attribute of template.attributes) {
      const value = lookUp(object, attribute.name);
      if (value === undefined) {
        if (attribute.required) return false;
        continue;
      }
      if (attribute.hole >= TEXT_COUNT) numbers[attribute.hole - TEXT_COUNT] = Number.isSafeInteger(value) ? Number(value) : NaN;
      else
        texts[attribute.hole] =
          attribute.hole === TYPE && typeof value === 'number' ? (MESSAGE_TYPES[value] ?? String(value)) : asText(value);
    }
    const type = texts[TYPE] ?? '';
    if (template.filter === 'hotlink-type' && !type.startsWith('HOTLINK_') && type !== 'SYSTEM') {
      record.noise(template.family);
      return true;
    }
    record.outcome = 'event';
    record.clearFields();
    record.kindId = template.kindId;
    texts.forEach((text, hole) => {
      if (text === undefined) return;
      record.ids[hole] = (hole === 1 || hole === 2 ? this.target.dictionaries.paths : this.target.dictionaries.texts).idOfText(text);
    });
    [record.seq = NaN, record.bytes = NaN, record.n = NaN] = numbers;
    return true;
  }

  private readRequest(object: { [key: string]: Json }): void {
    const { record } = this;
    const request = classifyRequest(asText(lookUp(object, 'http.request.path')), asText(lookUp(object, 'http.request.query')));
    record.noise(this.table.families.indexOf(request.family));
    if (request.user !== undefined) record.subject = this.target.dictionaries.texts.idOfText(request.user);
  }
}
