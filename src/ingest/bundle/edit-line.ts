/** What becomes of the text of one line, or of a whole JSON file: secrets are masked as ingest masks them, names go if asked for. */
import { isSecretName, mask } from '../mask.ts';

/** Replaces names; the text itself where nobody asked for that. `key`: of a value in JSON. */
export type Rename = (text: string, key?: string) => string;

// oxlint-disable-next-line no-control-regex -- colour codes of the relay's log
const COLOUR = /\x1b\[[0-9;]*m/g;
/** The sample of a dump (field guide 4.1), which may be cut. */
const DUMP = /\bhex=([0-9a-fA-F]{2,})/g;
/** Variables as the runner's log and its notes list them (field guide 2.6, 2.7): the value is the rest of the line. */
const VARIABLE = /((?:\[env\]|\bruntime_env) +|^env\.)([A-Za-z_]\w*)=(.+)$/;

/** The longest text that `mask` reads whole. */
const PIECE_CHARACTERS = 60 * 1024;

function maskLine(line: string): string {
  const named = VARIABLE.exec(line);
  const text = named !== null && isSecretName(named[2] ?? '') ? `${line.slice(0, named.index)}${named[1]}${named[2]}=***` : line;
  return mask(text.slice(0, PIECE_CHARACTERS)).replace(DUMP, (_, hex: string) => `hex=[${hex.length >> 1} bytes]`);
}

/** A line of text. Colour codes stay unless they stand between what must be seen together. */
export function editText(line: string, rename?: Rename): string {
  if (line.includes('{"time":"')) return editJson(line, rename);
  if (!line.includes('\x1b')) {
    const masked = maskLine(line);
    return rename === undefined ? masked : rename(masked);
  }
  const plain = line.replace(COLOUR, '');
  const masked = maskLine(plain);
  if (rename !== undefined) return rename(masked);
  return masked === plain && maskLine(line) === line ? line : masked;
}

/** Strings and numbers of JSON, and what stands between them. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|(?<![\w"])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w"])/g;
const WORDS = /[A-Za-z]/;
const CONSTANTS = /\b(?:true|false|null)\b/g;

/**
 * JSON, of which every string is edited where it stands; blanks and line ends stay. What is no JSON, or only half of it, is
 * edited as text.
 */
export function editJson(text: string, rename?: Rename): string {
  const say: Rename = rename ?? ((plain) => plain);
  if (!isJson(text))
    return text
      .split('\n')
      .map((line) => say(maskLine(line)))
      .join('\n');
  let out = '';
  let from = 0;
  let key = '';
  for (const token of text.matchAll(TOKEN)) {
    const between = text.slice(from, token.index);
    out += WORDS.test(between.replace(CONSTANTS, '')) ? say(mask(between)) : between;
    from = token.index + token[0].length;
    const isKey = /^\s*:/.test(text.slice(from, from + 64));
    if (!token[0].startsWith('"')) out += isSecretNumber(key, token[0]) ? '0' : token[0];
    else {
      const plain = unquoted(token[0]);
      const edited = isKey ? say(mask(plain)) : say(maskValue(key, plain), key);
      out += edited === plain ? token[0] : JSON.stringify(edited);
      if (isKey) key = plain;
    }
  }
  const rest = text.slice(from);
  return out + (WORDS.test(rest.replace(CONSTANTS, '')) ? say(mask(rest)) : rest);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function unquoted(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token.slice(1, -1);
  }
}

/** A value: by what it says, by its key, and of `NAME=value` by the name. */
function maskValue(key: string, value: string): string {
  const variable = /^([A-Za-z_]\w*)=./s.exec(value)?.[1];
  if (variable !== undefined && isSecretName(variable)) return `${variable}=***`;
  const masked = mask(value);
  if (masked === '' || key === '') return masked;
  // Quotes within would end what the key's rule takes for the value.
  const said = `${key}="${masked.replace(/["'\\]/g, '.')}"`;
  return mask(said) === said ? masked : '***';
}

function isSecretNumber(key: string, digits: string): boolean {
  if (key === '') return false;
  const said = `${key}="${digits}"`;
  return mask(said) !== said;
}

/** Lines that are remembered, and how long they may be: most of a log says the same again and again. */
const MOST_REMEMBERED = 8192;
const LONGEST_REMEMBERED = 1024;
const STAMP = /^(?:line=\d+ )?(?:time=)?\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?(?= )/;

/** The same editing, done once for lines that differ in their time alone. */
export function remembering(edit: (line: string) => string): (line: string) => string {
  const known = new Map<string, string>();
  return (line) => {
    const stamp = line.length > LONGEST_REMEMBERED ? null : STAMP.exec(line);
    if (stamp === null) return edit(line);
    const at = stamp[0].length;
    const rest = line.slice(at);
    let edited = known.get(rest);
    if (edited === undefined) {
      edited = edit(rest);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(rest, edited);
    }
    return stamp[0] + edited;
  };
}
