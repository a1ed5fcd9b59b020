/**
 * Tests one rule on stories: where it must fire, and each look-alike of its contract on which it must stay quiet.
 *
 * Refuses a contract that is not tested whole. A found story with `decisive` is judged a second time without the lines
 * that match: then the rule must no longer be found.
 */
import { describe, expect, it } from 'vitest';
import type { Finding, Severity, Subject } from '../../src/model/diagnosis.ts';
import type { Rule } from '../../src/rules/engine/rule.ts';
import { filesOf, judgeStory, notesOf, type JudgeOptions, type Told } from './judge.ts';
import { withoutLines } from './story-files.ts';

export interface FoundCase {
  readonly story: () => Told;
  /** `client1`, `client1 > client2`, or `run`: local parts of the emails. */
  readonly subject: string;
  readonly message?: RegExp;
  readonly severity?: Severity;
  /** Lines that the finding stands on. */
  readonly decisive?: RegExp;
  readonly options?: JudgeOptions;
}

export type ClearCase = (() => Told) | QuietCase;

interface QuietCase {
  readonly story: () => Told;
  /** `info`: found as information is quiet enough. `symptom`: found only under another rule's cause is quiet enough. */
  readonly quietAt?: 'info' | 'symptom';
  /** Only this subject must not be named: the story holds a real case of the rule beside the look-alike. */
  readonly notAt?: string;
  /** The rule speaks, but must say this and nothing else: the look-alike is one of counting. */
  readonly says?: RegExp;
  readonly options?: JudgeOptions;
}

export interface RuleCases {
  readonly found: Readonly<Record<string, FoundCase>>;
  readonly clear: Readonly<Record<string, ClearCase>>;
  /** Without the evidence that the rule needs. */
  readonly insufficient?: () => Told;
  /** Where the question does not arise. */
  readonly notApplicable?: () => Told;
}

const LOUDER: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

export function testRule(rule: Rule, cases: RuleCases): void {
  const { id, notEvidence } = rule.meta;
  const without = [
    ['insufficient-data', cases.insufficient],
    ['not-applicable', cases.notApplicable],
  ] as const;
  describe(id, () => {
    it('has a story for every look-alike of its contract', () => {
      expect(Object.keys(notEvidence).filter((name) => !(name in cases.clear))).toEqual([]);
      expect(Object.keys(cases.found).length).toBeGreaterThan(0);
      expect(Object.keys(cases.clear).length).toBeGreaterThan(0);
    });
    for (const [name, c] of Object.entries(cases.found)) testFound(rule, name, c);
    for (const [name, c] of Object.entries(cases.clear)) testClear(id, name, c);
    for (const [verdict, tell] of without.filter(([, story]) => story !== undefined))
      it(`says ${verdict} without its evidence`, async () => expect(await verdictOf(id, tell?.())).toBe(verdict));
  });
}

function testFound(rule: Rule, name: string, c: FoundCase): void {
  const { id } = rule.meta;
  it(`finds: ${name}`, async () => {
    const diagnosis = await judgeStory(c.story(), c.options);
    const mine = diagnosis.findings.filter((f) => f.rule === id);
    expect(
      mine.map((f) => subjectText(f.subject)),
      `subjects; found in all: ${diagnosis.findings.map((f) => `${f.fingerprint} ${f.severity}`).join(', ')}`,
    ).toContain(c.subject);
    const finding = mine.find((f) => subjectText(f.subject) === c.subject);
    expect(finding?.message).toMatch(c.message ?? /./);
    expect(finding?.severity).toBe(c.severity ?? finding?.severity);
    expect(
      mine.filter((f) => LOUDER[f.severity] > LOUDER[rule.meta.severity]).map((f) => f.fingerprint),
      'louder than the contract',
    ).toEqual([]);
    expect(diagnosis.verdicts.find((v) => v.rule === id)?.verdict).toBe('found');
  });
  const { decisive } = c;
  if (decisive === undefined) return;
  it(`no longer finds without its lines: ${name}`, async () => {
    const told = c.story();
    const { files, removed } = withoutLines(filesOf(told), decisive);
    expect(removed, `lines that match ${String(decisive)}`).toBeGreaterThan(0);
    const diagnosis = await judgeStory(files, { ...c.options, notes: [...notesOf(told), ...(c.options?.notes ?? [])] });
    expect(diagnosis.findings.filter((f) => f.rule === id).map((f) => f.message)).toEqual([]);
    expect(diagnosis.verdicts.find((v) => v.rule === id)?.verdict).not.toBe('found');
  });
}

function testClear(id: string, name: string, c: ClearCase): void {
  const quiet: QuietCase = typeof c === 'function' ? { story: c } : c;
  const atLeast = quiet.says !== undefined || quiet.notAt !== undefined ? 1 : 0;
  it(`stays quiet: ${name}`, async () => {
    const diagnosis = await judgeStory(quiet.story(), quiet.options);
    const mine = diagnosis.findings.filter((f) => f.rule === id);
    expect(mine.length, 'where only a part must be quiet, the story holds a real case too').toBeGreaterThanOrEqual(atLeast);
    expect(mine.filter((f) => isLoud(f, quiet)).map((f) => `${f.severity} ${f.fingerprint}: ${f.message}`)).toEqual([]);
  });
}

function isLoud(f: Finding, quiet: QuietCase): boolean {
  if (quiet.says !== undefined) return !quiet.says.test(f.message);
  if (quiet.notAt !== undefined) return subjectText(f.subject) === quiet.notAt;
  if (quiet.quietAt === 'info') return f.severity !== 'info';
  return quiet.quietAt === 'symptom' ? f.foldedUnder === undefined : true;
}

async function verdictOf(id: string, told: Told | undefined): Promise<string | undefined> {
  const diagnosis = await judgeStory(told ?? new Map());
  return diagnosis.verdicts.find((v) => v.rule === id)?.verdict;
}

function subjectText(s: Subject): string {
  const short = (email: string | undefined): string => (email ?? '').split('@')[0] ?? '';
  if (s.party !== undefined) return short(s.party);
  return s.from === undefined ? 'run' : `${short(s.from)} > ${short(s.to)}`;
}
