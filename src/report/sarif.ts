/**
 * SARIF 2.1.0: a run a document, a result a finding or broken check. The evidence of a finding is its code flow, with one thread
 * flow for each clock, since lines of different clocks have no order of their own. Paths are relative to the base SANDBOX.
 */
import type { Check, Diagnosis, Severity } from '../model/diagnosis.ts';
import { jsonText } from './json.ts';
import { judgedFindings, otherChecks, titleOf, type JudgedFinding } from './outcome.ts';
import { PRECISION } from './precision.ts';
import { codeFlow, locationOf, message, uriOf, BASE } from './sarif-locations.ts';

const LEVEL: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };
const RANK: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 };
/** GitHub takes so many locations of a result. */
const MOST_LOCATIONS = 100;

export function renderSarif(diagnoses: readonly Diagnosis[]): string {
  return jsonText({
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: diagnoses.map((d) => runOf(d)),
  });
}

interface Row {
  readonly id: string;
  readonly severity: Severity;
  readonly remedy: string | undefined;
}

function runOf(d: Diagnosis): object {
  const findings = judgedFindings(d);
  const checks = otherChecks(d).filter(
    (c) => c.outcome === 'failed' || c.outcome === 'accepted' || (c.kind === 'limit' && c.outcome === 'noted'),
  );
  const rows: Row[] = [
    ...findings.map(({ finding: f, severity }) => ({ id: f.rule, severity, remedy: f.remedy })),
    ...checks.map((c) => ({ id: c.id, severity: c.severity, remedy: c.advice })),
  ];
  const ids = [...new Set([...rows.map((r) => r.id), ...d.verdicts.map((v) => v.rule)])];
  const index = new Map(ids.map((id, i) => [id, i] as const));
  const sources = d.accounting.sources.map((s) => s.source);
  const isGated = d.gate !== undefined;
  return {
    tool: {
      driver: {
        name: 'hotlink-doctor',
        rules: ids.map((id) =>
          descriptorOf(
            id,
            rows.filter((r) => r.id === id),
          ),
        ),
      },
    },
    automationDetails: { id: `hotlink-doctor/${d.input ?? d.run?.flow ?? 'run'}/${d.run?.id ?? ''}`, description: message(titleOf(d)) },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { [BASE]: { description: { text: 'The sandbox, file or archive that was analyzed.' } } },
    artifacts: d.accounting.sources.map((s) => ({
      location: { uri: uriOf(s.source), uriBaseId: BASE },
      length: s.bytes,
      properties: { kind: s.kind, dialect: s.dialect, lines: s.lines, records: s.records, rejected: s.rejected },
    })),
    invocations: [invocationOf(d)],
    results: [
      ...findings.map((f) => resultOf(f, index.get(f.finding.rule) ?? -1, sources, isGated)),
      ...checks.map((c) => checkResult(c, index.get(c.id) ?? -1, sources)),
    ],
    properties: { verdict: d.verdict, because: d.because, run: d.run, flows: d.flows },
  };
}

function descriptorOf(id: string, rows: readonly Row[]): object {
  const worst = rows.toSorted((a, b) => RANK[b.severity] - RANK[a.severity])[0];
  const help = rows.find((r) => r.remedy !== undefined)?.remedy;
  const words = id.replaceAll(/[-:]/g, ' ');
  const precision = Object.hasOwn(PRECISION, id) ? PRECISION[id] : undefined;
  return {
    id,
    shortDescription: message(`${words.charAt(0).toUpperCase()}${words.slice(1)}.`),
    ...(help === undefined ? {} : { help: message(`${help}\n\nhotlink-doctor explain ${id} says what it proves and how it judges.`) }),
    defaultConfiguration: { level: worst === undefined ? 'warning' : LEVEL[worst.severity] },
    ...(precision === undefined ? {} : { properties: { precision } }),
  };
}

