/**
 * A command of the user as one party's program. It is told where its proxies listen by variables, and what it says goes into a log as
 * the runner of the real system keeps it (`syqure-native.log`, field guide 2.7). A guard process runs it, so that it ends with the lab
 * even if the lab is killed.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { kill } from 'node:process';
import type { Child, Children } from './children.ts';
import type { Player, ProgramEnd, Seat } from './players.ts';

/** Of the log, in the result. */
const OUTPUT_BYTES = 4000;

export interface OwnProgramOptions {
  readonly command: string;
  readonly sandbox: string;
  readonly run: string;
  readonly seed: number;
  readonly children: Children;
}

/** What the command finds in its environment. */
export function variablesFor({ me, emails, port }: Seat, { sandbox, run, seed }: OwnProgramOptions): Readonly<Record<string, string>> {
  const peers = [...emails.keys()].filter((peer) => peer !== me);
  return {
    HLD_PARTY: String(me),
    HLD_PARTIES: String(emails.length),
    HLD_EMAIL: emails[me] ?? '',
    HLD_EMAILS: emails.join(','),
    HLD_PORTS: peers.map((peer) => `${peer}:${port(peer)}`).join(','),
    ...Object.fromEntries(peers.map((peer) => [`HLD_PORT_${peer}`, String(port(peer))])),
    HLD_RUN: run,
    HLD_SEED: String(seed),
    HLD_FOLDER: join(sandbox, emails[me] ?? ''),
  };
}

export class OwnProgram implements Player {
  private readonly seat: Seat;
  private readonly o: OwnProgramOptions;
  private readonly log: string;
  private guard: Child | undefined;
  /** Of the command, the leader of its process group. */
  private pid = 0;
  private exit: string | null = null;

  constructor(seat: Seat, options: OwnProgramOptions) {
    this.seat = seat;
    this.o = options;
    const email = seat.emails[seat.me] ?? '';
    this.log = join(options.sandbox, email, `datasites/.syqure-cache/${options.run}/party-${seat.me}/syqure-native.log`);
  }

  async run(): Promise<void> {
    mkdirSync(dirname(this.log), { recursive: true });
    const { children, command } = this.o;
    const name = `the program of ${this.seat.emails[this.seat.me] ?? ''}`;
    const variables = Object.entries(variablesFor(this.seat, this.o)).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const args = ['program', this.log, '--party', String(this.seat.me), '--command', command, ...variables];
    this.guard = await children.start(name, args);
    this.pid = Number(/pid (\d+)/.exec(this.guard.greeting)?.[1] ?? 0);
    const { process: guard } = this.guard;
    if (guard.exitCode === null && guard.signalCode === null)
      await once(guard, 'exit', { signal: this.seat.signal }).catch(() => undefined);
    if (this.seat.signal.aborted) return;
    this.exit = lastExit(this.log);
    if (this.exit !== 'code 0') throw new Error(`the program ended with ${this.exit ?? 'nobody knows what'}`);
  }

  /** Of the client's counters, which it writes each 3 s, and of what the program said. */
  moved(): number {
    const email = this.seat.emails[this.seat.me] ?? '';
    const file = join(this.o.sandbox, email, 'datasites', email, '.syftbox/hotlink_telemetry.json');
    return telemetryBytes(file) + said(this.log).length;
  }

  hang(): void {
    this.signalGroup('SIGSTOP');
  }

  stopReading(): void {
    this.signalGroup('SIGSTOP');
  }

  freeze(): void {
    this.signalGroup('SIGSTOP');
  }

  end(error: string | undefined): ProgramEnd {
    const { emails, me } = this.seat;
    const phase = this.guard === undefined ? 'start' : this.exit === null ? 'running' : this.exit === 'code 0' ? 'done' : 'failed';
    const output = said(this.log).slice(-OUTPUT_BYTES);
    return { email: emails[me] ?? '', phase, waitingFor: null, error: error ?? null, sent: {}, received: {}, exit: this.exit, output };
  }

  async close(): Promise<void> {
    this.signalGroup('SIGKILL');
    await this.guard?.kill();
  }

  private signalGroup(signal: NodeJS.Signals): void {
    // A pid of 0 or 1 would be everybody's.
    if (this.pid <= 1 || this.exit !== null) return;
    try {
      kill(-this.pid, signal);
    } catch {
      // It has ended since.
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What the command itself said, without the words of its runner. */
function said(path: string): string {
  return textOf(path).replaceAll(/^(?!\[std(?:out|err)\] ).*(?:\n|$)/gm, '');
}

/** Sum of tx and rx; 0 while the file is not there or half written. */
function telemetryBytes(path: string): number {
  const text = textOf(path);
  return [...text.matchAll(/"(?:tx|rx)_bytes":\s*(\d+)/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** How the log says that the command ended; null: it does not. */
function lastExit(path: string): string | null {
  const last = [...textOf(path).matchAll(/syqure child exited status_code=(?:Some\((-?\d+)\)|(signal \w+))/g)].at(-1);
  return last === undefined ? null : last[1] === undefined ? (last[2] ?? null) : `code ${last[1]}`;
}
