/** Who reads which lines that are no log's: the first handler that knows a line has it. */
import { CountersHandler } from './counters.ts';
import { DockerHandler } from './docker.ts';
import type { TextHandler } from './handler.ts';

/** A new set for one file: handlers remember lines above. */
export function textHandlers(): TextHandler[] {
  return [new CountersHandler(), new DockerHandler()];
}
