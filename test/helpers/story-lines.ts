/** Lines as the real programs print them (field guide §3, §4), one function per dialect. */
import { createHash } from 'node:crypto';

/** Midnight of no special day: base of all stories. Its minute is in the run id. */
export const BASE_MS = Date.UTC(2026, 1, 9, 3, 0, 0);
export const FLOW = 'syqure-flow';
export const RUN = `${String(BASE_MS / 60_000)}-3a82b861f31a`;
/** An older run, one hour before. */
export const OLD_RUN = `${String(BASE_MS / 60_000 - 60)}-0c1d2e3f4a5b`;

export type Level = 'INFO' | 'ERROR';

export function isoMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** Dialect a, `syftbox.log`. Pairs after the message are not quoted (control plane lines have them). */
export function rustFile(ms: number, level: Level, message: string, extra = ''): string {
  const text = message
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `time=${isoMs(ms)} level=${level} msg="${text}"${extra === '' ? '' : ` ${extra}`}`;
}

/** Dialect b, `client-daemon.log`: nothing is escaped, so a message may take several lines. */
export function rustStdout(ms: number, level: Level, message: string, extra = ''): string {
  return `${isoMs(ms)} ${level} ${message}${extra === '' ? '' : ` ${extra}`}`;
}

const DIM = '\u001B[2m';
const OFF = '\u001B[0m';
const COLOURED: Readonly<Record<RelayLevel, string>> = {
  DBG: 'DBG',
  INF: `\u001B[92mINF${OFF}`,
  WRN: `\u001B[93mWRN${OFF}`,
  ERR: `\u001B[91mERR${OFF}`,
};

export type RelayLevel = 'DBG' | 'INF' | 'WRN' | 'ERR';
/** A string is quoted as the relay quotes strings; a number, and text after `=`, stands bare (message types, times, errors). */
export type RelayValue = string | number | { readonly bare: string };

/** Dialect d: colours also in the file, local time without a zone, whole seconds. */
export function relayDev(
  ms: number,
  zoneMinutes: number,
  level: RelayLevel,
  place: string,
  message: string,
  attributes: Readonly<Record<string, RelayValue>> = {},
): string {
  const local = isoMs(ms + zoneMinutes * 60_000)
    .slice(0, 19)
    .replace('T', ' ');
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${DIM}${key}=${OFF}${relayValue(value)}`);
  return `${DIM}${local}${OFF} ${COLOURED[level]} ${DIM}${place}${OFF} ${message}${pairs.join('')}`;
}

function relayValue(value: RelayValue): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return /[\s="]/.test(value.bare) ? JSON.stringify(value.bare) : value.bare;
  const wrapped = `'${value}'`;
  return /[\s="]/.test(wrapped) ? JSON.stringify(wrapped) : wrapped;
}

/** The request line that every client causes each five seconds; it also tells the relay's zone. */
export function healthz(ms: number, zoneMinutes: number, email: string): string {
  return relayDev(ms, zoneMinutes, 'INF', 'slog-gin@v1.15.1/middleware.go:265', 'Incoming request', {
    'http.request.time': { bare: isoMs(ms) },
    'http.request.method': 'GET',
    'http.request.host': '127.0.0.1:44657',
    'http.request.path': '/healthz',
    'http.request.query': `user=${encodeURIComponent(email)}`,
    'http.request.params': { bare: 'map[]' },
    'http.request.route': '/healthz',
    'http.request.ip': '127.0.0.1',
    'http.request.referer': '',
    'http.request.length': 0,
    'http.request.header.User-Agent': { bare: '[syftbox-rs/0.1]' },
    'http.response.time': { bare: isoMs(ms) },
    'http.response.latency': { bare: '92.649µs' },
    'http.response.status': 200,
    'http.response.length': 16,
    'http.id': uuid(`http ${ms} ${email}`),
  });
}

export interface Figures {
  readonly tx: number;
  readonly txBytes: number;
  readonly txP2p: number;
  readonly rx: number;
  readonly rxBytes: number;
}

/** The periodic summary line (field guide 3.7). */
export function summary(f: Figures, state: string, inbound: number, accepted: number, waiting: number): string {
  return `hotlink | ↑tx ${f.tx} ${bytesText(f.txBytes)}(p2p:${f.txP2p}/ws:${f.tx - f.txP2p}) | ↓rx ${f.rx} ${bytesText(f.rxBytes)} | ${state} | sess in:${inbound} out:${accepted}/${waiting} wait`;
}

function bytesText(n: number): string {
  if (n < 1024) return `${n}B`;
  return n < 1024 * 1024 ? `${(n / 1024).toFixed(1)}KB` : `${(n / 1024 / 1024).toFixed(1)}MB`;
}

/** A decoded data frame; of the payload's bytes only as many are written as a test needs, the rest would be noise. */
export function decodedData(session: string, seq: number, path: string, bytes: number): string {
  const list = Array.from({ length: bytes }, () => '7').join(', ');
  return `ws message decoded type=HotlinkData(HotlinkData { session_id: "${session}", seq: ${seq}, path: "${path}", etag: "", payload: Some([${list}]) })`;
}

/** The same text for the same name, in the shape of a version 4 UUID. */
export function uuid(name: string): string {
  const h = createHash('sha1').update(name).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`;
}
