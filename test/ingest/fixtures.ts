/** Lines of real logs, and one for every row of every message table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GO_CLIENT } from '../../src/ingest/templates/go-client.ts';
import { RELAY } from '../../src/ingest/templates/relay.ts';
import { RUST_CLIENT } from '../../src/ingest/templates/rust-client.ts';
import type { Template } from '../../src/ingest/templates/template.ts';
import type { LogDialect } from '../../src/ingest/scan-line.ts';
import type { Fields } from './reference.ts';

export const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

export const TABLES = { 'rust-client': RUST_CLIENT, 'go-client': GO_CLIENT, relay: RELAY } as const satisfies Record<
  string,
  readonly Template[]
>;

export type TableName = keyof typeof TABLES;

export interface FixtureLine {
  readonly row: string;
  /** recording: cut from one; guide: written after the field guide, since no recording shows it. */
  readonly from: 'recording' | 'guide';
  /** As the program's log has it: dialect a, c (file) or d. */
  readonly line: string;
  readonly fields: Fields;
}

/** Name of a row within its table. */
export function rowKey(row: Template): string {
  return 'kind' in row ? `${row.kind}: ${row.text}` : `${row.family}: ${row.text}`;
}

export function fixtureLines(table: TableName): readonly FixtureLine[] {
  return readFileSync(join(FIXTURES, `${table}.jsonl`), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as FixtureLine);
}

export function excerptOf(dialect: string): Buffer {
  return readFileSync(join(FIXTURES, `${dialect}.log`));
}

/** Real lines of a dialect, and of the JSON log some after the field guide (3.5) beside them. */
export function linesOf(dialect: LogDialect): readonly string[] {
  const table = dialect.startsWith('rust') ? 'rust-client' : dialect.startsWith('go') ? 'go-client' : 'relay';
  const shown = excerptOf(dialect).toString('latin1').split('\n').slice(0, -1);
  if (dialect === 'relay-json') return [...shown, ...JSON_LINES];
  const isForm = dialect === 'rust-file' || dialect === 'go-file' || dialect === 'relay-dev';
  return isForm ? [...shown, ...fixtureLines(table).map(({ line }) => Buffer.from(line).toString('latin1'))] : shown;
}

const JSON_LINES = [
  '{"time":"2026-02-09T03:14:15.926535897Z","level":"WARN","msg":"hotlink data rejected (not sender)","session":"0f1e2d3c-0000-4000-8000-000000000001","from":"client2@sandbox.local"}',
  '{"time":"2026-02-09T13:14:15.9+10:00","level":"WARN","msg":"hotlink open permission denied","hotlink":{"id":"5c0b","session":"0f1e2d3c","from":"client2@sandbox.local","path":"client1@sandbox.local/a/_mpc/1_to_2/stream.tcp.request"},"error":"access denied"}',
  '{"time":"2026-02-09T03:14:15Z","level":"DEBUG","msg":"server received websocket message","msgType":9,"msgId":"5c0b","connId":"8f14e45f","from":"client2@sandbox.local"}',
  '{"time":"2026-02-09T03:14:15Z","level":"DEBUG","msg":"server received websocket message","msgType":2,"msgId":"5c0c","connId":"8f14e45f","from":"client2@sandbox.local"}',
  '{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"hotlink data relay","session":"0f1e2d3c","from":"a@x","path":"a@x/p","seq":3,"bytes":12021,"recipients":2,"to":["b@x@8f14e45f","c@x@8f14e460"]}',
  '{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"Incoming request","http":{"request":{"path":"/healthz","query":"user=a%40x"},"response":{"status":200}}}',
  '{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"cache","cache.deleted":0}',
  '{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"hotlink of tomorrow","n":1}',
  '{"time":"2026-02-09T03:14:15Z","level":"ERROR","msg":"wsclient writer","connId":"8f14e45f","msgId":"5c0b","msgType":12,"error":"write timeout"}',
  'null',
  '[1]',
  '{"time":1,"msg":2}',
];
