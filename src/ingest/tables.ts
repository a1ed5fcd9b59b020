/** Which message table a dialect has. */
import { compileTable, type CompiledTable, type Form, type KindNumbers } from './compile.ts';
import type { LogDialect } from './scan-line.ts';
import { GO_CLIENT } from './templates/go-client.ts';
import { RELAY } from './templates/relay.ts';
import { RUST_CLIENT } from './templates/rust-client.ts';
import type { Template } from './templates/template.ts';

const TABLES: Readonly<Record<LogDialect, readonly [readonly Template[], Form]>> = {
  'rust-file': [RUST_CLIENT, 'escaped'],
  'rust-stdout': [RUST_CLIENT, 'plain'],
  'relay-dev': [RELAY, 'slog'],
  'relay-json': [RELAY, 'slog'],
  'go-file': [GO_CLIENT, 'slog'],
  'go-stdout': [GO_CLIENT, 'slog'],
};

/** The message table of a dialect, ready for bytes. */
export function tableOf(dialect: LogDialect, kinds: KindNumbers): CompiledTable {
  const [templates, form] = TABLES[dialect];
  return compileTable(templates, form, kinds);
}
