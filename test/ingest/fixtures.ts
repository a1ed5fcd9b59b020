/** Lines of real logs, and one for every row of every message table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GO_CLIENT } from '../../src/ingest/templates/go-client.ts';
import { RELAY } from '../../src/ingest/templates/relay.ts';
import { RUST_CLIENT } from '../../src/ingest/templates/rust-client.ts';
import type { Template } from '../../src/ingest/templates/template.ts';
import type { Fields } from './reference.ts';

export const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

export const TABLES = { 'rust-client': RUST_CLIENT, 'go-client': GO_CLIENT, relay: RELAY } as const satisfies Record<
  string,
  readonly Template[]
>;

export type TableName = keyof typeof TABLES;

export interface FixtureLine {
  readonly row: string;
  /** recording: cut from one; guide: written after the field guide, since no recording shows it. */
  readonly from: 'recording' | 'guide';
  /** As the program's log has it: dialect a, c (file) or d. */
  readonly line: string;
  readonly fields: Fields;
}

/** Name of a row within its table. */
export function rowKey(row: Template): string {
  return 'kind' in row ? `${row.kind}: ${row.text}` : `${row.family}: ${row.text}`;
}

export function fixtureLines(table: TableName): readonly FixtureLine[] {
  return readFileSync(join(FIXTURES, `${table}.jsonl`), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as FixtureLine);
}

export function excerptOf(dialect: string): Buffer {
  return readFileSync(join(FIXTURES, `${dialect}.log`));
}
