import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/report/diff/compare.ts';
import { compare, MATTERS } from '../../../src/report/diff/compare.ts';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { runBin } from '../../helpers/bin.ts';
import { judgeInput, removeScratch } from '../../../tools/bundle-run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-diff-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
  removeScratch();
});

const SLOW = { timeout: 300_000 };
let good: Diagnosis;
let late: Diagnosis;
beforeAll(async () => {
  good = await judgeInput('samples/healthy/sandbox');
  late = await judgeInput('samples/late-application/sandbox');
}, 300_000);

/** The same run of other people: other emails and roles, the numbers in the channels stay. */
function renamed(d: Diagnosis): Diagnosis {
  return JSON.parse(
    JSON.stringify(d).replaceAll('client1', 'zoe').replaceAll('client2', 'bob').replaceAll('sandbox.local', 'acme.org'),
  ) as Diagnosis;
}

describe('two runs', () => {
  it('that are one say that nothing differs', () => {
    expect(compare(good, good)).toMatchObject({ differences: [], matter: 0 });
  });

  it('of other people are matched by their numbers', () => {
    expect(compare(late, renamed(late))).toMatchObject({ differences: [], matter: 0 });
  });

  it('differ first in what tells most: the verdict, the cause, the direction, its bytes', () => {
    const { differences, matter } = compare(good, renamed(late));
    const first = differences.map(({ kind, about }) => `${kind} ${about}`);
    expect(first.slice(0, 2)).toEqual(['verdict verdict', 'cause late-application']);
    expect(first).toContain('flow client2/bob → aggregator');
    expect(first).toContain('lost client2/bob → aggregator');
    expect(first).toContain('era client1/zoe');
    expect(differences.filter(({ weight }) => weight >= MATTERS)).toHaveLength(matter);
    expect(differences.map(({ weight }) => weight)).toEqual(differences.map(({ weight }) => weight).toSorted((a, b) => b - a));
  });

  it('differ the other way round when they are given the other way round', () => {
    const words = (list: Comparison['differences'], isTurned: boolean): Set<string> =>
      new Set(list.map(({ kind, about, a, b }) => JSON.stringify([kind, about, isTurned ? b : a, isTurned ? a : b])));
    expect(words(compare(late, good).differences, true)).toEqual(words(compare(good, late).differences, false));
  });

  it('are not told apart by figures that may be the same', () => {
    const unsure = structuredClone(good);
    for (const flow of unsure.flows) {
      flow.lost = { min: 0, max: 100_000 };
      flow.sent = { min: 0, max: 10_000_000 };
    }
    expect(compare(good, unsure).differences).toEqual([]);
  });

  it('differ in a marker, but not when one side was packed without any', () => {
    const without = (d: Diagnosis, gone: (source: string) => boolean): Diagnosis => ({
      ...d,
      accounting: { ...d.accounting, sources: d.accounting.sources.filter(({ source }) => !gone(source)) },
    });
    const one = compare(
      good,
      without(good, (source) => source.endsWith('0_to_1/stream.tcp')),
    ).differences;
    expect(one).toMatchObject([{ kind: 'file', weight: 64, a: 'there', b: 'not there' }]);
    expect(one[0]?.about).toMatch(/^aggregator\/.*\/FLOW\/RUN\/_mpc\/0_to_1\/stream\.tcp$/);
    const none = compare(
      good,
      without(good, (source) => source.endsWith('stream.tcp')),
    );
    expect(none.matter).toBe(0);
    expect(none.differences).toMatchObject([{ about: 'files: marker', b: 'none in the evidence' }]);
  });

  it('with parties more or fewer say who is new', () => {
    const fewer = { ...good, parties: good.parties.slice(0, 2) };
    expect(compare(good, fewer).differences[0]).toMatchObject({ kind: 'party', about: 'party client2', a: 'takes part' });
  });
});

describe('diff', () => {
  const saved = join(scratch, 'good.json');

  it('takes a saved diagnosis and a sandbox, as text', SLOW, () => {
    writeFileSync(saved, JSON.stringify(good, null, 2));
    const { code, stdout } = runBin(['diff', saved, 'samples/late-application/sandbox']);
    expect(code).toBe(0);
    expect(stdout).toContain('What differs, the most telling first');
    expect(stdout).toMatch(/1 +verdict: A degraded, B failed\n +2 +late-application\n/);
  });

  it('gives JSON', SLOW, () => {
    const { stdout } = runBin(['diff', saved, saved, '--format', 'json']);
    expect(JSON.parse(stdout) as Comparison).toMatchObject({ schema: 'hotlink-doctor/diff@1', differences: [], matter: 0 });
  });

  it('says when nothing that matters differs, and what nobody could see', SLOW, () => {
    const other = join(scratch, 'late.json');
    writeFileSync(other, JSON.stringify(late));
    const { stdout } = runBin(['diff', other, other, '--width', '120']);
    expect(stdout).toContain('Nothing that matters differs');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('what the evidence does not show may still differ');
    expect(stdout).toContain('debug lines');
  });

  it('refuses what is neither', SLOW, () => {
    const broken = join(scratch, 'broken.json');
    writeFileSync(broken, '{"schema":"hotlink-doctor/diagnosis@1"}');
    const { code, stderr } = runBin(['diff', saved, broken]);
    expect(code).toBe(2);
    expect(stderr).toContain('HLD_INPUT_NOTHING_RECOGNISED');
  });
});
