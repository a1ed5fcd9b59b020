/**
 * From a sandbox to a filled store: finds files, tells what each is, reads it once, accounts for every line.
 *
 * The only part of ingest that touches files (with look.ts and read-small.ts). Logs go through the line scanner in blocks;
 * everything else is small and read whole. Of a client's two outputs only one gives rows; the other is counted.
 */
import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { unpackRows, type EventChunk, type NarrowColumn } from '../store/append.ts';
import { sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { KindNumbers, type CompiledTable } from './compile.ts';
import { loadCapture } from './capture.ts';
import { Beside, type BesideOptions, type LogEnd, type LogPart, type LogTask } from './beside.ts';
import { Dictionary, pathParts } from './dictionary.ts';
import type { PlainDialect } from './dialect.ts';
import { discover, type FileOf } from './discover.ts';
import { feed, openLog } from './feed.ts';
import { lookAtAll } from './gather.ts';
import { maskPath } from './mask.ts';
import { isLog, likelyMirrors, type Looked, type Seen } from './look.ts';
import { pairOutputs } from './mirrors.ts';
import { isOnlyTried, relayFamilies, settleMixed } from './mixed-source.ts';
import { readSmallFile } from './read-small.ts';
import { LineScanner, type LogDialect } from './scan-line.ts';
import type { Dictionaries } from './scan-record.ts';
import type { MixedReader } from './scan-mixed.ts';
import { zoneOfRelayLog } from './sniff.ts';
import { noteUnread, scannedSource, unreadSource, writeSources, type Source } from './sources.ts';
import { tableOf } from './tables.ts';
import type { UserTemplate } from './templates/user-templates.ts';

export interface LoadOptions extends BesideOptions {
  /** Minutes to add to UTC to get the local time of a relay development log; wins over what the log says. */
  readonly relayZoneMinutes?: number;
  /** The user's own log lines. */
  readonly templates?: readonly UserTemplate[];
  /** Called while logs are read: bytes done, bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Columns whose numbers mean themselves, and those that are paths; all others are texts. */
const PLAIN_NUMBERS: ReadonlySet<NarrowColumn> = new Set(['lineNo', 'byteLength', 'level']);
const PATH_COLUMNS: ReadonlySet<NarrowColumn> = new Set(['pathId', 'keyId']);

/** Between two pauses in which signals and timers get their turn. */
const YIELD_BYTES = 32 * 1024 * 1024;

const MOVE_ZONE = sql`UPDATE log_event SET ts_us = ts_us + ? WHERE source_id = ? AND kind_id IN (SELECT kind_id FROM event_kind WHERE side = 'relay')`;

/** Reads `path` (a sandbox, a part of one, or a lone file) into the empty tables of `store`. Archives are listed, not opened. */
export async function loadInput(path: string, store: Store, options: LoadOptions = {}): Promise<FileOf> {
  return loadSeen(await lookAtAll(discover(path).files), store, options);
}

/** What is known of the files before the store is there; a second thread may read large logs from here on. */
export interface Begun {
  readonly seen: readonly Seen[];
  readonly looked: readonly Looked[];
  /** Second outputs of clients, as far as their names tell. */
  readonly mirrors: ReadonlySet<number>;
  readonly beside: Beside;
  readonly options: LoadOptions;
}

/** Begins to read files, in the order of their paths. `finishLoad`, or else `beside.stop()`, must follow. */
export function beginLoad(seen: readonly Seen[], options: LoadOptions = {}): Begun {
  const looked = seen.map((one, index): Looked => ({ ...one, sourceId: index + 1 }));
  const mirrors = likelyMirrors(looked);
  const logs = looked.flatMap((one): LogTask[] => {
    const { dialect } = one.sniffed;
    if (one.sniffed.kind === 'capture' || !isLog(dialect) || dialect === 'mixed') return [];
    const shiftUs = (zoneOf(one, options) ?? 0) * 60_000_000;
    const { absolute: path, bytes } = one.file;
    return [{ sourceId: one.sourceId, path, bytes, dialect, shiftUs, isCounted: mirrors.has(one.sourceId) }];
  });
  return { seen, looked, mirrors, beside: new Beside(logs, options.templates, options), options };
}

/** Minutes that a log's local time is ahead of UTC, as far as its beginning tells; undefined where stamps are not local or nothing tells. */
function zoneOf({ sniffed: { dialect }, head }: Looked, { relayZoneMinutes }: LoadOptions): number | undefined {
  return hasLocalStamps(dialect) ? (relayZoneMinutes ?? zoneOfRelayLog(head)) : undefined;
}

function hasLocalStamps(dialect: Looked['sniffed']['dialect']): boolean {
  return dialect === 'relay-dev' || dialect === 'mixed';
}

/** Reads files, in the order of their paths, into the empty tables of `store`. */
export async function loadSeen(seen: readonly Seen[], store: Store, options: LoadOptions = {}): Promise<FileOf> {
  return finishLoad(beginLoad(seen, options), store);
}

/** Reads all that was begun into the empty tables of `store`. */
export async function finishLoad(begun: Begun, store: Store): Promise<FileOf> {
  const { seen, looked, mirrors, beside, options } = begun;
  const sources: Source[] = [];
  let load: Load;
  try {
    load = new Load(store, begun, await store.eventChunk());
    for (const one of looked) if (!mirrors.has(one.sourceId)) sources.push(await load.source(one));
    // Last, since they are what the thread begins with.
    for (const one of looked) if (mirrors.has(one.sourceId)) sources.push(await load.counted(one));
  } finally {
    await beside.stop();
  }
  sources.sort((a, b) => a.sourceId - b.sourceId);
  pairOutputs(sources);
  for (const [index, source] of sources.entries()) {
    const one = looked[index];
    // Guessed wrongly: this output says more than the one whose rows were kept.
    if (one !== undefined && mirrors.has(source.sourceId) && source.mirrorOf === null) sources[index] = await load.source(one);
  }
  await load.finish(sources);
  options.onProgress?.(load.totalBytes, load.totalBytes);
  // By the paths that the store has, where secrets are masked.
  const files = new Map(seen.toReversed().map(({ file }) => [maskPath(file.path), file.absolute]));
  return (source) => files.get(source);
}

/** Says so when a log is no longer as long as it was when it was found. */
function noteChange(source: Source): Source {
  const { absolute, bytes } = source.file;
  if (source.bytes < bytes) noteUnread(source, 'file-shrank');
  else if ((statSync(absolute, { throwIfNoEntry: false })?.size ?? 0) > bytes) noteUnread(source, 'file-grew');
  return source;
}

/** What all files of one load share. */
class Load {
  readonly totalBytes: number;
  private doneBytes = 0;
  private readonly store: Store;
  private readonly options: LoadOptions;
  private readonly beside: Beside;
  private readonly chunk: EventChunk;
  private readonly kinds = new KindNumbers();
  private readonly dictionaries: Dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  private readonly tables = new Map<string, CompiledTable>();
  private readonly moves: { sourceId: number; us: number }[] = [];

  constructor(store: Store, { looked, beside, options }: Begun, chunk: EventChunk) {
    this.store = store;
    this.options = options;
    this.beside = beside;
    this.chunk = chunk;
    this.totalBytes = looked.reduce((sum, { file }) => sum + file.bytes, 0);
  }

  /** Reads a file for its rows. */
  async source(looked: Looked): Promise<Source> {
    const { dialect } = looked.sniffed;
    if (looked.sniffed.kind === 'capture') return this.capture(looked);
    if (!isLog(dialect)) return readSmallFile(looked);
    return dialect === 'mixed' ? this.mixed(looked) : this.log(looked, dialect, this.chunk);
  }

  /** Counts the lines of a log whose rows nobody wants. */
  async counted(looked: Looked): Promise<Source> {
    const { dialect } = looked.sniffed;
    return isLog(dialect) && dialect !== 'mixed' ? this.log(looked, dialect, undefined) : this.source(looked);
  }

  private async capture(looked: Looked): Promise<Source> {
    const { chunk, kinds, dictionaries } = this;
    const { sourceId, file } = looked;
    chunk.beginSource(sourceId);
    const input = { path: file.absolute, sourceId, party: looked.party };
    const read = await loadCapture(input, { chunk, kinds, dictionaries }, (rows) => this.store.append('frame', rows));
    this.doneBytes += file.bytes;
    if (read === undefined) return unreadSource(looked, 'unreadable-file');
    return noteChange(scannedSource({ ...looked, party: read.party }, read.account, []));
  }

  private async log(looked: Looked, dialect: PlainDialect, chunk: EventChunk | undefined): Promise<Source> {
    const zone = zoneOf(looked, this.options);
    chunk?.beginSource(looked.sourceId);
    const isMine = this.done.has(looked.sourceId) || this.beside.take(looked.sourceId);
    this.done.add(looked.sourceId);
    const told = isMine ? 'lost' : await this.fetch(looked, chunk);
    const end = told === 'lost' ? await this.scan(looked, dialect, chunk) : told;
    if (end === undefined) return unreadSource(looked, 'unreadable-file');
    const source = noteChange(scannedSource(looked, end.account, end.summaries));
    if (hasLocalStamps(dialect)) this.settleZone(source, end.zoneVotes, zone);
    return source;
  }
  /** Logs that were read, by either thread. */
  private readonly done = new Set<number>();

  private async scan(looked: Looked, dialect: PlainDialect, chunk: EventChunk | undefined): Promise<LogEnd | undefined> {
    const shiftUs = (zoneOf(looked, this.options) ?? 0) * 60_000_000;
    const scanner = new LineScanner(dialect, { chunk, dictionaries: this.dictionaries, table: this.tableOf(dialect), shiftUs });
    if (!(await this.feed(looked, scanner))) return undefined;
    return { account: scanner.account.save(), summaries: scanner.account.summaries, zoneVotes: [...scanner.zoneVotes] };
  }

  /** What the other thread read, with the numbers of this load. */
  private async fetch({ sourceId, file }: Looked, chunk: EventChunk | undefined): Promise<LogEnd | undefined | 'lost'> {
    const texts: number[] = [-1];
    const paths: number[] = [-1];
    let kinds: number[] = [-1];
    const before = chunk?.eventsBefore ?? 0;
    const ids = (column: NarrowColumn): number[] | undefined =>
      column === 'kindId' ? kinds : PLAIN_NUMBERS.has(column) ? undefined : PATH_COLUMNS.has(column) ? paths : texts;
    const take = (part: LogPart): void => {
      for (const text of part.texts) texts.push(this.dictionaries.texts.idOfText(text));
      for (const path of part.paths) paths.push(this.dictionaries.paths.idOfText(path));
      if (part.rows !== undefined && chunk !== undefined) unpackRows(part.rows, chunk, ids);
    };
    const end = await this.beside.fetch(sourceId, {
      kinds: (rows) => (kinds = [-1, ...rows.map(({ kind, template, side }) => this.kinds.idOf(kind, template, side))]),
      part: take,
    });
    this.doneBytes += file.bytes;
    this.options.onProgress?.(this.doneBytes, this.totalBytes);
    if (end === undefined || end === 'lost') return end;
    const subject = <T extends { readonly subject: number }>(one: T): T => ({ ...one, subject: texts[one.subject] ?? -1 });
    const account = { ...end.account, families: end.account.families.map(subject), silences: end.account.silences.map(subject) };
    return { ...end, account, summaries: end.summaries.map((one) => ({ ...one, eventId: one.eventId + before })) };
  }

  private async mixed(looked: Looked): Promise<Source> {
    const zone = zoneOf(looked, this.options);
    this.chunk.beginSource(looked.sourceId);
    const place = { sourceId: looked.sourceId, path: looked.file.path, party: looked.party };
    const target = {
      chunk: this.chunk,
      dictionaries: this.dictionaries,
      table: this.tableOf('mixed'),
      shiftUs: (zone ?? 0) * 60_000_000,
      place,
    };
    const scanner = new LineScanner('mixed', target);
    if (!(await this.feed(looked, scanner))) return unreadSource(looked, 'unreadable-file');
    const account = scanner.account.save();
    const { mixed } = scanner;
    if (mixed === undefined || (account.counts.records + account.counts.ignored === 0 && isOnlyTried(looked)))
      return readSmallFile({ ...looked, sniffed: { kind: 'unknown', dialect: 'text' } });
    const text = { rows: scanner.rows, records: scanner.textRecords };
    const source = noteChange(scannedSource(settleMixed(looked, mixed), account, scanner.account.summaries, text));
    source.nested = { tally: mixed.tally, owners: mixed.owners };
    if (mixed.tally.relay > 0) this.settleZone(source, [...scanner.zoneVotes], zone, mixed);
    return source;
  }

  /** The zone is what most request lines say; lines already stored with another one are moved. */
  private settleZone(source: Source, votes: LogEnd['zoneVotes'], used: number | undefined, mixed?: MixedReader): void {
    if (mixed?.hasLocalStamps === false) {
      // JSON lines have a zone of their own.
      source.zoneMinutes = 0;
      return;
    }
    const told = this.options.relayZoneMinutes;
    const voted = votes.toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
    const byPrefix = voted === undefined ? mixed?.zoneOfPrefixes() : undefined;
    const zone = told ?? voted ?? byPrefix;
    source.zoneMinutes = zone ?? null;
    source.zoneSource = told !== undefined ? 'told' : voted !== undefined ? 'requests' : byPrefix === undefined ? null : 'prefix';
    const us = ((used ?? 0) - (zone ?? 0)) * 60_000_000;
    if (us === 0) return;
    this.moves.push({ sourceId: source.sourceId, us });
    const isRelays = relayFamilies(this.tableOf(source.sniffed.dialect === 'mixed' ? 'mixed' : 'relay-dev'));
    for (const family of source.families.filter((f) => isRelays.has(f.family))) {
      if (family.firstUs !== null) family.firstUs += us;
      if (family.lastUs !== null) family.lastUs += us;
    }
    for (const silence of source.silences.filter((s) => isRelays.has(s.family))) {
      silence.fromUs += us;
      silence.toUs += us;
    }
  }

  /** False if the file cannot be opened. */
  private async feed({ file: { absolute, bytes } }: Looked, scanner: LineScanner): Promise<boolean> {
    const fd = openLog(absolute);
    if (fd === undefined) return false;
    let sinceYield = 0;
    for (const length of feed(fd, bytes, scanner)) {
      this.doneBytes += length;
      sinceYield += length;
      if (sinceYield < YIELD_BYTES) continue;
      sinceYield = 0;
      this.options.onProgress?.(this.doneBytes, this.totalBytes);
      await setImmediate();
    }
    return true;
  }

  private tableOf(dialect: LogDialect): CompiledTable {
    const known = this.tables.get(dialect);
    if (known !== undefined) return known;
    const table = tableOf(dialect, this.kinds, this.options.templates);
    this.tables.set(dialect, table);
    return table;
  }

  async finish(sources: readonly Source[]): Promise<void> {
    this.chunk.flush();
    await writeSources(this.store, sources, this.dictionaries);
    await this.store.append(
      'event_kind',
      this.kinds.rows.map((row) => [row.kindId, row.kind, row.template, row.side]),
    );
    await this.store.append(
      'text_key',
      this.dictionaries.texts.since(0).map((value, index) => [index + 1, value]),
    );
    await this.store.append(
      'path_key',
      this.dictionaries.paths.since(0).map((value, index) => {
        const { owner, flow, run, channel, file } = pathParts(value);
        return [index + 1, value, owner, flow, run, channel, file];
      }),
    );
    for (const move of this.moves) await this.store.exec(MOVE_ZONE, [move.us, move.sourceId]);
    this.store.flushAppenders();
  }
}
