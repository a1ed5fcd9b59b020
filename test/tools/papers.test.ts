/**
 * The two papers: their pages are those of the stored results, every claim of the notes is covered, and what was stored comes out again:
 * samples to the letter, two of the cheapest mechanisms live.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioNamed } from '../../src/proxy/lab/scenarios.ts';
import { corpusCases, judgeFolder } from '../helpers/cases.ts';
import { fingerprintText } from '../../src/live/fingerprint.ts';
import { PAPER_RUNS } from '../../tools/papers/claim.ts';
import { CLAIMS } from '../../tools/papers/claims.ts';
import { investigationPage, readResults, selectsOf, unanswered } from '../../tools/papers/investigation-page.ts';
import { analyze, flagsOf, linesOf } from '../../tools/papers/lab.ts';
import { ERAS } from '../../tools/papers/mechanism.ts';
import { MECHANISMS } from '../../tools/papers/mechanisms.ts';
import { answersOf } from '../../tools/papers/select.ts';
import { flagsFor, make, plansOf, resultsFor, showsIn, type Plan } from '../../tools/papers/store.ts';
import { erasOf, proofOf, toldOf, upstreamPage } from '../../tools/papers/upstream-page.ts';

const LEAST_PROVEN = 8;
/** Recordings of the real system, where they lie beside the project; says loudly when they do not. */
const cases = corpusCases();
const NOTES = new URL('../../../shared/docs/investigation-notes.md', import.meta.url);

function page(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** Each claim of the notes, under the first words of its heading. Made from the notes by hand, so that none gets lost here. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  Summary: ['SUM-1', 'SUM-2', 'SUM-3'],
  'Latest Findings (2026-02-08)': ['F08-1', 'F08-2', 'F08-3'],
  'Latest Findings (2026-02-09)': ['F09-1', 'F09-2'],
  'Fast-loop': ['FAST-1'],
  'Full distributed': ['FULL-1', 'FULL-2', 'FULL-3', 'FULL-4'],
  'New finding: second': ['MOUNT-1', 'MOUNT-2', 'MOUNT-3'],
  'New finding: stale': ['STALE-1', 'STALE-2'],
  'Current run status': ['STALE-3'],
  'F) ': ['PATCH-F'],
  'G) ': ['PATCH-G', 'PATCH-G-2'],
  Refined: ['HYP-1', 'HYP-2', 'HYP-2b', 'HYP-3'],
  'New Evidence': ['RELAY-1', 'RELAY-2'],
  'Updated Narrowed': ['MISS-1', 'MISS-2'],
  'Attempted Control': ['CONTROL-1'],
  'Current Best': ['NEXT-1'],
  'Next Immediate': ['NEXT-2'],
  'New Root-Cause': ['WRITER-1', 'WRITER-2'],
  'Repro Commands': ['REPRO-1'],
  '1) Initial': ['KEY-1'],
  '2) Transport': ['KEY-2'],
  '3) Session': ['KEY-3'],
  '4) Rejections': ['KEY-4', 'KEY-5'],
  'Current Understanding': ['ROOT-1', 'ROOT-2', 'ROOT-3', 'ROOT-4', 'ROOT-5'],
  'A) ': ['PATCH-A'],
  'B) ': ['PATCH-B'],
  'C) ': ['PATCH-C'],
  'D) ': ['PATCH-D'],
  'Verification Progress': ['AFTER-D-1', 'AFTER-D-2'],
  'Current Assessment': ['ASSESS-1', 'ASSESS-2'],
  'Run Cleanup': ['CLEAN-1'],
  'Additional CI': ['CI-1', 'CI-2'],
  'Latest Transport': ['FRM-1', 'FRM-2', 'FRM-3', 'FRM-4', 'FRM-5'],
  'Patch E': ['PATCH-E'],
  '1) Harden': ['FIX-1'],
  '2) Add explicit': ['FIX-2'],
  '3) Keep': ['FIX-3'],
  '4) Add': ['FIX-4', 'FIX-5', 'FIX-6'],
  'Validation Commands': ['VALID-1'],
  'Open Questions': ['OPEN-1', 'OPEN-2', 'OPEN-3'],
  'Practical Next': ['LAST-1'],
};
/** Headings that only hold others. */
const EMPTY = /^(Problem: |Additional Findings|Patches added|Key Evidence|Patches Attempted|Recommended Fix)/;

