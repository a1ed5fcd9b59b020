import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs the built command as a child process, without a terminal. */
export function runBin(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  if (!existsSync(bin)) throw new Error('dist/ is missing: run npm run build first');
  const started = performance.now();
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const child = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { ...rest, ...env }, maxBuffer: 1 << 28 });
  return { code: child.status, stdout: child.stdout, stderr: child.stderr, ms: performance.now() - started };
}

/** The same without standing still meanwhile, so that several can run at once. */
export async function startBin(args: readonly string[]): Promise<Ran> {
  if (!existsSync(bin)) throw new Error('dist/ is missing: run npm run build first');
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaint] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  child.stderr.on('data', (data: Buffer) => complaint.push(data));
  const [code] = (await once(child, 'close')) as [number | null];
  const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8');
  return { code, stdout: text(out), stderr: text(complaint), ms: performance.now() - started };
}

/** The same through a shell, for pipes; `$BIN` stands for the command. */
export function runShell(line: string): Ran {
  const started = performance.now();
  const child = spawnSync('bash', ['-c', line], { encoding: 'utf8', env: { ...process.env, BIN: `${process.execPath} ${bin}` } });
  return { code: child.status, stdout: child.stdout, stderr: child.stderr, ms: performance.now() - started };
}
