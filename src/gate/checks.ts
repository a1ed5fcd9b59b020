/** The checks of one run: its findings, rules, limits, evidence and verdict against a policy and a baseline. */
import type { Check, Diagnosis, Finding, Interval, Severity } from '../model/diagnosis.ts';
import { nearest } from '../util/suggest.ts';
import { isExpired, type Baseline, type BaselineEntry } from './baseline.ts';
import { metricOf } from './metrics.ts';
import { baseValue, keyOf, type Policy } from './policy.ts';
import type { EvidenceKind, LimitRule, RuleSetting } from './policy-schema.ts';
import { isOpen, showInterval, showValue } from './units.ts';

const RANK: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 };

/** A check before it is known what came of it. */
export type Base = Omit<Check, 'outcome' | 'message'>;

export interface Context {
  readonly policy: Policy;
  readonly baseline: Baseline | null;
  readonly asOf: string;
}

export function fails(severity: Severity, { policy }: Context): boolean {
  return RANK[severity] >= RANK[policy.failOn];
}

/** The entry that accepts a fingerprint; undefined when there is none or it is past its end. */
function acceptedBy(fingerprint: string | undefined, { baseline, asOf }: Context): { entry: BaselineEntry; expired: boolean } | undefined {
  const entry = fingerprint === undefined ? undefined : baseline?.accepted.find((e) => e.fingerprint === fingerprint);
  return entry === undefined ? undefined : { entry, expired: isExpired(entry, asOf) };
}

/** A broken check, unless the baseline accepts it or its severity does not fail. */
export function broken(check: Omit<Check, 'outcome'>, x: Context): Check {
  const found = acceptedBy(check.fingerprint, x);
  if (found !== undefined && !found.expired) {
    const { reason, expires, issue } = found.entry;
    return {
      ...check,
      outcome: 'accepted',
      accepted: { reason, ...(expires === undefined ? {} : { expires }), ...(issue === undefined ? {} : { issue }) },
    };
  }
  const message =
    found === undefined
      ? check.message
      : `${check.message} (accepted until ${found.entry.expires ?? ''}, which is past: ${found.entry.reason})`;
  return { ...check, message, outcome: fails(check.severity, x) ? 'failed' : 'noted' };
}

export function checksOf(d: Diagnosis, x: Context): Check[] {
  return [
    ...d.findings.flatMap((f) => findingCheck(f, x)),
    ...ruleChecks(d, x),
    ...x.policy.limits.map((limit) => limitCheck(d, limit, x)),
    ...x.policy.require.map((kind) => evidenceCheck(d, kind)),
    verdictCheck(d, x),
  ];
}

export function settingOf(rule: string, policy: Policy): RuleSetting {
  return policy.rules.get(rule) ?? policy.rules.get('*') ?? {};
}

function findingCheck(f: Finding, x: Context): Check[] {
  const setting = settingOf(f.rule, x.policy);
  const base: Base & { message: string } = {
    severity: f.severity,
    id: f.rule,
    kind: 'finding',
    message: f.message,
    advice: f.remedy,
    fingerprint: f.fingerprint,
    evidence: [],
  };
  if (setting.severity === 'off') return [{ ...base, outcome: 'noted', message: `${f.message} (the policy has this rule off)` }];
  const severity = setting.severity ?? f.severity;
  const held = thresholdOf(f, setting);
  if (held === 'unknown') {
    const names = Object.keys(setting.thresholds ?? {}).join(', ');
    const known = Object.keys(f.metrics).filter((name) => typeof f.metrics[name] === 'number');
    const has = known.length === 0 ? 'this finding has none' : `this finding has ${known.join(', ')}`;
    return [{ ...base, severity, outcome: 'inconclusive', message: `${f.message} (no figure for the threshold on ${names}: ${has})` }];
  }
  if (held !== true) return [{ ...base, severity: 'info', outcome: 'noted', message: `${f.message} (within the threshold: ${held})` }];
  const cause = f.foldedUnder === undefined ? undefined : acceptedBy(f.foldedUnder, x);
  const own = acceptedBy(f.fingerprint, x);
  if (cause !== undefined && !cause.expired && own === undefined) {
    const { reason, expires, issue } = cause.entry;
    const message = `${f.message} (follows from ${f.foldedUnder ?? ''}, which is accepted)`;
    const accepted = { reason, ...(expires === undefined ? {} : { expires }), ...(issue === undefined ? {} : { issue }) };
    return [{ ...base, severity, message, outcome: 'accepted', accepted }];
  }
  return [broken({ ...base, severity }, x)];
}

