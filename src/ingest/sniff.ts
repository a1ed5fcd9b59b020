/** What a file is, from its first bytes; its name decides only where the name is part of the format (field guide 2.1–2.4). */
import { collectedKind } from './files/collected.ts';
import { isDockerLine, isInspected } from './files/docker.ts';
import { isStack } from './files/stack.ts';
import { isTelemetry } from './files/telemetry.ts';
import { JsonObject } from './files/file-rows.ts';
import { agreedZone, zoneByPrefix } from './prefix-zone.ts';
import { takePrefixes } from '../util/line-prefix.ts';
import { sideOf, type LogDialect, type PlainDialect } from './dialect.ts';
import { isCaptureLine } from './capture-line.ts';

/** Bytes that are looked at. */
export const SNIFF_BYTES = 64 * 1024;

export type SourceKind =
  | 'client-log'
  | 'relay-log'
  | 'access-log'
  | 'telemetry'
  | 'marker'
  | 'accept-marker'
  | 'ipc-marker'
  | 'acl'
  | 'config'
  | 'stack'
  | 'progress'
  | 'phase'
  | 'runner'
  | 'container'
  | 'capture'
  | 'archive'
  | 'database'
  | 'collected'
  | 'unknown';

export interface Sniffed {
  readonly kind: SourceKind;
  readonly dialect: LogDialect | 'access-json' | 'json' | 'jsonl' | 'yaml' | 'text' | 'none';
}

/** The only line of a client's output file when the client runs inside another program (field guide 2.3). */
const NOT_STARTED = 'client daemon not started (skip-client-daemons)';

const ACCESS_LINE = /^\{"timestamp":"[^"]{10,40} UTC","path":"/;
/** Of a head this many lines are looked at. */
const SNIFF_LINES = 400;

/** What the lines of a head are. */
interface HeadLines {
  /** Not blank. */
  lines: number;
  /** Log lines as their programs write them, and those behind prefixes. */
  plain: Map<PlainDialect | 'access-json', number>;
  wrapped: number;
  desktop: number;
  client: number;
  relay: number;
}

function linesOf(head: string): HeadLines {
  const seen: HeadLines = { lines: 0, plain: new Map(), wrapped: 0, desktop: 0, client: 0, relay: 0 };
  for (const line of head.split('\n', SNIFF_LINES)) {
    if (line.trim() === '') continue;
    seen.lines++;
    const { at, shape, isDesktop } = takePrefixes(line);
    const dialect = shape ?? (ACCESS_LINE.test(line) ? 'access-json' : undefined);
    if (isDesktop) seen.desktop++;
    if (at > 0 && (isDesktop || shape !== undefined)) seen.wrapped++;
    if (shape !== undefined) seen[sideOf(shape)]++;
    if (dialect !== undefined && at === 0) seen.plain.set(dialect, (seen.plain.get(dialect) ?? 0) + 1);
  }
  return seen;
}

/** A log that is wholly of one side is that side's, whatever stands before its lines; all else is output of a runner. */
function kindOfMixed({ lines, desktop, client, relay }: HeadLines): SourceKind {
  if (desktop * 4 >= lines) return 'client-log';
  if (client === 0 && relay * 2 >= lines) return 'relay-log';
  return relay === 0 && client * 2 >= lines ? 'client-log' : 'runner';
}

/** The dialect that most of the lines have, if a quarter of them has it: logs may hold foreign lines, also at their beginning. */
function sniffLog(head: string): Sniffed | undefined {
  const seen = linesOf(head);
  if (seen.wrapped > 0) return { kind: kindOfMixed(seen), dialect: 'mixed' };
  const [best, second] = [...seen.plain].toSorted((a, b) => b[1] - a[1]);
  if (best === undefined || best[1] * 4 < seen.lines) return undefined;
  if (second !== undefined && second[1] * 10 >= seen.lines) return { kind: kindOfMixed(seen), dialect: 'mixed' };
  if (best[0] === 'access-json') return { kind: 'access-log', dialect: best[0] };
  return { kind: sideOf(best[0]) === 'relay' ? 'relay-log' : 'client-log', dialect: best[0] };
}

/** Files in which programs are known to speak by turns (field guide 2.3, 2.7, 3.6), and console output that somebody saved. */
const MIXED_NAMES: readonly (readonly [SourceKind, RegExp])[] = [
  ['client-log', /(?:^|\/)(?:desktop|syftboxd)\.log$/],
  ['runner', /(?:^|\/)syqure-native\.log$/],
  ['runner', /(?:^|\/)multiparty_step_logs\/(?:.*\/)?[^/]+\.log$/],
  ['runner', /(?:^|\/)biovault-syqure-diag-[^/]*\.log$/],
  ['runner', /(?:^|\/)[^/]*console[^/]*\.(?:log|txt)$/],
];

/** Kind of a text file by its name, where its lines may be of several dialects. */
export function mixedByName(path: string): SourceKind | undefined {
  return MIXED_NAMES.find(([, name]) => name.test(path))?.[0];
}

