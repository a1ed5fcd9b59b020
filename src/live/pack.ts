/** One folder into a `.tar.gz` that only its owner may read: written beside its place and renamed into it. */
import { createReadStream, copyFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';

const OWNER_ONLY = 0o600;

/** `folder` holds `top` and nothing else that matters. */
export async function pack(folder: string, top: string, output: string): Promise<void> {
  const beside = `${folder}.tar.gz`;
  try {
    // A name that begins with @ would mean an archive to be copied.
    await create({ gzip: true, cwd: folder, file: beside, portable: true, mode: OWNER_ONLY }, [top.startsWith('@') ? `./${top}` : top]);
    move(beside, output);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Also where the two places are on different disks. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const beside = `${to}.part`;
    copyFileSync(from, beside);
    renameSync(beside, to);
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
