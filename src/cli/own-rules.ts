/** The rules of --rules DIR: read, checked, and made ready for a run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DoctorError } from '../model/errors.ts';
import type { OwnRule, RuleProblem } from '../model/own-rule.ts';
import type { Rule } from '../rules/engine/rule.ts';
import type { CaseFile } from '../rules/facts/case-file.ts';
import type { Store } from '../store/store.ts';
import { nearest } from '../util/suggest.ts';
import { reasonOf } from './output.ts';

/** A statement of a rule that takes longer than this is stopped. */
const STATEMENT_LIMIT_MS = 10_000;

export const RULES_OPTION = ['--rules <dir>', 'folder with *.sql files: rules of your own, which run beside the others'] as const;

/** In the order of their file names; every problem of every file is told at once. */
export async function loadOwnRules(folder: string | undefined): Promise<readonly OwnRule[]> {
  if (folder === undefined) return [];
  const [{ parseOwnRule }, { RULES }] = await Promise.all([import('../rules/own/parse.ts'), import('../rules/index.ts')]);
  const builtIn = RULES.map(({ meta }) => meta.id);
  const rules: OwnRule[] = [];
  const problems: RuleProblem[] = [];
  const linesOf = new Map<OwnRule, (key: string) => number>();
  for (const name of sqlFiles(folder)) {
    const file = join(folder, name);
    const parsed = parseOwnRule(file, read(file));
    if ('problems' in parsed) problems.push(...parsed.problems);
    else {
      rules.push(parsed.rule);
      linesOf.set(parsed.rule, parsed.lineOf);
    }
  }
  for (const rule of rules) {
    const line = (key: string): number => linesOf.get(rule)?.(key) ?? 1;
    const { id, explains } = rule.meta;
    const other = rules.find((r) => r !== rule && r.meta.id === id);
    if (builtIn.includes(id)) problems.push({ file: rule.file, line: line('id'), says: `'${id}' is a rule that is built in` });
    else if (other !== undefined) problems.push({ file: rule.file, line: line('id'), says: `'${id}' is also the id of ${other.file}` });
    const known = [...builtIn, ...rules.map((r) => r.meta.id)];
    for (const name of explains.filter((x) => !known.includes(x))) {
      const similar = nearest(name, known);
      const says = `no rule is called '${name}'${similar === undefined ? '' : `; did you mean '${similar}'?`}`;
      problems.push({ file: rule.file, line: line('explains'), says });
    }
  }
  if (problems.length > 0) throw new DoctorError('HLD_RULES_BAD_RULE_FILE', { problems });
  return rules;
}

function sqlFiles(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder, { withFileTypes: true }).filter((e) => e.name.endsWith('.sql') && !e.isDirectory());
    if (names.length === 0) throw new DoctorError('HLD_RULES_BAD_FOLDER', { path: folder, reason: 'it holds no *.sql file' });
    return names.map((e) => e.name).toSorted();
  } catch (cause) {
    if (cause instanceof DoctorError) throw cause;
    throw new DoctorError('HLD_RULES_BAD_FOLDER', { path: folder, reason: reasonOf(cause) }, { cause });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DoctorError('HLD_RULES_BAD_FOLDER', { path: file, reason: reasonOf(cause) }, { cause });
  }
}

/** What `diagnose` takes: the rules with what their statements find in a case. */
export function ownRulesOf(own: readonly OwnRule[], store: Store): (c: CaseFile) => Promise<readonly Rule[]> {
  return async (c) => {
    if (own.length === 0) return [];
    const { prepareOwnRules } = await import('../rules/own/prepare.ts');
    return prepareOwnRules(own, c, store.query, async (statement) => store.selectUserSql(statement, STATEMENT_LIMIT_MS));
  };
}
