/** One party's program as the lab sees it: its own (a workload over sockets), or a command of the user. */
import { Program } from './program.ts';
import type { Streams } from './streams.ts';
import { play, type WorkloadName, type WorkloadOptions } from './workload.ts';

export interface ProgramEnd {
  readonly email: string;
  readonly phase: string;
  readonly waitingFor: string | null;
  readonly error: string | null;
  /** Bytes by peer; empty for a command of the user, which the lab does not look into. */
  readonly sent: Readonly<Record<string, number>>;
  readonly received: Readonly<Record<string, number>>;
  /** Of a command of the user: how it ended, and the last that it said. */
  readonly exit?: string | null;
  readonly output?: string;
}

export interface Player {
  /** Connects and does its part; rejects when it cannot get to its end. `began`: called before each step with its round. */
  run(began: (round: number) => Promise<void>): Promise<void>;
  /** Grows whenever something moved. */
  moved(): number;
  hang(): void;
  stopReading(): void;
  /** Stops where it stands, so that the evidence is that of a running system. */
  freeze(): void;
  end(error: string | undefined): ProgramEnd;
  close(): Promise<void>;
}

export interface Seat {
  readonly me: number;
  readonly emails: readonly string[];
  /** Port of the own proxy for a peer. */
  readonly port: (peer: number) => number;
  readonly signal: AbortSignal;
  /** Of the whole run. */
  readonly streams: Streams;
}

/** A program of the lab. */
export class WorkloadPlayer implements Player {
  private readonly program: Program;
  private readonly seat: Seat;
  private readonly name: WorkloadName;
  private readonly options: WorkloadOptions;

  constructor(seat: Seat, name: WorkloadName, options: WorkloadOptions) {
    this.seat = seat;
    this.name = name;
    this.options = options;
    this.program = new Program(seat.me, seat.streams, seat.signal);
  }

  async run(began: (round: number) => Promise<void>): Promise<void> {
    const { me, emails, port } = this.seat;
    for (const peer of emails.keys()) if (peer !== me) await this.program.connect(peer, port(peer));
    await play(this.name, me, this.program, emails.length, this.options, { before: began });
  }

  moved(): number {
    let sum = 0;
    for (const peer of this.seat.emails.keys()) sum += this.program.counts(peer).sent + this.program.counts(peer).received;
    return sum;
  }

  hang(): void {
    this.program.hang();
  }

  stopReading(): void {
    this.program.stopReading();
  }

  freeze(): void {
    // It shares the lab's process, which does nothing for it any more.
  }

  end(error: string | undefined): ProgramEnd {
    const { me, emails } = this.seat;
    const { program } = this;
    const by = (what: 'sent' | 'received'): Record<string, number> =>
      Object.fromEntries(emails.flatMap((email, peer) => (peer === me ? [] : [[email, program.counts(peer)[what]]])));
    const waitingFor = program.waitingFor === null ? null : (emails[program.waitingFor] ?? null);
    return { email: emails[me] ?? '', phase: program.phase, waitingFor, error: error ?? null, sent: by('sent'), received: by('received') };
  }

  async close(): Promise<void> {
    this.program.close();
  }
}
