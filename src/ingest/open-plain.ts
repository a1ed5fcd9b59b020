/** Opens evidence for reading: a plain file and nothing else, whatever stands under its name by now. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** Neither through a link nor waiting for somebody at the other end of a pipe; 0 where a system has no such flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export function openPlain(path: string): number {
  const fd = openSync(path, FLAGS);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is no plain file any more`);
}
