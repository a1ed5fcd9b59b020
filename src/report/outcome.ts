/** What formats for programs have in common: the findings of a document with what a gate decided about each. */
import type { Check, Diagnosis, Evidence, Finding, Severity } from '../model/diagnosis.ts';
import { GLUE, safeText } from './text.ts';

export interface JudgedFinding {
  readonly finding: Finding;
  /** The policy's, where a gate judged the document. */
  readonly severity: Severity;
  /** null: no gate. */
  readonly outcome: Check['outcome'] | null;
  readonly accepted: Check['accepted'];
}

/** In the order of the document: what leads first, then the rest. */
export function judgedFindings(d: Diagnosis): readonly JudgedFinding[] {
  const order = [...d.causes, ...d.findings.filter((f) => !d.causes.some((c) => c.fingerprint === f.fingerprint))];
  return order.map((finding) => {
    const check = d.gate?.checks.find((c) => c.kind === 'finding' && c.fingerprint === finding.fingerprint);
    return {
      finding,
      severity: check?.severity ?? finding.severity,
      outcome: check?.outcome ?? null,
      accepted: check?.accepted,
    };
  });
}

/** Checks of a gate beside those of findings: limits, evidence, baseline, comparisons. */
export function otherChecks(d: Diagnosis): readonly Check[] {
  return (d.gate?.checks ?? []).filter((c) => c.kind !== 'finding');
}

/** One line without control characters, for formats that are no terminal. */
export function plain(text: string): string {
  return safeText(text, false).replaceAll(GLUE, ' ');
}

/** file:line, file#pointer, or what kind of evidence it is when no file holds it. */
export function placeOf(e: Evidence): string {
  if (e.source === undefined) return e.kind === 'told' ? 'told' : 'computed';
  if (e.absent === true) return `not in ${e.source}`;
  if (e.line !== undefined) return `${e.source}:${e.line}`;
  return e.pointer === undefined ? e.source : `${e.source}#${e.pointer}`;
}

/** How a document is called among several. */
export function titleOf(d: Diagnosis): string {
  const run = d.run === null ? '' : [d.run.flow, d.run.id].filter((part) => part !== null && part !== '').join(' ');
  return [d.input, run].filter((part) => part !== undefined && part !== '').join(': ') || 'run';
}

/** Of a text at most `most` characters, whole ones, with an ellipsis where something is missing. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text
    .slice(0, most - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, '')}…`;
}
