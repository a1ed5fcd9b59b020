/**
 * Lines as they stand in the files, for evidence: read back by offset, colours removed, cut before payload and secrets.
 *
 * Context lines are the neighbouring lines that gave events; what lies between them is noise and is counted. They need no
 * log at hand when the store was saved: `saveExcerpts` then keeps the text of every line that can be asked for.
 */
import { closeSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { FileOf } from './discover.ts';
import { openPlain } from './open-plain.ts';
import { sql, type Row } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { firstSecret, maskPath } from './mask.ts';

export interface ContextLine {
  readonly line: number;
  readonly text: string;
  /** Lines between the line shown before (or the line in question) and this one. */
  readonly skipped?: number;
}

export interface ExcerptReader {
  /** Text of a physical line; null when there is no such line. */
  line(sourceId: number, lineNo: number): Promise<string | null>;
  /** What the bytes of a capture's line say; null for any other line. */
  note(sourceId: number, lineNo: number): Promise<string | null>;
  /** Up to `n` event lines before and after; the line itself is not among them. */
  context(sourceId: number, lineNo: number, n: number): Promise<ContextLine[]>;
}

/** Longest text of a line, characters, the sign of cutting included. */
export const EXCERPT_CHARACTERS = 480;
/** Of a line only this much is read: beyond it nothing is shown. */
const READ_BYTES = 4096;
const BLOCK_BYTES = 64 * 1024;

/** Where payload begins: printed byte lists, the sample of a dump, and the bytes of a capture. */
const PAYLOAD = /\b(?:payload|content): Some\(\[|\bhex=|"bytes"\s*:\s*"/;
/** Where a bundle has a mask, there was a secret. */
const MASK = /(?<=[=:]\s?["'\\[(]{0,4})\*\*\*(?!\*)/;
// oxlint-disable-next-line no-control-regex -- colour codes of the relay's log
const COLOUR = /\x1b\[[0-9;]*m/g;

/** A line as it may be shown: a beginning of the real line, with … where it was cut. */
export function shownText(raw: string, isWhole: boolean): string {
  const line = raw.replace(COLOUR, '').replace(/\r$/, '');
  const payload = PAYLOAD.exec(line);
  const secret = firstSecret(line);
  const cuts = [line.length, MASK.exec(line)?.index ?? line.length];
  if (payload !== null) cuts.push(payload.index + payload[0].length);
  if (secret >= 0) cuts.push(secret);
  const end = Math.min(...cuts);
  if (end === line.length && isWhole && end <= EXCERPT_CHARACTERS) return line;
  const cut = Math.min(end, EXCERPT_CHARACTERS - 1);
  // Not between the two halves of a character.
  const safe = /[\uD800-\uDBFF]$/.test(line.slice(0, cut)) ? cut - 1 : cut;
  return `${line.slice(0, safe).replaceAll('\uFFFD', '?')}…`;
}

const AT = sql`SELECT byte_offset, byte_length FROM log_event WHERE source_id = ? AND line_no = ?`;
const BEFORE = sql`SELECT line_no, byte_offset, byte_length FROM log_event WHERE source_id = ? AND line_no < ? ORDER BY line_no DESC LIMIT ?`;
const AFTER = sql`SELECT line_no, byte_offset, byte_length FROM log_event WHERE source_id = ? AND line_no > ? ORDER BY line_no LIMIT ?`;
const SAVED = sql`SELECT text FROM excerpt WHERE source_id = ? AND line_no = ?`;
const SOURCES = sql`SELECT source_id, path, kind, dialect FROM source`;

function number(row: Row | undefined, column: string): number {
  const value = row?.[column];
  return typeof value === 'number' ? value : 0;
}

/** Where the files of sources are: what the load gave, or the folder that holds them all under their paths. */
export type Place = FileOf | string;

function fileOf(place: Place): FileOf {
  return typeof place === 'string' ? (source) => realPath(place, source) : place;
}

/** Reads lines of the files at `place`; without one, lines that were saved with the store. */
export function excerptReader(place: Place | undefined, store: Store): ExcerptReader {
  const text = place === undefined ? savedText(store) : fileText(fileOf(place), store);
  return {
    line: (sourceId, lineNo) => text(sourceId, lineNo),
    note: async (sourceId, lineNo) => noteOf(await store.query(FRAMES, [sourceId, lineNo])),
    context: async (sourceId, lineNo, n) => {
      const before = (await store.query(BEFORE, [sourceId, lineNo, n])).toReversed();
      const after = await store.query(AFTER, [sourceId, lineNo, n]);
      const out: ContextLine[] = [];
      let previous: number | undefined;
      const add = async (row: Row): Promise<void> => {
        const line = number(row, 'line_no');
        const shown = await text(sourceId, line, row);
        const skipped = previous === undefined ? 0 : line - previous - 1;
        previous = line;
        if (shown !== null) out.push({ line, text: shown, ...(skipped > 0 && { skipped }) });
      };
      for (const row of before) await add(row);
      previous = lineNo;
      for (const row of after) await add(row);
      return out;
    },
  };
}

const FRAMES = sql`SELECT type, way, session, seq, bytes, "to", reason, signal FROM frame WHERE source_id = ? AND line_no = ?`;
/** Messages of one line that are named. */
const MOST_NOTED = 3;

function noteOf(frames: readonly Row[]): string | null {
  if (frames.length === 0) return null;
  const named = frames.slice(0, MOST_NOTED).map((f) => {
    const said = (column: string, before: string, after = ''): string => (f[column] == null ? '' : `${before}${String(f[column])}${after}`);
    const where = f['way'] === 'to_relay' ? 'to the relay' : 'to the client';
    return `${String(f['type'])} ${where}: ${said('session', 'session=')}${said('seq', ' seq=')}${said('bytes', ' bytes=')}${said('signal', ' kind=')}${said('to', ' to=')}${said('reason', ' reason="', '"')}`;
  });
  const more = frames.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

type TextOf = (sourceId: number, lineNo: number, place?: Row) => Promise<string | null>;

function savedText(store: Store): TextOf {
  return async (sourceId, lineNo) => {
    const [row] = await store.query(SAVED, [sourceId, lineNo]);
    const text = row?.['text'];
    return typeof text === 'string' ? text : null;
  };
}

const MASKED = '***';
const LOGS = new Set(['client-log', 'relay-log', 'capture']);

function fileText(files: FileOf, store: Store): TextOf {
  let sources: Promise<Map<number, { path: string | undefined; isLog: boolean }>> | undefined;
  const load = async (): Promise<Map<number, { path: string | undefined; isLog: boolean }>> =>
    new Map(
      (await store.query(SOURCES)).map((row) => [
        number(row, 'source_id'),
        { path: files(String(row['path'])), isLog: LOGS.has(String(row['kind'])) || row['dialect'] === 'mixed' },
      ]),
    );
  return async (sourceId, lineNo, place) => {
    sources ??= load();
    const source = (await sources).get(sourceId);
    if (source?.path === undefined || lineNo < 1) return null;
    const row = !source.isLog ? undefined : (place ?? (await store.query(AT, [sourceId, lineNo]))[0]);
    const near = !source.isLog || row !== undefined ? undefined : (await store.query(BEFORE, [sourceId, lineNo, 1]))[0];
    return fromFile(source.path, (fd) =>
      row === undefined
        ? readForward(fd, number(near, 'byte_offset'), near === undefined ? 1 : number(near, 'line_no'), lineNo)
        : readAt(fd, number(row, 'byte_offset'), number(row, 'byte_length')),
    );
  };
}

/** Where a file lies whose path is stored masked: the first that is stored by the same name. */
function realPath(root: string, stored: string): string {
  let path = root;
  for (const part of stored.split('/')) {
    const name = part.includes(MASKED) ? namesIn(path).find((one) => maskPath(one) === part) : part;
    path = join(path, name ?? part);
  }
  return path;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** Null also for a file that went away since it was read. */
function fromFile(path: string, read: (fd: number) => string | null): string | null {
  let fd: number | undefined;
  try {
    fd = openPlain(path);
    return read(fd);
  } catch {
    return null;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readAt(fd: number, offset: number, length: number): string | null {
  const bytes = Buffer.alloc(Math.min(length, READ_BYTES));
  const bytesRead = readSync(fd, bytes, 0, bytes.length, offset);
  if (bytesRead < bytes.length) return null;
  return shownText(bytes.toString('utf8', 0, bytesRead), length <= READ_BYTES);
}

/** Text of a line that is known by its number alone, walking from one above it. */
function readForward(fd: number, offset: number, from: number, wanted: number): string | null {
  const start = startOf(fd, { line: from, offset }, wanted);
  return start === undefined ? null : readFrom(fd, start);
}

/** Offset of a line below one whose offset is known; undefined when the file ends before it. */
function startOf(fd: number, from: { readonly line: number; readonly offset: number }, wanted: number): number | undefined {
  let { line, offset: start } = from;
  if (line >= wanted) return start;
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let position = start; line < wanted;) {
    const bytesRead = readSync(fd, block, 0, block.length, position);
    if (bytesRead === 0) return undefined;
    const part = block.subarray(0, bytesRead);
    for (let at = part.indexOf(10); at >= 0 && line < wanted; at = part.indexOf(10, at + 1)) {
      line++;
      start = position + at + 1;
    }
    position += bytesRead;
  }
  return start;
}

function readFrom(fd: number, start: number): string | null {
  const block = Buffer.alloc(READ_BYTES);
  const bytesRead = readSync(fd, block, 0, READ_BYTES, start);
  if (bytesRead === 0) return null;
  const newline = block.subarray(0, bytesRead).indexOf(10);
  return shownText(block.toString('utf8', 0, newline < 0 ? bytesRead : newline), newline >= 0 || bytesRead < READ_BYTES);
}

const EVENT_LINES = sql`SELECT line_no, byte_offset, byte_length FROM log_event WHERE source_id = ? AND line_no > ? ORDER BY line_no LIMIT ?`;
const OTHER_LINES = sql`
  SELECT DISTINCT source_id, line_no FROM (
    SELECT source_id, unnest([first_line, last_line]) AS line_no FROM family
    UNION ALL SELECT source_id, unnest([from_line, to_line]) FROM silence
    UNION ALL SELECT source_id, first_line FROM source_rejection
    UNION ALL SELECT source_id, unnest([first_line, last_line]) FROM access
    UNION ALL SELECT source_id, line_no FROM runner_event
    UNION ALL SELECT source_id, line_no FROM counters
    UNION ALL SELECT source_id, line_no FROM container
    UNION ALL SELECT source_id, line_no FROM container_load
    UNION ALL SELECT source_id, line_no FROM stack_frame
    UNION ALL SELECT source_id, unnest(range(1, least(lines, 200) + 1)) FROM source WHERE kind IN ('telemetry', 'marker', 'acl', 'progress', 'phase', 'stack', 'accept-marker', 'ipc-marker')
  ) AS wanted ANTI JOIN log_event USING (source_id, line_no) WHERE line_no > 0 ORDER BY source_id, line_no
`;

const KEPT_SOURCES = sql`SELECT source_id, path, mirror_of IS NULL AS is_judged FROM source ORDER BY source_id`;

/** Lines of a source that are taken from the store, and handed to it, at once. */
const BATCH_ROWS = 20_000;

/** Keeps the text of every line that evidence can point to, so that a saved store can be shown without its files. */
export async function saveExcerpts(place: Place, store: Store): Promise<void> {
  const files = fileOf(place);
  const others = new Map<number, number[]>();
  for (const row of await store.query(OTHER_LINES)) {
    const lines = others.get(number(row, 'source_id'));
    if (lines === undefined) others.set(number(row, 'source_id'), [number(row, 'line_no')]);
    else lines.push(number(row, 'line_no'));
  }
  for (const row of await store.query(KEPT_SOURCES)) {
    const sourceId = number(row, 'source_id');
    const path = files(String(row['path']));
    if (path === undefined) continue;
    const kept = new Kept(sourceId, store, others.get(sourceId) ?? []);
    await withFile(path, async (fd) => kept.read(fd, row['is_judged'] === true));
    await kept.flush();
  }
}

/** The lines of one source that are kept. One walk from its first line to its last. */
class Kept {
  private readonly sourceId: number;
  private readonly store: Store;
  /** Lines that gave no event, in order, and how many of them were read. */
  private readonly others: readonly number[];
  private done = 0;
  /** A line and where it begins. */
  private at = { line: 1, offset: 0 };
  private rows: [number, number, string][] = [];

  constructor(sourceId: number, store: Store, others: readonly number[]) {
    this.sourceId = sourceId;
    this.store = store;
    this.others = others;
  }

  async read(fd: number, isJudged: boolean): Promise<void> {
    for (let last = 0, isMore = isJudged; isMore;) {
      const events = await this.store.query(EVENT_LINES, [this.sourceId, last, BATCH_ROWS]);
      for (const row of events) {
        last = number(row, 'line_no');
        this.readOthers(fd, last);
        this.at = { line: last, offset: number(row, 'byte_offset') };
        this.keep(last, readAt(fd, this.at.offset, number(row, 'byte_length')));
      }
      isMore = events.length === BATCH_ROWS;
      await this.flush();
    }
    this.readOthers(fd, Infinity);
  }

  /** Those before `end`. */
  private readOthers(fd: number, end: number): void {
    for (let line = this.others[this.done]; line !== undefined && line < end; line = this.others[++this.done]) {
      const start = startOf(fd, this.at, line);
      if (start === undefined) return;
      this.at = { line, offset: start };
      this.keep(line, readFrom(fd, start));
    }
  }

  private keep(line: number, text: string | null): void {
    if (text !== null) this.rows.push([this.sourceId, line, text]);
  }

  async flush(): Promise<void> {
    await this.store.append('excerpt', this.rows);
    this.rows = [];
  }
}

/** Does nothing for a file that went away since it was read. */
async function withFile(path: string, use: (fd: number) => Promise<void>): Promise<void> {
  let fd: number;
  try {
    fd = openPlain(path);
  } catch {
    return;
  }
  try {
    await use(fd);
  } finally {
    closeSync(fd);
  }
}
