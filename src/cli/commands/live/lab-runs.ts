/** Runs of the lab that are judged at once: what live verify and live reproduce have in common. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { Diagnosis } from '../../../model/diagnosis.ts';
import { runLab, type LabResult } from '../../../proxy/lab/run.ts';
import type { Setup } from '../../../proxy/lab/setup.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { firstLine } from '../../output.ts';

/** Runs of one process have ports far from those of the next. */
const SLOTS = 61;

/** The doctor as it was started. */
export function ownCommand(): readonly string[] {
  return [process.execPath, process.argv[1] ?? ''];
}

export interface MadeRun {
  readonly sandbox: string;
  readonly result: LabResult | null;
  readonly diagnosis: Diagnosis | null;
  readonly seconds: number;
  /** Why there is no diagnosis. */
  readonly problem: string | null;
}

let made = 0;

/** Makes a run in a new folder and has another process analyze it, so that judging takes no time from runs beside it. */
export async function makeRun(setup: Setup, folder: string, signal: AbortSignal): Promise<MadeRun> {
  const started = performance.now();
  const sandbox = join(folder, 'sandbox');
  mkdirSync(sandbox, { recursive: true });
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10;
  try {
    const slot = process.pid * SLOTS + made++;
    const result = await runLab({ setup, sandbox, command: ownCommand(), slot, signal, say: () => undefined });
    if (signal.aborted) return { sandbox, result, diagnosis: null, seconds: seconds(), problem: 'interrupted' };
    return { sandbox, result, diagnosis: await analyzed(sandbox, signal), seconds: seconds(), problem: null };
  } catch (error) {
    const problem = signal.aborted ? 'interrupted' : firstLine(error instanceof Error ? error : new Error(String(error)));
    return { sandbox, result: null, diagnosis: null, seconds: seconds(), problem };
  }
}

/** What analyze says of an input. */
export async function analyzed(sandbox: string, signal: AbortSignal): Promise<Diagnosis> {
  const [program = '', ...first] = ownCommand();
  const child = spawn(program, [...first, 'analyze', sandbox, '--format', 'json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const [out, complaint] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  child.stderr.on('data', (data: Buffer) => complaint.push(data));
  await once(child, 'close');
  const text = Buffer.concat(out).toString('utf8');
  if (text === '') throw new Error(Buffer.concat(complaint).toString('utf8').trim() || 'analyze said nothing');
  return JSON.parse(text) as Diagnosis;
}

/** Does all, so many at once, in their order. */
export async function inParallel<T>(
  jobs: readonly (() => Promise<T>)[],
  atOnce: number,
  signal: AbortSignal,
): Promise<readonly (T | undefined)[]> {
  const results: (T | undefined)[] = jobs.map(() => undefined);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < jobs.length && !signal.aborted; index = next++) results[index] = await jobs[index]?.();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, worker));
  return results;
}

export interface Interruptible {
  readonly signal: AbortSignal;
  /** Exit code that an interruption asks for; undefined: there was none. */
  readonly code: () => ExitCode | undefined;
}

/** Ctrl-C and SIGTERM end what is under way in order, with every process. */
export function interruptible(): Interruptible {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  process.removeAllListeners('SIGINT');
  let code: ExitCode | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      code = EXIT.interrupted;
      stop.abort();
    });
  return { signal: stop.signal, code: () => code };
}

/** A folder for sandboxes that nobody keeps; `remove` takes it away. */
export function scratchFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'hotlink-doctor-live-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
