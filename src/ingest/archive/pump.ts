/** Moves bytes out of a stream into a function, in order, and keeps what came before an error of the stream. */
import type { Readable, Writable } from 'node:stream';
import { LimitReached } from './limits.ts';

/** How a stream ended other than at its end. */
export type StreamProblem = 'cut' | 'damaged';

/** Errors of the disk and of the machine; anything else comes from the bytes themselves. */
function isOfSystem(error: unknown): boolean {
  return error instanceof LimitReached || (error instanceof Error && 'syscall' in error);
}

/**
 * Every chunk of `stream` goes to `take`; `input` is written to it where it is a codec. Gives what was wrong with the bytes,
 * throws what `take` and the disk throw.
 */
export async function pump(stream: Readable, take: (bytes: Buffer) => void, input?: Iterable<Buffer>): Promise<StreamProblem | undefined> {
  const ended = new Promise<StreamProblem | undefined>((resolve, reject) => {
    stream.on('data', (bytes: Buffer) => {
      try {
        take(bytes);
      } catch (error) {
        reject(error);
        stream.destroy();
      }
    });
    stream.on('end', () => resolve(undefined));
    stream.on('close', () => resolve('damaged'));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (isOfSystem(error)) reject(error);
      else resolve(error.code === 'Z_BUF_ERROR' ? 'cut' : 'damaged');
    });
  });
  const pieces = input?.[Symbol.iterator]();
  if (pieces !== undefined) feed(stream as Readable & Writable, pieces);
  try {
    return await ended;
  } finally {
    pieces?.return?.();
  }
}

/** Writes piece by piece, as fast as the codec takes it. */
function feed(codec: Readable & Writable, pieces: Iterator<Buffer>): void {
  const more = (): void => {
    for (;;) {
      if (codec.destroyed) return;
      const { done, value } = pieces.next();
      if (done === true) {
        codec.end();
        return;
      }
      if (!codec.write(value)) {
        codec.once('drain', more);
        return;
      }
    }
  };
  more();
}
