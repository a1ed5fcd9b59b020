/**
 * The marker `stream.tcp` that announces a channel to a client (field guide 2.5, 8.3).
 *
 *     {"from":"client1@sandbox.local","to":"client2@sandbox.local","port":9003,"ports":{"client1@sandbox.local":10003,"client2@sandbox.local":11003}}
 *
 * It lies in a directory `<i>_to_<j>`. Written by BioVault CLI, Desktop and test scenarios; read by both clients every
 * 250 ms until it is valid. Desktop adds `global_base`, `party_count` and two party ids, which no client reads.
 */

/** Why a client passes over a marker without a word. */
export type MarkerProblem = 'empty' | 'not-json' | 'no-from' | 'no-to' | 'no-port' | 'no-local-port' | 'bad-directory';

export interface Marker {
  readonly from: string | null;
  readonly to: string | null;
  /** Party numbers of the directory's name. */
  readonly fromIndex: number | null;
  readonly toIndex: number | null;
  /** The pair port. */
  readonly port: number | null;
  /** Listener port of each party, by email; null without `ports`. */
  readonly ports: Readonly<Record<string, number>> | null;
  /** Port that the client of `localEmail` binds; null when it binds none. */
  readonly localPort: number | null;
  /** Null when the client accepts the marker. */
  readonly problem: MarkerProblem | null;
}

/** Party numbers of a channel directory; undefined when its name is none. */
export function channelIndices(directory: string): { from: number; to: number } | undefined {
  const m = /^(\d{1,9})_to_(\d{1,9})$/.exec(directory);
  return m === null ? undefined : { from: Number(m[1]), to: Number(m[2]) };
}

function asPort(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65535 ? value : null;
}

function asEmail(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** A bare number or `host:port` gives a port and nothing else. */
function portOnly(text: string): number | null {
  const m = /^(?:\S+:)?(\d{1,5})$/.exec(text);
  return m === null ? null : asPort(Number(m[1]));
}

function readPorts(value: unknown): Record<string, number> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const ports: Record<string, number> = {};
  for (const [email, port] of Object.entries(value)) {
    const number = asPort(port);
    if (number !== null) ports[email] = number;
  }
  return ports;
}

/** Reads a marker as the client of `localEmail` would. Total: every text gives a marker, most of them with a problem. */
export function parseMarker(text: string, directory: string, localEmail: string): Marker {
  const indices = channelIndices(directory);
  const place = { fromIndex: indices?.from ?? null, toIndex: indices?.to ?? null };
  const nothing = { ...place, from: null, to: null, port: null, ports: null, localPort: null };
  const trimmed = text.trim();
  if (trimmed === '') return { ...nothing, problem: 'empty' };
  const parsed = parseJson(trimmed);
  const alone = portOnly(trimmed);
  if (parsed === undefined && alone === null) return { ...nothing, problem: 'not-json' };
  const object =
    typeof parsed?.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value)
      ? new Map<string, unknown>(Object.entries(parsed.value))
      : new Map<string, unknown>();
  const from = asEmail(object.get('from'));
  const to = asEmail(object.get('to'));
  const port = asPort(object.get('port')) ?? alone;
  const ports = readPorts(object.get('ports'));
  const localPort = ports === null ? port : (ports[localEmail] ?? null);
  const problem = indices === undefined ? 'bad-directory' : problemOf(from, to, localPort, ports !== null);
  const isUnowned = problem === 'no-from' || problem === 'no-to';
  return { ...place, from, to, port, ports, localPort: isUnowned ? null : localPort, problem };
}

function problemOf(from: string | null, to: string | null, localPort: number | null, hasPorts: boolean): MarkerProblem | null {
  if (from === null) return 'no-from';
  if (to === null) return 'no-to';
  if (localPort !== null) return null;
  return hasPorts ? 'no-local-port' : 'no-port';
}
