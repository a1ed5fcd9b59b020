/** Causes with the lines that prove them, what follows from them and what to do. */
import type { Diagnosis, Evidence, Finding } from '../model/diagnosis.ts';
import { excerptLines, message } from './excerpt.ts';
import { clockTime, dateOf } from './figures.ts';
import type { Names } from './names.ts';
import type { Page } from './page.ts';
import { cutEnd, padEnd, span, textWidth, type Style } from './text.ts';

/** Lines of evidence and symptoms that a cause shows; --verbose shows all. */
const MOST_EVIDENCE = 6;
const MOST_SYMPTOMS = 5;
/** Excerpts beside the place need this much room, else the place stands above them. */
const NARROWEST_EXCERPT = 34;
const EXCERPT_LINES = 3;
/** A longer place gets no column of its own: it would take the room of all excerpts. */
const WIDEST_PLACE = 28;

export const SEVERITY_STYLE: Readonly<Record<Finding['severity'], Style>> = { error: 'red', warning: 'yellow', info: 'cyan' };

/** Day of the report: times of other days carry their date. */
export function dayOf(d: Diagnosis): string | undefined {
  return dateOf(d.run?.startedAt) ?? dateOf(d.run?.endedAt);
}

interface Proof {
  readonly who: string;
  readonly time: string;
  readonly text: string;
  readonly place: string;
}

function proofOf(evidence: Evidence, names: Names, page: Page, day: string | undefined): Proof {
  const { clock, time } = evidence;
  // The relay's log has whole seconds: a fraction of zero would claim more than it says.
  const coarse = clock === 'relay' && time?.endsWith('.000Z') === true;
  return {
    who: page.show(clock === undefined ? '' : names.role(clock)),
    time: page.show(time === undefined ? '' : clockTime(time, day, coarse)),
    text: evidence.absent === true ? `not there: ${evidence.text}` : message(evidence),
    place: page.show(names.place(evidence, clock)),
  };
}

/** Excerpts in columns: whose clock, when, what the line says, where it stands. */
export function drawEvidence(evidence: readonly Evidence[], names: Names, page: Page, indent: number, day: string | undefined): void {
  const proofs = evidence.map((item) => proofOf(item, names, page, day));
  const who = Math.min(14, Math.max(0, ...proofs.map((proof) => textWidth(proof.who))));
  const time = Math.min(18, Math.max(0, ...proofs.map((proof) => textWidth(proof.time))));
  const column = Math.max(0, ...proofs.map((proof) => textWidth(proof.place)).filter((width) => width <= WIDEST_PLACE));
  const cell = (text: string, width: number) => (width === 0 ? '' : padEnd(cutEnd(text, width, page.ascii), width + 2));
  for (const proof of proofs) drawProof(proof, cell(proof.who, who) + cell(proof.time, time), column, page, indent);
}

/** On one line with its place where that is possible, else below its place. */
function drawProof({ text, place }: Proof, head: string, column: number, page: Page, indent: number): void {
  const start = indent + textWidth(head);
  const size = textWidth(place);
  const excerpt = (width: number) => excerptLines(text, width, EXCERPT_LINES, (raw) => page.show(raw), page.ascii);
  const inColumn = size <= column && page.width - start - column - 2 >= NARROWEST_EXCERPT;
  const room = page.width - start - 2 - (inColumn ? column : size);
  const beside = room >= 8 ? excerpt(room) : [];
  if (inColumn || beside.length === 1) {
    const [first = '', ...more] = beside;
    const gap = ' '.repeat(Math.max(2, page.width - start - textWidth(first) - size));
    page.line([span(' '.repeat(indent)), span(head, 'dim'), span(first), span(gap), span(place, 'dim')]);
    for (const line of more) page.line(span(' '.repeat(start) + line));
    return;
  }
  const left = head.trimEnd();
  const gap = page.width - indent - textWidth(left) - size;
  if (gap >= 2) page.line([span(' '.repeat(indent)), span(left + ' '.repeat(gap), 'dim'), span(place, 'dim')]);
  else {
    if (left !== '') page.line(span(' '.repeat(indent) + left, 'dim'));
    page.whole(place, indent, 'dim');
  }
  for (const line of excerpt(page.width - indent - 2)) page.line(span(' '.repeat(indent + 2) + line));
}

/** What a cause explains, each once. */
export function symptomsOf(cause: Finding, d: Diagnosis): Finding[] {
  const explained = new Set(cause.explains);
  const seen = new Set([cause.fingerprint]);
  return d.findings.filter((finding) => {
    if (!explained.has(finding.fingerprint) && finding.foldedUnder !== cause.fingerprint) return false;
    if (seen.has(finding.fingerprint)) return false;
    seen.add(finding.fingerprint);
    return true;
  });
}

