/**
 * Judging beside the watching: a process of its own, so that a large sandbox never keeps the record from being written, and nothing that goes
 * wrong while judging ends it. The process lives as long as its parent holds the line to it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import type { JudgeReply, JudgeRequest, Judgement } from './judgement.ts';

/** Judging waits when the run itself needs the processor. */
const NICE = 10;
const MOST_COMPLAINT = 2000;

export type Judged =
  | { readonly judgement: Judgement; readonly ms: number }
  | { readonly error: string; readonly code: string; readonly isFinal: boolean; readonly ms: number };

export class Judge {
  private readonly command: readonly string[];
  private child: ChildProcess | undefined;
  private complaint = '';
  private count = 0;

  /** `command`: program and arguments that start the judging process. */
  constructor(command: readonly string[]) {
    this.command = command;
  }

  async judge(input: string, also: readonly string[]): Promise<Judged> {
    const started = performance.now();
    const child = (this.child ??= this.start());
    const id = ++this.count;
    const reply = await new Promise<JudgeReply>((resolve) => {
      const answered = (message: unknown): void => {
        if ((message as JudgeReply).id === id) done(message as JudgeReply);
      };
      const died = (): void => done({ id, error: this.complaint.trim() || 'the judging process ended', code: '', isFinal: false });
      const done = (message: JudgeReply): void => {
        child.off('message', answered).off('exit', died).off('error', died);
        resolve(message);
      };
      child.on('message', answered).once('exit', died).once('error', died);
      child.send({ id, input, also } satisfies JudgeRequest, (error) => {
        if (error !== null) died();
      });
    });
    const ms = performance.now() - started;
    if ('judgement' in reply) return { judgement: reply.judgement, ms };
    return { error: reply.error, code: reply.code, isFinal: reply.isFinal, ms };
  }

  stop(): void {
    this.child?.kill('SIGTERM');
    this.child = undefined;
  }

  private start(): ChildProcess {
    const [program = '', ...args] = this.command;
    // A group of its own: Ctrl-C reaches the watch, which ends this process when it is done with it.
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true });
    this.complaint = '';
    child.stderr?.on('data', (data: Buffer) => (this.complaint = (this.complaint + data.toString('utf8')).slice(-MOST_COMPLAINT)));
    const forget = (): void => {
      if (this.child === child) this.child = undefined;
    };
    child.once('exit', forget);
    child.once('error', forget);
    try {
      if (child.pid !== undefined) setPriority(child.pid, NICE);
    } catch {
      // Not allowed everywhere, and not needed.
    }
    return child;
  }
}
