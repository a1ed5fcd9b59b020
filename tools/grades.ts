/**
 * Grades every rule: writes docs/grades.md and src/report/precision.ts from bench/results/matrix.ndjson and bench/results/recordings.json.
 * `npx tsx tools/grades.ts`: compares, for checks · `--write`: writes · `--recordings CORPUS`: analyzes them again with the built command.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CellRun } from '../src/live/matrix.ts';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { loadRules } from './check-parts.ts';
import { gradeFaults, gradeRules, gradesPage, matrixOf, outdated, precisionModule } from './parts/grades.ts';
import { judgeRecording, type Expectation, type RecordedCase } from './parts/recordings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'dist/cli/bin.js');
const MATRIX = 'bench/results/matrix.ndjson';
const RECORDINGS = 'bench/results/recordings.json';
const PAGE = 'docs/grades.md';
const TABLE = 'src/report/precision.ts';
const MOST_BYTES = 256 * 1024 * 1024;

function recordingsOf(corpus: string): readonly RecordedCase[] {
  const names = readdirSync(corpus).filter((name) => existsSync(join(corpus, name, 'truth.json')));
  return names.toSorted().map((name) => {
    const { expect } = JSON.parse(readFileSync(join(corpus, name, 'truth.json'), 'utf8')) as { readonly expect: Expectation };
    const input = [join(corpus, name, 'sandbox'), join(corpus, name, 'sandbox.tar.gz')].find((path) => existsSync(path)) ?? '';
    const { stdout } = spawnSync(process.execPath, [BIN, 'analyze', input, '--format', 'json', '--quiet'], {
      encoding: 'utf8',
      maxBuffer: MOST_BYTES,
    });
    process.stderr.write(`${name}\n`);
    return judgeRecording(name, expect, JSON.parse(stdout) as Diagnosis);
  });
}

const at = process.argv.indexOf('--recordings');
if (at > 0) writeFileSync(join(ROOT, RECORDINGS), `${JSON.stringify(recordingsOf(process.argv[at + 1] ?? ''), null, 2)}\n`);

/** In the order of their ids, whatever order they were made in. */
function cellsOf(text: string): readonly CellRun[] {
  const cells = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CellRun);
  return cells.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

const cells = cellsOf(readFileSync(join(ROOT, MATRIX), 'utf8'));
const cases = JSON.parse(readFileSync(join(ROOT, RECORDINGS), 'utf8')) as readonly RecordedCase[];
const matrix = matrixOf(cells);
const rules = gradeRules(
  (await loadRules(ROOT)).map(({ meta }) => meta.id),
  matrix,
  cases,
);
const written = [
  [PAGE, gradesPage(rules, matrix, cells, cases)],
  [TABLE, precisionModule(rules)],
] as const;
if (process.argv.includes('--write')) for (const [path, text] of written) writeFileSync(join(ROOT, path), text);
const stale = written
  .filter(([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text)
  .map(([path]) => `${path}: stale; run npx tsx tools/grades.ts --write`);
const faults = [...outdated(cells).map((fault) => `${MATRIX}: ${fault}`), ...gradeFaults(matrix, cells), ...stale];
for (const fault of faults) console.log(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${rules.length} rules graded by ${matrix.runs} runs and ${cases.length} recordings`);
