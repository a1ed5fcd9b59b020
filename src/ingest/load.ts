/**
 * From a sandbox to a filled store: finds files, tells what each is, reads it once, accounts for every line.
 *
 * The only part of ingest that touches files (with look.ts and read-small.ts). Logs go through the line scanner in blocks;
 * everything else is small and read whole. Of a client's two outputs only one gives rows; the other is counted.
 */
import { closeSync, readSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { EventChunk } from '../store/append.ts';
import { sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { KindNumbers, type CompiledTable } from './compile.ts';
import { loadCapture } from './capture.ts';
import { startCount, type CountedLog } from './count-logs.ts';
import { Dictionary, pathParts } from './dictionary.ts';
import { discover, type FileOf, type FoundFile } from './discover.ts';
import { lookAtAll } from './gather.ts';
import { maskPath } from './mask.ts';
import { isLog, likelyMirrors, type Looked, type Seen } from './look.ts';
import { pairOutputs } from './mirrors.ts';
import { isOnlyTried, relayFamilies, settleMixed } from './mixed-source.ts';
import { openPlain } from './open-plain.ts';
import { readSmallFile } from './read-small.ts';
import type { SavedAccount } from './scan-account.ts';
import { LineScanner, type LogDialect } from './scan-line.ts';
import type { Dictionaries } from './scan-record.ts';
import { zoneOfRelayLog } from './sniff.ts';
import { noteUnread, scannedSource, unreadSource, writeSources, type Source } from './sources.ts';
import { tableOf } from './tables.ts';
import type { UserTemplate } from './templates/user-templates.ts';

export interface LoadOptions {
  /** Minutes to add to UTC to get the local time of a relay development log; wins over what the log says. */
  readonly relayZoneMinutes?: number;
  /** The user's own log lines. */
  readonly templates?: readonly UserTemplate[];
  /** Called while logs are read: bytes done, bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Between two pauses in which signals and timers get their turn. */
const YIELD_BYTES = 32 * 1024 * 1024;

const MOVE_ZONE = sql`UPDATE log_event SET ts_us = ts_us + ? WHERE source_id = ? AND kind_id IN (SELECT kind_id FROM event_kind WHERE side = 'relay')`;

/** Reads `path` (a sandbox, a part of one, or a lone file) into the empty tables of `store`. Archives are listed, not opened. */
export async function loadInput(path: string, store: Store, options: LoadOptions = {}): Promise<FileOf> {
  return loadSeen(await lookAtAll(discover(path).files), store, options);
}

/** Reads files, in the order of their paths, into the empty tables of `store`. */
export async function loadSeen(seen: readonly Seen[], store: Store, options: LoadOptions = {}): Promise<FileOf> {
  const load = new Load(store, options, await store.eventChunk());
  load.totalBytes = seen.reduce((sum, { file }) => sum + file.bytes, 0);
  const looked = seen.map((one, index): Looked => ({ ...one, sourceId: index + 1 }));
  const mirrors = likelyMirrors(looked);
  const counting = startCount(
    looked.flatMap((one) => countedLog(one, mirrors)),
    options.templates,
  );
  const sources: Source[] = [];
  try {
    for (const one of looked) if (!mirrors.has(one.sourceId)) sources.push(await load.source(one));
    const accounts = await counting.done;
    for (const one of looked) if (mirrors.has(one.sourceId)) sources.push(load.counted(one, accounts.get(one.sourceId)));
  } finally {
    await counting.stop();
  }
  sources.sort((a, b) => a.sourceId - b.sourceId);
  pairOutputs(sources);
  for (const [index, source] of sources.entries()) {
    const one = looked[index];
    // Guessed wrongly: this output says more than the one whose rows were kept.
    if (one !== undefined && mirrors.has(source.sourceId) && source.mirrorOf === null) sources[index] = await load.source(one);
  }
  await load.finish(sources);
  // By the paths that the store has, where secrets are masked.
  const files = new Map(seen.toReversed().map(({ file }) => [maskPath(file.path), file.absolute]));
  return (source) => files.get(source);
}

function countedLog({ sourceId, file, sniffed: { dialect } }: Looked, mirrors: ReadonlySet<number>): CountedLog[] {
  return mirrors.has(sourceId) && isLog(dialect) ? [{ sourceId, path: file.absolute, bytes: file.bytes, dialect }] : [];
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
  totalBytes = 0;
  private doneBytes = 0;
  private readonly store: Store;
  private readonly options: LoadOptions;
  private readonly chunk: EventChunk;
  private readonly kinds = new KindNumbers();
  private readonly dictionaries: Dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  private readonly tables = new Map<string, CompiledTable>();
  private readonly moves: { sourceId: number; us: number }[] = [];

  constructor(store: Store, options: LoadOptions, chunk: EventChunk) {
    this.store = store;
    this.options = options;
    this.chunk = chunk;
  }

  /** Reads a file for its rows. */
  async source(looked: Looked): Promise<Source> {
    const { dialect } = looked.sniffed;
    if (looked.sniffed.kind === 'capture') return this.capture(looked);
    return isLog(dialect) ? this.log(looked, dialect) : readSmallFile(looked);
  }

  /** A log that was only counted. */
  counted(looked: Looked, account: SavedAccount | undefined): Source {
    this.doneBytes += looked.file.bytes;
    if (account === undefined) return unreadSource(looked, 'unreadable-file');
    return noteChange(scannedSource(looked, account, []));
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

  private async log(looked: Looked, dialect: LogDialect): Promise<Source> {
    const hasLocalStamps = dialect === 'relay-dev' || dialect === 'mixed';
    const zone = hasLocalStamps ? (this.options.relayZoneMinutes ?? zoneOfRelayLog(looked.head)) : undefined;
    this.chunk.beginSource(looked.sourceId);
    const shiftUs = (zone ?? 0) * 60_000_000;
    const place = { sourceId: looked.sourceId, path: looked.file.path, party: looked.party };
    const target = { chunk: this.chunk, dictionaries: this.dictionaries, table: this.tableOf(dialect), shiftUs, place };
    const scanner = new LineScanner(dialect, target);
    if (!(await this.feed(looked.file, scanner))) return unreadSource(looked, 'unreadable-file');
    const account = scanner.account.save();
    const { mixed } = scanner;
    if (mixed !== undefined && account.counts.records + account.counts.ignored === 0 && isOnlyTried(looked))
      return readSmallFile({ ...looked, sniffed: { kind: 'unknown', dialect: 'text' } });
    const settled = mixed === undefined ? looked : settleMixed(looked, mixed);
    const source = noteChange(
      scannedSource(settled, account, scanner.account.summaries, { rows: scanner.rows, records: scanner.textRecords }),
    );
    if (mixed !== undefined) source.nested = { tally: mixed.tally, owners: mixed.owners };
    if (hasLocalStamps && (mixed === undefined || mixed.tally.relay > 0)) this.settleZone(source, scanner, zone);
    return source;
  }

  /** The zone is what most request lines say; lines already stored with another one are moved. */
  private settleZone(source: Source, scanner: LineScanner, used: number | undefined): void {
    if (scanner.mixed?.hasLocalStamps === false) {
      // JSON lines have a zone of their own.
      source.zoneMinutes = 0;
      return;
    }
    const told = this.options.relayZoneMinutes;
    const voted = [...scanner.zoneVotes].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
    const byPrefix = voted === undefined ? scanner.mixed?.zoneOfPrefixes() : undefined;
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

  /** Reads a log to the end that it had when it was found; false if it cannot be opened. */
  private async feed({ absolute: path, bytes }: FoundFile, scanner: LineScanner): Promise<boolean> {
    let fd: number;
    try {
      fd = openPlain(path);
    } catch {
      return false;
    }
    try {
      let sinceYield = 0;
      for (let left = bytes; left > 0;) {
        const room = scanner.reserve();
        const length = readSync(fd, room, 0, Math.min(room.length, left), null);
        if (length === 0) break;
        scanner.commit(length);
        left -= length;
        this.doneBytes += length;
        sinceYield += length;
        if (sinceYield >= YIELD_BYTES) {
          sinceYield = 0;
          this.options.onProgress?.(this.doneBytes, this.totalBytes);
          await setImmediate();
        }
      }
    } finally {
      closeSync(fd);
    }
    scanner.end();
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
    this.options.onProgress?.(this.totalBytes, this.totalBytes);
  }
}
