/** What a gate decided, at the end of the report: what decides first. */
import type { Check, Diagnosis } from '../model/diagnosis.ts';
import { counted } from './figures.ts';
import { Names } from './names.ts';
import { titleOf } from './outcome.ts';
import { Page, type PageOptions } from './page.ts';
import { cutEnd, span, type Span, type Style } from './text.ts';

const MARGIN = 4;
export const LOOK: Readonly<Record<Check['outcome'], readonly [string, Style]>> = {
  failed: ['✗ failed', 'red'],
  errored: ['✗ broke down', 'red'],
  inconclusive: ['? inconclusive', 'yellow'],
  accepted: ['– accepted', 'dim'],
  noted: ['– noted', 'dim'],
  passed: ['✓ passed', 'green'],
};
export const ORDER = ['failed', 'errored', 'inconclusive', 'accepted', 'noted', 'passed'] as const;

export const RESULT: Readonly<Record<NonNullable<Diagnosis['gate']>['outcome'], readonly [string, Style]>> = {
  passed: ['✓ GATE PASSED', 'green'],
  failed: ['✗ GATE FAILED', 'red'],
  inconclusive: ['? GATE INCONCLUSIVE', 'yellow'],
  broken: ['✗ GATE BROKEN', 'red'],
};

/** Findings that are only noted stand above already. */
function isShown(c: Check, verbose: boolean): boolean {
  return verbose || c.outcome !== 'noted' || c.kind !== 'finding';
}

/** The gate alone, for one of several documents: what it is of, its verdict, its checks. */
export function renderGate(d: Diagnosis, options: PageOptions & { readonly verbose?: boolean }): string {
  const page = new Page(options);
  const names = new Names(d);
  page.prose(`: ${d.verdict}: ${names.prose(d.because)}`, 0, span(titleOf(d), 'bold'));
  drawGate(d, names, page, options.verbose === true);
  return page.toString();
}

export function drawGate(d: Diagnosis, names: Names, page: Page, verbose: boolean): void {
  if (d.gate === undefined) return;
  const { policy, failOn, outcome, exitCode, checks } = d.gate;
  const [words, style] = RESULT[outcome];
  page.blank();
  page.prose(` policy ${policy} · fails on ${failOn} · exit code ${exitCode}`, 2, span(`${words} `, 'bold', style));
  for (const state of ORDER) for (const c of checks.filter((x) => x.outcome === state && isShown(x, verbose))) drawCheck(c, names, page);
  const hidden = checks.filter((c) => !isShown(c, verbose)).length;
  if (hidden > 0) page.prose(span(`and ${counted(hidden, 'finding')} below the bar (--verbose)`, 'dim'), MARGIN);
}

function drawCheck(c: Check, names: Names, page: Page): void {
  const [word, style] = LOOK[c.outcome];
  const line: Span[] = [span(c.id, 'bold'), span(`: ${names.prose(c.message)}`)];
  page.prose(line, MARGIN, span(`${word}  `, style));
  const { accepted, advice, outcome } = c;
  if (accepted !== undefined) {
    const until = accepted.expires === undefined ? '' : `, until ${accepted.expires}`;
    const issue = accepted.issue === undefined ? '' : `, ${accepted.issue}`;
    page.prose(span(`accepted: ${accepted.reason}${until}${issue}`, 'dim'), MARGIN + 2);
  }
  if (c.kind === 'finding' || outcome === 'passed' || outcome === 'noted' || outcome === 'accepted') return;
  for (const e of c.evidence.slice(0, 3))
    page.prose(span(cutEnd(page.show(`${names.place(e)} ${e.text}`.trim()), 2 * page.width, page.ascii), 'dim'), MARGIN + 2);
  if (advice !== undefined) page.prose(names.prose(advice), MARGIN + 2, span('→ ', 'dim'));
}

/** What to type next after a gate that did not pass. */
export function gateCommands({ gate }: Diagnosis): readonly string[] {
  if (gate === undefined || gate.outcome === 'passed') return [];
  const has = (kind: Check['kind'], outcome: Check['outcome']): boolean =>
    gate.checks.some((c) => c.kind === kind && c.outcome === outcome);
  return [
    ...(has('baseline', 'failed') ? ['hotlink-doctor baseline prune SANDBOX --baseline FILE'] : []),
    ...(has('finding', 'failed') || has('limit', 'failed') ? ['hotlink-doctor baseline create SANDBOX --reason WHY'] : []),
  ];
}
