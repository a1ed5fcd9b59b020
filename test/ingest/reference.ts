/**
 * The slow, readable reader that the scanner is compared with: one regular expression per message, made from the text of
 * the message table, tried one after the other on each line. It knows nothing of blocks, trees or registers.
 *
 * Lines are handled as latin1 text, so that a character is a byte; values become text at the end.
 */
import { Dictionary, unescapeText } from '../../src/ingest/dictionary.ts';
import type { PlainDialect } from '../../src/ingest/dialect.ts';
import { parseSummary } from '../../src/ingest/scan-summary.ts';
import { GO_CLIENT } from '../../src/ingest/templates/go-client.ts';
import { RELAY } from '../../src/ingest/templates/relay.ts';
import { MESSAGE_TYPES } from '../../src/protocol/message.ts';
import { RUST_CLIENT } from '../../src/ingest/templates/rust-client.ts';
import { isEvent, type Template } from '../../src/ingest/templates/template.ts';

/** What a line is. */
export type Verdict =
  | {
      readonly is: 'event';
      readonly tsUs: number | null;
      readonly level: number;
      readonly kind: string;
      readonly template: string;
      readonly fields: Fields;
    }
  | { readonly is: 'noise'; readonly tsUs: number | null; readonly family: string; readonly subject: string | null }
  | { readonly is: 'continuation' }
  | { readonly is: 'rejected'; readonly reason: string };

type EventVerdict = Extract<Verdict, { is: 'event' }>;

export type Fields = Readonly<Record<string, string | number>>;

/** Of longer lines only this much is parsed; of JSON lines more. */
const HEAD = 8192;
const JSON_HEAD = 1024 * 1024;
const NUMBERS = new Set(['seq', 'bytes', 'n']);
const LEVELS: Readonly<Record<string, number>> = { D: 0, T: 0, I: 1, W: 2, E: 3 };

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** A value as the dictionaries keep it: masked, shortened. */
function kept(text: string): string | undefined {
  const one = new Dictionary();
  return one.textOf(one.idOfText(text));
}

