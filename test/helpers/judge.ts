/** From a story to its Diagnosis by the real way: files, ingest, store, rules. Checks what must hold of every Diagnosis. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { diagnosisSchema, type Diagnosis, type Evidence } from '../../src/model/diagnosis.ts';
import { diagnose, type DiagnoseOptions } from '../../src/rules/diagnose.ts';
import { buildCase, type BuildOptions } from '../../src/rules/facts/build.ts';
import type { CaseFile } from '../../src/rules/facts/case-file.ts';
import { Store } from '../../src/store/store.ts';
import { Story } from './story.ts';
import type { Files } from './story-files.ts';

export type Told = Story | Files;

export interface JudgeOptions extends DiagnoseOptions {
  /** Lines that ingest does not understand belong to the story. */
  readonly foreignLines?: boolean;
}

export function filesOf(told: Told): Files {
  return told instanceof Story ? told.files() : told;
}

/** What the user says of the run. */
export function notesOf(told: Told): readonly string[] {
  return told instanceof Story ? told.notes : [];
}

/** Writes the files, loads them and hands the store to `use`; nothing is left behind. */
export async function withStore<T>(told: Told, use: (store: Store, root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'hotlink-story-'));
  const store = await Store.create();
  try {
    for (const [path, text] of filesOf(told)) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await loadInput(root, store);
    return await use(store, root);
  } finally {
    store.close();
    await rm(root, { recursive: true });
  }
}

export async function judgeStory(told: Told, options: JudgeOptions = {}): Promise<Diagnosis> {
  const { foreignLines, ...rest } = options;
  const notes = [...notesOf(told), ...(rest.notes ?? [])];
  const diagnosis = await withStore(told, async (store, root) => diagnose(store.query, excerptReader(root, store), { ...rest, notes }));
  diagnosisSchema.parse(diagnosis);
  checkAccounting(diagnosis, foreignLines === true);
  checkEvidence(diagnosis, filesOf(told));
  expect(
    diagnosis.verdicts.filter((v) => v.verdict === 'errored'),
    'no rule may throw',
  ).toEqual([]);
  return diagnosis;
}

/** The case file of a story, for tests of facts. */
export async function caseOf(told: Told, options: BuildOptions = {}): Promise<CaseFile> {
  return withStore(told, async (store) => buildCase(store.query, options));
}

function checkAccounting(d: Diagnosis, foreignLines: boolean): void {
  for (const s of d.accounting.sources) expect(s.records + s.continuation + s.ignored + s.rejected, `lines of ${s.source}`).toBe(s.lines);
  if (foreignLines) return;
  expect(d.accounting.unmatchedHotlink, 'lines that say hotlink and match no template').toBe(0);
  const logs = d.accounting.sources.filter((s) => s.kind === 'client-log' || s.kind === 'relay-log');
  expect(
    logs.filter((s) => s.rejected > 0).map((s) => [s.source, s.reasons]),
    'lines of logs that ingest rejects',
  ).toEqual([]);
}

function checkEvidence(d: Diagnosis, files: Files): void {
  const all = [...d.causes, ...d.findings, ...d.excluded, ...d.waits, ...(d.figures ?? []), ...d.parties.map((p) => p.era)].flatMap(
    (x) => x.evidence,
  );
  for (const e of all) checkOne(e, files);
}

/** A line is cited as it stands in its file (colours removed, cut with … before payload and secrets); a pointer leads somewhere. */
function checkOne(e: Evidence, files: Files): void {
  if (e.source === undefined || e.absent === true) return;
  const text = files.get(e.source);
  expect(text, `evidence in ${e.source}, which is not in the sandbox`).toBeDefined();
  if (e.line !== undefined) {
    const line = (text ?? '').split('\n')[e.line - 1]?.replaceAll(/\u001B\[[\d;]*m/g, '') ?? '';
    let at = 0;
    for (const part of e.text.split('…')) {
      const found = line.indexOf(part, at);
      expect(found, `"${part.slice(0, 120)}" in line ${e.line} of ${e.source}: ${line.slice(0, 200)}`).toBeGreaterThanOrEqual(0);
      at = found + part.length;
    }
  }
  if (e.pointer !== undefined && e.pointer !== '')
    expect(resolvePointer(text ?? '', e.pointer), `${e.pointer} in ${e.source}`).toBeDefined();
}

function resolvePointer(text: string, pointer: string): unknown {
  let value: unknown = JSON.parse(text);
  for (const key of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([k]) => k === key.replaceAll('~1', '/').replaceAll('~0', '~'))?.[1];
  }
  return value;
}
