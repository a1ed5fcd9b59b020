/** Which message table a dialect has. */
import { compileTable, joinTables, type CompiledTable, type Form, type KindNumbers } from './compile.ts';
import { PLAIN_DIALECTS, sideOf, type LogDialect, type PlainDialect } from './dialect.ts';
import { GO_CLIENT } from './templates/go-client.ts';
import { RELAY } from './templates/relay.ts';
import { RUST_CLIENT } from './templates/rust-client.ts';
import type { Template } from './templates/template.ts';
import type { TemplateGroup, UserTemplate } from './templates/user-templates.ts';

const TABLES: Readonly<Record<PlainDialect, readonly [readonly Template[], Form]>> = {
  'rust-file': [RUST_CLIENT, 'escaped'],
  'rust-stdout': [RUST_CLIENT, 'plain'],
  'relay-dev': [RELAY, 'slog'],
  'relay-json': [RELAY, 'slog'],
  'go-file': [GO_CLIENT, 'slog'],
  'go-stdout': [GO_CLIENT, 'slog'],
};

/** Families that readers look for by their names. */
const NO_MESSAGE: readonly Template[] = [
  { family: 'desktop', text: '\u0000' },
  { family: 'relay-foreign', text: '\u0000' },
];

function groupOf(dialect: PlainDialect): TemplateGroup {
  return sideOf(dialect) === 'relay' ? 'relay' : dialect.startsWith('go') ? 'go-client' : 'client';
}

/** The message table of a dialect, ready for bytes; `users`: templates of the user, of all dialects. */
export function tableOf(dialect: LogDialect, kinds: KindNumbers, users: readonly UserTemplate[] = []): CompiledTable {
  const families: string[] = [];
  const plain = (one: PlainDialect): CompiledTable => {
    const [templates, form] = TABLES[one];
    const table = compileTable(templates, form, { kinds, side: sideOf(one), families });
    const mine = users.filter((template) => template.group === groupOf(one));
    if (mine.length === 0) return table;
    return { ...table, user: compileTable([...mine, ...NO_MESSAGE], form, { kinds, side: sideOf(one), families: [] }) };
  };
  if (dialect !== 'mixed') return plain(dialect);
  const parts = Object.fromEntries(PLAIN_DIALECTS.map((one) => [one, plain(one)])) as Record<PlainDialect, CompiledTable>;
  // Lines that a handler of text knows and has no use for.
  families.push('text');
  return joinTables(families, parts);
}
