/** Everything that is no log: files of JSON lines, read as a stream, and small files, each read whole by the reader of its kind. */
import { closeSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { parseMarker } from '../protocol/marker.ts';
import { pathParts } from './dictionary.ts';
import { isSyncedCopy } from './discover.ts';
import { AccessSummary } from './files/access.ts';
import { readAcl } from './files/acl.ts';
import { countFile } from './files/count-file.ts';
import { DockerLines, readInspect } from './files/docker.ts';
import { countLines, ignoredFile, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './files/file-rows.ts';
import { readJsonLines, type JsonLines } from './files/json-lines.ts';
import { progressLine, readPhase, readProgressState } from './files/progress.ts';
import { readStack } from './files/stack.ts';
import { readTelemetry, telemetryParty } from './files/telemetry.ts';
import type { Looked } from './look.ts';
import { mask } from './mask.ts';
import type { UnreadReason } from '../model/unread.ts';
import type { Reason } from './reasons.ts';
import type { Sniffed } from './sniff.ts';
import { openPlain } from './open-plain.ts';
import { smallSource, unreadSource, type Source } from './sources.ts';

/** Small files beyond this are not read, only counted: no marker, telemetry or ACL comes near it. */
const SMALL_FILE_BYTES = 2 * 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;
/** Of one file of progress events this many rows are kept; a run has some dozens. */
const MOST_ROWS = 10_000;

export async function readSmallFile(looked: Looked): Promise<Source> {
  const { sourceId, file, sniffed, party: byPath } = looked;
  if (file.unread !== undefined) return unreadSource(looked, file.unread);
  if (sniffed.kind === 'archive') return archiveSource(looked);
  if (file.isStore || sniffed.kind === 'database') return smallSource(looked, '', ignoredFile(''));
  if (sniffed.kind === 'unknown') return countedFile(looked, 'unrecognised-file');
  if (sniffed.kind === 'collected') return passedFile(looked);
  if (sniffed.kind === 'access-log') return accessLog({ ...looked, party: null });
  if (sniffed.kind === 'progress' && sniffed.dialect === 'jsonl') return progressLines(looked);
  if (sniffed.kind === 'container' && sniffed.dialect === 'jsonl') return dockerLines({ ...looked, party: null });
  if (file.bytes > SMALL_FILE_BYTES) return countedFile(looked, 'too-large-file');
  const read = readWhole(file.absolute);
  if (read === 'too-large-file') return countedFile(looked, read);
  if (typeof read === 'string') return unreadSource(looked, read);
  const text = read.toString('utf8');
  const isRelays = sniffed.kind === 'stack' || sniffed.kind === 'container';
  const party = isRelays ? null : (byPath ?? (sniffed.kind === 'telemetry' ? telemetryParty(text) : null));
  const place: FilePlace = { sourceId, party: party ?? '', path: file.path };
  return smallSource({ ...looked, party, file: { ...file, bytes: read.length } }, text, await rowsOf(sniffed, text, place));
}

/** The whole of a small file as it is now: these are rewritten while a client runs. A reason when it cannot be had. */
function readWhole(path: string): Buffer | UnreadReason | 'too-large-file' {
  try {
    const fd = openPlain(path);
    try {
      const parts: Buffer[] = [];
      for (let bytes = 0; bytes <= SMALL_FILE_BYTES;) {
        const block = Buffer.alloc(BLOCK_BYTES);
        const length = readSync(fd, block);
        if (length === 0) return Buffer.concat(parts);
        parts.push(block.subarray(0, length));
        bytes += length;
      }
      return 'too-large-file';
    } finally {
      closeSync(fd);
    }
  } catch {
    return 'unreadable-file';
  }
}

/** An archive has no lines; what stayed out of it is counted. */
function archiveSource(looked: Looked): Source {
  const source = smallSource(looked, '', ignoredFile(''));
  for (const [reason, { count, example }] of looked.refused ?? [])
    source.rejections.set(reason, { lines: count, firstLine: 0, example: mask(example).slice(0, 200).toWellFormed() });
  return source;
}

// oxlint-disable-next-line typescript/consistent-return, complexity -- the switch knows every kind, one branch for each
async function rowsOf(sniffed: Sniffed, text: string, place: FilePlace): Promise<FileRows> {
  switch (sniffed.kind) {
    case 'telemetry':
      return isSyncedCopy(place.path, place.party) ? ignoredFile(text) : readTelemetry(text, place);
    case 'marker':
      return readMarkerFile(text, place);
    case 'acl':
      return readAcl(text, place);
    case 'stack':
      return readStack(text, place);
    case 'phase':
      return readPhase(text, place);
    case 'progress':
      return readProgressState(text, place);
    case 'container':
      return readInspect(text, place);
    case 'access-log':
    case 'accept-marker':
    case 'ipc-marker':
    case 'config':
    case 'client-log':
    case 'relay-log':
    case 'runner':
    case 'capture':
    case 'archive':
    case 'database':
    case 'collected':
    case 'unknown':
      return ignoredFile(text);
  }
}

async function accessLog(looked: Looked): Promise<Source> {
  const summary = new AccessSummary();
  const read = await readJsonLines(looked.file.absolute, (value, line) => summary.add(value, line));
  return streamedSource(looked, read, () => summary.rows(looked.sourceId));
}

/** What docker prints as one object a line. */
async function dockerLines(looked: Looked): Promise<Source> {
  const lines = new DockerLines(looked.sourceId);
  const rows: TableRow[] = [];
  const read = await readJsonLines(looked.file.absolute, (value, line) => {
    const row = lines.row(value, line);
    if (row === undefined) return 'unexpected-shape';
    if (rows.length === MOST_ROWS) return 'beyond-limit';
    rows.push(row);
    return 'record';
  });
  return streamedSource(looked, read, () => rows);
}

async function progressLines(looked: Looked): Promise<Source> {
  const { sourceId, party, file } = looked;
  const place: FilePlace = { sourceId, party: party ?? '', path: file.path };
  const rows: TableRow[] = [];
  const read = await readJsonLines(file.absolute, (value, line) => {
    const row = progressLine(value, line, place);
    if (row === undefined) return 'unexpected-shape';
    if (rows.length === MOST_ROWS) return 'beyond-limit';
    rows.push(row);
    return 'record';
  });
  return streamedSource(looked, read, () => rows);
}

function streamedSource(looked: Looked, read: JsonLines | undefined, rows: () => readonly TableRow[]): Source {
  if (read === undefined) return unreadSource(looked, 'unreadable-file');
  const { records, ignored, rejections } = read;
  return smallSource(looked, '', { rows: rows(), records, continuation: 0, ignored, rejections }, read);
}

/** A file of which nothing is kept: its lines are counted and rejected. */
function countedFile(looked: Looked, reason: Reason): Source {
  const counted = countFile(looked.file.absolute);
  if (counted === undefined) return unreadSource(looked, 'unreadable-file');
  const { lines } = counted;
  const rejections = [{ reason, line: Math.min(1, lines), text: '', lines }];
  return smallSource(looked, '', { rows: [], records: 0, continuation: 0, ignored: 0, rejections }, counted);
}

/** A file that is known and of no use to the rules, whatever its length. */
function passedFile(looked: Looked): Source {
  const counted = countFile(looked.file.absolute);
  if (counted === undefined) return unreadSource(looked, 'unreadable-file');
  return smallSource(looked, '', { rows: [], records: 0, continuation: 0, ignored: counted.lines, rejections: [] }, counted);
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
