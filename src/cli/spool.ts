/** Standard input, kept in a temporary file: most kinds of evidence must be read more than once. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DoctorError } from '../model/errors.ts';

/** More than any recording; logs of this size are files. */
const SPOOL_BYTES = 16 * 1024 ** 3;

/** What the user types for it. */
export const STDIN = '-';
/** What evidence calls it. */
const STDIN_NAME = 'stdin';

/** Copies standard input to a file in `folder` and gives its path. */
export async function spoolStdin(folder: string, limitBytes = SPOOL_BYTES): Promise<string> {
  const path = join(folder, STDIN_NAME);
  if (process.stdin.isTTY) process.stderr.write('hotlink-doctor: reading standard input; end it with Ctrl-D\n');
  const fd = openSync(path, 'wx', 0o600);
  try {
    let total = 0;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > limitBytes) throw new DoctorError('HLD_INPUT_TOO_LARGE', { path: 'the standard input', limitBytes });
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
    }
    if (fstatSync(fd).size === 0) throw new DoctorError('HLD_INPUT_NOTHING_RECOGNISED', { path: 'the standard input', files: 0 });
  } finally {
    closeSync(fd);
  }
  return path;
}
