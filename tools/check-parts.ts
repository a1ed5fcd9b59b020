/**
 * A rule is several files with one name; this says which part of which rule is missing or stale, one line per fault.
 * `npm run parts -- --write` first rewrites what is generated: the index of rules, the sections of pages that come from
 * the rule file, docs/rules/README.md, the rules named in docs/failures.md and the table of switches in docs/live.md.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RuleMeta } from '../src/rules/engine/rule.ts';
import { camel, indexText, repository, ruleFiles } from './make-index.ts';
import { errorFaults } from './parts/errors.ts';
import { failureFaults, failuresWithoutRule, type Listed, readmeText, renderFailures } from './parts/failures.ts';
import { unknownKinds } from './parts/kinds.ts';
import { evidenceOf, pageFaults, renderPage } from './parts/page.ts';
import { renderSwitches, switchFaults } from './parts/switches.ts';
import { renderPolicyPage } from './parts/policy.ts';

/** What a rule file exports. `name` is the export's. */
export interface RulePart {
  readonly file: string;
  readonly name: string;
  readonly meta: RuleMeta;
}

const INDEX = 'src/rules/index.ts';
const README = 'docs/rules/README.md';
const FAILURES = 'docs/failures.md';
const LIVE = 'docs/live.md';
const GATE = 'docs/gate.md';
const ERROR_PAGE = 'docs/errors.md';

const page = (id: string): string => `docs/rules/${id}.md`;

function read(root: string, path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
}

function listed(root: string, rules: readonly RulePart[]): Listed[] {
  return rules
    .map(({ meta }) => ({ meta, evidence: evidenceOf(read(root, page(meta.id)) ?? '') ?? 'constructed' }))
    .toSorted((a, b) => (a.meta.id < b.meta.id ? -1 : 1));
}

export function writeParts(root: string, rules: readonly RulePart[]): void {
  mkdirSync(join(root, 'docs/rules'), { recursive: true });
  writeFileSync(join(root, INDEX), indexText(root));
  for (const { meta } of rules) writeFileSync(join(root, page(meta.id)), renderPage(meta, read(root, page(meta.id))));
  const list = listed(root, rules);
  writeFileSync(join(root, README), readmeText(list));
  writeFileSync(join(root, FAILURES), renderFailures(read(root, FAILURES) ?? '', list));
  const gate = read(root, GATE);
  if (gate !== undefined) writeFileSync(join(root, GATE), renderPolicyPage(gate));
}

export function checkParts(root: string, rules: readonly RulePart[]): string[] {
  const list = listed(root, rules);
  const ids = new Set(rules.map(({ meta }) => meta.id));
  const faults = rules.flatMap((rule) => ruleFaults(root, rule, ids));
  const strays = existsSync(join(root, 'docs/rules')) ? readdirSync(join(root, 'docs/rules')) : [];
  for (const file of strays)
    if (file !== 'README.md' && !ids.has(file.replace(/\.md$/, ''))) faults.push(`docs/rules/${file}: there is no such rule`);
  if (read(root, INDEX) !== indexText(root)) faults.push(`${INDEX}: stale; run npm run parts -- --write`);
  if (read(root, README) !== readmeText(list)) faults.push(`${README}: stale; run npm run parts -- --write`);
  const gate = read(root, GATE);
  if (gate !== undefined && gate !== renderPolicyPage(gate)) faults.push(`${GATE}: stale; run npm run parts -- --write`);
  faults.push(...failureFaults(read(root, FAILURES) ?? '', list).map((fault) => `${FAILURES}: ${fault}`), ...unknownKinds(root));
  return faults;
}

function ruleFaults(root: string, { file, name, meta }: RulePart, ids: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  const source = `src/rules/${file}`;
  if (file !== `${meta.id}.ts`) faults.push(`${source}: the file must be called as its rule, ${meta.id}.ts`);
  if (name !== camel(meta.id)) faults.push(`${source}: the export must be called ${camel(meta.id)}`);
  if (JSON.stringify(meta).includes('TODO')) faults.push(`${source}: meta still says TODO`);
  for (const id of meta.explains) if (!ids.has(id)) faults.push(`${source}: explains '${id}', which is no rule`);
  for (const failure of meta.failures) if (!/^F-([1-9]|[12]\d|3\d)$/.test(failure)) faults.push(`${source}: ${failure} is no failure`);
  const text = read(root, page(meta.id));
  if (text === undefined) faults.push(`${page(meta.id)}: missing; run npm run parts -- --write, then write what is by hand`);
  else faults.push(...pageFaults(meta, text).map((fault) => `${page(meta.id)}: ${fault}`));
  const test = `test/rules/${meta.id}.test.ts`;
  if (!existsSync(join(root, test))) faults.push(`${test}: missing`);
  return faults;
}

export async function loadRules(root: string): Promise<RulePart[]> {
  const rules: RulePart[] = [];
  for (const file of ruleFiles(root)) {
    const exported = (await import(pathToFileURL(join(root, 'src/rules', file)).href)) as Readonly<Record<string, { meta?: RuleMeta }>>;
    const found = Object.entries(exported).flatMap(([name, value]) => (value.meta === undefined ? [] : [{ file, name, meta: value.meta }]));
    if (found.length !== 1) throw new Error(`src/rules/${file} must export one rule, not ${found.length}`);
    rules.push(...found);
  }
  return rules;
}

/** Of pages that no rule has a part in: the table of switches, the sections of the error codes. */
function otherFaults(root: string): string[] {
  return [
    ...switchFaults(read(root, LIVE) ?? '').map((fault) => `${LIVE}: ${fault}`),
    ...errorFaults(read(root, ERROR_PAGE) ?? '').map((fault) => `${ERROR_PAGE}: ${fault}`),
  ];
}

async function main(): Promise<void> {
  const rules = await loadRules(repository);
  if (process.argv.includes('--write')) {
    writeParts(repository, rules);
    writeFileSync(join(repository, LIVE), renderSwitches(read(repository, LIVE) ?? ''));
  }
  const faults = [...checkParts(repository, rules), ...otherFaults(repository)];
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) process.exitCode = 1;
  else {
    const without = failuresWithoutRule(listed(repository, rules));
    console.log(`${rules.length} rules, all parts there${without.length === 0 ? '' : `; no rule yet for ${without.join(', ')}`}`);
  }
}

if (process.argv[1]?.endsWith('check-parts.ts') === true) await main();
