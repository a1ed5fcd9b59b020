/**
 * How fast `analyze` is, against named peers on the same files in the same run: `npm run bench [CONTROL_HEAVY PAYLOAD_HEAVY]`.
 *
 * Without arguments the two inputs of 1 GB are grown from recordings with ../shared/bench/grow.mjs into a folder of their own
 * below the system's temporary one, and kept for the next time. Programs take turns, so that a change of the machine's
 * mood meets all of them; what is printed are medians and ratios. Everything is counted, process start to exit, page cache hot.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const SHARED = join(HERE, '..', 'shared');
const BIN = join(HERE, 'dist', 'cli', 'bin.js');
const TIME = '/usr/bin/time';
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SIZE_MB = 1000;

interface Run {
  readonly seconds: number;
  /** Undefined where no `time` is installed. */
  readonly user: number | undefined;
  readonly rssMb: number | undefined;
}

interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function loud(text: string): void {
  console.log(`!!! ${text}`);
}

function runOnce({ name, command }: Program): Run {
  const timed = existsSync(TIME) ? [TIME, '-f', '@ %U %M', ...command] : command;
  const [program = '', ...args] = timed;
  const begun = performance.now();
  const child = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const seconds = (performance.now() - begun) / 1000;
  if (child.status !== 0) throw new Error(`${name} ended with ${child.status}: ${child.stderr.slice(-400)}`);
  const figures = /@ ([\d.]+) (\d+)\s*$/.exec(child.stderr);
  return {
    seconds,
    user: figures === null ? undefined : Number(figures[1]),
    rssMb: figures === null ? undefined : Number(figures[2]) / 1024,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function medians(runs: readonly Run[]): Run {
  const of = (pick: (run: Run) => number | undefined): number | undefined => {
    const known = runs.map(pick).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : median(known);
  };
  return { seconds: median(runs.map((run) => run.seconds)), user: of((run) => run.user), rssMb: of((run) => run.rssMb) };
}

/** All programs once a round, after one round that only warms the page cache. */
function compare(title: string, programs: readonly Program[], against: string, rounds: number): void {
  const runs = new Map<string, Run[]>(programs.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const program of programs) {
      const run = runOnce(program);
      if (round > 0) runs.get(program.name)?.push(run);
    }
  }
  const base = medians(runs.get(against) ?? []).seconds;
  console.log(`\n${title}\n`);
  console.log(`| program | seconds | user s | peak MB | ÷ ${against} |`);
  console.log('| --- | --- | --- | --- | --- |');
  for (const [name, own] of runs) {
    const { seconds, user, rssMb } = medians(own);
    const cells = [
      name,
      seconds.toFixed(2),
      user?.toFixed(2) ?? '?',
      rssMb?.toFixed(0) ?? '?',
      Number.isNaN(base) ? '?' : (seconds / base).toFixed(2),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

function logsBelow(root: string): string[] {
  const all = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return all.filter((file) => /(?:syftbox|client-daemon|server)\.log$/.test(file)).map((file) => join(root, file));
}

function peers(root: string): Program[] {
  const files = logsBelow(root);
  const out: Program[] = [];
  if (has('lnav'))
    out.push({ name: 'lnav', command: ['lnav', '-n', '-c', ';SELECT log_level, count(*) FROM all_logs GROUP BY log_level', ...files] });
  else loud('lnav is missing, so there is no ratio: apt-get install lnav');
  if (has('rg')) out.push({ name: 'rg -c hotlink', command: ['rg', '-c', 'hotlink', ...files] });
  else loud('ripgrep is missing: apt-get install ripgrep');
  out.push({ name: 'cat, wc -l', command: ['sh', '-c', 'cat "$@" | wc -l', 'sh', ...files] });
  return out;
}

const analyze = (input: string): Program => ({ name: 'analyze', command: [process.execPath, BIN, 'analyze', input] });

/** A recording grown to `mb` (0: as it is); undefined, said loudly, when the corpus is not there. */
function grown(recording: string, mb: number): string | undefined {
  const grow = join(SHARED, 'bench', 'grow.mjs');
  if (!existsSync(grow)) {
    loud(`no ${grow}, so ${recording} is skipped: name two inputs, npm run bench -- CONTROL_HEAVY PAYLOAD_HEAVY`);
    return undefined;
  }
  const folder = join(tmpdir(), `hotlink-doctor-bench-${process.getuid?.() ?? 0}`);
  const unpacked = join(folder, recording, 'sandbox');
  if (!existsSync(unpacked)) {
    mkdirSync(folder, { recursive: true });
    const done = spawnSync(
      process.execPath,
      [join(SHARED, 'score', 'score.mjs'), join(SHARED, 'corpus'), '--only', recording, '--unpack', folder],
      { encoding: 'utf8' },
    );
    if (!existsSync(unpacked)) throw new Error(`${recording} was not unpacked: ${done.stderr}${done.stdout}`);
  }
  if (mb === 0) return unpacked;
  const out = join(folder, `${recording}-${mb}`);
  if (!existsSync(out)) {
    const done = spawnSync(process.execPath, [grow, unpacked, out, String(mb)], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${recording} was not grown: ${done.stderr}`);
  }
  return out;
}

const fileSize = (path: string): number => statSync(path).size;

function describe(root: string): string {
  const files = logsBelow(root);
  return `${files.length} logs, ${(files.reduce((sum, file) => sum + fileSize(file), 0) / 1e6).toFixed(0)} MB`;
}

if (!existsSync(BIN)) throw new Error('dist/ is missing: run npm run build first');
if (!existsSync(TIME)) loud(`${TIME} is missing, so CPU and memory are not shown: apt-get install time`);
const [model] = cpus();
const memory = /MemTotal:\s+(\d+)/.exec(existsSync('/proc/meminfo') ? readFileSync('/proc/meminfo', 'utf8') : '')?.[1];
console.log(
  `${new Date().toISOString().slice(0, 10)} · node ${process.version} · ${cpus().length} × ${model?.model ?? '?'} · ${memory === undefined ? '?' : (Number(memory) / 1e6).toFixed(0)} GB · medians of ${ROUNDS} rounds`,
);

const [control = grown('healthy-ws-e6-c', SIZE_MB), payload = grown('oversize-e6-c', SIZE_MB)] = process.argv.slice(2);
for (const [title, root] of [
  ['Control-heavy', control],
  ['Payload-heavy', payload],
] as const) {
  if (root !== undefined) compare(`${title}: ${describe(root)}`, [analyze(root), ...peers(root)], 'lnav', ROUNDS);
}
const small = grown('healthy-ws-e6-c', 0);
const start: Program[] = [
  { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
  { name: '--help', command: [process.execPath, BIN, '--help'] },
  { name: 'explain self-route', command: [process.execPath, BIN, 'explain', 'self-route'] },
];
if (small !== undefined) start.push({ ...analyze(small), name: `analyze, ${describe(small)}` });
compare('Start to exit', start, 'node -e 0', ROUNDS * 2 + 1);
