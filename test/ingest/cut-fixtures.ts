/**
 * Cuts the fixtures of ingest out of recordings: `tsx test/ingest/cut-fixtures.ts FOLDER_OF_SANDBOXES [--missing]`.
 * With `--missing` only for rows that no recording showed so far, and for dialects without an excerpt.
 *
 * Two kinds. `fixtures/<table>.jsonl`: a line for each row of a message table, the shortest one recorded; rows that no
 * recording shows keep the line that stands there already, written by hand after the field guide. `fixtures/<dialect>.log`: an
 * excerpt of a real log with every kind of line in it. Secrets are masked on the way.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLog } from '../../src/ingest/look.ts';
import { mask } from '../../src/ingest/mask.ts';
import type { PlainDialect } from '../../src/ingest/dialect.ts';
import { kindByContent, SNIFF_BYTES } from '../../src/ingest/sniff.ts';
import { FIXTURES, rowKey, TABLES, type FixtureLine, type TableName } from './fixtures.ts';
import { referenceOf } from './reference.ts';

/** An excerpt holds the first lines of a log and then of each kind of line so many. */
const FIRST_LINES = 60;
const OF_A_KIND = 3;
const LONGEST_LINE = 2000;
const EXCERPT_BYTES = 40_000;

const [root = '', mode] = process.argv.slice(2);
const isMissingOnly = mode === '--missing';
const shortest = new Map<string, FixtureLine>();
const excerpts = new Map<PlainDialect, string>();
const kinds = new Map<PlainDialect, number>();
const tableOfDialect = (dialect: PlainDialect): TableName | undefined =>
  dialect === 'rust-file' ? 'rust-client' : dialect === 'relay-dev' ? 'relay' : dialect === 'go-file' ? 'go-client' : undefined;

for (const recording of readdirSync(root).toSorted()) {
  const sandbox = join(root, recording, 'sandbox');
  if (!existsSync(sandbox)) continue;
  for (const file of readdirSync(sandbox, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!file.endsWith('.log')) continue;
    const bytes = readFileSync(join(sandbox, file));
    const { dialect } = kindByContent(bytes.subarray(0, SNIFF_BYTES), bytes.length <= SNIFF_BYTES);
    if (isLog(dialect) && dialect !== 'mixed') cut(dialect, bytes);
  }
}

function cut(dialect: PlainDialect, bytes: Buffer): void {
  const reference = referenceOf(dialect);
  const table = tableOfDialect(dialect);
  const seen = new Map<string, number>();
  let excerpt = '';
  for (const [index, raw] of bytes.toString('latin1').split('\n').slice(0, -1).entries()) {
    if (raw.length > LONGEST_LINE) continue;
    const line = mask(Buffer.from(raw, 'latin1').toString('utf8'));
    const verdict = reference.read(Buffer.from(line).toString('latin1'), true);
    const name = verdict.is === 'event' ? verdict.template : verdict.is === 'noise' ? verdict.family : verdict.is;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    if ((index < FIRST_LINES || count <= OF_A_KIND) && excerpt.length < EXCERPT_BYTES) excerpt += `${line}\n`;
    if (table === undefined || (verdict.is !== 'event' && verdict.is !== 'noise')) continue;
    for (const row of TABLES[table].filter((row) =>
      'kind' in row
        ? verdict.is === 'event' && row.text === verdict.template
        : verdict.is === 'noise' && row.family === verdict.family && line.includes(row.text),
    )) {
      const key = `${table} ${rowKey(row)}`;
      const known = shortest.get(key);
      if (known === undefined || known.line.length > line.length)
        shortest.set(key, { row: rowKey(row), from: 'recording', line, fields: verdict.is === 'event' ? verdict.fields : {} });
    }
  }
  // The excerpt with the most kinds of lines.
  const before = excerpts.get(dialect);
  if (before === undefined || kinds.get(dialect)! < seen.size) {
    excerpts.set(dialect, excerpt);
    kinds.set(dialect, seen.size);
  }
}

for (const table of Object.keys(TABLES) as TableName[]) {
  const path = join(FIXTURES, `${table}.jsonl`);
  const before = new Map<string, FixtureLine>();
  if (existsSync(path))
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1))
      before.set((JSON.parse(line) as FixtureLine).row, JSON.parse(line) as FixtureLine);
  const rows = TABLES[table].flatMap((row) => {
    const known = before.get(rowKey(row));
    const isKept = isMissingOnly && known?.from === 'recording';
    return (isKept ? known : (shortest.get(`${table} ${rowKey(row)}`) ?? known)) ?? [];
  });
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
for (const [dialect, text] of excerpts) {
  const path = join(FIXTURES, `${dialect}.log`);
  if (!isMissingOnly || !existsSync(path)) writeFileSync(path, text);
}
