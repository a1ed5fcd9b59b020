/**
 * JUnit XML: a suite a document, a case a rule and a case a check of the gate. Readers know four states: a failed check is a failure, a rule
 * that broke down or a check that the evidence does not settle an error, what was not judged or is accepted skipped.
 */
import type { Check, Diagnosis, Evidence, RuleVerdict, Severity } from '../model/diagnosis.ts';
import { judgedFindings, otherChecks, placeOf, plain, titleOf, type JudgedFinding } from './outcome.ts';

interface Case {
  readonly className: string;
  readonly name: string;
  readonly state: 'passed' | 'failure' | 'error' | 'skipped';
  readonly type: string;
  readonly message: string;
  readonly lines: readonly string[];
}

export function renderJunit(diagnoses: readonly Diagnosis[]): string {
  const suites = diagnoses.map((d) => ({ d, cases: casesOf(d) }));
  const all = suites.flatMap(({ cases }) => cases);
  const body = suites.map(({ d, cases }) => suite(d, cases)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hotlink-doctor" ${counts(all)}>\n${body}</testsuites>\n`;
}

function counts(cases: readonly Case[]): string {
  const of = (state: Case['state']): number => cases.filter((c) => c.state === state).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}" time="0"`;
}

function suite(d: Diagnosis, cases: readonly Case[]): string {
  const started = d.run?.startedAt ?? null;
  const stamp = started === null ? '' : ` timestamp="${attribute(started.replace(/(\.\d+)?Z$/, ''))}"`;
  const properties = [
    ['verdict', d.verdict],
    ['because', d.because],
    ...(d.run === null ? [] : [['run', d.run.id]]),
    ...(d.gate === undefined
      ? []
      : [
          ['policy', d.gate.policy],
          ['gate', d.gate.outcome],
        ]),
  ]
    .map(([name = '', value = '']) => `      <property name="${name}" value="${attribute(value)}"/>\n`)
    .join('');
  return (
    `  <testsuite name="${attribute(titleOf(d))}" ${counts(cases)}${stamp}>\n` +
    `    <properties>\n${properties}    </properties>\n${cases.map((c) => testCase(c)).join('')}  </testsuite>\n`
  );
}

function testCase({ className, name, state, type, message, lines }: Case): string {
  const head = `    <testcase classname="${attribute(className)}" name="${attribute(name)}" time="0"`;
  const body = lines.map((line) => textOf(line)).join('\n');
  if (state === 'passed') return lines.length === 0 ? `${head}/>\n` : `${head}>\n      <system-out>${body}</system-out>\n    </testcase>\n`;
  if (state === 'skipped') return `${head}>\n      <skipped message="${attribute(message)}"/>\n    </testcase>\n`;
  return `${head}>\n      <${state} type="${attribute(type)}" message="${attribute(message)}">${body}</${state}>\n    </testcase>\n`;
}

const CLASS = 'hotlink-doctor';

function casesOf(d: Diagnosis): readonly Case[] {
  const findings = judgedFindings(d);
  return [
    ...d.verdicts.flatMap((v) =>
      ruleCases(
        v,
        findings.filter((f) => f.finding.rule === v.rule),
      ),
    ),
    // A finding whose rule gave no verdict: only in a document that was put together by hand.
    ...findings.filter((f) => !d.verdicts.some((v) => v.rule === f.finding.rule)).map((f) => findingCase(f, f.finding.fingerprint)),
    ...(d.gate === undefined
      ? [verdictCase(d)]
      : otherChecks(d)
          .filter((c) => c.kind !== 'rule' || c.outcome === 'inconclusive')
          .map((c) => checkCase(c))),
  ];
}

function ruleCases({ rule, verdict, reason }: RuleVerdict, findings: readonly JudgedFinding[]): Case[] {
  const base = { className: `${CLASS}.rules`, name: rule, type: verdict, message: reason, lines: [] };
  if (findings.length > 0) return findings.map((f) => findingCase(f, findings.length === 1 ? rule : f.finding.fingerprint));
  if (verdict === 'errored') return [{ ...base, state: 'error', lines: [reason] }];
  if (verdict === 'insufficient-data' || verdict === 'not-applicable') return [{ ...base, state: 'skipped' }];
  return [{ ...base, state: 'passed' }];
}

/** Without a gate errors fail, as `gate` without a policy has it. */
function fails(severity: Severity, outcome: Check['outcome'] | null): boolean {
  return outcome === null ? severity === 'error' : outcome === 'failed';
}

function findingCase({ finding: f, severity, outcome, accepted }: JudgedFinding, name: string): Case {
  const lines = [...f.evidence.map((e) => evidenceLine(e)), `do: ${f.remedy}`, `fingerprint: ${f.fingerprint}`];
  const base = { className: `${CLASS}.rules`, name, type: severity, message: f.message, lines };
  if (outcome === 'accepted') return { ...base, state: 'skipped', message: `accepted: ${accepted?.reason ?? ''}; ${f.message}` };
  if (outcome === 'inconclusive') return { ...base, state: 'error', type: 'inconclusive' };
  return { ...base, state: fails(severity, outcome) ? 'failure' : 'passed', lines: [`${severity}: ${f.message}`, ...lines] };
}

function evidenceLine(e: Evidence): string {
  return [e.clock ?? '', e.time ?? '', placeOf(e), e.absent === true ? `not there: ${e.text}` : e.text]
    .filter((part) => part !== '')
    .join('  ');
}

function verdictCase(d: Diagnosis): Case {
  const isFailed = d.verdict === 'failed';
  const base = { className: CLASS, name: 'verdict', type: d.verdict, message: d.because };
  if (d.verdict === 'inconclusive') return { ...base, state: 'skipped', message: `inconclusive: ${d.because}`, lines: [] };
  return { ...base, state: isFailed ? 'failure' : 'passed', lines: [`${d.verdict}: ${d.because}`] };
}

const STATE: Readonly<Record<Check['outcome'], Case['state']>> = {
  passed: 'passed',
  noted: 'passed',
  accepted: 'skipped',
  failed: 'failure',
  inconclusive: 'error',
  errored: 'error',
};

function checkCase(c: Check): Case {
  const lines = [c.message, ...c.evidence.map((e) => evidenceLine(e)), ...(c.advice === undefined ? [] : [`do: ${c.advice}`])];
  const message = c.outcome === 'accepted' ? `accepted: ${c.accepted?.reason ?? ''}; ${c.message}` : c.message;
  return { className: `${CLASS}.gate`, name: c.fingerprint ?? c.id, state: STATE[c.outcome], type: c.outcome, message, lines };
}

/** One line of text: what XML 1.0 does not allow is made visible, what it reads as markup is written as a reference. */
function textOf(text: string): string {
  return plain(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function attribute(text: string): string {
  return textOf(text).replaceAll('"', '&quot;').replaceAll("'", '&apos;');
}
