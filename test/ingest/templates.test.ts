import { describe, expect, it } from 'vitest';
import { unescapeText } from '../../src/ingest/dictionary.ts';
import { fixtureLines, rowKey, TABLES, type FixtureLine, type TableName } from './fixtures.ts';
import { scanLog, type ReadRow } from './scan.ts';
import type { LogDialect } from '../../src/ingest/scan-line.ts';

/** Rows that are no message: their family is known by the shape of a line. */
const SHAPES = new Set(['desktop: \u0000', 'relay-foreign: \u0000']);

const FILE_LINE = /^time=(\S+) level=(\S+) msg="((?:\\.|[^"\\])*)"(.*)$/s;

/** The same message on a Rust client's standard output. */
function asStdout(line: string): string {
  const [, time, level, message = '', rest] = FILE_LINE.exec(line) ?? [];
  return `${time} ${level} ${unescapeText(message)}${rest}`;
}

/** The same message on the standard output of the Go client. */
function asGoStdout(line: string): string {
  const [, time = '', level = '', quoted, bare, rest] =
    /^line=\d+ time=(\S+) level=(\S+) msg=(?:"((?:\\.|[^"\\])*)"|(\S*))(.*)$/s.exec(line) ?? [];
  const short = level === 'DEBUG' ? 'DBG' : level.slice(0, 3);
  return `${time.slice(0, 19)}.000${time.slice(19)} ${short === 'WAR' ? 'WRN' : short} ${quoted ?? bare}${rest}`;
}

/** The same attributes as one JSON object of the relay's other log. */
function asJson(line: string): string {
  const plain = line.replace(/\u001b\[[0-9;]*m/g, '');
  const [, day, clock, level = '', rest = ''] = /^(\S+) (\S+) (\S+) \S+ (.*)$/s.exec(plain) ?? [];
  const names: Readonly<Record<string, string>> = { DBG: 'DEBUG', INF: 'INFO', WRN: 'WARN', ERR: 'ERROR' };
  const out: Record<string, unknown> = { time: `${day}T${clock}Z`, level: names[level] };
  const first = / [\w.]+=/.exec(rest)?.index ?? rest.length;
  out['msg'] = rest.slice(0, first);
  for (const [, key = '', quoted, bare = ''] of rest.slice(first).matchAll(/ ([\w.-]+)=(?:"((?:\\.|[^"\\])*)"|(\S*))/g)) {
    const value = (quoted ?? bare).replace(/^'(.*)'$/s, '$1');
    const typed = /^\d{1,15}$/.test(bare) ? Number(bare) : /^\[.*\]$/.test(bare) ? bare.slice(1, -1).split(' ') : value;
    const dot = key.indexOf('.');
    if (dot < 0) out[key] = typed;
    else out[key.slice(0, dot)] = { ...(out[key.slice(0, dot)] as object | undefined), [key.slice(dot + 1)]: typed };
  }
  return JSON.stringify(out);
}

/** Dialects that a table is read in, with the form that its fixture lines take there. */
const FORMS: Readonly<Record<TableName, readonly (readonly [LogDialect, (line: string) => string])[]>> = {
  'rust-client': [
    ['rust-file', (line) => line],
    ['rust-stdout', asStdout],
  ],
  'go-client': [
    ['go-file', (line) => line],
    ['go-stdout', asGoStdout],
  ],
  relay: [
    ['relay-dev', (line) => line],
    ['relay-json', asJson],
  ],
};

function only(dialect: LogDialect, line: string): { row: ReadRow | undefined; families: readonly string[]; rejections: readonly string[] } {
  const read = scanLog(dialect, Buffer.from(`${line}\n`));
  // An error chain goes on below its line where nothing escapes it.
  expect(read.counts['lines']).toBe(1 + Number(read.counts['continuation']));
  return { row: read.rows[0], families: Object.keys(read.families), rejections: Object.keys(read.rejections) };
}

describe.each(Object.keys(TABLES) as TableName[])('the message table of %s', (table) => {
  const lines = new Map(fixtureLines(table).map((one) => [one.row, one]));

  it('has a fixture line for every row, and none for a row that is gone', () => {
    const rows = TABLES[table].map(rowKey).filter((row) => !SHAPES.has(row));
    expect(rows.filter((row) => !lines.has(row))).toEqual([]);
    expect([...lines.keys()].filter((row) => !rows.includes(row))).toEqual([]);
  });

  it.each(FORMS[table].map(([dialect]) => dialect))('is read in %s', (dialect) => {
    const form = FORMS[table].find(([name]) => name === dialect)?.[1] ?? ((line: string) => line);
    for (const template of TABLES[table]) {
      const fixture: FixtureLine | undefined = lines.get(rowKey(template));
      if (fixture === undefined) continue;
      const line = form(fixture.line);
      const { row, families, rejections } = only(dialect, line);
      const isEvent = 'kind' in template;
      const { reason } = fixture.fields;
      const fields =
        typeof reason === 'string' && line.includes('\n') ? { ...fixture.fields, reason: reason.split('\n')[0] } : fixture.fields;
      const read = {
        line,
        template: row?.template,
        fields: row?.fields,
        hasTime: row === undefined || row.tsUs !== null,
        families: families.length,
        rejections,
      };
      expect(read).toEqual({
        line,
        template: isEvent ? template.text : undefined,
        fields: isEvent ? fields : undefined,
        hasTime: true,
        families: isEvent ? 0 : 1,
        rejections: [],
      });
    }
  });
});
