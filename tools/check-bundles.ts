/**
 * Bundles every sandbox below the given folders (`CASE/sandbox` or `CASE/sandbox.tar.gz`) and compares what the doctor says of the
 * bundle with what it says of the sandbox, line numbers included: `npx tsx tools/check-bundles.ts [--redact] samples CORPUS`.
 * Plain and redacted; with `--redact` only the latter, which does all that the former does and takes 60 % of the time.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { comparable, firstDifference, withNames } from './bundle-difference.ts';
import { bundleOf, judgeInput, removeScratch } from './bundle-run.ts';

const folders = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const modes = process.argv.includes('--redact') ? [true] : [false, true];

function sandboxesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => ['sandbox', 'sandbox.tar.gz'].map((it) => join(folder, name, it)).find((path) => existsSync(path)) ?? []);
}

let same = 0;
let all = 0;
let [before, after] = [0, 0];
for (const sandbox of folders.flatMap(sandboxesIn)) {
  const plain = await judgeInput(sandbox);
  for (const redact of modes) {
    all++;
    const { archive, manifest, key } = await bundleOf(sandbox, redact);
    const names = Object.fromEntries(key);
    const left = new Set(manifest.leftOut.map(({ path }) => withNames(path, names)));
    const again = JSON.parse(withNames(JSON.stringify(await judgeInput(archive)), names)) as Diagnosis;
    const difference = firstDifference(comparable(plain, left), comparable(again, left));
    before += manifest.files.reduce((sum, file) => sum + file.originalBytes, 0);
    after += statSync(archive).size;
    if (difference === undefined) same++;
    else process.stdout.write(`${sandbox}${redact ? ' --redact' : ''}: ${difference}\n`);
  }
  removeScratch();
}
process.stdout.write(
  `${same} of ${all} bundles say the same; ${(before / 1e6).toFixed(1)} MB of evidence in ${(after / 1e6).toFixed(1)} MB\n`,
);
if (same < all || all === 0) process.exitCode = 1;
