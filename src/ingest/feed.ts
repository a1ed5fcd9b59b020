/** Reads a log into its scanner, block by block, up to the end that it had when it was found: what is written meanwhile is another reading's. */
import { closeSync, readSync } from 'node:fs';
import { openPlain } from './open-plain.ts';
import type { LineScanner } from './scan-line.ts';

/** undefined: it cannot be opened. */
export function openLog(path: string): number | undefined {
  try {
    return openPlain(path);
  } catch {
    return undefined;
  }
}

/** Yields the length of each block after it was scanned, and closes the file at the end. Throws the system's error when a read fails. */
export function* feed(fd: number, bytes: number, scanner: LineScanner): Generator<number, void> {
  try {
    for (let left = bytes; left > 0;) {
      const room = scanner.reserve();
      const length = readSync(fd, room, 0, Math.min(room.length, left), null);
      if (length === 0) break;
      scanner.commit(length);
      left -= length;
      yield length;
    }
  } finally {
    closeSync(fd);
  }
  scanner.end();
}
