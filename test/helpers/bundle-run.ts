/** What is in a bundle, and what is said of a folder whatever lies in it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnose } from '../../src/rules/diagnose.ts';
import { Store } from '../../src/store/store.ts';
import { scratchFolder } from '../../tools/bundle-run.ts';

/** A folder, as one run, with the part that only pages need. */
export async function judgeFolder(root: string): Promise<Diagnosis> {
  const store = await Store.create();
  try {
    const files = await loadInput(root, store);
    return await diagnose(store.query, excerptReader(files, store), { detail: true });
  } finally {
    store.close();
  }
}

/** Unpacks a bundle by another program; answers the folder, the names and all bytes. */
export function unpacked(archive: string): { readonly root: string; readonly names: readonly string[]; readonly bytes: string } {
  const root = join(scratchFolder(), 'unpacked');
  mkdirSync(root);
  const tar = spawnSync('tar', ['xzf', archive, '-C', root], { encoding: 'utf8' });
  if (tar.status !== 0) throw new Error(tar.stderr);
  const names = spawnSync('tar', ['tzf', archive], { encoding: 'utf8', maxBuffer: 1 << 28 })
    .stdout.split('\n')
    .filter((name) => name !== '');
  return { root, names, bytes: names.map((name) => readFileSync(join(root, name), 'utf8')).join('\n') };
}
