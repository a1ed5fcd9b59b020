/**
 * Processes of a run: one relay, one client per party. Each ends when its standard input does, so none outlives a parent that
 * crashed; `freeze` stops all of them at one moment, so that the sandbox is that of a running system.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DoctorError } from '../../model/errors.ts';

/** For a child to say that it is ready. */
const START_TIMEOUT_MS = 60_000;

export class Child {
  readonly name: string;
  /** First line that it printed. */
  readonly greeting: string;
  readonly process: ChildProcess;

  constructor(name: string, greeting: string, process: ChildProcess) {
    this.name = name;
    this.greeting = greeting;
    this.process = process;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  tell(word: string): void {
    this.process.stdin?.write(`${word}\n`);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

export class Children {
  private readonly all = new Set<Child>();
  private readonly command: readonly string[];

  /** `command`: the doctor itself, as it was started. */
  constructor(command: readonly string[]) {
    this.command = command;
  }

  /** Starts `live …` and waits for its first line. */
  async start(name: string, args: readonly string[]): Promise<Child> {
    const [program = '', ...first] = this.command;
    const child = spawn(program, [...first, 'live', ...args, '--attached'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => (complaint = (complaint + data.toString('utf8')).slice(-2000)));
    const lines = createInterface(child.stdout);
    const greeting = await Promise.race([
      once(lines, 'line', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }).then(([line]) => String(line)),
      once(child, 'exit').then(() => undefined),
      once(child, 'error').then(() => undefined),
    ]).catch(() => undefined);
    if (greeting === undefined) {
      child.kill('SIGKILL');
      throw new DoctorError('HLD_LIVE_CHILD_FAILED', { name, reason: complaint.split('\n')[0] ?? '' });
    }
    const started = new Child(name, greeting, child);
    this.all.add(started);
    return started;
  }

  /** Stops all at once, then ends them: nobody gets to write a goodbye. */
  async freeze(): Promise<void> {
    const running = [...this.all].filter(({ process }) => process.exitCode === null && process.signalCode === null);
    for (const { process } of running) process.kill('SIGSTOP');
    await this.kill();
  }

  async kill(): Promise<void> {
    await Promise.all([...this.all].map(async (child) => child.kill()));
    this.all.clear();
  }
}
