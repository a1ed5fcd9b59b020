/** The reader of each dialect that a program writes by itself. */
import type { PlainDialect } from './dialect.ts';
import { JsonReader } from './scan-json.ts';
import type { LineReader, ReaderTarget, Window } from './scan-record.ts';
import { RustReader } from './scan-rust.ts';
import { SlogReader } from './scan-slog.ts';
import { UserReader } from './scan-user.ts';

/** With the user's own templates behind the built-in ones, where there are any. */
export function plainReader(dialect: PlainDialect, window: Window, target: ReaderTarget): LineReader {
  const builtIn = builtInReader(dialect, window, target);
  const { user } = target.table;
  return user === undefined ? builtIn : new UserReader(builtIn, builtInReader(dialect, window, { ...target, table: user }));
}

function builtInReader(dialect: PlainDialect, window: Window, target: ReaderTarget): LineReader {
  if (dialect === 'rust-file') return new RustReader('file', window, target);
  if (dialect === 'rust-stdout') return new RustReader('stdout', window, target);
  if (dialect === 'relay-json') return new JsonReader(window, target);
  return new SlogReader(dialect, window, target);
}