function resultOf(
  { finding: f, severity, outcome, accepted }: JudgedFinding,
  ruleIndex: number,
  sources: readonly string[],
  isGated: boolean,
): object {
  const evidence = f.evidence.slice(0, MOST_LOCATIONS);
  const placed = evidence.filter((e) => e.source !== undefined);
  const [first, ...others] = placed.length > 0 ? placed : evidence;
  const flow = codeFlow(evidence, sources);
  return {
    ruleId: f.rule,
    ruleIndex,
    level: LEVEL[severity],
    message: message(f.message),
    locations: first === undefined ? [] : [locationOf(first, sources)],
    ...(others.length === 0 ? {} : { relatedLocations: others.map((e, id) => ({ id, ...locationOf(e, sources) })) }),
    ...(flow === null ? {} : { codeFlows: [flow] }),
    fingerprints: { 'hotlinkDoctor/v1': f.fingerprint },
    partialFingerprints: { 'hotlinkDoctor/v1': f.fingerprint },
    ...suppressionsOf(isGated, outcome, accepted),
    properties: {
      confidence: f.confidence,
      subject: f.subject,
      metrics: f.metrics,
      explains: f.explains,
      ...(f.foldedUnder === undefined ? {} : { foldedUnder: f.foldedUnder }),
      ...(f.evidence.length > evidence.length ? { evidenceLeftOut: f.evidence.length - evidence.length } : {}),
    },
  };
}

/** With a gate every result says whether it is suppressed: an empty list is not the same as none. */
function suppressionsOf(isGated: boolean, outcome: Check['outcome'] | null, accepted: Check['accepted']): object {
  if (!isGated) return {};
  if (outcome !== 'accepted') return { suppressions: [] };
  const { reason = '', expires, issue } = accepted ?? {};
  return {
    suppressions: [
      {
        kind: 'external',
        status: 'accepted',
        justification: reason,
        properties: { ...(expires === undefined ? {} : { expires }), ...(issue === undefined ? {} : { issue }) },
      },
    ],
  };
}

function checkResult(c: Check, ruleIndex: number, sources: readonly string[]): object {
  const [first] = c.evidence.filter((e) => e.source !== undefined);
  const print = c.fingerprint ?? c.id;
  return {
    ruleId: c.id,
    ruleIndex,
    level: LEVEL[c.severity],
    message: message(c.message),
    locations: first === undefined ? [] : [locationOf(first, sources)],
    fingerprints: { 'hotlinkDoctor/v1': print },
    partialFingerprints: { 'hotlinkDoctor/v1': print },
    ...suppressionsOf(true, c.outcome, c.accepted),
    properties: { check: c.kind, evidence: c.evidence.map((e) => e.text) },
  };
}

/** What the run of the tool has to say of itself: rules that broke down or had no evidence, and what the gate could not settle. */
function invocationOf(d: Diagnosis): object {
  const errored = d.verdicts.filter((v) => v.verdict === 'errored');
  const unsure = d.verdicts.filter((v) => v.verdict === 'insufficient-data');
  const notes = [
    ...errored.map((v) => notification('error', `${v.rule} broke down: ${v.reason}`, v.rule)),
    ...unsure.map((v) => notification('note', `${v.rule} could not be judged: ${v.reason}`, v.rule)),
    ...d.missingEvidence.map((m) => notification('note', `not there: ${m.what}: ${m.why}; ${m.how}`)),
    ...d.contradictions.map((text) => notification('warning', text)),
    ...otherChecks(d)
      .filter((c) => c.outcome === 'inconclusive')
      .map((c) => notification('warning', `${c.id}: ${c.message}`)),
  ];
  return {
    executionSuccessful: errored.length === 0,
    ...(d.gate === undefined ? {} : { exitCode: d.gate.exitCode, exitCodeDescription: `gate ${d.gate.outcome}` }),
    toolExecutionNotifications: notes,
  };
}

function notification(level: string, text: string, rule?: string): object {
  return { level, message: message(text), ...(rule === undefined ? {} : { associatedRule: { id: rule } }) };
}
