/** A policy: read, checked, and with what it extends put under it. */
import type { Severity } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { nearest } from '../util/suggest.ts';
import { metricOf, type Scope } from './metrics.ts';
import { policySchema, type CompareRule, type EvidenceKind, type LimitRule, type PolicyFile, type RuleSetting } from './policy-schema.ts';
import { readJsonc, type Places, type Problem } from './problems.ts';
import { factorOf, unitsOf, type Unit } from './units.ts';

export interface Policy {
  readonly name: string;
  readonly failOn: Severity;
  readonly acceptInconclusive: boolean;
  /** By id; `*` for the others. */
  readonly rules: ReadonlyMap<string, RuleSetting>;
  readonly require: readonly EvidenceKind[];
  readonly limits: readonly LimitRule[];
  readonly compare: readonly CompareRule[];
}

/** Fails on any error, inconclusive when the verdict is; compares what was lost, refused and how long nothing moved. */
export const DEFAULT_POLICY: Policy = {
  name: 'default',
  failOn: 'error',
  acceptInconclusive: false,
  rules: new Map(),
  require: [],
  limits: [],
  compare: [],
};

/** What --against compares where the policy says nothing. */
export const DEFAULT_COMPARE: readonly CompareRule[] = [
  { metric: 'lost-bytes', absolute: 0, unit: 'bytes', runs: 1 },
  { metric: 'stall-time', relative: 20, absolute: 5, unit: 's', runs: 3 },
];

/** A file by its name, as seen from the file that extends it; undefined for a bundled policy. */
export type Loader = (name: string, from: string | undefined) => { readonly path: string; readonly text: string };

const MOST_EXTENDS = 16;

/** `knownRules`: ids that a policy may name. */
export function loadPolicy(path: string, load: Loader, knownRules: readonly string[]): Policy {
  const chain: { path: string; file: PolicyFile }[] = [];
  let next = load(path, undefined);
  for (;;) {
    const { value, places } = parseFile(next.path, next.text, knownRules);
    chain.unshift({ path: next.path, file: value });
    if (value.extends === undefined) break;
    if (chain.length >= MOST_EXTENDS) {
      const says = `'extends' leads over more than ${MOST_EXTENDS} files; does one extend itself?`;
      throw new DoctorError('HLD_GATE_BAD_POLICY', { path: next.path, problems: [{ ...places.at(['extends']), says }] });
    }
    next = load(value.extends, next.path);
  }
  return { ...chain.reduce((policy, { file }) => merge(policy, file), DEFAULT_POLICY), name: path };
}

function parseFile(path: string, text: string, knownRules: readonly string[]): { value: PolicyFile; places: Places } {
  const read = readJsonc(text, policySchema);
  if ('problems' in read) throw new DoctorError('HLD_GATE_BAD_POLICY', { path, problems: read.problems });
  const problems = problemsOf(read.value, read.places, knownRules);
  if (problems.length > 0) throw new DoctorError('HLD_GATE_BAD_POLICY', { path, problems });
  return read;
}

/** What the schema cannot say: rules that do not exist, units and directions that do not fit a metric. */
function problemsOf(file: PolicyFile, places: Places, knownRules: readonly string[]): Problem[] {
  const out: Problem[] = [];
  for (const id of Object.keys(file.rules ?? {})) {
    if (id === '*' || knownRules.includes(id)) continue;
    const similar = nearest(id, knownRules);
    const next = similar === undefined ? "'hotlink-doctor rules' lists all rules" : `did you mean '${similar}'?`;
    out.push({ ...places.at(['rules'], id), says: `no rule is called '${id}'; ${next}` });
  }
  for (const [i, limit] of (file.limits ?? []).entries()) {
    out.push(...unitProblems(limit, ['limits', i], places), ...directionProblems(limit, ['limits', i], places));
  }
  for (const [i, one] of (file.compare ?? []).entries()) out.push(...unitProblems(one, ['compare', i], places));
  return out;
}

function unitProblems(rule: LimitRule | CompareRule, path: readonly (string | number)[], places: Places): Problem[] {
  const { dimension, scopes } = metricOf(rule.metric);
  const out: Problem[] = [];
  if (factorOf(dimension, rule.unit) === undefined)
    out.push({
      ...places.at([...path, 'unit']),
      says: `${rule.metric} is not measured in ${rule.unit}; it takes ${unitsOf(dimension).join(', ')}`,
    });
  for (const key of ['party', 'from', 'to', 'step'] as const) {
    if (rule[key] === undefined || scopes.includes(key)) continue;
    const next = scopes.length === 0 ? 'it is of the whole run' : `it takes ${scopes.join(', ')}`;
    out.push({ ...places.at([...path, key]), says: `${rule.metric} has no '${key}'; ${next}` });
  }
  return out;
}

function directionProblems(limit: LimitRule, path: readonly (string | number)[], places: Places): Problem[] {
  const { worse } = metricOf(limit.metric);
  const [right, wrong] = worse === 'more' ? (['max', 'min'] as const) : (['min', 'max'] as const);
  if (limit[wrong] !== undefined)
    return [
      { ...places.at([...path, wrong]), says: `of ${limit.metric} ${worse} is worse, so its limit is a '${right}', not a '${wrong}'` },
    ];
  if (limit[right] === undefined) return [{ ...places.at(path), says: `the limit on ${limit.metric} has no '${right}'` }];
  return [];
}

function merge(under: Policy, over: PolicyFile): Policy {
  const rules = new Map(under.rules);
  for (const [id, setting] of Object.entries(over.rules ?? {}))
    rules.set(id, { ...rules.get(id), ...(typeof setting === 'string' ? { severity: setting } : setting) });
  return {
    name: under.name,
    failOn: over.failOn ?? under.failOn,
    acceptInconclusive: over.acceptInconclusive ?? under.acceptInconclusive,
    rules,
    require: [...new Set([...under.require, ...(over.require ?? [])])],
    limits: replaced(under.limits, over.limits ?? []),
    compare: replaced(under.compare, over.compare ?? []),
  };
}

/** A limit of the file stands for one of the same metric and scope below it. */
function replaced<T extends Scope & { readonly metric: string }>(under: readonly T[], over: readonly T[]): readonly T[] {
  return [...under.filter((a) => !over.some((b) => keyOf(a) === keyOf(b))), ...over];
}

export function keyOf({ metric, party, from, to, step }: Scope & { readonly metric: string }): string {
  return [metric, party, from === undefined && to === undefined ? undefined : `${from ?? '*'}>${to ?? '*'}`, step]
    .filter((part) => part !== undefined)
    .join(':');
}

/** A policy as a file that has the same effect: what `gate --print-policy` shows. */
export function printPolicy(policy: Policy): string {
  const { failOn, acceptInconclusive, rules, require, limits, compare } = policy;
  return JSON.stringify({ failOn, acceptInconclusive, rules: Object.fromEntries(rules), require, limits, compare }, null, 2);
}

export function baseValue(value: number, rule: { readonly metric: LimitRule['metric']; readonly unit: Unit }): number {
  return value * (factorOf(metricOf(rule.metric).dimension, rule.unit) ?? 1);
}
