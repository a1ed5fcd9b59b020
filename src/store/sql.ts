/** The pure part of the store: statements and rows, no database. */

/** What a reader gets: BIGINT arrives as number (the door refuses values beyond 2^53), NULL as null. */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

/** A statement that came from the source code, never from a log. Only `sql` makes one. */
export type Sql = string & { readonly brand: 'Sql' };

/** Marks a literal as a statement. It takes no values, so a log line can never become one. */
export function sql(strings: TemplateStringsArray): Sql {
  if (strings.length !== 1) throw new Error('sql takes no interpolation');
  return strings[0] as Sql;
}

/** Reads rows of the open store. Values are bound to ?, never spliced into the text. */
export type Query = (statement: Sql, values?: readonly Cell[]) => Promise<readonly Row[]>;
