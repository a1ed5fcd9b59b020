/** Opens whatever the user named: a sandbox, one file of it, or a saved database. */
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { UserTemplate } from '../ingest/templates/user-templates.ts';
import { DoctorError } from '../model/errors.ts';
import { sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { firstLine, reasonOf, type Progress } from './output.ts';
import { dayOfEvidence, parseZone } from './zone.ts';

/** Help of the option that several commands have. */
export const TEMPLATES_HELP = 'log lines of your own, as docs/templates.md says';

export interface OpenInput {
  readonly store: Store;
  /** Where the files are that lines are read back from; undefined for a saved database, which holds the lines itself. */
  readonly root: string | undefined;
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new DoctorError('HLD_INPUT_NO_SUCH_PATH', { path }, { cause });
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** A DuckDB file says DUCK at byte 8, after its checksum. */
function isDatabase(path: string): boolean {
  const head = Buffer.alloc(12);
  try {
    const fd = openSync(path, 'r');
    try {
      return readSync(fd, head, 0, 12, 0) === 12 && head.toString('latin1', 8) === 'DUCK';
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** A run of --db over an earlier database replaces it; anything else that stands there is left alone. */
function clearDatabase(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isFile() || !isDatabase(path)) {
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path, reason: 'what stands there is no database' });
  }
  removeDatabase(path);
}

function removeDatabase(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.wal`, { force: true });
}

/** What DuckDB says when it does not open, as one of our errors; anything else is handed on. */
function storeError(cause: unknown, path: string, isOutput: boolean): unknown {
  if (!(cause instanceof Error)) return cause;
  const reason = firstLine(cause);
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') {
    return reason.includes('duckdb') ? new DoctorError('HLD_STORE_NATIVE_MISSING', { reason }, { cause }) : cause;
  }
  if (isOutput) return new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path, reason }, { cause });
  if (/set lock|permission/i.test(reason)) return new DoctorError('HLD_INPUT_UNREADABLE', { path, reason }, { cause });
  return new DoctorError('HLD_STORE_OTHER_VERSION', { path, reason }, { cause });
}

async function createStore(database: string | undefined): Promise<Store> {
  if (database !== undefined) clearDatabase(database);
  const { Store } = await import('../store/store.ts');
  try {
    return await Store.create(database);
  } catch (cause) {
    throw storeError(cause, database ?? ':memory:', true);
  }
}

async function openSaved(path: string): Promise<Store> {
  const { Store } = await import('../store/store.ts');
  try {
    return await Store.openSaved(path);
  } catch (cause) {
    throw storeError(cause, path, false);
  }
}

async function refuseNothing(store: Store, path: string): Promise<void> {
  const [row] = await store.query(
    sql`SELECT count(*) AS files, count(*) FILTER (WHERE kind <> 'unknown' AND (kind <> 'runner' OR records + ignored > 0)) AS known FROM source`,
  );
  if (Number(row?.['known'] ?? 0) === 0)
    throw new DoctorError('HLD_INPUT_NOTHING_RECOGNISED', { path, files: Number(row?.['files'] ?? 0) });
}

/** So that the database can be judged and shown without the logs. */
async function keepExcerpts(root: string, store: Store): Promise<void> {
  const { saveExcerpts } = await import('../ingest/excerpts.ts');
  await saveExcerpts(root, store);
}

async function readTemplates(path: string): Promise<readonly UserTemplate[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const expected = `a file that can be read (${reasonOf(cause)})`;
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--templates', value: path, expected }, { cause });
  }
  const { parseTemplates, TemplateError } = await import('../ingest/templates/user-templates.ts');
  try {
    return parseTemplates(text);
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    throw new DoctorError('HLD_INPUT_BAD_TEMPLATE', { path, line: cause.line, reason: cause.message }, { cause });
  }
}

export interface OpenOptions {
  /** File to keep the store in. */
  readonly database?: string | undefined;
  readonly relayZone?: string | undefined;
  /** File with the user's own log lines. */
  readonly templates?: string | undefined;
  readonly progress: Progress;
  /** Whether an input without any evidence is opened all the same. */
  readonly acceptNothing?: boolean;
}

export async function openInput(path: string, options: OpenOptions): Promise<OpenInput> {
  const status = statOf(path);
  const { database, relayZone, progress } = options;
  if (status.isFile() && isDatabase(path)) {
    if (database !== undefined) {
      const expected = 'a file only when the input is a sandbox or a log; this input is a saved database already';
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--db', value: database, expected });
    }
    if (options.templates !== undefined) {
      const expected = 'a file only when logs are read; this input is a saved database, whose lines were read before';
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--templates', value: options.templates, expected });
    }
    return { store: await openSaved(path), root: undefined };
  }
  const relayZoneMinutes = relayZone === undefined ? undefined : parseZone(relayZone, () => dayOfEvidence(path));
  const templates = options.templates === undefined ? undefined : await readTemplates(options.templates);
  const { loadInput } = await import('../ingest/load.ts');
  const root = status.isDirectory() ? path : dirname(path);
  const store = await createStore(database);
  try {
    await loadInput(path, store, {
      ...(relayZoneMinutes !== undefined && { relayZoneMinutes }),
      ...(templates !== undefined && { templates }),
      onProgress: progress.update,
    });
    if (options.acceptNothing !== true) await refuseNothing(store, path);
    if (database !== undefined) await keepExcerpts(root, store);
  } catch (error) {
    store.close();
    // Half a database would be judged as if it were whole.
    if (database !== undefined) removeDatabase(database);
    const { syscall, path: at = path } = error as NodeJS.ErrnoException;
    if (syscall !== undefined) throw new DoctorError('HLD_INPUT_UNREADABLE', { path: at, reason: reasonOf(error) }, { cause: error });
    throw error;
  } finally {
    progress.end();
  }
  return { store, root };
}