/** true: the finding counts. Else the words of the first threshold that it does not pass, or that its figure is not known. */
function thresholdOf({ metrics }: Finding, { thresholds = {} }: RuleSetting): true | string {
  for (const [name, { above, below }] of Object.entries(thresholds)) {
    const value = metrics[name];
    if (typeof value !== 'number') return 'unknown';
    if (above !== undefined && value <= above) return `${name} ${value} is not above ${above}`;
    if (below !== undefined && value >= below) return `${name} ${value} is not below ${below}`;
  }
  return true;
}

/** Rules that broke down, and those that the policy requires and that could not be judged. */
function ruleChecks(d: Diagnosis, { policy }: Context): Check[] {
  const out: Check[] = [];
  for (const { rule, verdict, reason } of d.verdicts) {
    const setting = settingOf(rule, policy);
    if (setting.severity === 'off') continue;
    const base: Base = { id: rule, kind: 'rule', severity: setting.severity ?? 'error', evidence: [] };
    if (verdict === 'errored')
      out.push({ ...base, outcome: 'errored', message: `this rule broke down: ${reason}`, advice: 'report it; the other rules went on' });
    else if (setting.required === true && verdict === 'insufficient-data')
      out.push({
        ...base,
        outcome: 'inconclusive',
        message: `the policy requires this rule, and it ${reason}`,
        advice: 'add that evidence',
      });
    else if (setting.required === true && verdict !== 'found')
      out.push({ ...base, outcome: 'passed', message: verdict === 'clear' ? 'judged and clear' : `does not apply: ${reason}` });
  }
  const judged = new Set(d.verdicts.map((v) => v.rule));
  for (const [rule, setting] of policy.rules)
    if (setting.required === true && rule !== '*' && !judged.has(rule))
      out.push({
        id: rule,
        kind: 'rule',
        severity: 'error',
        outcome: 'inconclusive',
        message: 'the policy requires this rule, and this diagnosis does not have it',
        advice: 'analyze the sandbox again with this version',
        evidence: [],
      });
  return out;
}

function limitCheck(d: Diagnosis, limit: LimitRule, x: Context): Check {
  const { dimension, worse, about, read } = metricOf(limit.metric);
  const { value, why, evidence } = read(d, limit);
  const bar = baseValue(limit.max ?? limit.min ?? 0, limit);
  const words = `${worse === 'more' ? 'at most' : 'at least'} ${showValue(bar, dimension, limit.unit)}`;
  const scope = scopeWords(limit);
  const base: Base = {
    id: `limit:${limit.metric}`,
    kind: 'limit',
    severity: limit.severity ?? 'error',
    fingerprint: `limit:${keyOf(limit)}`,
    evidence: [...evidence],
  };
  if (value === null)
    return {
      ...base,
      outcome: 'inconclusive',
      message: `${limit.metric}${scope} is not known: ${why}`,
      advice: `add the evidence; ${words} passes`,
    };
  const shown = `${limit.metric}${scope} is ${showInterval(value, dimension, limit.unit)}`;
  const state = stateOf(value, bar, worse);
  if (state === 'passed') return { ...base, outcome: 'passed', message: `${shown}; ${words} passes` };
  if (state === 'failed') return broken({ ...base, message: `${shown}, and the limit is ${words} (${about})`, advice: BROKEN_LIMIT }, x);
  return {
    ...base,
    outcome: 'inconclusive',
    message: `${shown}, so the limit of ${words} may be broken or not: ${why}`,
    advice: 'add the evidence',
  };
}

const BROKEN_LIMIT = 'see the evidence; change the limit in the policy, or accept it with hotlink-doctor baseline create';

/** Broken or kept whatever the value is within its bounds; else nobody knows. */
function stateOf({ min, max }: Interval, bar: number, worse: 'more' | 'less'): 'passed' | 'failed' | 'unknown' {
  if (worse === 'more') return max <= bar && !isOpen(max) ? 'passed' : min > bar ? 'failed' : 'unknown';
  return min >= bar ? 'passed' : max < bar ? 'failed' : 'unknown';
}

export function scopeWords({
  party,
  from,
  to,
  step,
}: {
  party?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  step?: string | undefined;
}): string {
  const words = [
    party === undefined ? '' : `of ${party}`,
    from === undefined ? '' : `from ${from}`,
    to === undefined ? '' : `to ${to}`,
    step === undefined ? '' : `of step ${step}`,
  ].filter((w) => w !== '');
  return words.length === 0 ? '' : ` ${words.join(' ')}`;
}

