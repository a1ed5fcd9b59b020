/** Who reads which lines that are no log's: the first handler that knows a line has it. */
import type { TextHandler } from './handler.ts';

/** A new set for one file: handlers remember lines above. */
export function textHandlers(): TextHandler[] {
  return [];
}
