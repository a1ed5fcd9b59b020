/** Runs a program of the system for what it prints: with a time limit, a limit of bytes, no input, and nothing of it left behind. */
import { spawn } from 'node:child_process';

export interface Ran {
  /** null: it could not be started, or had to be ended. */
  readonly code: number | null;
  readonly out: string;
  /** Why there is no whole output: the system's word, `timeout` or `too-long`; else what it said on stderr. */
  readonly problem: string;
  /** It is not installed. */
  readonly isMissing: boolean;
}

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_COMPLAINT = 500;

/** Never throws, never takes longer than `timeoutMs` and a moment. `signal` ends it early; `both`: stderr is output too. */
export async function runTool(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
  both = false,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    let ended = '';
    const end = (why: string): void => {
      ended ||= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    const stop = (): void => end('interrupted');
    signal?.addEventListener('abort', stop, { once: true });
    const done = (code: number | null, problem: string, isMissing: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // A grandchild may hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code: ended === '' ? code : null, out: Buffer.concat(parts).toString('utf8'), problem: ended || problem, isMissing });
    };
    const take = (data: Buffer): void => {
      bytes += data.length;
      if (bytes > MOST_BYTES) end('too-long');
      else parts.push(data);
    };
    child.stdout.on('data', take);
    if (both) child.stderr.on('data', take);
    else child.stderr.on('data', (data: Buffer) => (complaint = (complaint + data.toString('utf8')).slice(0, MOST_COMPLAINT)));
    child.once('error', (error: NodeJS.ErrnoException) => done(null, error.code ?? error.message, error.code === 'ENOENT'));
    child.once('exit', () => {
      if (ended !== '') done(null, ended, false);
    });
    child.once('close', (code) => done(code, complaint.trim().split('\n')[0] ?? '', false));
  });
}
