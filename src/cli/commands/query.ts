import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import type { Cell } from '../../store/sql.ts';
import type { Store } from '../../store/store.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { openInput, TEMPLATES_HELP } from '../input.ts';
import { print, startProgress, visible } from '../output.ts';

const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
type Format = (typeof FORMATS)[number];

interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

function parseFormat(value: string): Format {
  const format = FORMATS.find((known) => known === value);
  if (format === undefined)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected: choices(value, FORMATS) });
  return format;
}

async function asTable({ columns, rows }: Result): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === 'number'));
  const table = new Table({
    head: columns.map(visible),
    style: { head: [], border: [] },
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null ? '' : visible(String(cell)))));
  return `${table.toString()}\n${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
}

function asObjects({ columns, rows }: Result): Record<string, Cell>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
}

/** One row a line, for programs that read lines. */
async function asNdjson(result: Result): Promise<string> {
  const { ndjsonOf } = await import('../ndjson.ts');
  return ndjsonOf(asObjects(result));
}

/** RFC 4180; NULL is an empty field, an empty string a quoted one. */
function asCsv({ columns, rows }: Result): string {
  const field = (cell: Cell): string => {
    if (cell === null) return '';
    const text = String(cell);
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(field).join(',')).join('\r\n');
}

const RENDER: Record<Format, (result: Result) => string | Promise<string>> = {
  table: asTable,
  json: (result) => JSON.stringify(asObjects(result), null, 2),
  ndjson: asNdjson,
  csv: asCsv,
};

/** Adds what the rules work with, such as sessions and flows, to the tables that can be asked. */
async function publishCase(store: Store): Promise<void> {
  const [{ buildCase }, { publish }] = await Promise.all([import('../../rules/facts/build.ts'), import('../../rules/facts/publish.ts')]);
  await publish(store.query, await buildCase(store.query, {}));
}

interface Options extends AlsoOptions {
  format: Format;
  templates?: string;
}

async function run(store: Store, statement: string): Promise<Result> {
  try {
    return await store.runUserSql(statement);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trimEnd() : String(cause);
    throw new DoctorError('HLD_STORE_SQL_FAILED', { reason }, { cause });
  }
}

async function query(input: string, statement: string, { format, also, templates }: Options): Promise<void> {
  const opened = await openInput(input, { also, templates, progress: startProgress(false), acceptNothing: true });
  const { store } = opened;
  try {
    await publishCase(store);
    const result = await run(store, statement);
    print(await RENDER[format](result));
  } finally {
    opened.close();
  }
}

export function addQuery(program: Command): void {
  const command = program
    .command('query')
    .description('ask the evidence in SQL (DuckDB)')
    .argument('<input>', 'sandbox directory, file, archive, - or a database saved with analyze --db')
    .argument('<sql>', 'one statement, such as "SELECT kind, count(*) FROM event GROUP BY kind"')
    .option('--format <format>', 'table, json, ndjson (one row a line) or csv', parseFormat, 'table')
    .option('--templates <file>', TEMPLATES_HELP);
  addAlsoOption(command).action(async (input: string, statement: string, options: Options) => query(input, statement, options));
}
