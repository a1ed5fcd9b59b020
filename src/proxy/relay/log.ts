/**
 * The relay's own log in the real formats: the coloured one of development mode and JSON lines (field guide 3.4, 3.5).
 *
 * A value is text (quoted as the real relay quotes text), or something that prints bare: numbers, message types, durations,
 * errors. Newlines and other control characters of hostile text are always inside quotes, escaped: one record, one line.
 */

/** Prints bare: a number, a message type, a duration. `json` is what a JSON log shows instead. */
export interface Bare {
  readonly bare: string;
  readonly json?: number | string;
}
/** An error: its words, quoted when they have blanks, without the single quotes of text. */
export interface ErrorText {
  readonly error: string;
}
export type LogValue = string | number | Bare | ErrorText;
/** A key with a dot names a member of a group. */
export type LogFields = readonly (readonly [key: string, value: LogValue])[];

export type LogLevel = 'DBG' | 'INF' | 'WRN' | 'ERR';

export interface LogRecord {
  readonly level: LogLevel;
  /** Place in the real relay's source, for instance `server/server.go:506`; only the development log shows it. */
  readonly at: string;
  readonly message: string;
  readonly fields: LogFields;
}

const LEVEL_TEXT: Readonly<Record<LogLevel, string>> = {
  DBG: 'DBG',
  INF: '\u001b[92mINF\u001b[0m',
  WRN: '\u001b[93mWRN\u001b[0m',
  ERR: '\u001b[91mERR\u001b[0m',
};
const LEVEL_NAME: Readonly<Record<LogLevel, string>> = { DBG: 'DEBUG', INF: 'INFO', WRN: 'WARN', ERR: 'ERROR' };

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** Needs no quotes in a tint line: printable, no blank, no `=`, no quote. */
const SAFE = /^[!#-<>-~\u00a1-\u{10ffff}]+$/u;

function quoted(text: string): string {
  // Beyond JSON's own escapes: C1 controls, line separators and halves of characters.
  return JSON.stringify(text.toWellFormed()).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function valueText(value: LogValue): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    const wrapped = `'${value}'`;
    return SAFE.test(wrapped) ? wrapped : quoted(wrapped);
  }
  if ('error' in value) return SAFE.test(value.error) ? value.error : quoted(value.error);
  return SAFE.test(value.bare) ? value.bare : quoted(value.bare);
}

/** One line of the development log, without newline. `localMs`: milliseconds since 1970 moved by the zone. */
export function developmentLine(record: LogRecord, localMs: number): string {
  const stamp = new Date(localMs).toISOString().slice(0, 19).replace('T', ' ');
  const fields = record.fields.map(([key, value]) => ` ${dim(`${key}=`)}${valueText(value)}`).join('');
  return `${dim(stamp)} ${LEVEL_TEXT[record.level]} ${dim(record.at)} ${record.message}${fields}`;
}

/** One line of the JSON log, without newline. Groups nest. */
export function jsonLine(record: LogRecord, ms: number): string {
  const out: Record<string, unknown> = { time: new Date(ms).toISOString(), level: LEVEL_NAME[record.level], msg: record.message };
  for (const [key, value] of record.fields) {
    const plain = typeof value === 'object' ? ('error' in value ? value.error : (value.json ?? value.bare)) : value;
    const dot = key.indexOf('.');
    if (dot < 0) out[key] = plain;
    else {
      const group = (out[key.slice(0, dot)] ??= {}) as Record<string, unknown>;
      group[key.slice(dot + 1)] = plain;
    }
  }
  return JSON.stringify(out);
}