describe('docs/investigation.md', () => {
  it('has every claim once, under its heading', () => {
    const listed = Object.entries(IDS).flatMap(([at, ids]) => ids.map((id) => [id, at] as const));
    expect(CLAIMS.map(({ id }) => id)).toEqual(listed.map(([id]) => id));
    for (const [index, [id, at]] of listed.entries()) expect(`${id} ${CLAIMS[index]?.at ?? ''}`).toContain(`${id} ${at}`);
  });

  it.skipIf(!existsSync(NOTES))('covers every heading of the notes (skipped, loudly, where the notes are not beside the project)', () => {
    const headings = readFileSync(NOTES, 'utf8').matchAll(/^#+ (.*)$/gm);
    const titles = [...headings].map(([, title = '']) => title).filter((title) => !EMPTY.test(title));
    expect([...new Set(CLAIMS.map(({ at }) => at))].toSorted()).toEqual(titles.toSorted());
  });
  if (!existsSync(NOTES))
    process.stderr.write('SKIPPED: the notes are not beside the project, so their headings are NOT compared with the claims\n');

  it('says of what is undecidable what would tell, and shows lines for every claim', () => {
    const runs = new Set(PAPER_RUNS.map(({ name }) => name));
    for (const { id, verdict, separates, shows } of CLAIMS) {
      expect([id, separates !== undefined]).toEqual([id, verdict === 'undecidable']);
      expect(shows.length).toBeGreaterThan(0);
      for (const { run } of shows) expect(runs).toContain(run);
    }
    for (const { name } of PAPER_RUNS) expect([name, selectsOf(name).length > 0]).toEqual([name, true]);
  });

  it('is that of the stored results, which are complete and say something', () => {
    const results = readResults();
    expect(unanswered(results)).toEqual([]);
    for (const { answers } of Object.values(results))
      for (const [select, lines] of Object.entries(answers)) expect([select, lines.length > 0]).toEqual([select, true]);
    expect(page('investigation.md')).toBe(investigationPage(results));
  });

  it.each(PAPER_RUNS.flatMap(({ name, input }) => (input === undefined ? [] : [{ name, input }])))(
    '$name says today what is stored',
    async ({ name, input }) => {
      expect(answersOf(await analyze(input), selectsOf(name))).toEqual(readResults()[name]?.answers);
    },
  );
});

describe('docs/upstream.md', () => {
  const told = toldOf(MECHANISMS);

  it('is that of the stored results', () => {
    expect(page('upstream.md')).toBe(upstreamPage(MECHANISMS));
  });

  it('has mechanisms whose cure is proven, the ones that matter most among them', () => {
    const proven = told.filter(({ m, made }) => {
      const [cure] = m.cures;
      return m.control !== true && cure !== undefined && proofOf({ m, made }, cure).conclusion === 'proven';
    });
    expect(proven.length).toBeGreaterThanOrEqual(LEAST_PROVEN);
    const failures = new Set(proven.flatMap(({ m }) => m.failures));
    for (const failure of ['F-29', 'F-30', 'F-18', 'F-3', 'F-4', 'F-9', 'F-7']) expect(failures).toContain(failure);
  });

  it.each(MECHANISMS)('$id: shows where it was made, with its lines', (m) => {
    const scenario = scenarioNamed(m.scenario);
    const made = resultsFor(plansOf(m));
    const before = made.filter(({ side }) => side === 'before');
    expect(before.some((run) => showsIn(m, run))).toBe(true);
    expect(before.some(({ evidence }) => evidence !== undefined && evidence.length > 0)).toBe(true);
    const first = scenario.eras[0]?.split(/[+/]/)[0] ?? '';
    expect(ERAS).toContain(first);
    expect(erasOf({ m, made }).find(({ era }) => era === first)?.shown).toBe(true);
    expect(erasOf({ m, made }).every(({ runs }) => runs > 0)).toBe(true);
  });

  it.each(
    MECHANISMS.flatMap(({ id, rule, recording }) => {
      const sandbox = cases.find(({ name }) => name === recording)?.sandbox;
      return sandbox === undefined ? [] : [{ id, rule, sandbox }];
    }),
  )('$id: the recording that is named shows $rule', async ({ rule, sandbox }) => {
    expect((await judgeFolder(sandbox)).findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('a result of other flags than the table has now counts for nothing', () => {
    const [m] = MECHANISMS;
    const plans = m === undefined ? [] : plansOf(m);
    const other = plans.map((plan): Plan => ({ ...plan, flags: [...plan.flags, '--debug'] }));
    expect(resultsFor(plans).length).toBeGreaterThan(0);
    expect(resultsFor(other)).toEqual([]);
  });
});

describe.concurrent('what is stored comes out again', { timeout: 300_000 }, () => {
  it.each(['sender-lock', 'wrong-peer-key', 'split-client'])('%s, and its cure', async (id) => {
    const m = MECHANISMS.find((one) => one.id === id);
    const cure = m?.cures[0];
    if (m === undefined || cure === undefined) throw new Error(`no mechanism ${id}`);
    const plan = (side: Plan['side'], flags: readonly string[]): Plan => ({ mechanism: id, side, what: '', number: 1, flags });
    const [before, after] = await Promise.all([
      make(m, plan('before', flagsFor(m, 1))),
      make(m, plan('after', flagsFor(m, 1, { settings: cure.settings }))),
    ]);
    const stored = resultsFor(plansOf(m)).find((run) => run.side === 'before' && showsIn(m, run));
    expect(before.completed).toBe(false);
    expect(before.causes.slice(0, 1).map(fingerprintText)).toEqual(stored?.causes.slice(0, 1).map(fingerprintText));
    expect(before.evidence?.length).toBeGreaterThan(0);
    expect([after.completed, after.causes.some(({ rule }) => rule === m.rule)]).toEqual([true, false]);
  });
});

describe('settings as flags', () => {
  it('relay, on and off', () => {
    expect(flagsOf('relay=S1 strict=on debug=off fault=probe:a>b switch=adoption=never')).toEqual([
      '--relay-version',
      'S1',
      '--strict',
      '--fault',
      'probe:a>b',
      '--switch',
      'adoption=never',
    ]);
    expect(() => flagsOf('strict')).toThrow('KEY=VALUE');
  });

  it('lines of a log are found whatever colours it has', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-paper-'));
    try {
      expect(linesOf(folder, 'relay', /x/, 1)).toEqual([]);
      mkdirSync(join(folder, 'relay/server/logs'), { recursive: true });
      writeFileSync(join(folder, 'relay/server/logs/server.log'), `a\n\u001B[33mWRN\u001B[0m at ${folder}/b\n`);
      expect(linesOf(folder, 'relay', /^WRN at/, 1)).toEqual([{ source: 'relay/server/logs/server.log', line: 2, text: 'WRN at ./run/b' }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
