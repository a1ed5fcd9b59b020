/**
 * The published stall of run 29509799 (field guide 9.1) as programs make it: which bytes each wrote, and in which pieces.
 *
 * u is 1572924 bytes, a length of 8 and a body of 1572916. From the counters: client2 sent u to client1; client1 sent u to the aggregator
 * and u to client2, of which 8 bytes are missing. Packets say in which pieces a client read them, 14336 bytes at most:
 * 110 = length and body at once; 111 = the length alone, then the body; 112 = one more read that found less than a full piece.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../random.ts';

const LENGTH_BYTES = 8;
const BODY_BYTES = 1_572_916;
/** Where the one short read within a body falls: what a fresh connection takes before its first acknowledgement. */
const SHORT_READ_AT = 65_536;
/** Between pieces, so that each is read by itself: more than a client waits for a piece to fill (`burst-ms`). */
const PIECE_PAUSE_MS = 3000;
/** First word of every body. Read as a length it is more than what follows, so a receiver that lost the length waits for ever. */
const FIRST_WORD = 2n * BigInt(BODY_BYTES);

interface Part {
  readonly me: number;
  readonly program: {
    readonly write: (peer: number, bytes: Uint8Array) => Promise<void>;
    readonly read: (peer: number, length: number) => Promise<Buffer>;
  };
  readonly options: { readonly seed: number };
  readonly begin: (phase: string, round: number) => Promise<void>;
}

function message(seed: number, step: number): Buffer {
  const random = new Random(seed + step);
  const block = Buffer.from(Array.from({ length: 1024 }, () => random.below(256)));
  const bytes = Buffer.alloc(LENGTH_BYTES + BODY_BYTES);
  for (let at = LENGTH_BYTES; at < bytes.length; at += block.length) block.copy(bytes, at);
  bytes.writeBigUInt64LE(BigInt(BODY_BYTES));
  bytes.writeBigUInt64LE(FIRST_WORD, LENGTH_BYTES);
  return bytes;
}

interface Step {
  readonly from: number;
  readonly to: number;
  /** Where the writer pauses. */
  readonly cuts: readonly number[];
}

/** Party numbers: aggregator, client1, client2. */
const STEPS: readonly Step[] = [
  { from: 2, to: 1, cuts: [LENGTH_BYTES, LENGTH_BYTES + SHORT_READ_AT] },
  { from: 1, to: 0, cuts: [] },
  { from: 1, to: 2, cuts: [LENGTH_BYTES] },
  // What would have come next: nobody got here.
  { from: 2, to: 0, cuts: [] },
  { from: 0, to: 1, cuts: [] },
  { from: 0, to: 2, cuts: [] },
];

/** One party's part. */
export async function playSeed({ me, program, options, begin }: Part): Promise<void> {
  for (const [index, { from, to, cuts }] of STEPS.entries()) {
    if (from !== me && to !== me) continue;
    await begin(`step ${index + 1}`, index + 1);
    const bytes = message(options.seed, index);
    if (from === me) {
      const ends = [...cuts, bytes.length];
      for (const [piece, end] of ends.entries()) {
        if (piece > 0) await delay(PIECE_PAUSE_MS);
        await program.write(to, bytes.subarray(ends[piece - 1] ?? 0, end));
      }
      continue;
    }
    const length = Number((await program.read(from, LENGTH_BYTES)).readBigUInt64LE());
    const body = await program.read(from, length);
    if (!body.equals(bytes.subarray(LENGTH_BYTES))) throw new Error(`what ${from} sent in step ${index + 1} arrived changed`);
  }
}
