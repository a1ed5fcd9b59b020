/** What programs do with each other: the order of the reference computation, with sizes of the user's choice (field guide 1.2). */
import { Random } from '../random.ts';
import type { Program } from './program.ts';

export interface WorkloadOptions {
  readonly rounds: number;
  /** Bytes of one message of a round. */
  readonly bytes: number;
  readonly seed: number;
}

/** Small message with which parties find each other. */
const SYNC_BYTES = 5;

interface Step {
  /** 0: before the rounds. */
  readonly round: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly phase: string;
}

/** Two parties: 0→1, 1→0 in rounds. More: all report to the first, it answers, then rounds of shares and reveals. */
export function stepsOf(parties: number, { rounds, bytes }: WorkloadOptions): readonly Step[] {
  const steps: Step[] = [];
  const add = (round: number, from: number, to: number, size: number): void =>
    void steps.push({ round, phase: round === 0 ? 'sync' : `round ${round}`, from, to, bytes: size });
  if (parties > 2) {
    for (let i = 1; i < parties; i++) add(0, i, 0, SYNC_BYTES);
    for (let i = 1; i < parties; i++) add(0, 0, i, SYNC_BYTES);
  }
  for (let round = 1; round <= rounds; round++) {
    if (parties === 2) {
      add(round, 0, 1, bytes);
      add(round, 1, 0, bytes);
      continue;
    }
    for (let i = 1; i < parties; i++) add(round, 0, i, bytes);
    for (let i = 1; i < parties; i++) for (let j = i + 1; j < parties; j++) add(round, i, j, bytes);
    for (let i = parties - 1; i > 0; i--) for (let j = i - 1; j > 0; j--) add(round, i, j, bytes);
    add(round, 1, 0, bytes);
  }
  return steps;
}

/** Bytes of a message: the same for sender and receiver, so that each can be checked to the last byte. */
function content(seed: number, step: number, bytes: number): Buffer {
  const random = new Random(seed + step);
  const block = Buffer.from(Array.from({ length: Math.min(bytes, 1024) }, () => random.below(256)));
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += block.length) block.copy(out, at);
  return out;
}

export interface ProgramHooks {
  /** Called before each own step with its round. */
  readonly before?: (round: number) => Promise<void>;
}

/** One party's part in it, from the first byte to the last. */
export async function play(
  me: number,
  program: Program,
  parties: number,
  options: WorkloadOptions,
  hooks: ProgramHooks = {},
): Promise<void> {
  for (const [index, step] of stepsOf(parties, options).entries()) {
    if (step.from !== me && step.to !== me) continue;
    program.phase = step.phase;
    await hooks.before?.(step.round);
    if (step.from === me) await program.send(step.to, content(options.seed, index, step.bytes));
    else {
      const got = await program.receive(step.from);
      if (!got.equals(content(options.seed, index, step.bytes))) throw new Error(`what ${step.from} sent in ${step.phase} arrived changed`);
    }
  }
  program.phase = 'done';
}
