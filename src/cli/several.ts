/** Several inputs, one after the other: one store at a time, and of each only a line is kept. */
import { appendFileSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import type { Diagnosis } from '../model/diagnosis.ts';
import { mask, maskPath } from '../ingest/mask.ts';
import { DoctorError } from '../model/errors.ts';
import type { RunLine } from '../report/several.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { oneLine, print, reasonOf, visible, writeOutput } from './output.ts';
import { STDIN } from './spool.ts';

export interface NamedInput {
  readonly path: string;
  /** The end of the path that tells it from the other inputs; never a whole absolute path. */
  readonly name: string;
}

/** Names inputs by as many last parts of their paths as tell them apart. */
export function nameInputs(paths: readonly string[]): readonly NamedInput[] {
  const parts = paths.map((path) =>
    path === STDIN
      ? ['stdin']
      : resolve(path)
          .split(sep)
          .filter((part) => part !== ''),
  );
  const name = (index: number, tail: number): string => (parts[index] ?? []).slice(-tail).join('/');
  const taken = new Map<string, number>();
  return paths.map((path, index) => {
    const depth = parts[index]?.length ?? 1;
    let tail = 1;
    const isShared = (): boolean => parts.some((_, other) => other !== index && name(other, tail) === name(index, tail));
    while (tail < depth && isShared()) tail++;
    // The same path twice cannot be told apart.
    const shown = maskPath(isShared() ? basename(path) : name(index, tail));
    const times = (taken.get(shown) ?? 0) + 1;
    taken.set(shown, times);
    return { path, name: times === 1 ? shown : `${shown}#${times}` };
  });
}

/** The sandboxes in the only input, when that is a folder of several; else nothing. */
export function partsOf(error: unknown): readonly string[] {
  if (!(error instanceof DoctorError) || error.code !== 'HLD_INPUT_SEVERAL_SANDBOXES') return [];
  const { path, parts, isArchive } = (error as DoctorError<'HLD_INPUT_SEVERAL_SANDBOXES'>).details;
  return isArchive ? [] : parts.map((part) => join(path, part));
}

/** 2 before 1 before 4 before 3 before 0. */
const PRECEDENCE: readonly ExitCode[] = [EXIT.usage, EXIT.findings, EXIT.internal, EXIT.inconclusive, EXIT.ok];

export function worse(a: ExitCode, b: ExitCode): ExitCode {
  return PRECEDENCE.indexOf(a) <= PRECEDENCE.indexOf(b) ? a : b;
}

/**
 * Judges each input; `jsonFiles` get one diagnosis a line (undefined: stdout); one that cannot be read gets its line and its words on stderr, and the others go on. Diagnoses are
 * written as they come; `keep` gets each of them.
 */
export async function judgeEach(
  inputs: readonly NamedInput[],
  jsonFiles: readonly (string | undefined)[],
  judge: (path: string) => Promise<readonly Diagnosis[]>,
  exitCodeOf: (diagnoses: readonly Diagnosis[]) => ExitCode,
  withRuns: boolean,
  keep?: (diagnosis: Diagnosis) => void,
): Promise<{ readonly lines: readonly RunLine[]; readonly code: ExitCode }> {
  const [{ summarize }, { renderJson }] = await Promise.all([import('../report/several.ts'), import('../report/json.ts')]);
  for (const file of jsonFiles) if (file !== undefined) writeOutput(file, '');
  const lines: RunLine[] = [];
  let code: ExitCode = EXIT.ok;
  for (const { path, name } of inputs) {
    try {
      const diagnoses = await judge(path);
      for (const diagnosis of diagnoses) {
        const { schema, ...rest } = diagnosis;
        const named: Diagnosis = { schema, input: name, ...rest };
        keep?.(named);
        const line = jsonFiles.length === 0 ? '' : renderJson(named, 0).trimEnd();
        for (const file of jsonFiles) writeLine(file, line);
        lines.push(summarize(diagnosis, name, withRuns));
      }
      code = worse(code, exitCodeOf(diagnoses));
    } catch (error) {
      const isOurs = !(error instanceof DoctorError);
      const because = isOurs ? `a bug of the doctor: ${error instanceof Error ? error.message : mask(String(error))}` : mask(error.message);
      const more = isOurs && error instanceof Error ? `\n${error.stack ?? ''}` : '';
      process.stderr.write(`hotlink-doctor: ${oneLine(`${name}: ${because}`)}${visible(more)}\n`);
      lines.push({ input: name, verdict: null, because, run: null, cause: null, lost: null });
      code = worse(code, isOurs ? EXIT.internal : EXIT.usage);
    }
  }
  return { lines, code };
}

function writeLine(file: string | undefined, line: string): void {
  if (file === undefined) print(line);
  else {
    try {
      appendFileSync(file, `${line}\n`);
    } catch (cause) {
      throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: file, reason: reasonOf(cause) }, { cause });
    }
  }
}
