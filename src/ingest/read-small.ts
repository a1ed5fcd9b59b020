/** Everything that is no log: small files, each read whole by the reader of its kind. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { parseMarker } from '../protocol/marker.ts';
import { pathParts } from './dictionary.ts';
import { isSyncedCopy } from './discover.ts';
import { AccessSummary } from './files/access.ts';
import { readAcl } from './files/acl.ts';
import { countLines, ignoredFile, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './files/file-rows.ts';
import { readJsonLines } from './files/json-lines.ts';
import { progressLine, readPhase, readProgressState } from './files/progress.ts';
import { readStack } from './files/stack.ts';
import { readTelemetry, telemetryParty } from './files/telemetry.ts';
import type { Looked } from './look.ts';
import type { Sniffed } from './sniff.ts';
import { smallSource, type Source } from './sources.ts';

/** Small files beyond this are not read: no marker, telemetry or ACL comes near it. */
const SMALL_FILE_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 256 * 1024;

export async function readSmallFile(looked: Looked): Promise<Source> {
  const { sourceId, file, sniffed, party: byPath } = looked;
  if (looked.isUnreadable) return smallSource(looked, '', rejectedFile('', 'unreadable-file'));
  if (sniffed.dialect === 'none') return smallSource(looked, '', ignoredFile(''));
  if (sniffed.kind === 'unknown') return unknownFile(looked);
  const text = file.bytes > SMALL_FILE_BYTES ? undefined : textOf(file.absolute);
  if (text === undefined) return smallSource(looked, '', rejectedFile('', 'unreadable-file'));
  const isRelays = sniffed.kind === 'access-log' || sniffed.kind === 'stack';
  const party = isRelays ? null : (byPath ?? (sniffed.kind === 'telemetry' ? telemetryParty(text) : null));
  const place: FilePlace = { sourceId, party: party ?? '', path: file.path };
  return smallSource({ ...looked, party }, text, await rowsOf(sniffed, text, place));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

// oxlint-disable-next-line typescript/consistent-return -- the switch knows every kind
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
      return sniffed.dialect === 'jsonl'
        ? readLines(text, (value, line) => progressLine(value, line, place))
        : readProgressState(text, place);
    case 'access-log': {
      const summary = new AccessSummary();
      const { records, ignored, rejections } = await readJsonLines(text, (value, line) => summary.add(value, line));
      return { rows: summary.rows(place.sourceId), records, ignored, continuation: 0, rejections };
    }
    case 'accept-marker':
    case 'config':
    case 'client-log':
    case 'relay-log':
    case 'runner':
    case 'container':
    case 'capture':
    case 'archive':
    case 'database':
    case 'unknown':
      return ignoredFile(text);
  }
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

/** A file of which nobody knows what it is: its lines are counted, nothing is kept. */
function unknownFile(looked: Looked): Source {
  let lines = 0;
  let last = 10;
  try {
    const fd = openSync(looked.file.absolute, 'r');
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, looked.file.bytes + 1));
    try {
      for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) {
        const part = block.subarray(0, length);
        for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines++;
        last = part[length - 1] ?? last;
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    return smallSource(looked, '', rejectedFile('', 'unreadable-file'));
  }
  if (last !== 10) lines++;
  const rejections = [{ reason: 'unrecognised-file', line: Math.min(1, lines), text: '', lines }] as const;
  return smallSource(looked, '', { rows: [], records: 0, continuation: 0, ignored: 0, rejections }, { lines, cut: last !== 10 });
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
