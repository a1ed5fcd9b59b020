/** Ways in which programs write their lines (field guide 3). */

/** Dialects of programs that write lines of their own. */
export const PLAIN_DIALECTS = ['rust-file', 'rust-stdout', 'go-file', 'go-stdout', 'relay-dev', 'relay-json'] as const;
export type PlainDialect = (typeof PLAIN_DIALECTS)[number];
/** mixed: lines of any dialect, other text, and prefixes before both. */
export type LogDialect = PlainDialect | 'mixed';

/** Whose lines they are. */
export type Side = 'client' | 'relay';

export function sideOf(dialect: PlainDialect): Side {
  return dialect === 'relay-dev' || dialect === 'relay-json' ? 'relay' : 'client';
}
