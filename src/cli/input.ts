/** Opens whatever the user named: a sandbox, one file of it, an archive of these, standard input, or a saved database. */
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, type Stats } from 'node:fs';
import type { FileOf } from '../ingest/discover.ts';
import type { Begun } from '../ingest/load.ts';
import type { Seen } from '../ingest/look.ts';
import type { UserTemplate } from '../ingest/templates/user-templates.ts';
import { DoctorError } from '../model/errors.ts';
import { isUnreadReason } from '../model/unread.ts';
import { sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { firstLine, reasonOf, type Progress } from './output.ts';
import { Scratch } from './scratch.ts';
import { spoolStdin, STDIN } from './spool.ts';
import { dayOfEvidence, parseZone } from './zone.ts';

/** Help of the option that several commands have. */
export const TEMPLATES_HELP = 'log lines of your own, as docs/templates.md says';

export interface OpenInput {
  readonly store: Store;
  /** Where the files are that lines are read back from; undefined for a saved database, which holds the lines itself. */
  readonly files: FileOf | undefined;
  /** Ends the work with the store and removes what was unpacked. */
  close(): void;
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

const BROKEN = sql`SELECT reason FROM source_rejection WHERE reason IN ('archive-cut', 'archive-damaged', 'archive-limit') ORDER BY source_id, reason LIMIT 1`;

async function refuseNothing(store: Store, path: string): Promise<void> {
  const [row] = await store.query(
    sql`SELECT count(*) AS files, count(*) FILTER (WHERE kind NOT IN ('unknown', 'archive', 'database', 'collected') AND (kind <> 'runner' OR records + ignored > 0)) AS known FROM source`,
  );
  if (Number(row?.['known'] ?? 0) > 0) return;
  const [broken] = await store.query(BROKEN);
  const why = broken?.['reason'];
  if (typeof why === 'string' && isUnreadReason(why)) throw new DoctorError('HLD_INPUT_ARCHIVE_DAMAGED', { path, why });
  throw new DoctorError('HLD_INPUT_NOTHING_RECOGNISED', { path, files: Number(row?.['files'] ?? 0) });
}

/** So that the database can be judged and shown without the logs. */
async function keepExcerpts(files: FileOf, store: Store): Promise<void> {
  const { saveExcerpts } = await import('../ingest/excerpts.ts');
  await saveExcerpts(files, store);
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
  /** Further files, folders and archives whose files join the input. */
  readonly also?: readonly string[] | undefined;
  readonly progress: Progress;
  /** Told the name of each stage when it is over. */
  readonly lap?: ((stage: string) => void) | undefined;
  /** Whether an input without any evidence is opened all the same. */
  readonly acceptNothing?: boolean;
}

/** Only files and folders are opened: a pipe without a writer would be waited for without end. */
function refuseSpecial(path: string, status: Stats): void {
  if (status.isFile() || status.isDirectory()) return;
  const what = status.isFIFO() ? 'pipe' : status.isSocket() ? 'socket' : 'device';
  throw new DoctorError('HLD_INPUT_NOT_A_FILE', { path, what });
}

/** Everything between the name of an input and its files; DoctorErrors, or errors of the system. */
async function lookAtInput(path: string, also: readonly string[], scratch: Scratch): Promise<readonly Seen[]> {
  for (const one of also) refuseSpecial(one, statOf(one));
  const [{ ArchiveOpener }, { gather }] = await Promise.all([import('../ingest/archive/open.ts'), import('../ingest/gather.ts')]);
  return gather(path, also, new ArchiveOpener(() => scratch.folder()));
}

export async function openInput(named: string, options: OpenOptions): Promise<OpenInput> {
  const scratch = new Scratch();
  try {
    const path = named === STDIN ? await spoolStdin(scratch.folder()) : named;
    const opened = await openPath(path, options, scratch);
    return {
      ...opened,
      close: () => {
        opened.store.close();
        scratch.remove();
      },
    };
  } catch (error) {
    scratch.remove();
    throw named === STDIN ? ofStdin(error) : error;
  }
}

/** Standard input has no path that would mean anything to the user. */
function ofStdin(error: unknown): unknown {
  if (!(error instanceof DoctorError)) return error;
  const { code, details, cause } = error as DoctorError<'HLD_INPUT_UNREADABLE'>;
  return 'path' in details ? new DoctorError(code, { ...details, path: 'the standard input' }, { cause }) : error;
}

/** The files of an input, none of them read yet; of a saved database there are none. */
export async function findFiles(path: string, also: readonly string[], scratch: Scratch): Promise<readonly Seen[]> {
  const status = statOf(path);
  refuseSpecial(path, status);
  if (status.isFile() && isDatabase(path)) throw new DoctorError('HLD_INPUT_NOTHING_RECOGNISED', { path, files: 1 });
  try {
    return await lookAtInput(path, also, scratch);
  } catch (error) {
    throw ofSystem(error, path);
  }
}

type Opened = Omit<OpenInput, 'close'>;

async function openPath(path: string, options: OpenOptions, scratch: Scratch): Promise<Opened> {
  const status = statOf(path);
  refuseSpecial(path, status);
  const { database, also = [] } = options;
  if (status.isFile() && isDatabase(path)) {
    const refuse = (option: string, value: string, expected: string): DoctorError =>
      new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected });
    if (database !== undefined)
      throw refuse('--db', database, 'a file only when the input is a sandbox or a log; this input is a saved database already');
    if (options.templates !== undefined)
      throw refuse(
        '--templates',
        options.templates,
        'a file only when logs are read; this input is a saved database, whose lines were read before',
      );
    if (also[0] !== undefined) throw refuse('--also', also[0], 'files only beside a sandbox or a log; nothing joins a saved database');
    return { store: await openSaved(path), files: undefined };
  }
  return readFiles(path, options, scratch);
}