function drawMetrics(cause: Finding, page: Page, indent: number): void {
  const metrics = Object.entries(cause.metrics).map(([key, value]) => `${key}=${String(value)}`);
  if (metrics.length > 0) page.prose(span(metrics.join(' '), 'dim'), indent);
}

/** As many excerpts as a cause shows, one of each kind of line before a second of any, in the order of the proof. */
export function telling(evidence: readonly Evidence[]): Evidence[] {
  const kinds = new Set<string>();
  const weighed = evidence.map((item, i) => {
    const kind = `${item.clock ?? ''} ${message(item)
      .replaceAll(/\S*[\d/@]\S*/g, '')
      .slice(0, 60)}`;
    const repeated = kinds.has(kind);
    kinds.add(kind);
    return { item, i, repeated };
  });
  return weighed
    .toSorted((a, b) => Number(a.repeated) - Number(b.repeated) || a.i - b.i)
    .slice(0, MOST_EVIDENCE)
    .toSorted((a, b) => a.i - b.i)
    .map(({ item }) => item);
}

function drawCause(cause: Finding, rank: number, d: Diagnosis, names: Names, page: Page, verbose: boolean): void {
  const indent = 5;
  const subject = names.subject(cause.subject);
  const title = span(cause.rule, 'bold', SEVERITY_STYLE[cause.severity]);
  if (rank > 1) page.blank();
  page.row(
    subject === '' ? title : [title, span(` · ${subject.replaceAll(' ', '\u00A0')}`)],
    span(`${cause.severity}, ${cause.confidence}`, 'dim'),
    2,
    span(`${rank}  `, 'bold'),
  );
  page.prose(names.prose(cause.message), indent);
  if (verbose) drawMetrics(cause, page, indent);
  page.blank();
  const shown = verbose ? cause.evidence : telling(cause.evidence);
  drawEvidence(shown, names, page, indent + 2, dayOf(d));
  const hidden = cause.evidence.length - shown.length;
  if (hidden > 0) page.prose(span(`and ${hidden} more ${hidden === 1 ? 'line' : 'lines'} (--verbose)`, 'dim'), indent + 2);
  const symptoms = symptomsOf(cause, d);
  if (symptoms.length > 0) {
    page.blank();
    page.prose(span('Follows from it', 'bold'), indent);
    const listed = verbose ? symptoms : symptoms.slice(0, MOST_SYMPTOMS);
    for (const symptom of listed) page.prose([span(names.prose(symptom.message)), span(` (${symptom.rule})`, 'dim')], indent + 2, '• ');
    if (listed.length < symptoms.length)
      page.prose(span(`and ${symptoms.length - listed.length} more (--verbose)`, 'dim'), indent + 2, '• ');
  }
  if (cause.remedy !== '') {
    page.blank();
    page.prose(names.prose(cause.remedy), indent, span('Do  ', 'bold'));
  }
}

export function drawCauses(d: Diagnosis, names: Names, page: Page, verbose: boolean): void {
  if (d.causes.length === 0) return;
  page.heading(d.causes.length === 1 ? 'Cause' : `Causes, the one that explains most first`);
  for (const [i, cause] of d.causes.entries()) drawCause(cause, i + 1, d, names, page, verbose);
}

/** Findings that are neither causes nor folded under one. */
export function othersOf(d: Diagnosis): Finding[] {
  const causes = new Set(d.causes.map((cause) => cause.fingerprint));
  const folded = new Set(d.causes.flatMap((cause) => cause.explains));
  return d.findings.filter(
    ({ fingerprint, foldedUnder }) =>
      !causes.has(fingerprint) && !folded.has(fingerprint) && (foldedUnder === undefined || !causes.has(foldedUnder)),
  );
}

export function drawOthers(d: Diagnosis, names: Names, page: Page, verbose: boolean): void {
  const others = othersOf(d);
  const shown = d.verdict === 'healthy' && !verbose ? others.slice(0, 3) : verbose ? others : others.slice(0, 8);
  if (shown.length === 0) return;
  page.heading(d.verdict === 'healthy' ? 'Noticed, changes nothing' : 'Also found');
  for (const finding of shown) {
    const [first] = finding.evidence;
    const place = first === undefined ? '' : page.show(names.place(first));
    const text = [span(finding.rule, SEVERITY_STYLE[finding.severity]), span(` (${finding.severity}): ${names.prose(finding.message)}`)];
    page.row(text, span(place, 'dim'), 4, '• ');
  }
  if (others.length > shown.length) page.prose(span(`and ${others.length - shown.length} more (--verbose)`, 'dim'), 4, '• ');
}

export function drawExcluded(d: Diagnosis, names: Names, page: Page): void {
  if (d.excluded.length === 0) return;
  page.heading('It is not');
  for (const { rule, why, evidence } of d.excluded) {
    const [first] = evidence;
    const place = first === undefined ? '' : names.place(first);
    page.row([span(rule, 'bold'), span(`: ${names.prose(why)}`)], span(place, 'dim'), 4, '• ');
  }
}
