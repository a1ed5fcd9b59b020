/** Recorded cases to judge: the bundled samples always, the whole corpus where ../shared holds it and HLD_CORPUS=all asks for it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { diagnose } from '../../src/rules/diagnose.ts';
import { Store } from '../../src/store/store.ts';

export interface Case {
  readonly name: string;
  readonly sandbox: string;
  readonly outcome: 'stalled' | 'completed' | 'running';
}

const CORPUS = join('..', 'shared', 'corpus');
/** The fast subset: one of each kind of failure and of health. */
const FEW =
  /^(stall-e3-c|late-app-e6-c|app-hang-e6-c|client-killed-e6-c|healthy-p2p-e6-c|pause-e6-c|finished-closed-e6-c|marker-empty-e6-c|ws-cut-e6-c)$/;

export function sampleCases(): Case[] {
  return readdirSync('samples')
    .filter((n) => !n.startsWith('published-') && existsSync(join('samples', n, 'sandbox')))
    .toSorted()
    .map((name) => ({ name, sandbox: join('samples', name, 'sandbox'), outcome: name === 'healthy' ? 'completed' : 'stalled' }));
}

/** Empty, with a loud word, where the corpus is not there. */
export function corpusCases(): Case[] {
  if (!existsSync(CORPUS)) {
    process.stderr.write('SKIPPED: ../shared/corpus is not there, so only the bundled samples are judged\n');
    return [];
  }
  const all = process.env['HLD_CORPUS'] === 'all';
  return readdirSync(CORPUS)
    .filter((n) => existsSync(join(CORPUS, n, 'truth.json')) && (all || FEW.test(n)))
    .toSorted()
    .map((name) => {
      const truth = JSON.parse(readFileSync(join(CORPUS, name, 'truth.json'), 'utf8')) as { expect: { outcome: Case['outcome'] } };
      return { name, sandbox: unpack(join(CORPUS, name)), outcome: truth.expect.outcome };
    });
}

function unpack(dir: string): string {
  const archive = join(dir, 'sandbox.tar.gz');
  const target = join(tmpdir(), 'hotlink-doctor-cases', createHash('sha1').update(readFileSync(archive)).digest('hex').slice(0, 12));
  if (!existsSync(join(target, 'sandbox'))) {
    mkdirSync(target, { recursive: true });
    spawnSync('tar', ['xzf', archive, '-C', target], { stdio: 'inherit' });
  }
  return join(target, 'sandbox');
}

export async function judgeFolder(root: string): Promise<Diagnosis> {
  const store = await Store.create();
  try {
    await loadInput(root, store, {});
    return await diagnose(store.query, excerptReader(root, store), {});
  } finally {
    store.close();
  }
}

/** A changed copy of a sandbox, judged and removed. */
export async function judgeChanged(c: Case, change: (root: string) => void): Promise<Diagnosis> {
  const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-changed-'));
  try {
    cpSync(c.sandbox, root, { recursive: true });
    change(root);
    return await judgeFolder(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export function partiesOf(c: Case): string[] {
  return readdirSync(c.sandbox).filter((n) => n.includes('@'));
}

/** Every file below `root` whose relative path fits, with its absolute path. */
export function filesLike(root: string, pattern: RegExp): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((f) => pattern.test(f) && statSync(join(root, f)).isFile())
    .map((f) => join(root, f));
}

/** Rewrites a file line by line, byte for byte where `rewrite` changes nothing. */
export function rewriteLines(file: string, rewrite: (lines: string[]) => string[]): void {
  writeFileSync(file, rewrite(readFileSync(file, 'latin1').split('\n')).join('\n'), 'latin1');
}
