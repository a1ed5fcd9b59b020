/** Which message table a dialect has. */
import { compileTable, type CompiledTable, type KindNumbers } from './compile.ts';
import type { LogDialect } from './scan-line.ts';
import { GO_CLIENT } from './templates/go-client.ts';
import { RELAY } from './templates/relay.ts';
import { RUST_CLIENT } from './templates/rust-client.ts';

/** The message table of a dialect, ready for bytes. */
export function tableOf(dialect: LogDialect, kinds: KindNumbers): CompiledTable {
  switch (dialect) {
    case 'rust-file':
      return compileTable(RUST_CLIENT, 'escaped', kinds);
    case 'rust-stdout':
      return compileTable(RUST_CLIENT, 'plain', kinds);
    case 'relay-dev':
    case 'relay-json':
      return compileTable(RELAY, 'slog', kinds);
    case 'go-file':
    case 'go-stdout':
      return compileTable(GO_CLIENT, 'slog', kinds);
  }
}
