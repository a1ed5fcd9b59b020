/** Files to damage: one of every kind and dialect that ingest knows, from the samples and the fixtures of the scanner. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { filesLike, sampleCases } from '../helpers/cases.ts';
import type { Chance } from '../helpers/mutate.ts';
import { linesOf } from '../ingest/fixtures.ts';
import { CLIENT1, CLIENT_LOG, CLIENT_OUTPUT, FLOW, RELAY_LOG } from '../ingest/sandbox.ts';
import { DIALECTS } from '../ingest/scan.ts';

export interface SeedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Of a larger file this much is damaged at a time. */
export const LARGEST_PART = 24 * 1024;

/** Kinds that no sample holds, by hand after the field guide. */
const MADE: Readonly<Record<string, string>> = {
  'relay/server/logs/access.log':
    '{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"client1@sandbox.local/.syftbox/hotlink_telemetry.json","access_type":"write","user":"client1@sandbox.local","ip":"127.0.0.1","user_agent":"SyftBox/0.1","method":"PUT","status_code":200,"allowed":true}\n'.repeat(
      6,
    ),
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_progress/log.jsonl`]:
    '{"event":"step_started","step":"secure_aggregate","timestamp":"2026-02-09T03:14:15.926Z","status":"running","message":"x"}\n{"event":"step_failed","step":"secure_aggregate","timestamp":"2026-02-09T03:14:16Z"}\n',
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_progress/contributor1_aggregate.json`]:
    '{"step_id":"aggregate","status":"completed","timestamp":1770606855,"role":"contributor1"}\n',
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_mpc/1_to_2/stream.accept`]: '1\n',
  [`${CLIENT1}/datasites/${CLIENT1}/shared/syft.pub.yaml`]:
    'terminal: false\nrules:\n- {pattern: "**", access: {read: ["*"], write: &w [a@b.c], admin: *w}}\n- pattern: \'a\'\n  access:\n    read: [{a: 1}, [2]]\n',
};

function pathOf(dialect: string): string {
  return dialect.startsWith('relay') ? RELAY_LOG : dialect.endsWith('stdout') ? CLIENT_OUTPUT : CLIENT_LOG;
}

let known: readonly SeedFile[] | undefined;

/** Seed files; a large log is one seed however large it is, and every dialect of logs is there. */
export function seedFiles(): readonly SeedFile[] {
  known ??= [
    ...sampleCases().flatMap(({ sandbox }) =>
      filesLike(sandbox, /./).map((file) => ({ path: relative(sandbox, file), bytes: readFileSync(file) })),
    ),
    ...DIALECTS.flatMap((dialect) =>
      Array.from({ length: 8 }, () => ({ path: pathOf(dialect), bytes: Buffer.from(`${linesOf(dialect).join('\n')}\n`, 'latin1') })),
    ),
    ...Object.entries(MADE).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
  ];
  return known;
}

/** A file, or a stretch of a large one that begins at a line. */
export function partOf(bytes: Buffer, chance: Chance): Buffer {
  if (bytes.length <= LARGEST_PART) return bytes;
  const at = bytes.indexOf(10, chance.below(bytes.length - LARGEST_PART)) + 1;
  return bytes.subarray(at, at + LARGEST_PART);
}
