/** Systems that run while a test looks at them, and commands that go on beside it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

export interface Going {
  readonly child: ChildProcess;
  /** All that it printed so far. */
  out(): string;
  errors(): string;
  /** Its exit code, when it is over. */
  readonly over: Promise<number | null>;
}

export function begin(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program: readonly string[] = [process.execPath, BIN],
): Going {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const [command = '', ...first] = program;
  const child = spawn(command, [...first, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...rest, ...env } });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const over = once(child, 'close').then(([code]) => code as number | null);
  return { child, out: () => out, errors: () => errors, over };
}

/** `live up` in a folder that is there at once, so that others can look into it from the start. */
export function liveUp(sandbox: string, ...args: readonly string[]): Going {
  mkdirSync(sandbox, { recursive: true });
  return begin(['live', 'up', sandbox, ...args]);
}

/** Resolves when `holds` does; tests beside each other cannot use expect.poll. */
export async function until(holds: () => boolean, timeoutMs = 120_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`did not hold within ${timeoutMs} ms: ${String(holds)}`);
    await delay(100);
  }
}
