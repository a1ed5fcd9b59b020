/** What docs/errors.md shows of each code is what the command prints; where that cannot be brought about here, what the code says. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DoctorError } from '../../src/model/errors.ts';
import { errorSections } from '../../tools/parts/errors.ts';
import { tarOf, zipOf } from '../helpers/archives.ts';
import { runBin, runShell } from '../helpers/bin.ts';

const BIN = resolve('dist/cli/bin.js');
const scratch = mkdtempSync(join(tmpdir(), 'hld-errors-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const SAMPLE = 'samples/late-application/sandbox';
const FILES: Readonly<Record<string, string | Buffer>> = {
  'baseline.json': '{\n  "accept": []\n}\n',
  'policy.json': '{\n  // what is allowed\n  "rules": { "late-aplication": "off" }\n}\n',
  'cut.tar.gz': gzipSync(tarOf([{ name: 'a', content: 'x' }])).subarray(0, 20),
  'case.zip': zipOf([{ name: 'a/syftbox.log', content: 'x', isEncrypted: true }]),
  'case.7z': Buffer.from('377abcaf271c0004', 'hex'),
  'lines.txt': 'client my-retry hotlink retry: path={pth}\n',
  'notes/notes.txt': 'nothing\n',
  'other.json': '{"schema":"x"}\n',
  'rules/slow.sql': '-- id: slow-relay\n-- tittle: The relay is slow\n-- severity: error\n-- proves: x\n-- remedy: y\nSELECT 1\n',
};

/** Codes that need another machine, an empty disk or much time. */
const SAID: readonly DoctorError[] = [
  new DoctorError('HLD_INPUT_TOO_LARGE', { path: 'the standard input', limitBytes: 16 * 1024 ** 3 }),
  new DoctorError('HLD_INPUT_UNREADABLE', { path: 'locked', reason: 'permission denied' }),
  new DoctorError('HLD_LIVE_CHILD_FAILED', { name: 'relay', reason: '' }),
  new DoctorError('HLD_STORE_NATIVE_MISSING', { reason: "Cannot find module '@duckdb/node-bindings-linux-x64/duckdb.node'" }),
];

const sections = errorSections(readFileSync('docs/errors.md', 'utf8'));
const said = (code: string): DoctorError | undefined => SAID.find((error) => error.code === code);

beforeAll(async () => {
  symlinkSync(resolve('samples'), join(scratch, 'samples'));
  for (const folder of ['notes', 'rules', 'runs/a', 'runs/b']) mkdirSync(join(scratch, folder), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(scratch, name), text);
  for (const run of ['a', 'b']) cpSync(SAMPLE, join(scratch, 'runs', run), { recursive: true });
  runShell(`mkfifo '${join(scratch, 'pipe')}'`);
  const other = await DuckDBInstance.create(join(scratch, 'other.duckdb'));
  const connection = await other.connect();
  await connection.run('CREATE TABLE t (x INTEGER)');
  connection.closeSync();
  other.closeSync();
});

/** Words of a command line; quotes hold one together. */
function words(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|\S+/g)].map((m) => m[1] ?? m[0]).slice(1);
}

describe('docs/errors.md', () => {
  it.each(sections.filter(({ code }) => said(code) === undefined))(
    'shows what prints $code',
    { timeout: 120_000 },
    ({ command, printed }) => {
      const { status, stderr } = spawnSync(process.execPath, [BIN, ...words(command)], { cwd: scratch, encoding: 'utf8', input: '' });
      expect({ status, stderr: stderr.replaceAll(`${scratch}/`, '') }).toEqual({ status: 2, stderr: printed });
    },
  );

  it.each(SAID)('shows what $code says', ({ code, message }) => {
    expect(sections.find((section) => section.code === code)?.printed).toBe(
      `hotlink-doctor: ${message}\n  ${code}: hotlink-doctor explain ${code}\n`,
    );
  });

  it('is what explain prints', () => {
    for (const { code, means } of sections.slice(0, 2)) expect(runBin(['explain', code]).stdout).toContain(means);
  });
});
