/** Saved diagnoses, and inputs that may be one. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Diagnosis } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { judge, type JudgeOptions } from './judge.ts';
import { reasonOf } from './output.ts';
import { nameInputs, partsOf } from './several.ts';
import { STDIN } from './spool.ts';

/** A diagnosis of the largest recording has a megabyte; many in one file may have a few hundred. */
const MOST_BYTES = 256 * 1024 ** 2;
/** Enough to see the first key of a document. */
const HEAD_BYTES = 4096;
const MARK = /^\s*\{\s*"schema"\s*:\s*"hotlink-doctor\/diagnosis@/;

/** Whether a path is a file that begins as a saved diagnosis does. */
function isDocument(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const head = Buffer.alloc(HEAD_BYTES);
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    // The one who opens it as evidence says what is wrong with it.
    return false;
  }
  try {
    return MARK.test(head.toString('utf8', 0, readSync(fd, head, 0, HEAD_BYTES, 0)));
  } finally {
    closeSync(fd);
  }
}

function textOf(path: string): string {
  const shown = path === STDIN ? 'the standard input' : path;
  try {
    const status = path === STDIN ? undefined : statSync(path);
    if (status !== undefined && !status.isFile())
      throw new DoctorError('HLD_REPORT_NO_DIAGNOSIS', { path: shown, reason: status.isDirectory() ? 'it is a folder' : 'it is no file' });
    if (status !== undefined && status.size > MOST_BYTES)
      throw new DoctorError('HLD_REPORT_NO_DIAGNOSIS', { path: shown, reason: `it is larger than ${MOST_BYTES} bytes` });
    return readFileSync(path === STDIN ? 0 : path, 'utf8');
  } catch (cause) {
    if (cause instanceof DoctorError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new DoctorError('HLD_INPUT_NO_SUCH_PATH', { path: shown }, { cause });
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path: shown, reason: reasonOf(cause) }, { cause });
  }
}

/** The documents of a file, one or one a line, as they stand there. */
export async function readDocuments(path: string): Promise<{ readonly diagnoses: readonly Diagnosis[]; readonly isLines: boolean }> {
  const text = textOf(path);
  const shown = path === STDIN ? 'the standard input' : path;
  const refuse = (reason: string): DoctorError<'HLD_REPORT_NO_DIAGNOSIS'> =>
    new DoctorError('HLD_REPORT_NO_DIAGNOSIS', { path: shown, reason });
  const whole = parsed(text);
  const lines = whole === undefined ? text.split('\n').filter((line) => line.trim() !== '') : [];
  const values = whole === undefined ? lines.map((line) => parsed(line)) : [whole];
  if (values.length === 0) throw refuse('it is empty');
  const [{ diagnosisSchema }, { DIAGNOSIS_SCHEMA }] = await Promise.all([import('../model/diagnosis.ts'), import('../model/schema-id.ts')]);
  for (const [i, value] of values.entries()) {
    const at = values.length > 1 ? `line ${i + 1}: ` : '';
    if (value === undefined) throw refuse(`${at}it is no JSON`);
    const schema = typeof value === 'object' && value !== null && 'schema' in value ? String(value.schema) : undefined;
    if (schema !== DIAGNOSIS_SCHEMA)
      throw refuse(`${at}${schema === undefined ? 'it has no schema' : `its schema is '${schema}'`}, not ${DIAGNOSIS_SCHEMA}`);
    const [issue] = diagnosisSchema.safeParse(value).error?.issues ?? [];
    if (issue !== undefined) throw refuse(`${at}${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`);
  }
  // The value as it was read, not a checked copy: keys stay in their order, so that it is written again byte for byte.
  return { diagnoses: values as Diagnosis[], isLines: values.length > 1 || !text.trimEnd().includes('\n') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Diagnoses of inputs that are evidence or saved diagnoses; of several, each is called by its input. */
export async function documentsOf(paths: readonly string[], options: JudgeOptions): Promise<readonly Diagnosis[]> {
  const each: { path: string; diagnoses: readonly Diagnosis[] }[] = [];
  for (const path of paths) each.push(...(await ofPath(path, options)));
  const named = nameInputs(each.map(({ path }) => path));
  if (each.length === 1) return each[0]?.diagnoses ?? [];
  return each.flatMap(({ diagnoses }, i) => diagnoses.map(({ schema, ...rest }) => ({ schema, ...rest, input: named[i]?.name ?? '' })));
}

async function ofPath(path: string, options: JudgeOptions): Promise<readonly { path: string; diagnoses: readonly Diagnosis[] }[]> {
  if (isDocument(path)) return [{ path, diagnoses: (await readDocuments(path)).diagnoses }];
  try {
    return [{ path, diagnoses: await judge(path, options) }];
  } catch (error) {
    const parts = partsOf(error);
    if (parts.length === 0) throw error;
    const out: { path: string; diagnoses: readonly Diagnosis[] }[] = [];
    for (const part of parts) out.push({ path: part, diagnoses: await judge(part, options) });
    return out;
  }
}
