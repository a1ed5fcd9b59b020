/**
 * From a sandbox to a filled store: finds files, tells what each is, reads it once, accounts for every line.
 *
 * The only part of ingest that touches files. Logs go through the line scanner in blocks; everything else is small and
 * read whole. Which of a client's two outputs counts is decided when both are known.
 */
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EventChunk } from '../store/append.ts';
import { sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { parseMarker } from '../protocol/marker.ts';
import { compileTable, KindNumbers, type CompiledTable } from './compile.ts';
import { Dictionary, pathParts } from './dictionary.ts';
import { discover, isSyncedCopy, partyOfPath, type FoundFile } from './discover.ts';
import { AccessSummary } from './files/access.ts';
import { readAcl } from './files/acl.ts';
import { countLines, ignoredFile, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './files/file-rows.ts';
import { readJsonLines } from './files/json-lines.ts';
import { progressLine, readPhase, readProgressState } from './files/progress.ts';
import { readStack } from './files/stack.ts';
import { readTelemetry, telemetryParty } from './files/telemetry.ts';
import { pairOutputs } from './mirrors.ts';
import { LineScanner, type LogDialect } from './scan-line.ts';
import type { Dictionaries } from './scan-record.ts';
import { kindByContent, kindByName, partyOfLog, SNIFF_BYTES, zoneOfRelayLog, type Sniffed } from './sniff.ts';
import { scannedSource, smallSource, writeSources, type Source } from './sources.ts';
import { GO_CLIENT } from './templates/go-client.ts';
import { RELAY } from './templates/relay.ts';
import { RUST_CLIENT } from './templates/rust-client.ts';

export interface LoadOptions {
  /** Minutes to add to UTC to get the local time of a relay development log; wins over what the log says. */
  readonly relayZoneMinutes?: number;
  /** Called while logs are read: bytes done, bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Small files beyond this are not read: no marker, telemetry or ACL comes near it. */
const SMALL_FILE_BYTES = 16 * 1024 * 1024;
/** Between two pauses in which signals and timers get their turn. */
const YIELD_BYTES = 64 * 1024 * 1024;

const MOVE_ZONE = sql`UPDATE log_event SET ts_us = ts_us + ? WHERE source_id = ?`;

/** Reads `path` (a sandbox, a part of one, or a lone file) into the empty tables of `store`. */
export async function loadInput(path: string, store: Store, options: LoadOptions = {}): Promise<void> {
  const { root, files } = await discover(path);
  const load = new Load(root, store, options, await store.eventChunk());
  load.totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const sources: Source[] = [];
  for (const [index, file] of files.entries()) sources.push(await load.source(index + 1, file));
  await load.finish(pairOutputs(sources));
}

/** What all files of one load share. */
class Load {
  totalBytes = 0;
  private doneBytes = 0;
  private readonly root: string;
  private readonly store: Store;
  private readonly options: LoadOptions;
  private readonly chunk: EventChunk;
  private readonly kinds = new KindNumbers();
  private readonly dictionaries: Dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  private readonly tables = new Map<string, CompiledTable>();
  private readonly moves: { sourceId: number; us: number }[] = [];

  constructor(root: string, store: Store, options: LoadOptions, chunk: EventChunk) {
    this.root = root;
    this.store = store;
    this.options = options;
    this.chunk = chunk;
  }

  async source(sourceId: number, file: FoundFile): Promise<Source> {
    const named = file.isStore ? ({ kind: 'unknown', dialect: 'none' } as const) : kindByName(file.path);
    const byPath = partyOfPath(this.root, file.path);
    if (named !== undefined) {
      if (named.dialect === 'none') return smallSource({ sourceId, file, sniffed: named, party: byPath }, '', ignoredFile(''));
      return this.smallFile(sourceId, file, named, byPath);
    }
    const handle = await open(file.absolute).catch(() => undefined);
    if (handle === undefined) return smallSource({ sourceId, file, sniffed: { kind: 'unknown', dialect: 'none' }, party: byPath }, '', rejectedFile('', 'unreadable-file'));
    try {
      const head = Buffer.alloc(Math.min(SNIFF_BYTES, file.bytes));
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const shown = head.subarray(0, bytesRead);
      const sniffed = kindByContent(shown, bytesRead === file.bytes);
      if (isLog(sniffed.dialect)) return await this.log(sourceId, file, handle, { ...sniffed, dialect: sniffed.dialect }, byPath, shown);
      if (sniffed.kind !== 'unknown') return await this.smallFile(sourceId, file, sniffed, byPath);
      return await this.unknown(sourceId, file, handle, sniffed, byPath);
    } finally {
      await handle.close();
    }
  }

  private async log(sourceId: number, file: FoundFile, handle: FileHandle, sniffed: Sniffed & { dialect: LogDialect }, byPath: string | null, head: Buffer): Promise<Source> {
    const { dialect } = sniffed;
    const zone = dialect === 'relay-dev' ? (this.options.relayZoneMinutes ?? zoneOfRelayLog(head)) : undefined;
    this.chunk.beginSource(sourceId);
    const firstEvent = this.chunk.nextEventId;
    const scanner = new LineScanner(dialect, { chunk: this.chunk, dictionaries: this.dictionaries, table: this.tableOf(dialect), shiftUs: (zone ?? 0) * 60_000_000 });
    await this.feed(handle, scanner);
    const events = this.chunk.nextEventId - firstEvent;
    const party = sniffed.kind === 'client-log' ? (byPath ?? partyOfLog(head)) : null;
    const source = scannedSource({ sourceId, file, sniffed, party }, scanner, events);
    if (dialect === 'relay-dev') this.settleZone(source, scanner, zone);
    return source;
  }

  /** The zone is what most request lines say; lines already stored with another one are moved. */
  private settleZone(source: Source, scanner: LineScanner, used: number | undefined): void {
    const told = this.options.relayZoneMinutes;
    const voted = [...scanner.zoneVotes].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
    const zone = told ?? voted;
    source.zoneMinutes = zone ?? null;
    source.zoneSource = told !== undefined ? 'told' : voted === undefined ? null : 'requests';
    const us = ((used ?? 0) - (zone ?? 0)) * 60_000_000;
    if (us === 0) return;
    this.moves.push({ sourceId: source.sourceId, us });
    for (const family of source.families) {
      if (family.firstUs !== null) family.firstUs += us;
      if (family.lastUs !== null) family.lastUs += us;
    }
    for (const silence of source.silences) {
      silence.fromUs += us;
      silence.toUs += us;
    }
  }

  private async feed(handle: FileHandle, scanner: LineScanner): Promise<void> {
    let sinceYield = 0;
    for (let position = 0; ; ) {
      const room = scanner.reserve();
      const { bytesRead } = await handle.read(room, 0, room.length, position);
      if (bytesRead === 0) break;
      scanner.commit(bytesRead);
      position += bytesRead;
      this.doneBytes += bytesRead;
      sinceYield += bytesRead;
      if (sinceYield >= YIELD_BYTES) {
        sinceYield = 0;
        this.options.onProgress?.(this.doneBytes, this.totalBytes);
      }
    }
    scanner.end();
  }

  private async smallFile(sourceId: number, file: FoundFile, sniffed: Sniffed, byPath: string | null): Promise<Source> {
    const fixed = { sourceId, file, sniffed, party: byPath };
    if (file.bytes > SMALL_FILE_BYTES) return smallSource(fixed, '', rejectedFile('', 'unreadable-file'));
    const text = await readFile(file.absolute, 'utf8').catch(() => undefined);
    if (text === undefined) return smallSource(fixed, '', rejectedFile('', 'unreadable-file'));
    const isRelays = sniffed.kind === 'access-log' || sniffed.kind === 'stack';
    const party = isRelays ? null : (byPath ?? (sniffed.kind === 'telemetry' ? telemetryParty(text) : null));
    const place: FilePlace = { sourceId, party: party ?? '', path: file.path };
    return smallSource({ ...fixed, party }, text, await this.readSmall(sniffed, text, place, file));
  }

  private async readSmall(sniffed: Sniffed, text: string, place: FilePlace, file: FoundFile): Promise<FileRows> {
    switch (sniffed.kind) {
      case 'telemetry':
        return isSyncedCopy(file.path, place.party) ? ignoredFile(text) : readTelemetry(text, place);
      case 'marker':
        return readMarkerFile(text, place);
      case 'acl':
        return readAcl(text, place);
      case 'stack':
        return readStack(text, place);
      case 'phase':
        return readPhase(text, place);
      case 'progress':
        return sniffed.dialect === 'jsonl' ? readLines(text, (value, line) => progressLine(value, line, place)) : readProgressState(text, place);
      case 'access-log': {
        const summary = new AccessSummary();
        const { records, ignored, rejections } = await readJsonLines(text, (value, line) => summary.add(value, line));
        return { rows: summary.rows(place.sourceId), records, ignored, continuation: 0, rejections };
      }
      case 'accept-marker':
      case 'config':
      case 'client-log':
      case 'relay-log':
      case 'database':
      case 'unknown':
        return ignoredFile(text);
    }
  }

  /** A file of which nobody knows what it is: its lines are counted, nothing is kept. */
  private async unknown(sourceId: number, file: FoundFile, handle: FileHandle, sniffed: Sniffed, party: string | null): Promise<Source> {
    if (sniffed.dialect === 'none') return smallSource({ sourceId, file, sniffed, party }, '', ignoredFile(''));
    const block = Buffer.alloc(256 * 1024);
    let lines = 0;
    let last = 10;
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(block, 0, block.length, position);
      if (bytesRead === 0) break;
      const part = block.subarray(0, bytesRead);
      for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines++;
      last = part[bytesRead - 1] ?? last;
      position += bytesRead;
    }
    if (last !== 10) lines++;
    const rejections = [{ reason: 'unrecognised-file', line: Math.min(1, lines), text: '', lines }] as const;
    return smallSource({ sourceId, file, sniffed, party }, '', { rows: [], records: 0, continuation: 0, ignored: 0, rejections }, { lines, cut: last !== 10 });
  }

  private tableOf(dialect: LogDialect): CompiledTable {
    const known = this.tables.get(dialect);
    if (known !== undefined) return known;
    const table =
      dialect === 'rust-file' || dialect === 'rust-stdout'
        ? compileTable(RUST_CLIENT, dialect === 'rust-file' ? 'escaped' : 'plain', this.kinds)
        : compileTable(dialect === 'relay-dev' || dialect === 'relay-json' ? RELAY : GO_CLIENT, 'slog', this.kinds);
    this.tables.set(dialect, table);
    return table;
  }

  async finish(sources: readonly Source[]): Promise<void> {
    this.chunk.flush();
    await writeSources(this.store, sources, this.dictionaries);
    await this.store.append(
      'event_kind',
      this.kinds.rows.map((row) => [row.kindId, row.kind, row.template]),
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

function isLog(dialect: Sniffed['dialect']): dialect is LogDialect {
  return ['rust-file', 'rust-stdout', 'go-file', 'go-stdout', 'relay-dev', 'relay-json'].includes(dialect);
}

async function readLines(text: string, read: (value: unknown, line: number) => TableRow | undefined): Promise<FileRows> {
  const rows: TableRow[] = [];
  const { records, ignored, rejections } = await readJsonLines(text, (value, line) => {
    const row = read(value, line);
    if (row !== undefined) rows.push(row);
    return row !== undefined;
  });
  return { rows, records, ignored, continuation: 0, rejections };
}

/** A marker gives a row whatever is wrong with it: a marker that a client passes over is itself evidence (F-27). */
function readMarkerFile(text: string, { sourceId, party, path }: FilePlace): FileRows {
  const directory = basename(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
  const { owner, flow, run } = pathParts(path);
  const marker = parseMarker(text, directory, party);
  const ports = marker.ports === null ? null : JSON.stringify(marker.ports);
  const rest = [marker.fromIndex, marker.toIndex, marker.from, marker.to, marker.port, marker.localPort, ports, marker.problem];
  const rows: TableRow[] = [{ table: 'marker', values: [sourceId, party, owner ?? '', flow, run, directory, ...rest] }];
  return countLines(text) === 0 ? rejectedFile(text, 'empty-file', rows) : wholeFile(text, rows);
}
