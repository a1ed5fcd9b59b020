/**
 * The failure catalogue of the field guide (§9), held to one standard: each mechanism has a rule, a story in which that rule
 * fires, lines without which it does not, and the state that is most easily taken for it.
 *
 * The stories are those of the rules' own tests; `testRule` is replaced by a collector, so nothing of them runs twice here by accident.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { RULES } from '../../src/rules/index.ts';
import type { Rule } from '../../src/rules/engine/rule.ts';
import { CATALOGUE, catalogueRows, type Elsewhere, type Row } from '../helpers/catalogue.ts';
import { filesOf, judgeStory, notesOf } from '../helpers/judge.ts';
import type { ClearCase, FoundCase, RuleCases } from '../helpers/rule-tester.ts';
import { withoutLines } from '../helpers/story-files.ts';

const { collected } = vi.hoisted(() => ({ collected: new Map<string, RuleCases>() }));
vi.mock('../helpers/rule-tester.ts', () => ({ testRule: (rule: Rule, cases: RuleCases) => void collected.set(rule.meta.id, cases) }));

for (const { meta } of RULES) await import(`./${meta.id}.test.ts`);

const FAILURES = Array.from({ length: 39 }, (_, i) => `F-${i + 1}`);
/** Nothing of a run that was not well may look well because lines are gone. */
const WELL: readonly Diagnosis['verdict'][] = ['healthy', 'degraded'];

describe('the catalogue', () => {
  it('has every failure, in order, with a mechanism at least', () => {
    expect(Object.keys(CATALOGUE)).toEqual(FAILURES);
    expect(Object.entries(CATALOGUE).filter(([, rows]) => rows.length === 0)).toEqual([]);
  });

  it('names for each failure a rule that says it covers it', () => {
    const claims = new Map(RULES.map(({ meta }) => [meta.id, meta.failures]));
    const own = catalogueRows().filter(([, r]) => 'rule' in r) as [string, Row][];
    const told = own.filter(([failure, r]) => claims.get(r.rule)?.includes(failure) !== true);
    // A mechanism may show as another failure's rule; then another row of the failure has its own.
    const orphans = [...new Set(told.map(([f]) => f))].filter(
      (f) => !own.some(([g, r]) => g === f && claims.get(r.rule)?.includes(f) === true),
    );
    expect(orphans).toEqual([]);
    expect(own.filter(([, r]) => !claims.has(r.rule)).map(([, r]) => r.rule)).toEqual([]);
  });

  it('has a row for every rule that covers a failure', () => {
    const used = new Set(catalogueRows().map(([, r]) => ('rule' in r ? r.rule : r.elsewhere.replace(/^.*\/(.*)\.test\.ts$/, '$1'))));
    expect(RULES.map(({ meta }) => meta.id).filter((id) => !used.has(id))).toEqual([]);
  });
});

for (const [failure, r] of catalogueRows()) {
  if ('elsewhere' in r) elsewhere(failure, r);
  else testRow(failure, r);
}

function elsewhere(failure: string, { what, elsewhere: file }: Elsewhere): void {
  const told = existsSync(file);
  if (!told) process.stderr.write(`PENDING: ${failure} (${what}): ${file} is not there yet\n`);
  it.skipIf(!told)(`${failure} ${what}: ${file}`, () => {
    expect(readFileSync(file, 'utf8')).toMatch(/testRule\(|describe\(/);
  });
}

function testRow(failure: string, r: Row): void {
  it(`${failure} ${r.what}: ${r.rule}`, async () => {
    const cases = collected.get(r.rule);
    const found: FoundCase | undefined = cases?.found[r.story];
    const quiet: ClearCase | undefined = cases?.clear[r.lookAlike];
    if (found === undefined || quiet === undefined)
      throw new Error(`test/rules/${r.rule}.test.ts has no story '${found === undefined ? r.story : r.lookAlike}'`);

    const whole = await judgeStory(found.story(), found.options);
    expect(verdictOf(whole, r.rule), 'the story fires its rule').toBe('found');

    const decisive = r.decisive ?? found.decisive;
    if (decisive === undefined) throw new Error('no lines are said to decide it');
    const told = found.story();
    const { files, removed } = withoutLines(filesOf(told), decisive);
    expect(removed, `lines that match ${String(decisive)}`).toBeGreaterThan(0);
    const less = await judgeStory(files, { ...found.options, notes: [...notesOf(told), ...(found.options?.notes ?? [])] });
    expect(['clear', 'insufficient-data', 'not-applicable'], 'verdict of the rule without its lines').toContain(verdictOf(less, r.rule));
    const betters = !WELL.includes(whole.verdict) && WELL.includes(less.verdict);
    expect(betters ? `${whole.verdict} became ${less.verdict}` : '', 'verdict of the run without its lines').toBe('');

    const other = typeof quiet === 'function' ? await judgeStory(quiet()) : await judgeStory(quiet.story(), quiet.options);
    const loud = other.findings.filter((f) => f.rule === r.rule && (typeof quiet === 'function' || f.severity !== 'info'));
    expect(
      loud.map((f) => f.message),
      `look-alike ${r.lookAlike}`,
    ).toEqual([]);
  });
}

function verdictOf(d: Diagnosis, rule: string): string | undefined {
  return d.verdicts.find((v) => v.rule === rule)?.verdict;
}
