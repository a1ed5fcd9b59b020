/** What programs do with each other (field guide 1.2), each message the same at both ends, so that it can be checked to the last byte. */
import { Random } from '../random.ts';
import type { Program } from './program.ts';
import { playSeed } from './seed.ts';

export interface WorkloadOptions {
  readonly rounds: number;
  /** Bytes of one message. */
  readonly bytes: number;
  readonly seed: number;
  /** Bytes of a message of one direction, by `from>to`, where that differs. */
  readonly volumes?: ReadonlyMap<string, number>;
}

export interface ProgramHooks {
  /** Called before each own step with its round; 0: before the rounds. */
  readonly before?: (round: number) => Promise<void>;
}

interface Part {
  readonly me: number;
  readonly parties: number;
  readonly program: Program;
  readonly options: WorkloadOptions;
  readonly begin: (phase: string, round: number) => Promise<void>;
}

interface Workload {
  readonly says: string;
  readonly play: (part: Part) => Promise<void>;
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
export function stepsOf(parties: number, { rounds, bytes, volumes }: WorkloadOptions): readonly Step[] {
  const steps: Step[] = [];
  const add = (round: number, from: number, to: number, size: number): void => {
    const own = round === 0 ? undefined : volumes?.get(`${from}>${to}`);
    steps.push({ round, phase: round === 0 ? 'sync' : `round ${round}`, from, to, bytes: own ?? size });
  };
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

const NUMBER_BYTES = 4;

/** Bytes of a message. */
function content(seed: number, step: number, bytes: number): Buffer {
  const random = new Random(seed + step);
  const block = Buffer.from(Array.from({ length: Math.min(bytes, 1024) }, () => random.below(256)));
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += block.length) {
    block.copy(out, at);
    // No two blocks are alike, so that one which is missing, doubled or out of its place shows.
    if (bytes - at >= NUMBER_BYTES) out.writeUInt32LE(at / block.length, at);
  }
  return out;
}

function changed(from: number, phase: string): Error {
  return new Error(`what ${from} sent in ${phase} arrived changed`);
}

async function rounds({ me, parties, program, options, begin }: Part): Promise<void> {
  for (const [index, step] of stepsOf(parties, options).entries()) {
    if (step.from !== me && step.to !== me) continue;
    await begin(step.phase, step.round);
    const message = content(options.seed, index, step.bytes);
    if (step.from === me) await program.send(step.to, message);
    else if (!(await program.receive(step.from)).equals(message)) throw changed(step.from, step.phase);
  }
}

/** The first sends, each of the others gives it back. */
async function echo({ me, parties, program, options, begin }: Part): Promise<void> {
  for (let round = 1; round <= options.rounds; round++) {
    const phase = `round ${round}`;
    await begin(phase, round);
    if (me > 0) {
      await program.send(0, await program.receive(0));
      continue;
    }
    for (let peer = 1; peer < parties; peer++) {
      const message = content(options.seed, round * parties + peer, options.bytes);
      await program.send(peer, message);
      if (!(await program.receive(peer)).equals(message)) throw changed(peer, phase);
    }
  }
}

/** The two that the investigators' tests run between: the last ones, client1 and client2 by default. */
function pairOf({ me, parties }: Part): { readonly first: boolean; readonly peer: number } | undefined {
  if (me < parties - 2) return undefined;
  return me === parties - 2 ? { first: true, peer: parties - 1 } : { first: false, peer: parties - 2 };
}

/** The last test of it is with messages so many times as large. */
const LARGE = 10;

/** Test of the proxies (notes; field guide 2.7): raw bytes, one way, the other way, both at once, both at once and larger. */
async function tcpTest(part: Part): Promise<void> {
  const { program, options, begin } = part;
  const pair = pairOf(part);
  if (pair === undefined) return;
  const { first, peer } = pair;
  const { seed, bytes } = options;
  const take = async (phase: string, step: number, length: number): Promise<void> => {
    if (!(await program.read(peer, length)).equals(content(seed, step, length))) throw changed(peer, phase);
  };
  for (const [index, phase] of ['first to second', 'second to first'].entries()) {
    await begin(phase, index + 1);
    if (first === (index === 0)) await program.write(peer, content(seed, index, bytes));
    else await take(phase, index, bytes);
  }
  for (const [index, phase] of ['bidirectional', 'large'].entries()) {
    const length = index === 0 ? bytes : bytes * LARGE;
    await begin(phase, index + 3);
    const [mine, theirs] = first ? [10, 20] : [20, 10];
    await Promise.all([program.write(peer, content(seed, mine + index, length)), take(phase, theirs + index, length)]);
  }
}

/** Files one after the other without a word in between, one way (the investigators' burst benchmark). */
async function burst(part: Part): Promise<void> {
  const { program, options, begin } = part;
  const pair = pairOf(part);
  if (pair === undefined) return;
  for (let file = 1; file <= options.rounds; file++) {
    const phase = `file ${file}`;
    await begin(phase, file);
    const bytes = content(options.seed, file, options.bytes);
    if (pair.first) await program.write(pair.peer, bytes);
    else if (!(await program.read(pair.peer, bytes.length)).equals(bytes)) throw changed(pair.peer, phase);
  }
}

/** Everybody greets everybody, then sends to everybody at once. */
async function mesh({ me, parties, program, options, begin }: Part): Promise<void> {
  const peers = Array.from({ length: parties }, (_, peer) => peer).filter((peer) => peer !== me);
  for (let round = 0; round <= options.rounds; round++) {
    const phase = round === 0 ? 'sync' : `round ${round}`;
    await begin(phase, round);
    const bytes = round === 0 ? SYNC_BYTES : options.bytes;
    const said = (from: number, to: number): Buffer => content(options.seed, (round * parties + from) * parties + to, bytes);
    await Promise.all(
      peers.map(async (peer) => {
        const [got] = await Promise.all([program.receive(peer), program.send(peer, said(me, peer))]);
        if (!got.equals(said(peer, me))) throw changed(peer, phase);
      }),
    );
  }
}

/**
 * The second sends much to the last and then tells the first, whose word the last takes before all that. Nothing is wrong with such programs:
 * each reads everything in the end. Where one channel holds up another they wait for each other for ever (F-7, F-8).
 */
async function crossed({ me, parties, program, options, begin }: Part): Promise<void> {
  const last = parties - 1;
  if (parties < 3) return;
  await begin('sync', 0);
  if (me === 0) await program.send(last, content(options.seed, 0, SYNC_BYTES));
  if (me === last) await program.receive(0);
  for (let round = 1; round <= options.rounds; round++) {
    const phase = `round ${round}`;
    await begin(phase, round);
    const word = content(options.seed, round * 2, SYNC_BYTES);
    const much = content(options.seed, round * 2 + 1, options.bytes);
    const take = async (peer: number, expected: Buffer): Promise<void> => {
      if (!(await program.receive(peer)).equals(expected)) throw changed(peer, phase);
    };
    if (me === 0) {
      await take(1, word);
      await program.send(last, word);
    }
    if (me === 1) {
      await program.send(last, much);
      await program.send(0, word);
    }
    if (me === last) {
      program.leave(1);
      await take(0, word);
      program.turnTo(1);
      await take(1, much);
    }
  }
}

export const WORKLOADS = {
  rounds: { says: 'the order of the reference computation: all report to the first, then rounds of shares and reveals', play: rounds },
  echo: { says: 'the first sends to each, and each sends it back', play: echo },
  'tcp-test': {
    says: 'the last two: one way, the other way, both at once, both at once ten times as large; no lengths in front',
    play: tcpTest,
  },
  'seed-29509799': { says: 'the programs of the published stall, byte by byte', play: playSeed },
  burst: { says: 'the last but one sends files to the last without a pause; no lengths in front', play: burst },
  crossed: { says: 'the second sends to the last, which first takes a word of the first that comes later', play: crossed },
  mesh: { says: 'everybody greets everybody, then sends to everybody at once, in rounds', play: mesh },
} as const satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

/** One party's part in it, from the first byte to the last. */
export async function play(
  name: WorkloadName,
  me: number,
  program: Program,
  parties: number,
  options: WorkloadOptions,
  hooks: ProgramHooks = {},
): Promise<void> {
  const begin = async (phase: string, round: number): Promise<void> => {
    program.phase = phase;
    await hooks.before?.(round);
  };
  await WORKLOADS[name].play({ me, parties, program, options, begin });
  program.phase = 'done';
}
