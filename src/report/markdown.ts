/**
 * Markdown as GitHub and GitLab show it. Our own sentences are text with every mark escaped; what a log says stands only in code,
 * behind a fence that it cannot close.
 */
import type { Check, Diagnosis, Evidence, Finding } from '../model/diagnosis.ts';
import { arrived, flowBetween } from './flows.ts';
import { timeSpan } from './figures.ts';
import { Names } from './names.ts';
import { judgedFindings, placeOf, plain, titleOf, type JudgedFinding } from './outcome.ts';

export interface MarkdownOptions {
  /** Lines of evidence of each cause. */
  readonly evidence: number;
  /** What follows from causes, and infos. */
  readonly symptoms: boolean;
}

const WHOLE: MarkdownOptions = { evidence: 12, symptoms: true };
/** So many parties make a table that can be read. */
const MOST_COLUMNS = 8;

const SIGN: Readonly<Record<Diagnosis['verdict'], string>> = { failed: '❌', degraded: '⚠️', inconclusive: '❔', healthy: '✅' };

export function renderMarkdown(diagnoses: readonly Diagnosis[], options: MarkdownOptions = WHOLE): string {
  return `${diagnoses.map((d) => document(d, options)).join('\n\n---\n\n')}\n`;
}

function document(d: Diagnosis, options: MarkdownOptions): string {
  const names = new Names(d);
  const findings = judgedFindings(d);
  const causes = findings.filter(({ finding }) => d.causes.some((c) => c.fingerprint === finding.fingerprint));
  const others = findings.filter((f) => !causes.includes(f));
  const blocks = [
    `## ${SIGN[d.verdict]} ${text(d.verdict)}: ${text(titleOf(d))}`,
    text(names.prose(d.because)),
    factsOf(d),
    gateTable(d),
    flowTable(d, names),
    ...causes.map((f, i) => cause(d, f, i, names, options)),
    ...(options.symptoms && others.length > 0 ? [`### Also found`, others.map((f) => listed(f, names)).join('\n')] : []),
    ...listOf(
      '### Not explained by any cause',
      d.unexplained.map((item) => text(names.prose(item))),
    ),
    ...listOf(
      '### The evidence contradicts itself',
      d.contradictions.map((item) => text(names.prose(item))),
    ),
    ...listOf(
      '### Not looked at, because it is not there',
      d.missingEvidence.map(({ what, why, how }) => `**${text(names.prose(what))}**: ${text(names.prose(why))}; ${text(names.prose(how))}`),
    ),
    accountOf(d),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function listOf(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, items.map((item) => `- ${item}`).join('\n')];
}

function factsOf({ run, parties }: Diagnosis): string {
  const eras = [...new Set(parties.flatMap((p) => p.era.value ?? []))].toSorted().join(', ');
  const facts = [
    `${parties.length} parties${eras === '' ? '' : ` (${eras})`}`,
    run === null ? 'no run is visible' : run.transport === 'unknown' ? '' : `transport ${run.transport}`,
    run === null ? '' : (timeSpan(run.startedAt, run.endedAt) ?? ''),
    run?.finished === true ? 'finished' : run?.finished === false ? 'not finished' : '',
  ];
  return facts
    .filter((fact) => fact !== '')
    .map((fact) => text(fact))
    .join(' · ');
}

const GATE_SIGN: Readonly<Record<Check['outcome'], string>> = {
  passed: '✅ passed',
  noted: 'ℹ️ noted',
  accepted: '🔕 accepted',
  failed: '❌ failed',
  inconclusive: '❔ inconclusive',
  errored: '💥 broke down',
};

/** What decides first; of the findings only those that the gate did more than note. */
function gateTable(d: Diagnosis): string {
  if (d.gate === undefined) return '';
  const { policy, outcome, exitCode, failOn, checks } = d.gate;
  const order = ['failed', 'errored', 'inconclusive', 'accepted', 'noted', 'passed'] as const;
  const shown = checks
    .filter((c) => c.kind !== 'finding' || c.outcome !== 'noted')
    .toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const rows = shown.map(({ outcome: came, id, message, accepted }) => {
    const reason =
      accepted === undefined ? '' : ` (accepted: ${accepted.reason}${accepted.expires === undefined ? '' : `, until ${accepted.expires}`})`;
    return `| ${GATE_SIGN[came]} | ${text(id)} | ${text(message + reason)} |`;
  });
  return [
    `### Gate ${text(outcome)}: policy ${text(policy)}, fails on ${failOn}, exit code ${exitCode}`,
    ['| | check | what it says |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
}

function flowTable(d: Diagnosis, names: Names): string {
  if (d.flows.length === 0) return '';
  if (d.parties.length > MOST_COLUMNS) {
    const bad = d.flows.filter((f) => f.state !== 'delivered' && f.state !== 'never-used');
    const list = bad.map((f) => `- ${text(names.role(f.from))} → ${text(names.role(f.to))}: ${text(arrived(f, false))}`);
    return [
      '### Delivered of sent, where not all arrived',
      list.length === 0 ? 'Everything that was sent was delivered.' : list.join('\n'),
    ].join('\n\n');
  }
  const head = `| from \\ to | ${d.parties.map((p) => text(names.role(p.email))).join(' | ')} |`;
  const rows = d.parties.map((from) => {
    const cells = d.parties.map((to) => (from === to ? '–' : text(arrived(flowBetween(d, from, to), false))));
    return `| **${text(names.role(from.email))}** | ${cells.join(' | ')} |`;
  });
  return ['### Bytes delivered of sent', [head, `|${' --- |'.repeat(d.parties.length + 1)}`, ...rows].join('\n')].join('\n\n');
}

function cause(
  d: Diagnosis,
  { finding: f, severity, outcome, accepted }: JudgedFinding,
  index: number,
  names: Names,
  options: MarkdownOptions,
): string {
  const where = names.subject(f.subject);
  const shown = f.evidence.slice(0, options.evidence);
  const left = f.evidence.length - shown.length;
  const symptoms = options.symptoms
    ? f.explains.map((print) => d.findings.find((x) => x.fingerprint === print)).filter((x) => x !== undefined)
    : [];
  return [
    `### ${index + 1}. ${text(f.rule)}${where === '' ? '' : ` · ${text(where)}`}`,
    `${text(names.prose(f.message))} (${severity}, ${f.confidence}${outcome === 'accepted' ? `, accepted: ${text(accepted?.reason ?? '')}` : ''})`,
    ...(shown.length === 0 ? [] : [fenced(shown.map((e) => evidenceLine(e)))]),
    ...(left > 0 && shown.length > 0 ? [`and ${left} more lines of evidence`] : []),
    ...(symptoms.length === 0 ? [] : [`Follows from it:\n\n${symptoms.map((s) => `- ${oneFinding(s, names)}`).join('\n')}`]),
    `**Do:** ${text(names.prose(f.remedy))}`,
    `Fingerprint ${code(f.fingerprint)}`,
  ].join('\n\n');
}

function listed({ finding, severity, outcome }: JudgedFinding, names: Names): string {
  const state = outcome === null || outcome === 'noted' ? '' : `, ${outcome}`;
  return `- ${oneFinding(finding, names)} (${severity}${state})`;
}

function oneFinding(f: Finding, names: Names): string {
  const where = names.subject(f.subject);
  return `**${text(f.rule)}**${where === '' ? '' : ` ${text(where)}`}: ${text(names.prose(f.message))}`;
}

function evidenceLine(e: Evidence): string {
  const words = e.absent === true ? `not there: ${e.text}` : e.text;
  return [e.clock ?? '', e.time ?? '', placeOf(e), words].filter((part) => part !== '').join('  ');
}

function accountOf({ accounting: { total, sources, unmatchedHotlink } }: Diagnosis): string {
  const words = [
    `${total.lines} lines in ${sources.length} files`,
    `${total.records} records`,
    `${total.continuation} continued`,
    `${total.ignored} noise`,
    `${total.rejected} not understood`,
    ...(unmatchedHotlink > 0 ? [`${unmatchedHotlink} lines of hotlink that match no known message`] : []),
  ];
  return `_${text(`Evidence: ${words.join(', ')}.`)}_`;
}

/** Text with every character that Markdown or HTML could read as more than itself behind a backslash; nobody is mentioned. */
export function text(words: string): string {
  return plain(words)
    .replaceAll(/[\\`*_{}[\]()#+\-.!|<>&~:$=^]/g, String.raw`\$&`)
    .replaceAll(/(?<![\p{L}\p{N}])@/gu, '@<!-- -->');
}

/** A code span whose end its text cannot fake. */
export function code(words: string): string {
  const inner = plain(words);
  const fence = '`'.repeat(longestRun(inner) + 1);
  const pad = inner.startsWith('`') || inner.endsWith('`') || inner === '' ? ' ' : '';
  return `${fence}${pad}${inner}${pad}${fence}`;
}

export function fenced(lines: readonly string[]): string {
  const inner = lines.map((line) => plain(line));
  const fence = '`'.repeat(Math.max(3, ...inner.map((line) => longestRun(line) + 1)));
  return [`${fence}text`, ...inner, fence].join('\n');
}

function longestRun(words: string): number {
  return Math.max(0, ...(words.match(/`+/g) ?? []).map((run) => run.length));
}