function evidenceCheck(d: Diagnosis, kind: EvidenceKind): Check {
  const lacks = lacking(d, kind);
  const how = d.missingEvidence.filter((m) => m.what.includes(kind.replace('client-log', 'client log').replace('relay-log', 'relay log')));
  return {
    id: `evidence:${kind}`,
    kind: 'evidence',
    severity: 'error',
    outcome: lacks === null ? 'passed' : 'inconclusive',
    message: lacks ?? 'is there',
    ...(lacks === null || how[0] === undefined ? {} : { advice: how[0].how }),
    evidence: [],
  };
}

/** What is missing of a kind of evidence; null when nothing is. */
function lacking(d: Diagnosis, kind: EvidenceKind): string | null {
  const none = (who: readonly string[], what: string): string | null =>
    d.parties.length === 0 ? 'no party is visible' : who.length === 0 ? null : `no ${what} of ${who.join(', ')}`;
  switch (kind) {
    case 'client-log':
      return none(
        d.parties.filter((p) => p.log === null).map((p) => p.role),
        'client log',
      );
    case 'telemetry':
      return none(
        d.parties.filter((p) => p.telemetry === null).map((p) => p.role),
        'telemetry',
      );
    case 'relay-log':
      return d.relay === null ? 'no relay log' : null;
    case 'debug':
      return d.parties.every((p) => p.log === null) || d.missingEvidence.some((m) => m.what === 'debug lines')
        ? 'no log has debug lines'
        : null;
    case 'run-end':
      return d.run === null ? 'no run is visible' : d.run.finished === 'unknown' ? 'nothing says whether the run was done' : null;
    case 'container':
      // They also stand in the output of a runner: the rule that needs them says whether it had any.
      return d.verdicts.some((v) => v.rule === 'exited-program' && (v.verdict === 'found' || v.verdict === 'clear'))
        ? null
        : 'nothing of containers';
    case 'acl':
    case 'capture':
    case 'marker':
    case 'progress':
    case 'runner':
    default:
      return d.accounting.sources.some((s) => s.kind === kind && s.records > 0) ? null : `no file of kind ${kind}`;
  }
}

function verdictCheck(d: Diagnosis, { policy }: Context): Check {
  const base: Base & { message: string } = {
    id: 'verdict',
    kind: 'verdict',
    severity: 'error',
    message: `${d.verdict}: ${d.because}`,
    evidence: [],
  };
  // Nothing to accept names it: a document whose findings do not carry its verdict.
  if (d.verdict === 'failed' && !d.findings.some((f) => f.severity === 'error')) return { ...base, outcome: 'failed' };
  if (d.verdict === 'failed') return { ...base, outcome: 'noted', message: `${base.message} (its findings are judged one by one)` };
  if (d.verdict !== 'inconclusive') return { ...base, outcome: 'passed' };
  if (policy.acceptInconclusive) return { ...base, outcome: 'noted' };
  const [first] = d.missingEvidence;
  return { ...base, outcome: 'inconclusive', ...(first === undefined ? {} : { advice: first.how }) };
}

/** Accepted entries that nothing answered to, in none of the runs. */
export function unusedChecks(diagnoses: readonly Diagnosis[], used: ReadonlySet<string>, { baseline }: Context): Check[] {
  return (baseline?.accepted ?? [])
    .filter((e) => !used.has(e.fingerprint))
    .map((e): Check => {
      const rule = e.fingerprint.split(':')[0] ?? '';
      const verdicts = diagnoses.flatMap((d) => d.verdicts.filter((v) => v.rule === rule));
      const known = diagnoses.flatMap((d) => d.findings.map((f) => f.fingerprint));
      const similar = nearest(e.fingerprint, known);
      const unsure = verdicts.length > 0 && verdicts.every((v) => v.verdict === 'insufficient-data' || v.verdict === 'errored');
      const why = unsure ? ' (its rule could not be judged in this evidence)' : similar === undefined ? '' : `; did you mean '${similar}'?`;
      return {
        id: `baseline:${e.fingerprint}`,
        kind: 'baseline',
        severity: 'error',
        outcome: 'failed',
        message: `accepted, and nothing in the evidence answers to it${why}: ${e.reason}`,
        advice: unsure
          ? 'take the entry out by hand, or gate evidence in which its rule can be judged'
          : 'run hotlink-doctor baseline prune with the same input and policy',
        evidence: [],
      };
    });
}
