/** Why a rule says what it says of a run, for a person at a terminal. */
import type { Diagnosis } from '../model/diagnosis.ts';
import type { WhyNot } from '../model/why-not.ts';
import { dayOf, drawEvidence } from './causes.ts';
import { VERDICT_WORD } from './closing.ts';
import { figure } from './figures.ts';
import { Names } from './names.ts';
import { Page, type PageOptions } from './page.ts';
import { glue, padEnd, span } from './text.ts';

const INDENT = 4;

function drawNeeds(w: WhyNot, names: Names, page: Page): void {
  page.heading('Needs');
  if (w.needs.length === 0) page.prose('nothing in particular', INDENT);
  for (const { need, present, what, provide } of w.needs) {
    page.prose(
      [span(need, 'bold'), span(`: ${present ? 'there' : 'missing'}, ${names.prose(what)}`)],
      INDENT,
      span(padEnd(page.show(present ? '✓' : '✗'), 4), present ? 'green' : 'red'),
    );
    // A path must stay as it is: names.prose would put roles into it.
    if (provide !== null) page.prose(span(provide), INDENT + 4, span(page.show('→ '), 'dim'));
  }
}

/** One line a step: rows that are left, and what a row had to be. */
function drawStep(rows: number, width: number, needed: string, isLast: boolean, page: Page): void {
  const label = span(`${figure(rows).padStart(width)}  `, ...(rows === 0 ? (['red'] as const) : []));
  page.row(span(needed), isLast && rows > 0 ? span('found', 'bold') : [], INDENT, label);
}

function drawWays(w: WhyNot, d: Diagnosis, names: Names, page: Page): void {
  page.heading('Rows that each step left');
  if (w.ways.length === 0) page.prose('none: the rule did not come to look at any row', INDENT);
  for (const [i, way] of w.ways.entries()) {
    if (i > 0) page.blank();
    const width = Math.max(...[way.rows, ...way.steps.map((s) => s.rows)].map((n) => figure(n).length));
    drawStep(way.rows, width, way.of, false, page);
    for (const [at, step] of way.steps.entries()) {
      // After the last row nothing more was asked.
      if (step.rows === 0 && (way.steps[at - 1]?.rows ?? way.rows) === 0) {
        page.prose(
          span(
            `not asked any more: ${way.steps
              .slice(at)
              .map((s) => s.needed)
              .join('; ')}`,
            'dim',
          ),
          INDENT + width + 2,
        );
        break;
      }
      drawStep(step.rows, width, step.needed, at === way.steps.length - 1, page);
      const whats = [...new Set(step.fellOut.map((x) => x.what).filter((x) => x !== ''))];
      if (whats.length > 0)
        page.prose(span(`fell out here: ${whats.map((x) => glue(names.prose(x))).join(', ')}`, 'dim'), INDENT + width + 2);
      drawEvidence(
        step.fellOut.flatMap((x) => x.evidence),
        names,
        page,
        INDENT + width + 4,
        dayOf(d),
      );
    }
  }
}

function drawFindings(w: WhyNot, d: Diagnosis, names: Names, page: Page): void {
  if (w.findings.length === 0) return;
  page.heading('Found');
  for (const { finding, under } of w.findings) {
    const subject = names.subject(finding.subject);
    const about = subject === '' ? '' : `${glue(subject)}: `;
    page.row(`${about}${names.prose(finding.message)}`, span(glue(`${finding.severity}, ${finding.confidence}`), 'dim'), INDENT, '• ');
    if (under !== null) page.prose(`folded under ${under.rule}: ${names.prose(under.message)}`, INDENT + 2);
    drawEvidence(finding.evidence, names, page, INDENT + 4, dayOf(d));
  }
}

/** Pure: the same input and options give the same text. */
export function renderWhyNot(w: WhyNot, d: Diagnosis, options: PageOptions): string {
  const page = new Page(options);
  const names = new Names(d);
  page.prose([span(w.rule, 'bold'), span(` · ${w.title}`)], 0);
  page.heading('Verdict');
  // The reason of a clear verdict is what the rule is blind to, which has a section of its own.
  page.prose([span(VERDICT_WORD[w.verdict], 'bold'), span(w.verdict === 'clear' ? '' : `: ${names.prose(w.reason)}`)], INDENT);
  drawNeeds(w, names, page);
  drawWays(w, d, names, page);
  drawFindings(w, d, names, page);
  page.heading('What it proves when it is found');
  page.prose(w.proves, INDENT);
  page.heading('What it cannot see');
  page.prose(w.blindTo, INDENT);
  page.heading('What looks like it and is not');
  for (const [alike, why] of Object.entries(w.lookAlikes)) page.prose([span(alike, 'bold'), span(`: ${why}`)], INDENT, '• ');
  return page.toString();
}
