/**
 * Runs a command of the user as a party's program, in a process group of its own, and keeps what it says as the runner of the real system
 * does (`syqure-native.log`, field guide 2.7).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { kill } from 'node:process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** How often the real runner says that the program still runs. */
const ALIVE_MS = 10_000;
const ALIVE_POLLS = 40;

export interface GuardOptions {
  readonly log: string;
  readonly party: number;
  readonly command: string;
  /** Variables that it finds beside those of `environment`, and that the log lists. */
  readonly variables: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class Guard {
  readonly pid: number;
  /** Exit code of the command; 128 and more: a signal. */
  readonly ended: Promise<number>;
  private readonly child: ChildProcess;
  private readonly log: number;
  private readonly startedMs = Date.now();
  private readonly alive: NodeJS.Timeout;
  private isOver = false;

  constructor({ log, party, command, variables, environment }: GuardOptions) {
    this.log = openSync(log, 'a');
    this.line(`[${stamp()}] starting syqure command: ${oneLine(command)}`);
    for (const [name, value] of Object.entries(variables)) this.line(`[env] ${name}=${oneLine(value)}`);
    this.says(`runner_start party_id=${party}`);
    this.child = spawn('/bin/sh', ['-c', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...environment, ...variables },
    });
    this.pid = this.child.pid ?? 0;
    this.says(`syqure child spawned pid=${this.pid}`);
    let polls = 0;
    this.alive = setInterval(() => {
      polls += ALIVE_POLLS;
      const seconds = Math.round((Date.now() - this.startedMs) / 1000);
      this.says(`syqure still running party_id=${party} pid=${this.pid} elapsed_s=${seconds} polls=${polls}`);
    }, ALIVE_MS);
    this.ended = this.follow();
  }

  /** Ends the command and whatever it started. */
  kill(): void {
    if (this.isOver) return;
    this.says('kill_reason=shutdown_signal');
    this.endGroup();
  }

  private async follow(): Promise<number> {
    const { stdout, stderr } = this.child;
    const said = Promise.all([this.copy(stdout, 'stdout'), this.copy(stderr, 'stderr')]);
    const [code, signal] = (await once(this.child, 'exit')) as [number | null, NodeJS.Signals | null];
    this.isOver = true;
    clearInterval(this.alive);
    // What it left behind would hold the pipes open.
    this.endGroup();
    await said;
    this.says(`syqure child exited status_code=${code === null ? `signal ${signal ?? ''}` : `Some(${code})`}`);
    const ms = Date.now() - this.startedMs;
    this.says(`syqure step duration ${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}s`);
    closeSync(this.log);
    return code ?? 128;
  }

  private async copy(from: Readable | null, name: string): Promise<void> {
    if (from === null) return;
    for await (const line of createInterface(from)) this.line(`[${name}] ${line}`);
  }

  private endGroup(): void {
    // A pid of 0 or 1 would be everybody's.
    if (this.pid <= 1) return;
    try {
      kill(-this.pid, 'SIGKILL');
    } catch {
      // Nobody is left in it.
    }
  }

  private says(message: string): void {
    this.line(`[${stamp()}][runner] ${message}`);
  }

  private line(text: string): void {
    writeSync(this.log, `${text}\n`);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ');
}

/** Second of a UTC clock, with its zone. */
function stamp(): string {
  return `${new Date().toISOString().slice(0, 19)}+00:00`;
}