/** Kinds that a name decides. `path` is relative to the sandbox. */
export function kindByName(path: string): Sniffed | undefined {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const directory = parts.at(-2) ?? '';
  if (name === 'stream.tcp') return { kind: 'marker', dialect: 'json' };
  if (name === 'stream.accept') return { kind: 'accept-marker', dialect: 'text' };
  // Names a socket for a program that speaks to its client without the proxy (field guide 2.4).
  if (name === 'stream.sock') return { kind: 'ipc-marker', dialect: 'text' };
  if (name === 'syft.pub.yaml') return { kind: 'acl', dialect: 'yaml' };
  // Copies that somebody took of it: hotlink_telemetry.json.1, hotlink_telemetry-20260209T005010.json.
  if (/^hotlink_telemetry(?:[._-][\w.+-]*)?\.json(?:[._-][\w.+-]+)?$/.test(name)) return { kind: 'telemetry', dialect: 'json' };
  if (directory === '_progress') {
    if (name === 'progress.json' || name === 'log.jsonl') return { kind: 'progress', dialect: 'jsonl' };
    if (name.endsWith('.json')) return { kind: 'progress', dialect: 'json' };
  }
  if (name.endsWith('.phase')) return { kind: 'phase', dialect: 'text' };
  if (name === 'config.json' && directory === '.syftbox') return { kind: 'config', dialect: 'json' };
  if (name === 'config.yaml' && directory === 'server') return { kind: 'config', dialect: 'yaml' };
  if (/\.(?:db|sqlite|duckdb)(?:-wal|-shm)?$/.test(name)) return { kind: 'database', dialect: 'none' };
  return collectedKind(directory, name);
}

/** Kind of a file by what it holds. `whole`: the head is the file. */
export function kindByContent(head: Buffer, whole: boolean): Sniffed {
  const text = head.toString('utf8');
  // Zero bytes do not make a log binary: a crash of the machine leaves blocks of them.
  const log = sniffLog(text);
  if (log !== undefined) return log;
  if (head.includes(0)) return { kind: 'unknown', dialect: 'none' };
  if (isCaptureLine(text.trimStart())) return { kind: 'capture', dialect: 'jsonl' };
  if (text.trimStart().startsWith('{')) {
    const object = whole ? JsonObject.parse(text) : undefined;
    if (object !== undefined && isTelemetry(object)) return { kind: 'telemetry', dialect: 'json' };
    if (object !== undefined && isStack(object)) return { kind: 'stack', dialect: 'json' };
    // Half a telemetry file still begins with keys that nothing else has.
    if (/^\s*\{"(?:bench_strict|live)":.*"(?:mode|outbound_pending|sessions_in)":/s.test(text.slice(0, 4096)))
      return { kind: 'telemetry', dialect: 'json' };
  }
  const docker = sniffDocker(text, whole);
  if (docker !== undefined) return docker;
  if (text.trim() === NOT_STARTED) return { kind: 'client-log', dialect: 'text' };
  return { kind: 'unknown', dialect: 'text' };
}

/** JSON that docker prints: `inspect` as one document, `ps` and `stats` an object a line. */
function sniffDocker(text: string, whole: boolean): Sniffed | undefined {
  const start = text.trimStart();
  const line = start.split('\n', 1)[0] ?? '';
  if (isDockerLine(parsed(line)) || (!line.startsWith('[') && isInspected(parsed(line)))) return { kind: 'container', dialect: 'jsonl' };
  if (!/^\[?\s*\{\s*"Id":\s*"[0-9a-f]{12,64}"/.test(start)) return undefined;
  const value = whole ? parsed(text) : undefined;
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const isOne = whole && value !== undefined ? isInspected(first) : /"State":\s*\{/.test(start);
  return isOne ? { kind: 'container', dialect: 'json' } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Email of the client that writes a log, from what its first lines say of their own paths; null when they do not. */
export function partyOfLog(head: Buffer): string | null {
  const text = head.toString('latin1');
  const m =
    /(?:config|path|data_dir)=\S*?\/([^/\s"'@]+@[^/\s"'@]+)\/(?:\.syftbox\/config\.json)/.exec(text) ??
    /marker=\S*?\/([^/\s"'@]+@[^/\s"'@]+)\/datasites\//.exec(text) ??
    /config\.email=(\S+@\S+)/.exec(text);
  return m?.[1] ?? null;
}

/**
 * Minutes that the local stamps of a relay log are ahead of UTC, from its first request line; behind prefixes, of several
 * lines and without a request, from the UTC times of the prefixes. Undefined when nothing says.
 */
export function zoneOfRelayLog(head: Buffer | undefined): number | undefined {
  if (head === undefined) return undefined;
  const votes = new Map<number, number>();
  let prefixed = 0;
  for (const line of head.toString('latin1').split('\n')) {
    const { at, shape, time } = takePrefixes(line);
    if (shape !== 'relay-dev') continue;
    const text = line.slice(at).replace(/\x1b\[[0-9;]*m/g, '');
    const localMs = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
    const m = /Incoming request http\.request\.time=(\S+Z)/.exec(text);
    const minutes = m === null ? NaN : (localMs - Date.parse(m[1] ?? '')) / 60_000;
    if (!Number.isNaN(minutes)) return Math.round(minutes / 15) * 15;
    if (time === undefined) continue;
    prefixed++;
    const zone = zoneByPrefix(localMs * 1000, Date.parse(time) * 1000);
    if (zone !== undefined) votes.set(zone, (votes.get(zone) ?? 0) + 1);
  }
  return agreedZone(votes, prefixed);
}
