/**
 * Makes every failure of tools/parts/causes.ts with the built command, judges it and the recording that belongs to it, and writes
 * docs/live-causes.md. `npx tsx tools/causes.ts CORPUS [NAME…]`: with names only those scenarios; other rows stay.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { causesOf, findingsOf, fingerprintText } from '../src/live/fingerprint.ts';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { scenarioNamed } from '../src/proxy/lab/scenarios.ts';
import { CAUSES, isSame, pageText, saidOnPage, type CauseRow, type Said } from './parts/causes.ts';

const BIN = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const PAGE = fileURLToPath(new URL('../docs/live-causes.md', import.meta.url));
const AT_ONCE = 3;
/** Some failures are left to chance. */
const TRIES = 4;

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => parts.push(data));
  await once(child, 'close');
  return Buffer.concat(parts).toString('utf8');
}

async function judged(input: string, finding: string | undefined): Promise<string> {
  const diagnosis = JSON.parse(await run(['analyze', input, '--format', 'json', '--quiet'])) as Diagnosis;
  const found = finding === undefined ? causesOf(diagnosis)[0] : findingsOf(diagnosis).find(({ rule }) => rule === finding);
  return found === undefined ? 'none' : fingerprintText(found);
}

function recordingOf(corpus: string, name: string): string {
  const archive = join(corpus, name, 'sandbox.tar.gz');
  return existsSync(archive) ? archive : join(corpus, name, 'sandbox');
}

async function say(row: CauseRow, corpus: string, folder: string): Promise<Said> {
  const scenario = scenarioNamed(row.scenario);
  const recorded = row.recording === null ? null : await judged(recordingOf(corpus, row.recording), row.finding);
  let ours = '';
  for (let tried = 0; tried < TRIES; tried++) {
    const sandbox = join(folder, `${row.scenario}-${CAUSES.indexOf(row)}-${tried}`, 'sandbox');
    const seed = tried === 0 ? [] : ['--seed', String(tried + 10)];
    await run(['live', 'up', sandbox, '--scenario', row.scenario, '--format', 'json', ...seed]);
    ours = await judged(sandbox, row.finding);
    if (recorded === null || isSame({ ours, recorded }, scenario) === true) break;
  }
  process.stderr.write(`${row.scenario}: ${ours}${recorded === null ? '' : ` (${recorded})`}\n`);
  return { ours, recorded };
}

const [corpus, ...names] = process.argv.slice(2);
if (corpus === undefined) throw new Error('give the folder of the recordings');
const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-causes-'));
try {
  const rows = CAUSES.filter(({ scenario }) => names.length === 0 || names.includes(scenario));
  const said = new Map<CauseRow, Said>();
  const waiting = [...rows];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) said.set(row, await say(row, corpus, folder));
    }),
  );
  const before = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const saidOf = (row: CauseRow): Said => said.get(row) ?? saidOnPage(before, row) ?? { ours: '', recorded: null };
  writeFileSync(PAGE, pageText(CAUSES.map((row) => [row, scenarioNamed(row.scenario), saidOf(row)])));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
