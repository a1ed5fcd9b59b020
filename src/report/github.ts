/**
 * For a GitHub workflow: annotations, as commands that the runner reads from stdout, and the step summary. A step keeps ten
 * annotations of each level and cuts longer messages; a summary may have one mebibyte. What does not fit is counted.
 */
import type { Check, Diagnosis, Evidence, Severity } from '../model/diagnosis.ts';
import { renderMarkdown } from './markdown.ts';
import { cut, judgedFindings, otherChecks, placeOf, plain, titleOf, type JudgedFinding } from './outcome.ts';

const MOST_OF_A_LEVEL = 10;
const MOST_MESSAGE = 4000;
const MOST_TITLE = 200;
/** 1 MiB less what the runner and other parts of the step may write. */
export const SUMMARY_BYTES = 1024 * 1024 - 16 * 1024;

interface Annotation {
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  readonly at: Evidence | undefined;
}

const COMMAND: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

export function renderAnnotations(diagnoses: readonly Diagnosis[]): string {
  const all = diagnoses.flatMap((d) => annotationsOf(d, diagnoses.length > 1));
  const lines = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const mine = all.filter((a) => a.severity === severity);
    const shown = mine.length > MOST_OF_A_LEVEL ? mine.slice(0, MOST_OF_A_LEVEL - 1) : mine;
    const more = mine.length - shown.length;
    const rest: Annotation = {
      severity,
      title: 'hotlink-doctor',
      message: `and ${more} more of this level: see the step summary or the report`,
      at: undefined,
    };
    return [...shown, ...(more === 0 ? [] : [rest])].map((a) => commandOf(a));
  });
  return lines.map((line) => `${line}\n`).join('');
}

function annotationsOf(d: Diagnosis, isOneOfSeveral: boolean): readonly Annotation[] {
  const of = isOneOfSeveral ? `${titleOf(d)}: ` : '';
  const findings = judgedFindings(d);
  const shown = findings
    .filter(({ outcome }) => outcome !== 'accepted' && outcome !== 'inconclusive')
    // What a cause explains is in its report; here it would only take a place.
    .filter(({ finding }) => !isTold(findings, finding.foldedUnder))
    .map(({ finding: f, severity, outcome }): Annotation => {
      const level = outcome === 'noted' && severity === 'error' ? 'warning' : severity;
      return {
        severity: level,
        title: `${of}${f.rule}`,
        message: `${f.message}\n${whereOf(f.evidence)}Do: ${f.remedy}`,
        at: f.evidence.find((e) => e.line !== undefined),
      };
    });
  const checks = otherChecks(d)
    .filter((c) => c.outcome === 'failed' || c.outcome === 'inconclusive' || c.outcome === 'errored')
    .map((c): Annotation => ({
      severity: levelOf(c),
      title: `${of}${c.id}`,
      message: `${c.message}${c.advice === undefined ? '' : `\nDo: ${c.advice}`}`,
      at: c.evidence.find((e) => e.line !== undefined),
    }));
  return [...shown, ...checks];
}

/** The cause of a symptom has an annotation of its own. */
function isTold(findings: readonly JudgedFinding[], cause: string | undefined): boolean {
  return findings.some((f) => f.finding.fingerprint === cause && (f.outcome === null || f.outcome === 'failed'));
}

function levelOf({ outcome, severity }: Check): Severity {
  return outcome === 'failed' ? severity : outcome === 'errored' ? 'error' : 'warning';
}

function whereOf(evidence: readonly Evidence[]): string {
  const places = evidence.slice(0, 4).map((e) => placeOf(e));
  return places.length === 0 ? '' : `Evidence: ${places.join(' · ')}\n`;
}

function commandOf({ severity, title, message, at }: Annotation): string {
  const place = at?.source === undefined || at.line === undefined ? [] : [`file=${property(at.source)}`, `line=${at.line}`];
  const properties = [...place, `title=${property(cut(plain(title), MOST_TITLE))}`].join(',');
  const text = cut(
    message
      .split('\n')
      .map((line) => plain(line))
      .join('\n'),
    MOST_MESSAGE,
  );
  return `::${COMMAND[severity]} ${properties}::${data(text)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('##[', '#%23[');
}

function property(text: string): string {
  return data(plain(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The Markdown report with as much evidence as fits; of too many documents the first, and how many are left out. */
export function renderSummary(diagnoses: readonly Diagnosis[]): string {
  for (const evidence of [6, 3, 1, 0]) {
    const text = renderMarkdown(diagnoses, { evidence, symptoms: evidence > 1 });
    if (bytesOf(text) <= SUMMARY_BYTES) return text;
  }
  let [low, high] = [0, diagnoses.length];
  const first = (count: number): string =>
    `${renderMarkdown(diagnoses.slice(0, count), { evidence: 0, symptoms: false })}\n${diagnoses.length - count} more runs do not fit here: see the report.\n`;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (bytesOf(first(middle)) <= SUMMARY_BYTES) low = middle;
    else high = middle - 1;
  }
  return first(low);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
