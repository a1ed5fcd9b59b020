/**
 * Whether the cost of `analyze` grows as its input does: `npm run build && npx tsx bench/growth.ts [AXIS…]`.
 *
 * Axes: `bytes` (a recording grown to 1 and to 10 GB), `runs` (1 to 500 runs of a recording in its logs), `sessions` (10 to 60,000 of one run:
 * the sessions of the sample `healthy` again and again under new ids), `parties` (3 to 8 of `live up`). The first two need ../shared. What counts is
 * processor time, so that it may be measured beside other programs, and the peak of memory. The last column is the cost of one more MB, as a
 * multiple of what it cost in the step before.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHARED = join(ROOT, '..', 'shared');
const BIN = join(ROOT, 'dist/cli/bin.js');
const TIME = '/usr/bin/time';
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const FOLDER = join(tmpdir(), `hotlink-doctor-bench-${process.getuid?.() ?? 0}`);
const CONTROL_HEAVY = 'healthy-ws-e6-c';

interface Step {
  readonly name: string;
  readonly sandbox: string;
}

interface Cost {
  readonly cpu: number;
  readonly peakMb: number;
}

function bytesOf(sandbox: string): number {
  return readdirSync(sandbox, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function analyzed(sandbox: string): Cost {
  const child = spawnSync(TIME, ['-f', '@ %U %S %M', process.execPath, BIN, 'analyze', sandbox, '--quiet'], { encoding: 'utf8' });
  const [, user, system, peak] = /@ ([\d.]+) ([\d.]+) (\d+)\s*$/.exec(child.stderr) ?? [];
  if (user === undefined) throw new Error(`analyze ${sandbox}: ${child.stderr.slice(-400)}`);
  return { cpu: Number(user) + Number(system), peakMb: Number(peak) / 1024 };
}

/** Of so many rounds after one that only warms the page cache. */
function costOf(sandbox: string): Cost {
  analyzed(sandbox);
  const costs = Array.from({ length: ROUNDS }, () => analyzed(sandbox));
  const median = (pick: (cost: Cost) => number): number => costs.map(pick).toSorted((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
  return { cpu: median(({ cpu }) => cpu), peakMb: median(({ peakMb }) => peakMb) };
}

function run(command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}${done.stdout}`);
}

/** A recording of the corpus, unpacked once. */
function unpacked(recording: string): string {
  const sandbox = join(FOLDER, recording, 'sandbox');
  const score = join(SHARED, 'score/score.mjs');
  if (!existsSync(sandbox)) run(process.execPath, [score, join(SHARED, 'corpus'), '--only', recording, '--unpack', FOLDER]);
  return sandbox;
}

function grown(recording: string, mb: number): string {
  const out = join(FOLDER, `${recording}-${mb}`);
  if (!existsSync(out)) run(process.execPath, [join(SHARED, 'bench/grow.mjs'), unpacked(recording), out, String(mb)]);
  return out;
}

const LOGS = ['aggregator', 'client1', 'client2'].map((name) => `${name}@sandbox.local/.syftbox/logs/syftbox.log`);
const STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}/;
/** From one copy of the sessions to the next. */
const APART_MS = 50;
const COPIES_AT_ONCE = 500;

/** The sample `healthy`, whose run goes on with as many sessions again as `count` asks for. */
function withSessions(count: number): string {
  const sandbox = join(FOLDER, `sessions-${count}`);
  if (existsSync(sandbox)) return sandbox;
  cpSync(join(ROOT, 'samples/healthy/sandbox'), sandbox, { recursive: true });
  const relay = 'relay/server/logs/server.log';
  const texts = [...LOGS, relay].map((file) => ({ file, lines: readFileSync(join(sandbox, file), 'utf8').split('\n') }));
  const ids = new Set(texts.flatMap(({ lines }) => lines.flatMap((line) => /session new: session=([0-9a-f]{8})/.exec(line)?.[1] ?? [])));
  const copies = Math.max(0, Math.round(count / ids.size) - 1);
  const anyId = new RegExp([...ids].join('|'), 'g');
  for (const { file, lines } of texts) {
    const told = lines.filter((line) => line.search(anyId) >= 0 && !line.includes(' payload: Some(['));
    for (let copy = 1; copy <= copies; copy += COPIES_AT_ONCE) {
      const some = Array.from({ length: Math.min(COPIES_AT_ONCE, copies - copy + 1) }, (_, i) => copy + i);
      appendFileSync(join(sandbox, file), some.map((n) => again(told, n, anyId)).join(''));
    }
  }
  return sandbox;
}

function again(lines: readonly string[], copy: number, anyId: RegExp): string {
  const later = (stamp: string): string => new Date(Date.parse(`${stamp}Z`) + copy * APART_MS).toISOString().slice(0, -1);
  const other = (id: string): string => ((Number.parseInt(id, 16) + copy * 7919) % 2 ** 32).toString(16).padStart(8, '0');
  return lines.map((line) => `${line.replace(STAMP, later).replaceAll(anyId, other)}\n`).join('');
}

function withParties(count: number): string {
  const sandbox = join(FOLDER, `parties-${count}`);
  if (!existsSync(sandbox))
    run(process.execPath, [BIN, 'live', 'up', sandbox, '--parties', String(count), '--workload', 'mesh', '--rounds', '20', '--era', 'E5b']);
  return sandbox;
}

/** Each makes its sandboxes when it is measured, and `runs` and `bytes` only where ../shared is there. */
const AXES: Readonly<Record<string, { readonly needsShared: boolean; readonly steps: () => readonly Step[] }>> = {
  bytes: {
    needsShared: true,
    steps: () => [100, 1000, 10_000].map((mb) => ({ name: `${mb} MB`, sandbox: grown(CONTROL_HEAVY, mb) })),
  },
  runs: {
    needsShared: true,
    steps: () => {
      const one = unpacked('stall-2p-e3-c');
      const mb = bytesOf(one) / 1e6;
      return [1, 50, 500].map((runs) => ({
        name: `${runs} runs`,
        sandbox: runs === 1 ? one : grown('stall-2p-e3-c', Math.round(mb * runs)),
      }));
    },
  },
  sessions: {
    needsShared: false,
    steps: () => [6, 600, 6000, 60_000].map((count) => ({ name: `${count} sessions`, sandbox: withSessions(count) })),
  },
  parties: {
    needsShared: false,
    steps: () => [3, 4, 6, 8].map((count) => ({ name: `${count} parties`, sandbox: withParties(count) })),
  },
};

function measure(axis: string): void {
  const known = AXES[axis];
  if (known === undefined) throw new Error(`there is no axis ${axis}: ${Object.keys(AXES).join(', ')}`);
  if (known.needsShared && !existsSync(SHARED)) return console.log(`!!! ${axis} is skipped: no ${SHARED}`);
  console.log(`\n| ${axis} | MB | processor s | peak MB | ms per MB more | ÷ step before |`);
  console.log('| --- | --- | --- | --- | --- | --- |');
  let last: { readonly mb: number; readonly cpu: number; readonly slope?: number } | undefined;
  for (const { name, sandbox } of known.steps()) {
    const mb = bytesOf(sandbox) / 1e6;
    const { cpu, peakMb } = costOf(sandbox);
    const slope = last === undefined ? undefined : ((cpu - last.cpu) * 1000) / (mb - last.mb);
    const against = slope === undefined || last?.slope === undefined ? '' : (slope / last.slope).toFixed(2);
    console.log(`| ${name} | ${mb.toFixed(1)} | ${cpu.toFixed(2)} | ${peakMb.toFixed(0)} | ${slope?.toFixed(2) ?? ''} | ${against} |`);
    last = { mb, cpu, ...(slope === undefined ? {} : { slope }) };
  }
}

if (!existsSync(BIN)) throw new Error('dist/ is missing: run npm run build first');
if (!existsSync(TIME)) throw new Error(`${TIME} is missing: apt-get install time`);
mkdirSync(FOLDER, { recursive: true });
const axes = process.argv.slice(2);
for (const axis of axes.length > 0 ? axes : Object.keys(AXES)) measure(axis);
rmSync(join(FOLDER, `${CONTROL_HEAVY}-10000`), { recursive: true, force: true });
