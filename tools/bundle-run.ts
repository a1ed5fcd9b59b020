/** Bundles made and judged in this process, as the commands do it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveOpener } from '../src/ingest/archive/open.ts';
import { writeBundle, type Bundled } from '../src/ingest/bundle/bundle.ts';
import { excerptReader } from '../src/ingest/excerpts.ts';
import { gather, lookAtAll } from '../src/ingest/gather.ts';
import { loadSeen } from '../src/ingest/load.ts';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { diagnose } from '../src/rules/diagnose.ts';
import { Store } from '../src/store/store.ts';

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
