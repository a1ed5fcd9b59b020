/** What a file is, from its first bytes; its name decides only where the name is part of the format (field guide 2.1–2.4). */
import { isStack } from './files/stack.ts';
import { isTelemetry } from './files/telemetry.ts';
import { JsonObject } from './files/file-rows.ts';
import type { LogDialect } from './scan-line.ts';

/** Bytes that are looked at. */
export const SNIFF_BYTES = 64 * 1024;

export type SourceKind =
  | 'client-log'
  | 'relay-log'
  | 'access-log'
  | 'telemetry'
  | 'marker'
  | 'accept-marker'
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
  | 'unknown';

export interface Sniffed {
  readonly kind: SourceKind;
  readonly dialect: LogDialect | 'access-json' | 'json' | 'jsonl' | 'yaml' | 'text' | 'none';
}

/** The only line of a client's output file when the client runs inside another program (field guide 2.3). */
const NOT_STARTED = 'client daemon not started (skip-client-daemons)';

const LOGS: readonly (readonly [LogDialect | 'access-json', RegExp])[] = [
  ['rust-file', /^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=[A-Z]+ msg="/],
  ['rust-stdout', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|ERROR|WARN|DEBUG) /],
  ['rust-stdout', /^\[\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)\]\[[A-Z-]+\]/],
  ['go-file', /^(?:line=\d+ )?time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) level=[A-Z]+(?:[+-]\d+)? msg=/],
  ['go-stdout', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d) (?:DBG|INF|WRN|ERR)\b/],
  // oxlint-disable-next-line no-control-regex -- the relay colours its log even in a file
  [
    'relay-dev',
    /^(?:\x1b\[2m)?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\x1b\[0m)? (?:\x1b\[\d+m)?(?:DBG|INF|WRN|ERR)(?:\x1b\[0m)? (?:\x1b\[2m)?[\w@./-]+\.go:\d+/,
  ],
  ['relay-json', /^\{"time":"[^"]{19,40}","level":"[A-Z]+(?:[+-]\d+)?","msg":"/],
  ['access-json', /^\{"timestamp":"[^"]{10,40} UTC","path":"/],
];

function kindOfLog(dialect: LogDialect | 'access-json'): SourceKind {
  if (dialect === 'access-json') return 'access-log';
  return dialect === 'relay-dev' || dialect === 'relay-json' ? 'relay-log' : 'client-log';
}

/** The dialect that most of the lines have, if a quarter of them has it: logs may hold foreign lines, also at their beginning. */
function sniffLog(head: string): Sniffed | undefined {
  const votes = new Map<LogDialect | 'access-json', number>();
  let lines = 0;
  for (const line of head.split('\n', 400)) {
    if (line.trim() === '') continue;
    lines++;
    const dialect = LOGS.find(([, pattern]) => pattern.test(line))?.[0];
    if (dialect !== undefined) votes.set(dialect, (votes.get(dialect) ?? 0) + 1);
  }
  const [best] = [...votes].toSorted((a, b) => b[1] - a[1]);
  return best !== undefined && best[1] * 4 >= lines ? { kind: kindOfLog(best[0]), dialect: best[0] } : undefined;
}

/** Kinds that a name decides. `path` is relative to the sandbox. */
export function kindByName(path: string): Sniffed | undefined {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const directory = parts.at(-2) ?? '';
  if (name === 'stream.tcp') return { kind: 'marker', dialect: 'json' };
  if (name === 'stream.accept') return { kind: 'accept-marker', dialect: 'text' };
  if (name === 'syft.pub.yaml') return { kind: 'acl', dialect: 'yaml' };
  if (name === 'hotlink_telemetry.json') return { kind: 'telemetry', dialect: 'json' };
  if (directory === '_progress') {
    if (name === 'progress.json' || name === 'log.jsonl') return { kind: 'progress', dialect: 'jsonl' };
    if (name.endsWith('.json')) return { kind: 'progress', dialect: 'json' };
  }
  if (name.endsWith('.phase')) return { kind: 'phase', dialect: 'text' };
  if (name === 'config.json' && directory === '.syftbox') return { kind: 'config', dialect: 'json' };
  if (name === 'config.yaml' && directory === 'server') return { kind: 'config', dialect: 'yaml' };
  if (/\.(?:db|sqlite|duckdb)(?:-wal|-shm)?$/.test(name)) return { kind: 'database', dialect: 'none' };
  return undefined;
}

/** Kind of a file by what it holds. `whole`: the head is the file. */
export function kindByContent(head: Buffer, whole: boolean): Sniffed {
  const text = head.toString('utf8');
  // Zero bytes do not make a log binary: a crash of the machine leaves blocks of them.
  const log = sniffLog(text);
  if (log !== undefined) return log;
  if (head.includes(0)) return { kind: 'unknown', dialect: 'none' };
  if (text.trimStart().startsWith('{')) {
    const object = whole ? JsonObject.parse(text) : undefined;
    if (object !== undefined && isTelemetry(object)) return { kind: 'telemetry', dialect: 'json' };
    if (object !== undefined && isStack(object)) return { kind: 'stack', dialect: 'json' };
    // Half a telemetry file still begins with keys that nothing else has.
    if (/^\s*\{"(?:bench_strict|live)":.*"(?:mode|outbound_pending|sessions_in)":/s.test(text.slice(0, 4096)))
      return { kind: 'telemetry', dialect: 'json' };
  }
  if (text.trim() === NOT_STARTED) return { kind: 'client-log', dialect: 'text' };
  return { kind: 'unknown', dialect: 'text' };
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

/** Minutes that the local stamps of a relay log are ahead of UTC, from its first request line; undefined without one. */
export function zoneOfRelayLog(head: Buffer | undefined): number | undefined {
  if (head === undefined) return undefined;
  // oxlint-disable-next-line no-control-regex -- colour codes
  const text = head.toString('latin1').replace(/\x1b\[[0-9;]*m/g, '');
  const m = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) .*Incoming request http\.request\.time=(\S+Z)/m.exec(text);
  if (m === null) return undefined;
  const minutes = (Date.parse(`${m[1]}T${m[2]}Z`) - Date.parse(m[3] ?? '')) / 60_000;
  return Number.isNaN(minutes) ? undefined : Math.round(minutes / 15) * 15;
}
