/** What does not matter is changed (names, one party's clock, the relay's zone): the diagnosis stays the same up to names. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { corpusCases, filesLike, judgeChanged, judgeFolder, partiesOf, rewriteLines, sampleCases, type Case } from '../helpers/cases.ts';

const CLIENT_LOG = /(syftbox|client-daemon)\.log$/;
const STAMP_END = 40;

/** Verdict, causes by role, volumes: all that names and clocks must not change. */
function essence(d: Diagnosis): unknown {
  return {
    verdict: d.verdict,
    finished: d.run?.finished,
    causes: d.causes.map((c) => [c.fingerprint, c.severity]),
    findings: d.findings.map((f) => f.fingerprint).toSorted(),
    flows: d.flows.map((f) => [f.sent, f.delivered, f.lost, f.state]),
  };
}

function shiftClock(root: string, party: string, ms: number): void {
  const moved = (text: string): string =>
    text.replaceAll(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z/g, (_, t: string) => new Date(Date.parse(`${t}Z`) + ms).toISOString());
  for (const f of filesLike(join(root, party), CLIENT_LOG))
    rewriteLines(f, (lines) => lines.map((l) => moved(l.slice(0, STAMP_END)) + l.slice(STAMP_END)));
  for (const f of filesLike(join(root, party), new RegExp(`datasites/${party}/.*telemetry\\.json$`))) {
    writeFileSync(
      f,
      readFileSync(f, 'utf8').replaceAll(
        /"(started_ms|updated_ms)":(\d+)/g,
        (_, key: string, value: string) => `"${key}":${Number(value) + ms}`,
      ),
    );
  }
}

/** The relay's stamps move by whole quarters of an hour; the UTC times inside its lines stay. */
function moveZone(root: string, minutes: number): void {
  for (const f of filesLike(root, /relay\/server\/logs\/server\.log$/)) {
    rewriteLines(f, (lines) =>
      lines.map((l) =>
        l.replace(/^(\u001b\[2m)(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/, (_, colour: string, t: string) => {
          const at = new Date(Date.parse(`${t.replace(' ', 'T')}Z`) + minutes * 60_000).toISOString();
          return `${colour}${at.slice(0, 10)} ${at.slice(11, 19)}`;
        }),
      ),
    );
  }
}

/** New names in the same alphabetical order, another run id and flow. */
function rename(root: string, parties: readonly string[]): void {
  const names = new Map(parties.toSorted().map((p, i) => [p, `${'abcdefgh'[i] ?? 'z'}-lab.${i}@uni-${i}.example`]));
  const renamed = (text: string): string => {
    let out = text;
    for (const [from, to] of names) out = out.replaceAll(from, to).replaceAll(encodeURIComponent(from), encodeURIComponent(to));
    return out.replaceAll('syqure-flow', 'other-flow').replaceAll(/\b295(\d{5})-([0-9a-f]{12})\b/g, '296$1-$2');
  };
  for (const f of filesLike(root, /./)) writeFileSync(f, renamed(readFileSync(f, 'latin1')), 'latin1');
  const folders = [...new Set(filesLike(root, /./).flatMap((f) => parents(f, root)))].toSorted((a, b) => b.length - a.length);
  for (const folder of folders)
    if (renamed(basename(folder)) !== basename(folder)) renameSync(folder, join(dirname(folder), renamed(basename(folder))));
}

function parents(file: string, root: string): string[] {
  const out: string[] = [];
  for (let at = dirname(file); at.length > root.length; at = dirname(at)) out.push(at);
  return out;
}

function changes(c: Case): (readonly [string, (root: string) => void])[] {
  const parties = partiesOf(c);
  return [
    ['other names, run and flow', (root) => rename(root, parties)],
    ...parties.map(
      (p, i) =>
        [
          `the clock of ${p} off by ${i % 2 === 0 ? 600 : -437} s`,
          (root: string) => shiftClock(root, p, i % 2 === 0 ? 600_000 : -437_000),
        ] as const,
    ),
    ['the relay in another zone', (root) => moveZone(root, -345)],
  ];
}

for (const c of [...sampleCases(), ...corpusCases()]) {
  describe(c.name, () => {
    for (const [what, change] of changes(c)) {
      it(`says the same with ${what}`, async () => {
        expect(essence(await judgeChanged(c, change))).toEqual(essence(await judgeFolder(c.sandbox)));
      });
    }
  });
}
