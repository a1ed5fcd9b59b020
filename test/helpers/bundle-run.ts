/** Bundles made and judged without a child process. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveOpener } from '../../src/ingest/archive/open.ts';
import { writeBundle, type Bundled } from '../../src/ingest/bundle/bundle.ts';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { gather, lookAtAll } from '../../src/ingest/gather.ts';
import { loadInput, loadSeen } from '../../src/ingest/load.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnose } from '../../src/rules/diagnose.ts';
import { Store } from '../../src/store/store.ts';

const made: string[] = [];

export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hld-bundles-'));
  made.push(folder);
  return folder;
}

export function removeScratch(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

function opener(): ArchiveOpener {
  return new ArchiveOpener(scratchFolder);
}

/** Bundles an input as the command does, but for the refusal of several sandboxes in one. */
export async function bundleOf(input: string, redact: boolean): Promise<Bundled & { readonly archive: string }> {
  const folder = scratchFolder();
  const archive = join(folder, 'case.tar.gz');
  const seen = await lookAtAll((await opener().discover(input)).files, opener());
  const bundled = await writeBundle(seen, archive, { redact, above: seen[0]?.file.above ?? input, scratch: folder });
  return { ...bundled, archive };
}

export async function judgeInput(input: string): Promise<Diagnosis> {
  const store = await Store.create();
  try {
    const files = await loadSeen(await gather(input, [], opener()), store);
    return await diagnose(store.query, excerptReader(files, store), {});
  } finally {
    store.close();
  }
}

/** A folder, as one run whatever lies in it, with the part that only pages need. */
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
