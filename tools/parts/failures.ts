/** The list of failures F-1 … F-39 (docs/failures.md) and the index of rules (docs/rules/README.md). */
import type { RuleMeta } from '../../src/rules/engine/rule.ts';
import { sortFailures } from './page.ts';

const FAILURE_COUNT = 39;
const FAILURES: readonly string[] = Array.from({ length: FAILURE_COUNT }, (_, i) => `F-${i + 1}`);

export interface Listed {
  readonly meta: RuleMeta;
  readonly evidence: string;
}

function rulesFor(failure: string, rules: readonly Listed[]): string[] {
  return rules.filter(({ meta }) => meta.failures.includes(failure)).map(({ meta }) => meta.id);
}

export function failuresWithoutRule(rules: readonly Listed[]): string[] {
  return FAILURES.filter((failure) => rulesFor(failure, rules).length === 0);
}

/** `- **F-3** what a person sees. → rules`: the part after the arrow is generated. */
const LINE = /^- \*\*(F-\d+)\*\* (.+?)(?: → (.*))?$/;

function saidBy(failure: string, rules: readonly Listed[]): string {
  const ids = rulesFor(failure, rules);
  return ids.length === 0 ? 'not yet' : ids.map((id) => `\`${id}\``).join(', ');
}

export function renderFailures(text: string, rules: readonly Listed[]): string {
  return text
    .split('\n')
    .map((line) => {
      const [, failure, sees] = LINE.exec(line) ?? [];
      return failure === undefined || sees === undefined ? line : `- **${failure}** ${sees} → ${saidBy(failure, rules)}`;
    })
    .join('\n');
}

export function failureFaults(text: string, rules: readonly Listed[]): string[] {
  const listed = text.split('\n').flatMap((line) => LINE.exec(line)?.[1] ?? []);
  const faults: string[] = [];
  if (listed.join(' ') !== FAILURES.join(' '))
    faults.push(`must have one line "- **F-n** …" for each of F-1 to F-${FAILURE_COUNT}, in this order`);
  if (renderFailures(text, rules) !== text) faults.push('names other rules than the rule files do; run npm run parts -- --write');
  return faults;
}

export function readmeText(rules: readonly Listed[]): string {
  const link = (id: string): string => `[${id}](${id}.md)`;
  const rows = rules.map(
    ({ meta, evidence }) =>
      `| ${link(meta.id)} | ${meta.severity} | ${meta.title} | ${sortFailures(meta.failures).join(', ')} | ${evidence} |`,
  );
  const failures = FAILURES.map((failure) => {
    const ids = rulesFor(failure, rules);
    return `| ${failure} | ${ids.length === 0 ? 'not yet' : ids.map((id) => link(id)).join(', ')} |`;
  });
  return [
    '<!-- written by npm run parts -- --write -->',
    '',
    '# Rules',
    '',
    'A rule finds one sick state and is named after it. _At worst_ is the highest severity that a finding can have. _Evidence_ is',
    '_recorded_ where a recording of the real system shows the state, _constructed_ where only lines written in its format do.',
    '',
    '| rule | at worst | finds | failures | evidence |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## From failure to rule',
    '',
    'What a person sees of each failure stands in [failures.md](../failures.md).',
    '',
    '| failure | rules |',
    '| --- | --- |',
    ...failures,
    '',
  ].join('\n');
}
