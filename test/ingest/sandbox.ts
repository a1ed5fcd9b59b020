/** Sandboxes made for one test, and what ingest makes of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadInput, type LoadOptions } from '../../src/ingest/load.ts';
import type { Cell } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';

export const CLIENT1 = 'client1@sandbox.local';
export const CLIENT2 = 'client2@sandbox.local';
export const RUN = '29510000-abcdefabcdef';
export const FLOW = `shared/flows/syqure-flow/${RUN}`;
export const SESSION = '0f1e2d3c-0000-4000-8000-000000000001';
export const STREAM = `${CLIENT1}/${FLOW}/_mpc/1_to_2/stream.tcp.request`;

const made: string[] = [];

/** A folder with these files; removed by `removeSandboxes`. */
export function makeSandbox(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-ingest-'));
  made.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

export function removeSandboxes(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
}

export type Rows = (statement: string) => Promise<readonly Readonly<Record<string, Cell>>[]>;

/** Loads a sandbox and hands over a way to ask about it. */
export async function withLoaded<T>(root: string, use: (rows: Rows, store: Store) => Promise<T>, options: LoadOptions = {}): Promise<T> {
  const store = await Store.create();
  try {
    await loadInput(root, store, options);
    const rows: Rows = async (statement) => {
      const result = await store.runUserSql(statement);
      return result.rows.map((row) => Object.fromEntries(result.columns.map((name, index) => [name, row[index] ?? null])));
    };
    return await use(rows, store);
  } finally {
    store.close();
  }
}

/** The same for one question. */
export function ask(root: string, statement: string, options: LoadOptions = {}): Promise<readonly Readonly<Record<string, Cell>>[]> {
  return withLoaded(root, (rows) => rows(statement), options);
}

export function rustLine(message: string, time = '2026-02-09T03:14:15.926Z', level = 'INFO'): string {
  return `time=${time} level=${level} msg="${message.replace(/[\\"]/g, '\\$&')}"\n`;
}

export function stdoutLine(message: string, time = '2026-02-09T03:14:15.926Z', level = 'INFO'): string {
  return `${time} ${level} ${message}\n`;
}

/** A line of the relay's development log with its colours. */
export function relayLine(
  message: string,
  attributes: Readonly<Record<string, string>> = {},
  time = '2026-02-09 03:14:15',
  level = 'INF',
): string {
  const rest = Object.entries(attributes).map(([key, value]) => ` \u001b[2m${key}=\u001b[0m${value}`);
  return `\u001b[2m${time}\u001b[0m \u001b[92m${level}\u001b[0m \u001b[2mserver/server.go:546\u001b[0m ${message}${rest.join('')}\n`;
}

/** A request that says what UTC time it was. */
export function requestLine(utc: string, local: string, query = `user=${encodeURIComponent(CLIENT1)}`, path = '/healthz'): string {
  return relayLine(
    'Incoming request',
    {
      'http.request.time': utc,
      'http.request.method': "'GET'",
      'http.request.host': "'x'",
      'http.request.path': `'${path}'`,
      'http.request.query': `'${query}'`,
    },
    local,
  );
}

export const CLIENT_LOG = `${CLIENT1}/.syftbox/logs/syftbox.log`;
export const CLIENT_OUTPUT = `${CLIENT1}/client-daemon.log`;
export const RELAY_LOG = 'relay/server/logs/server.log';