// oxlint-disable-next-line complexity -- a list of ranges
function isoUs(stamp: string): number | null {
  const m = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/.exec(stamp);
  if (m === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = m.slice(1, 7).map(Number);
  const inRange =
    year >= 1970 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60;
  if (!inRange) return null;
  const micros = Number((m[7] ?? '').padEnd(6, '0').slice(0, 6));
  const zone = m[8] ?? 'Z';
  const [zoneHours = 0, zoneMinutes = 0] = zone === 'Z' ? [] : zone.slice(1).split(':').map(Number);
  if (zoneHours > 23 || zoneMinutes > 59) return null;
  const offset = (zoneHours * 60 + zoneMinutes) * (zone.startsWith('-') ? -1 : 1);
  return (Date.UTC(year, month - 1, day, hour, minute, second) - offset * 60_000) * 1000 + micros;
}

interface Pattern {
  readonly template: Template;
  readonly lead: string;
  /** For whole lines, and for lines of which only the beginning is there. */
  readonly whole: RegExp;
  readonly cut: RegExp;
  readonly holes: readonly string[];
  readonly reasonWords: string;
}

/** A message of the Rust table as a regular expression over what follows the prefix of a line. */
function rustPattern(template: Template, escaped: boolean): Pattern {
  const [words = '', attributes] = template.text.split('¦');
  let printed = words;
  if (escaped) {
    printed = words.replace(/[\\"]/g, '\\$&');
    const isOpen = !isEvent(template) || (attributes === undefined && /\{(?:payload)?\}$/.test(words));
    if (!isOpen) printed += '"';
  }
  printed += attributes ?? '';
  const reasonWords = /\^(.*?)\{reason\}/.exec(printed)?.[1] ?? '';
  const [lead = '', ...rest] = printed.replace('^', '').split(/\{([a-z]*)\}/);
  const holes: string[] = [];
  let whole = '';
  let cut = '';
  for (let i = rest.length - 2; i >= 0; i -= 2) {
    const hole = rest[i] ?? '';
    const literal = quote(rest[i + 1] ?? '');
    holes.unshift(hole);
    if (hole === 'payload') {
      whole = cut = '([^]*)';
      continue;
    }
    const isLast = i === rest.length - 2;
    // A value ends where the words after it stand for the first time; the last one where the line ends.
    const value = (atEnd: boolean): string => {
      if (NUMBERS.has(hole)) return '(\\d{1,15})';
      if (hole === 'session') return '([0-9A-Za-z_-]{1,64})';
      return literal === '' || atEnd ? '([^]*)' : `((?:(?!${literal})[^])*)`;
    };
    whole = isLast ? `${value(true)}${literal}$` : `${value(false)}${literal}${whole}`;
    const ending = literal === '' ? '$' : hole === 'reason' ? `(?:${literal}${cut}|$)` : `${literal}${cut}`;
    cut = value(false) + ending;
  }
  if (!isEvent(template))
    return { template, lead, whole: new RegExp(`^${quote(lead)}`), cut: new RegExp(`^${quote(lead)}`), holes: [], reasonWords };
  const end = holes.length === 0 ? '$' : '';
  return {
    template,
    lead,
    whole: new RegExp(`^${quote(lead)}${whole}${end}`),
    cut: new RegExp(`^${quote(lead)}${cut}${end}`),
    holes,
    reasonWords,
  };
}

function longestFirst<T extends { readonly lead: string }>(patterns: readonly T[]): readonly T[] {
  return patterns.toSorted((a, b) => Buffer.byteLength(b.lead) - Buffer.byteLength(a.lead));
}

function isKept(template: Template, fields: Fields): boolean {
  if (!isEvent(template) || template.only === undefined) return true;
  const type = String(fields['type'] ?? '');
  const path = String(fields['path'] ?? '');
  return template.only === 'hotlink-type'
    ? type.startsWith('HOTLINK_') || type === 'SYSTEM'
    : path.includes('/_mpc/') || path.endsWith('hotlink_telemetry.json');
}

function outcome(template: Template, tsUs: number | null, level: number, fields: Fields): Verdict {
  if (!isEvent(template)) return { is: 'noise', tsUs, family: template.family, subject: null };
  if (!isKept(template, fields)) return { is: 'noise', tsUs, family: template.otherwise ?? '', subject: null };
  return { is: 'event', tsUs, level, kind: template.kind, template: template.text, fields };
}

function saysHotlink(text: string): boolean {
  return /[hH]otlink/.test(text);
}

/** One line after the other; what a line is may depend on the one above. */
export abstract class Reference {
  protected readonly most: number = HEAD;
  /** The line is without its newline, as latin1 text; `isWhole`: a newline followed. */
  read(raw: string, isWhole: boolean): Verdict {
    const isLong = raw.length > this.most;
    const line = isLong ? raw.slice(0, this.most) : raw.replace(/\r$/, '');
    const verdict = this.verdict(line, isLong, raw, isWhole);
    const isCut = verdict.is === 'rejected' || (verdict.is === 'event' && !this.endsWhole(line, verdict, isLong));
    return !isWhole && isCut ? { is: 'rejected', reason: 'cut-line' } : verdict;
  }

  protected abstract verdict(line: string, isLong: boolean, raw: string, isWhole: boolean): Verdict;
  /** Nothing can be missing at the end of this event, although its newline is. */
  protected abstract endsWhole(line: string, event: EventVerdict, isLong: boolean): boolean;
}

/** A value that shows that it is whole: an id of a usual length, the usual end of a path, a known type. */
function isWholeValue(hole: string, value: string): boolean {
  if (hole === 'session') return [8, 16, 36].includes(value.length);
  if (hole === 'type') return (MESSAGE_TYPES as readonly string[]).includes(value);
  return (hole === 'path' || hole === 'key') && value.endsWith('/stream.tcp.request');
}

const BRACKET = /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\]\[[A-Z]+\] (\[STD(?:OUT|ERR)\] )?/;
const SDK = /^\[\d{4}-\d\d-\d\dT[\d:.]+Z\]\[[A-Z-]+\]/;

export class RustReference extends Reference {
  private readonly escaped: boolean;
  private readonly patterns: readonly Pattern[];
  private isBelowRecord = false;

  constructor(form: 'file' | 'stdout') {
    super();
    this.escaped = form === 'file';
    this.patterns = longestFirst(RUST_CLIENT.map((template) => rustPattern(template, this.escaped)));
  }

  // oxlint-disable-next-line complexity -- one branch per form of line
  protected verdict(line: string, isLong: boolean, raw: string, isWhole: boolean): Verdict {
    let rest = line;
    let skipped = 0;
    if (!this.escaped && rest.startsWith('[')) {
      const wrapped = BRACKET.exec(rest.slice(0, 64));
      if (wrapped?.[1] !== undefined) {
        skipped = wrapped[0].length;
        rest = rest.slice(skipped);
      } else if (wrapped !== null || SDK.test(rest.slice(0, 64))) {
        this.isBelowRecord = true;
        return { is: 'noise', tsUs: null, family: 'desktop', subject: null };
      }
    }
    const head = this.escaped
      ? /^time=(\S{24}) level=((?!INFO[A-Z])[A-Z]{4,5}) msg="/.exec(rest)
      : /^(\S{24}) ((?!INFO[A-Z])[A-Z]{4,5}) /.exec(rest);
    const isStamp = head !== null && /^[\d-]{10}T[\d:]{8}\.\d{3}Z$/.test(head[1] ?? '');
    const tsUs = isStamp ? isoUs(head[1] ?? '') : null;
    if (head === null || tsUs === null) return this.unprefixed(rest);
    this.isBelowRecord = true;
    const level = LEVELS[head[2]?.[0] ?? ''] ?? 1;
    const message = rest.slice(head[0].length);
    for (const pattern of this.patterns) {
      const fields = this.fit(pattern, message, isLong);
      if (fields === undefined) continue;
      const payloadAt = fields['payload'];
      if (typeof payloadAt !== 'number') return outcome(pattern.template, tsUs, level, fields);
      const bytes = payloadBytes(raw.slice(skipped + head[0].length + payloadAt));
      const { payload: _, ...others } = fields;
      if (bytes === undefined) return { is: 'rejected', reason: isWhole ? 'bad-payload' : 'cut-line' };
      return outcome(pattern.template, tsUs, level, { ...others, bytes });
    }
    return { is: 'rejected', reason: saysHotlink(message) ? 'unknown-hotlink-message' : 'unknown-message' };
  }

  private fit(pattern: Pattern, message: string, isLong: boolean): Fields | undefined {
    if (isEvent(pattern.template) && pattern.template.parse === 'summary') {
      if (!message.startsWith(pattern.lead)) return undefined;
      const text = message.slice(pattern.lead.length, this.escaped ? -1 : undefined);
      return parseSummary(utf8(text)) === undefined ? undefined : {};
    }
    const m = (isLong ? pattern.cut : pattern.whole).exec(message);
    if (m === null) return undefined;
    const fields: Record<string, string | number> = {};
    pattern.holes.forEach((hole, index) => {
      const value = m[index + 1];
      if (value === undefined || hole === '') return;
      if (hole === 'payload') fields['payload'] = message.length - value.length;
      else if (NUMBERS.has(hole)) fields[hole] = Number(value);
      else {
        const bytes = (hole === 'reason' ? pattern.reasonWords : '') + value;
        const text = kept(this.escaped ? unescapeText(utf8(bytes)) : utf8(bytes));
        if (text !== undefined) fields[hole] = text;
      }
    });
    return fields;
  }

  private unprefixed(line: string): Verdict {
    if (!this.escaped && this.isBelowRecord && /^$|^ {4}|^Caused by:/.test(line)) return { is: 'continuation' };
    this.isBelowRecord = false;
    return { is: 'rejected', reason: line === '' ? 'blank-line' : saysHotlink(line) ? 'unknown-hotlink-message' : 'not-a-record' };
  }

  protected endsWhole(_line: string, event: EventVerdict, isLong: boolean): boolean {
    const hole = /\{([a-z]*)\}$/.exec(event.template.replace('¦', ''))?.[1];
    if (hole === 'payload') return true;
    if (isLong) return false;
    const isOpen = hole !== undefined && hole !== '' && !(this.escaped && !event.template.includes('¦'));
    return !isOpen || isWholeValue(hole, String(event.fields[hole] ?? ''));
  }
}

/** Elements of a list that is followed by `]`, or the length that stands in its place; undefined when it is neither. */
function payloadBytes(text: string): number | undefined {
  const length = /^(\d{1,15}) bytes\]/.exec(text)?.[1];
  if (length !== undefined) return Number(length);
  const list = /^([ -?]*)\]/.exec(text)?.[1];
  if (list === undefined) return undefined;
  if (list === '') return 0;
  const commas = list.match(/[(-/]/g)?.length ?? 0;
  const separators = list.match(/[ -/]/g)?.length ?? 0;
  return /^\d/.test(list) && /\d$/.test(list) && separators === 2 * commas ? commas + 1 : undefined;
}

interface SlogPattern {
  readonly template: Template;
  readonly lead: string;
  readonly attributes: readonly { readonly name: string; readonly hole: string; readonly required: boolean }[];
  readonly wholeRest: boolean;
}

function slogPattern(template: Template): SlogPattern {
  const attributes: { name: string; hole: string; required: boolean }[] = [];
  const words = template.text.replace(/ ([^\s={}]+)=\{([a-z]+)(!?)\}/g, (_, name: string, hole: string, required: string) => {
    attributes.push({ name, hole, required: required === '!' });
    return '';
  });
  const wholeRest = words.endsWith(' {reason}');
  return { template, lead: wholeRest ? words.slice(0, -' {reason}'.length) : words, attributes, wholeRest };
}

interface Attribute {
  readonly key: string;
  readonly value: string;
  readonly isEscaped: boolean;
}

/** Go stamps say their offset, the relay's do not. */
const ZONED = /T.*(?:Z|[+-]\d\d:\d\d)$/;
const COLOUR = '(?:\\x1b\\[[0-9;]*m)?';
const ATTRIBUTE = new RegExp(`^ ${COLOUR}([^= ]*)=${COLOUR}(?:"((?:\\\\[^]|[^"\\\\])*(?:\\\\$)?)(?:"|$)|([^ ]*))`);
const RELAY_HEAD = new RegExp(
  `^${COLOUR}(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)${COLOUR} ${COLOUR}([A-Z]{3})${COLOUR} ${COLOUR}[^ \\x1b]*${COLOUR} `,
);

function attributesOf(text: string): readonly Attribute[] {
  const out: Attribute[] = [];
  for (let rest = text; ;) {
    const m = ATTRIBUTE.exec(rest);
    if (m === null) return out;
    const isEscaped = m[2] !== undefined;
    const value = m[2] ?? m[3] ?? '';
    const isQuoted = value.length >= 2 && value.startsWith("'") && value.endsWith("'");
    out.push({ key: m[1] ?? '', value: isQuoted ? value.slice(1, -1) : value, isEscaped });
    rest = rest.slice(m[0].length);
  }
}

function requestVerdict(tsUs: number | null, path: string, query: string): Verdict {
  const parameters = new URLSearchParams(query);
  const user = parameters.get('user');
  const isUpload = path.endsWith('/blob/upload') && parameters.get('key')?.endsWith('/hotlink_telemetry.json') === true;
  const family = path === '/healthz' ? 'healthz' : isUpload ? 'telemetry-upload' : 'http';
  return { is: 'noise', tsUs, family, subject: user === null ? null : (kept(user) ?? null) };
}

/** The attributes of a request behind any words; empty when the line ends before they come. */
function requestBehind(lead: string, text: string): string | undefined {
  if (!text.startsWith(lead)) return undefined;
  const at = text.slice(lead.length).search(new RegExp(` ${COLOUR}http\\.request\\.time=`));
  return at < 0 ? '' : text.slice(lead.length + at);
}

export class SlogReference extends Reference {
  private readonly form: 'go-file' | 'go-stdout' | 'relay-dev';
  private readonly patterns: readonly SlogPattern[];
  private isBelowFramework = false;
  private isBelowError = false;

  constructor(form: 'go-file' | 'go-stdout' | 'relay-dev') {
    super();
    this.form = form;
    this.patterns = longestFirst((form === 'relay-dev' ? RELAY : GO_CLIENT).map(slogPattern));
  }

  protected verdict(line: string, isLong: boolean): Verdict {
    const head = this.head(line);
    if (head === undefined) return this.foreign(line);
    this.isBelowFramework = this.isBelowError = false;
    for (const pattern of this.patterns) {
      const goesOn = !isEvent(pattern.template) && pattern.template.goesOn === true;
      const attributes = goesOn
        ? requestBehind(pattern.lead, head.rest)
        : head.message === undefined
          ? this.following(pattern.lead, head.rest)
          : head.message === pattern.lead
            ? head.rest
            : undefined;
      if (attributes === undefined) continue;
      if (!isEvent(pattern.template)) {
        if (pattern.template.parse !== 'request') return { is: 'noise', tsUs: head.tsUs, family: pattern.template.family, subject: null };
        this.isBelowError = attributes === '';
        const read = attributesOf(attributes);
        const until = read.findIndex(({ key }) => key === 'http.request.query');
        const seen = until < 0 ? read : read.slice(0, until + 1);
        const value = (key: string): string => seen.findLast((a) => a.key === key)?.value ?? '';
        return requestVerdict(head.tsUs, value('http.request.path'), value('http.request.query'));
      }
      const fields = this.fields(pattern, attributes);
      if (fields !== undefined) return outcome(pattern.template, head.tsUs, head.level, fields);
    }
    const shown = head.message ?? head.rest.slice(0, 120);
    return { is: 'rejected', reason: saysHotlink(shown) && !isLong ? 'unknown-hotlink-message' : 'unknown-message' };
  }

  /** What follows the words of a message, if the message ends there. */
  private following(lead: string, rest: string): string | undefined {
    if (!rest.startsWith(lead)) return undefined;
    const after = rest.slice(lead.length);
    return after === '' || ATTRIBUTE.test(after) ? after : undefined;
  }

  private fields(pattern: SlogPattern, text: string): Fields | undefined {
    const fields: Record<string, string | number> = {};
    const put = (hole: string, bytes: string, isEscaped: boolean): void => {
      const value = kept(isEscaped ? unescapeText(utf8(bytes)) : utf8(bytes));
      if (value !== undefined) fields[hole] = value;
    };
    if (pattern.wholeRest) {
      put('reason', text.slice(1), false);
      return fields;
    }
    const seen = new Map<string, Attribute>();
    for (const attribute of attributesOf(text)) {
      const known = pattern.attributes.find(({ name }) => name === attribute.key);
      if (known === undefined) continue;
      if (NUMBERS.has(known.hole) && !/^\d{1,15}$/.test(attribute.value)) return undefined;
      seen.set(known.name, attribute);
    }
    if (pattern.attributes.some(({ name, required }) => required && !seen.has(name))) return undefined;
    for (const { name, hole } of pattern.attributes) {
      const attribute = seen.get(name);
      if (attribute === undefined) continue;
      const { value, isEscaped } = attribute;
      if (NUMBERS.has(hole)) fields[hole] = Number(value);
      else put(hole, hole === 'to' && /^\[[^]*\]$/.test(value) ? value.slice(1, -1) : value, isEscaped);
    }
    return fields;
  }

  // oxlint-disable-next-line complexity -- three forms, each in one expression
  private head(line: string): { tsUs: number; level: number; message: string | undefined; rest: string } | undefined {
    if (this.form === 'go-file') {
      const m = /^(?:line=\d+ )?time=(\S+) level=([A-Z]+)(?:[+-]\d+)? msg=(?:"((?:\\[^]|[^"\\])*(?:\\$)?)(?:"|$)|([^ ]*))/.exec(line);
      const tsUs = m === null ? null : isoUs(m[1] ?? '');
      if (m === null || tsUs === null || !ZONED.test(m[1] ?? '')) return undefined;
      return { tsUs, level: LEVELS[m[2]?.[0] ?? ''] ?? 1, message: m[3] ?? m[4] ?? '', rest: line.slice(m[0].length) };
    }
    const m = this.form === 'relay-dev' ? RELAY_HEAD.exec(line) : /^(\S+T\S+) ([A-Z]{3}) /.exec(line);
    const tsUs = m === null ? null : isoUs(m[1] ?? '');
    if (m === null || tsUs === null || (this.form === 'go-stdout' && !ZONED.test(m[1] ?? ''))) return undefined;
    return { tsUs, level: LEVELS[m[2]?.[0] ?? ''] ?? 1, message: undefined, rest: line.slice(m[0].length) };
  }

  private foreign(line: string): Verdict {
    if (this.form === 'relay-dev') {
      const isFramework = line.startsWith('[GIN-debug] ');
      if (isFramework || /^SDK \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ /.test(line)) {
        this.isBelowFramework = isFramework;
        return { is: 'noise', tsUs: null, family: 'relay-foreign', subject: null };
      }
      if (this.isBelowFramework && /^$|^ - using /.test(line)) return { is: 'continuation' };
      if (this.isBelowError && line.startsWith('Error #')) return { is: 'continuation' };
    }
    return {
      is: 'rejected',
      reason: line === '' ? 'blank-line' : saysHotlink(line.slice(0, 400)) ? 'unknown-hotlink-message' : 'not-a-record',
    };
  }

  protected endsWhole(line: string, event: EventVerdict, isLong: boolean): boolean {
    const pattern = slogPattern({ kind: '', text: event.template });
    if (isLong || pattern.wholeRest) return false;
    if (pattern.attributes.length === 0) return true;
    const head = this.head(line);
    const text = head === undefined ? '' : head.message === undefined ? head.rest.slice(pattern.lead.length) : head.rest;
    const read = attributesOf(text);
    if (!pattern.attributes.every(({ name }) => read.some(({ key }) => key === name))) return false;
    const last = read.at(-1);
    const hole = pattern.attributes.find(({ name }) => name === last?.key)?.hole ?? '';
    return /['"]$/.test(line) || isWholeValue(hole, last?.value ?? '');
  }
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export class JsonReference extends Reference {
  protected override readonly most = JSON_HEAD;
  protected verdict(line: string): Verdict {
    if (line === '') return { is: 'rejected', reason: 'blank-line' };
    if (/^SDK \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ /.test(line))
      return { is: 'noise', tsUs: null, family: 'relay-foreign', subject: null };
    let object: Json;
    try {
      object = JSON.parse(utf8(line)) as Json;
    } catch {
      return { is: 'rejected', reason: 'not-json' };
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return { is: 'rejected', reason: 'not-json' };
    const message = object['msg'];
    if (typeof message !== 'string') return { is: 'rejected', reason: 'unexpected-shape' };
    const stamp = text(object['time']);
    const tsUs = ZONED.test(stamp) ? isoUs(stamp) : null;
    const level = LEVELS[text(object['level']).charAt(0)] ?? 1;
    for (const pattern of RELAY.map(slogPattern)) {
      const goesOn = !isEvent(pattern.template) && pattern.template.goesOn === true;
      if (goesOn ? !message.startsWith(pattern.lead) : pattern.lead !== message) continue;
      if (!isEvent(pattern.template)) {
        if (pattern.template.parse !== 'request') return { is: 'noise', tsUs, family: pattern.template.family, subject: null };
        return requestVerdict(tsUs, text(find(object, 'http.request.path')), text(find(object, 'http.request.query')));
      }
      const fields = this.fields(pattern, object);
      if (fields !== undefined) return outcome(pattern.template, tsUs, level, fields);
    }
    return { is: 'rejected', reason: saysHotlink(message) ? 'unknown-hotlink-message' : 'unknown-message' };
  }

  private fields(pattern: SlogPattern, object: { [key: string]: Json }): Fields | undefined {
    const fields: Record<string, string | number> = {};
    for (const { name, hole, required } of pattern.attributes) {
      const value = find(object, name);
      if (value === undefined) {
        if (required) return undefined;
      } else if (NUMBERS.has(hole)) {
        if (Number.isSafeInteger(value)) fields[hole] = Number(value);
      } else {
        const shown = hole === 'type' && typeof value === 'number' ? (MESSAGE_TYPES[value] ?? String(value)) : text(value);
        const known = kept(shown);
        if (known !== undefined) fields[hole] = known;
      }
    }
    return fields;
  }

  protected endsWhole(): boolean {
    return true;
  }
}

/** Groups are nested, but a key may hold a dot itself. */
function find(object: { [key: string]: Json }, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const dot = name.indexOf('.');
  const inner = dot < 0 ? undefined : object[name.slice(0, dot)];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? find(inner, name.slice(dot + 1)) : undefined;
}

/** Nested lists are spelt out to a depth of eight; an object that no stack holds is not. */
function text(value: Json | undefined, above = 0): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' && above === 8) return '…';
  if (Array.isArray(value)) return value.map((item) => text(item, above + 1)).join(' ');
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return '…';
  }
}

export function referenceOf(dialect: PlainDialect): Reference {
  if (dialect === 'rust-file') return new RustReference('file');
  if (dialect === 'rust-stdout') return new RustReference('stdout');
  if (dialect === 'relay-json') return new JsonReference();
  return new SlogReference(dialect);
}
