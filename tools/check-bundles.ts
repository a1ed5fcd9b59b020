/**
 * Bundles every sandbox below the given folders, plain and with --redact, and compares what the doctor says of the bundle with
 * what it says of the sandbox, line numbers included. `npx tsx tools/check-bundles.ts samples CORPUS`, with the built command.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { comparable, firstDifference, withNames } from './bundle-difference.ts';

const BIN = process.env['HLD_BIN'] ?? new URL('../dist/cli/bin.js', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'check-bundles-'));

function run(args: readonly string[]): string {
  const child = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (child.status !== 0) throw new Error(`${args.join(' ')}: ${child.stderr}`);
  return child.stdout;
}

const analyze = (path: string): string => run(['analyze', path, '--format', 'json', '--quiet']);

let same = 0;
let all = 0;
let [before, after] = [0, 0];
for (const folder of process.argv.slice(2))
  for (const name of readdirSync(folder).toSorted()) {
    const sandbox = join(folder, name, 'sandbox');
    if (!existsSync(sandbox)) continue;
    const plain = JSON.parse(analyze(sandbox)) as Diagnosis;
    for (const redact of [false, true]) {
      all++;
      const [archive, names] = [join(scratch, 'case.tar.gz'), join(scratch, 'names.json')];
      run(['bundle', sandbox, '-o', archive, ...(redact ? ['--redact', '--names', names] : [])]);
      const manifest = JSON.parse(
        spawnSync('tar', ['xzOf', archive, '--wildcards', '*hotlink-bundle.json'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout,
      ) as { files: { originalBytes: number }[]; leftOut: { path: string }[] };
      const key = redact ? (JSON.parse(readFileSync(names, 'utf8')) as Record<string, string>) : {};
      const left = new Set(manifest.leftOut.map(({ path }) => withNames(path, key)));
      const again = JSON.parse(withNames(analyze(archive), key)) as Diagnosis;
      const difference = firstDifference(comparable(plain, left), comparable(again, left));
      before += manifest.files.reduce((sum, file) => sum + file.originalBytes, 0);
      after += statSync(archive).size;
      if (difference === undefined) same++;
      else process.stdout.write(`${name}${redact ? ' --redact' : ''}: ${difference}\n`);
    }
  }
rmSync(scratch, { recursive: true });
process.stdout.write(
  `${same} of ${all} bundles say the same; ${(before / 1e6).toFixed(1)} MB of evidence in ${(after / 1e6).toFixed(1)} MB\n`,
);
if (same < all) process.exitCode = 1;
