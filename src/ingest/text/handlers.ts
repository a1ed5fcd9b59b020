/** Who reads which lines that are no log's: the first handler that knows a line has it. */
import { ConsoleTextHandler } from './console-text.ts';
import { CountersHandler } from './counters.ts';
import { DockerHandler } from './docker.ts';
import type { TextHandler } from './handler.ts';
import { RunnerLogHandler } from './runner-log.ts';
import { StackTextHandler } from './stack-text.ts';
import { StepTextHandler } from './step-text.ts';

/** A new set for one file: handlers remember lines above. */
export function textHandlers(): TextHandler[] {
  return [
    new RunnerLogHandler(),
    new StepTextHandler(),
    new CountersHandler(),
    new DockerHandler(),
    new StackTextHandler(),
    new ConsoleTextHandler(),
  ];
}
