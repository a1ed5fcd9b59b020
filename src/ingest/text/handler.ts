/**
 * Readers of text that people and scripts print around hotlink: one line in, rows of tables out.
 *
 * A saved console, CI output or a runner's log mixes many programs. The line reader of such files takes off what stands
 * before a line (CI's time, a container's name, the desktop's brackets), hands lines of the known logs to their own reader and
 * all others to these handlers in order. The first handler that knows a line has it. Handlers are pure but for what they
 * remember of the lines above (a table's header, a stack's depth); one set serves one file.
 */
import type { TableRow } from '../files/file-rows.ts';

/** A line without what stood before it. */
export interface TextLine {
  readonly sourceId: number;
  /** Relative to the sandbox. */
  readonly path: string;
  readonly lineNo: number;
  /** Microseconds since 1970 from the line's own prefix; null when it has none. */
  readonly tsUs: number | null;
  /** At most HEAD_BYTES of it, colours removed. Not masked: what goes into a row is masked by who writes the row. */
  readonly text: string;
  /** Email of the party in whose tree the file lies; null when nobody can tell. */
  readonly party: string | null;
}

/** Rows of the line; 'noise': known and of no use; 'continuation': belongs to the record above; undefined: not known. */
export type TextAnswer = readonly TableRow[] | 'noise' | 'continuation' | undefined;

export interface TextHandler {
  read(line: TextLine): TextAnswer;
  /** What it remembers of the lines above, as plain values; a handler without memory leaves both out. */
  save?(): unknown;
  /** Goes on from what `save` gave, perhaps in another process. */
  restore?(state: unknown): void;
}
