/** What runs above the lab's clients: its workloads, and commands of a user. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import type { LabResult } from '../../src/proxy/lab/run.ts';
import { stepsOf } from '../../src/proxy/lab/workload.ts';
import { runBin, startBin } from '../helpers/bin.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-programs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let runs = 0;

async function up(
  args: readonly string[],
): Promise<{ readonly result: LabResult; readonly diagnosis: Diagnosis; readonly sandbox: string }> {
  const sandbox = join(root, `run-${++runs}`, 'sandbox');
  const made = await startBin(['live', 'up', sandbox, '--era', 'E5b', '--format', 'json', ...args]);
  const judged = await startBin(['analyze', sandbox, '--format', 'json', '--quiet']);
  return { sandbox, result: JSON.parse(made.stdout) as LabResult, diagnosis: JSON.parse(judged.stdout) as Diagnosis };
}

describe.concurrent('a workload', { timeout: 300_000 }, () => {
  it.each([
    ['echo', 3, { 'aggregator>client1': 4 * 5008, 'client2>aggregator': 4 * 5008 }],
    ['tcp-test', 2, { 'aggregator>client1': 5000 + 5000 + 50_000, 'client1>aggregator': 5000 + 5000 + 50_000 }],
    ['burst', 2, { 'aggregator>client1': 4 * 5000 }],
    ['crossed', 3, { 'client1>client2': 4 * 5008, 'aggregator>client2': 5 * 13, 'client1>aggregator': 4 * 13 }],
  ] as const)('%s completes, and analyze counts its bytes', async (name, parties, bytes) => {
    const { result, diagnosis } = await up(['--workload', name, '--parties', String(parties), '--rounds', '4', '--bytes', '5000']);
    expect(result.completed).toBe(true);
    expect(diagnosis.verdict).toBe('degraded');
    const short = (email: string): string => email.split('@')[0] ?? '';
    const delivered = Object.fromEntries(diagnosis.flows.map(({ from, to, delivered: d }) => [`${short(from)}>${short(to)}`, d]));
    for (const [direction, count] of Object.entries(bytes)) expect(delivered[direction]).toEqual({ min: count, max: count });
  });
});

describe('volumes', () => {
  it('are of one direction each, and not of the first words', () => {
    const steps = stepsOf(3, { rounds: 1, bytes: 10, seed: 1, volumes: new Map([['1>0', 77]]) });
    expect(steps.filter(({ from, to }) => from === 1 && to === 0).map(({ bytes }) => bytes)).toEqual([5, 77]);
    expect(steps.filter(({ round }) => round === 1).map(({ bytes }) => bytes)).toEqual([10, 10, 10, 10, 77]);
  });
});

/** Each party writes a word to each other and reads one from each. */
const TALK = `
import { connect } from 'node:net';
const ports = process.env.HLD_PORTS.split(',').map((pair) => pair.split(':').map(Number));
const word = Buffer.alloc(500 * (1 + Number(process.env.HLD_PARTY)), 'x');
console.log('party ' + process.env.HLD_PARTY + ' of ' + process.env.HLD_PARTIES + ' in ' + process.env.HLD_RUN);
await Promise.all(ports.map(([peer, port]) => new Promise((done, failed) => {
  let left = 500 * (1 + peer);
  const socket = connect(port, '127.0.0.1', () => socket.write(word));
  socket.on('data', (data) => (left -= data.length) === 0 && done());
  socket.on('error', failed);
})));
console.log('heard all');
process.exit(Number(process.argv[2] ?? 0));
`;

describe.concurrent('a command of a user', { timeout: 300_000 }, () => {
  const script = join(root, 'talk.mjs');
  writeFileSync(script, TALK);
  const command = `${process.execPath} ${script}`;

  it('is each party’s program; what it says is in the result and in a log that analyze reads', async () => {
    const { result, diagnosis } = await up(['--program', command]);
    expect(result.completed).toBe(true);
    expect(result.programs.map(({ exit }) => exit)).toEqual(['code 0', 'code 0', 'code 0']);
    expect(result.programs[1]?.output).toContain(`[stdout] party 1 of 3 in ${result.run}`);
    const flow = diagnosis.flows.find(({ from, to }) => from.startsWith('client2') && to.startsWith('client1'));
    expect(flow?.delivered).toEqual({ min: 1500, max: 1500 });
    const logs = diagnosis.accounting.sources.filter(({ source }) => source.endsWith('syqure-native.log'));
    expect(logs.map(({ kind, party }) => [kind, party])).toEqual(result.programs.map(({ email }) => ['runner', email]));
  });

  it('that fails has not completed, and its exit code is told', async () => {
    const { result } = await up(['--program', `${command} 7`]);
    expect(result.completed).toBe(false);
    expect(result.programs[0]).toMatchObject({ phase: 'failed', exit: 'code 7', error: 'the program ended with code 7' });
  });

  it('that hangs is stopped with all that it started', async () => {
    const { result, sandbox } = await up(['--program', 'sleep 300 & echo $! > "$HLD_FOLDER/child"; wait', '--patience', '3']);
    expect(result.completed).toBe(false);
    expect(result.programs[2]).toMatchObject({ phase: 'running', exit: null });
    const pids = result.programs.map(({ email }) => Number(readFileSync(join(sandbox, email, 'child'), 'utf8')));
    expect(Math.min(...pids)).toBeGreaterThan(1);
    expect(await eventually(() => pids.every(isGone))).toBe(true);
  });

  it('ends when live up is killed', async () => {
    const sandbox = join(root, 'killed', 'sandbox');
    const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--program', 'echo $$ > "$HLD_FOLDER/child"; exec sleep 300'], {
      stdio: 'ignore',
    });
    const file = join(sandbox, 'client1@sandbox.local', 'child');
    expect(await eventually(() => existsSync(file) && readFileSync(file, 'utf8').trim() !== '')).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const pid = Number(readFileSync(file, 'utf8'));
    expect(pid).toBeGreaterThan(1);
    expect(await eventually(() => isGone(pid))).toBe(true);
  });

  it('knows no rounds: a fault needs a time', () => {
    const refused = runBin(['live', 'up', join(root, 'refused'), '--program', 'true', '--fault', 'kill-client:client1']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('a time such as @3s');
  });
});

const LONGEST_WAIT_MS = 60_000;

/** Whether it comes true in time. */
async function eventually(isTrue: () => boolean): Promise<boolean> {
  for (const limit = Date.now() + LONGEST_WAIT_MS; !isTrue(); await delay(100)) if (Date.now() > limit) return false;
  return true;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
