/** What every command needs to print: safe text, colours, width, progress. */
import { writeFileSync } from 'node:fs';
import { DoctorError } from '../model/errors.ts';

/**
 * Control characters as text, so that nothing that came from a log can steer the terminal. Line feeds and tabs stay; what has no
 * width, turns the reading direction or is half a character goes the same way.
 */
export function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (mark) => {
    const code = mark.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for text that must stay on its line, such as a path with a line feed in its name. */
export function oneLine(text: string): string {
  return visible(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** Whether to colour stdout: the flag, then FORCE_COLOR, then NO_COLOR, then whether it is a terminal. */
export function wantsColor(flag: boolean | undefined, env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (flag !== undefined) return flag;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  return isTerminal === true && env['TERM'] !== 'dumb';
}

/** Narrowest text that the report can be laid out in. */
export const MIN_WIDTH = 60;
const DEFAULT_WIDTH = 100;

export function terminalWidth(columns: number | undefined): number {
  return Math.max(MIN_WIDTH, columns ?? DEFAULT_WIDTH);
}

/**
 * A GitHub runner obeys lines that begin with `::` behind blanks, and `##[` anywhere. Text that tells what a log says must not do
 * so by accident.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^([^\S\n]*):(?=:)/gm, '$1\\x3a').replaceAll('##[', '#\\x23[');
}

/** Writes to stdout and ends the last line; an empty text writes nothing. `isCommands`: a runner is meant to obey it. */
export function print(text: string, isCommands = false): void {
  if (text === '') return;
  const safe = process.env['GITHUB_ACTIONS'] === 'true' && !isCommands ? withoutCommands(text) : text;
  process.stdout.write(safe.endsWith('\n') ? safe : `${safe}\n`);
}

export function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text.endsWith('\n') ? text : `${text}\n`);
  } catch (cause) {
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** The short words of a system error, without the call and the path that Node adds. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Z]+: /, '').replace(/, \w+ '.*'$/s, '');
}

export function firstLine(error: Error): string {
  return error.message.split('\n', 1)[0] ?? '';
}

/** Work shorter than this shows no progress. */
const PROGRESS_AFTER_MS = 300;
const PROGRESS_EVERY_MS = 100;

export interface Progress {
  readonly update: (doneBytes: number, totalBytes: number) => void;
  readonly end: () => void;
}

/** A line on stderr that is rewritten while work goes on; nothing unless stderr is a terminal. */
export function startProgress(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, end: () => undefined };
  const started = performance.now();
  let shownAt = 0;
  return {
    update(doneBytes, totalBytes) {
      const now = performance.now();
      if (now - started < PROGRESS_AFTER_MS || now - shownAt < PROGRESS_EVERY_MS || totalBytes === 0) return;
      shownAt = now;
      const percent = Math.floor((100 * doneBytes) / totalBytes);
      process.stderr.write(`\rreading  ${percent} % of ${(totalBytes / 1e6).toFixed(1)} MB `);
    },
    end() {
      if (shownAt > 0) process.stderr.write('\r\u001b[K');
    },
  };
}