/** What the system says of a file, as one of our errors; anything else is handed on. */
function ofSystem(error: unknown, path: string): unknown {
  const { syscall, path: at = path } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : new DoctorError('HLD_INPUT_UNREADABLE', { path: at, reason: reasonOf(error) }, { cause: error });
}

/** Half a database would be judged as if it were whole. */
function abandon(store: Store | undefined, database: string | undefined): void {
  store?.close();
  if (store !== undefined && database !== undefined) removeDatabase(database);
}

async function readFiles(path: string, options: OpenOptions, scratch: Scratch): Promise<Opened> {
  const { database, relayZone, progress, also = [] } = options;
  // A store in memory is opened while the files are found.
  const opening = database === undefined ? createStore(undefined) : undefined;
  opening?.catch(() => 'thrown where it is waited for');
  let store: Store | undefined;
  let begun: Begun | undefined;
  try {
    const seen = await lookAtInput(path, also, scratch);
    const relayZoneMinutes = relayZone === undefined ? undefined : parseZone(relayZone, () => dayOfEvidence(path, seen));
    const templates = options.templates === undefined ? undefined : await readTemplates(options.templates);
    const { beginLoad, finishLoad } = await import('../ingest/load.ts');
    const zone = relayZoneMinutes === undefined ? {} : { relayZoneMinutes };
    const own = templates === undefined ? {} : { templates };
    options.lap?.('find files');
    begun = beginLoad(seen, { ...zone, ...own, onProgress: progress.update });
    store = await (opening ?? createStore(database));
    options.lap?.('open store');
    const files = await finishLoad(begun, store);
    options.lap?.('read files');
    if (options.acceptNothing !== true) await refuseNothing(store, path);
    if (database !== undefined) await keepExcerpts(files, store);
    return { store, files };
  } catch (error) {
    await begun?.beside.stop();
    abandon(store ?? (await opening?.catch(() => undefined)), database);
    throw ofSystem(error, path);
  } finally {
    progress.end();
  }
}
