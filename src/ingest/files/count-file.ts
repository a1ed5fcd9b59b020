/** Physical lines of a file of which nothing else is wanted, however large it is. */
import { closeSync, readSync } from 'node:fs';
import { openPlain } from '../open-plain.ts';

export interface CountedFile {
  readonly lines: number;
  /** The last line has no newline. */
  readonly cut: boolean;
}

const BLOCK_BYTES = 256 * 1024;
const NEWLINE = 10;

/** A plain loop: searching newline by newline takes seconds where lines are empty. */
function newlinesIn(block: Buffer, length: number): number {
  let count = 0;
  for (let at = 0; at < length; at++) if (block[at] === NEWLINE) count++;
  return count;
}

/** Counts the lines of a file; undefined when it cannot be read. */
export function countFile(path: string): CountedFile | undefined {
  let lines = 0;
  let last = NEWLINE;
  try {
    const fd = openPlain(path);
    const block = Buffer.alloc(BLOCK_BYTES);
    try {
      for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) {
        lines += newlinesIn(block, length);
        last = block[length - 1] ?? last;
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
  return { lines: last === NEWLINE ? lines : lines + 1, cut: last !== NEWLINE };
}
