/** Log lines cut to what matters: the head that is shown beside them goes, ids and paths are shortened as far as room demands. */
import type { Evidence } from '../model/diagnosis.ts';
import { takePrefixes } from '../util/line-prefix.ts';
import { cutEnd, splitAt, textWidth, wrapText } from './text.ts';

const RUST_FILE = /^time=\S+ level=\S+ msg="((?:[^"\\]|\\.)*)"?(.*)$/s;
const STAMP_AND_LEVEL = /^\d{4}-\d\d-\d\dT\S+\s+(?:TRACE|DEBUG|INFO|WARN|ERROR)\s+/;
const RELAY_DEVELOPMENT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*\s+(?:DBG|INF|WRN|ERR)\s+(?:\S+:\d+\s+)?/;
/** Fields of a JSON line that the columns beside the text show already. */
const JSON_HEAD = new Set(['time', 'level', 'msg', 'source']);

function fromJson(text: string): string | undefined {
  if (!text.startsWith('{"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('msg' in value)) return undefined;
    const rest = Object.entries(value).filter(([key]) => !JSON_HEAD.has(key));
    return [String(value.msg), ...rest.map(([key, field]) => `${key}=${typeof field === 'string' ? field : JSON.stringify(field)}`)].join(
      ' ',
    );
  } catch {
    // A line cut before its payload is no JSON any more: it is shown as it stands.
    return undefined;
  }
}

/** What a line says: the message of a log line, without time and level when they are known beside it. */
export function message(evidence: Evidence): string {
  if (evidence.note !== undefined) return evidence.note;
  if (evidence.time === undefined) return evidence.text;
  // What a host or docker put before the line goes too.
  const { at, shape, time } = takePrefixes(evidence.text);
  const text = shape === undefined && time === undefined ? evidence.text : evidence.text.slice(at);
  const rust = RUST_FILE.exec(text);
  if (rust !== null) return (rust[1] ?? '').replaceAll(/\\(["\\])/g, '$1') + (rust[2] ?? '');
  return fromJson(text) ?? text.replace(STAMP_AND_LEVEL, '').replace(RELAY_DEVELOPMENT, '');
}

const UUID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
/** How Rust prints a message with its kind: HotlinkOpen(HotlinkOpen { … }). */
const DEBUG_TYPE = /\b(\w+)\(\1 \{/g;
const PATH = /[^\s'"=,;(){}[\]]*(?:\/[^\s'"=,;(){}[\]/]+){3,}/g;

/** Owner and the last two components: the channel and the file. */
function withOwner(path: string): string {
  const parts = path.split('/');
  return `${parts[0] ?? ''}/…/${parts.slice(-2).join('/')}`;
}

function withShortOwner(path: string): string {
  const [owner = '', ...rest] = path.split('/');
  const at = owner.indexOf('@');
  return `${at > 0 ? `${owner.slice(0, at)}@` : ''}…/${rest.slice(-2).join('/')}`;
}

function withoutOwner(path: string): string {
  return `…/${path.split('/').slice(-2).join('/')}`;
}

const EMAIL = /([\w.+-]+)@[\w-]+(?:\.[\w-]+)+/g;

function withoutOwnerAndDomains(text: string): string {
  return text.replace(PATH, withoutOwner).replace(EMAIL, '$1@…');
}

/** Lines of an excerpt in `width` cells, at most `most`. `show` makes text safe; `text` comes as the file has it. */
export function excerptLines(text: string, width: number, most: number, show: (text: string) => string, ascii: boolean): string[] {
  const short = text.replaceAll(UUID, '$1…').replaceAll(DEBUG_TYPE, '$1 {').replaceAll(/ {2,}/g, ' ').trim();
  const steps = [withOwner, withShortOwner, withoutOwner].map((shorten) => show(short.replace(PATH, shorten)));
  const fitting = steps.find((step) => textWidth(step) <= width) ?? steps[1] ?? '';
  const lines = wrapText(fitting, width);
  if (lines.length <= most) return lines;
  const shortest = wrapText(show(withoutOwnerAndDomains(short)), width);
  if (shortest.length <= most) return shortest;
  const last = shortest.slice(most - 1).join(' ');
  return [...shortest.slice(0, most - 1), cutEnd(splitAt(last, width + 1)[0], width, ascii)];
}
