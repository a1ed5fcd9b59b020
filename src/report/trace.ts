/** One direction, link by link, for a person at a terminal. */
import type { Diagnosis } from '../model/diagnosis.ts';
import type { LinkState, TraceLink, TraceReport } from '../model/trace.ts';
import { dayOf, drawEvidence } from './causes.ts';
import { clockTime } from './figures.ts';
import { Names } from './names.ts';
import { Page, type PageOptions } from './page.ts';
import { glue, padEnd, span, type Style } from './text.ts';

const MARK: Readonly<Record<LinkState, readonly [string, Style]>> = {
  seen: ['✓', 'green'],
  absent: ['✗', 'red'],
  unknowable: ['?', 'yellow'],
};
const MARK_WIDTH = 4;

const ANSWER: Readonly<Record<TraceReport['attempted']['answer'], string>> = { yes: 'Yes: ', no: 'No: ', unknown: '' };

function drawLink(one: TraceLink, t: TraceReport, names: Names, page: Page, day: string | undefined): void {
  const [mark, style] = MARK[one.state];
  const says = one.says === '' ? '' : `: ${names.prose(one.says)}`;
  const label = span(padEnd(page.show(mark), MARK_WIDTH), style);
  const common =
    one.time === null || one.commonTime === null || one.commonTime === one.time ? '' : ` (${clockTime(one.commonTime, day)} common time)`;
  page.row(
    [span(one.link, 'bold'), span(says), span(common, 'dim')],
    one.link === t.breaksAt ? span('breaks here', 'bold', 'red') : [],
    2,
    label,
  );
  drawEvidence(one.evidence, names, page, 2 + MARK_WIDTH + 2, day);
}

/** Pure: the same trace, diagnosis and options give the same text. The diagnosis lends its names and its causes. */
export function renderTrace(t: TraceReport, d: Diagnosis, options: PageOptions): string {
  const page = new Page(options);
  const names = new Names(d);
  const direction = `${names.role(t.from)} → ${names.role(t.to)}`;
  const open = t.links.filter((l) => l.state === 'unknowable').length;
  const whole = open === 0 ? 'every link is seen' : `no link is shown broken, ${open} of ${t.links.length} cannot be judged`;
  const verdict = t.breaksAt === null ? whole : `breaks at: ${t.breaksAt}`;
  page.prose([span(glue(direction), 'bold'), span(`${t.run === null ? '' : ` · run ${t.run}`} · ${verdict}`)], 0);
  page.prose([span('Was it ever attempted? ', 'bold'), span(`${ANSWER[t.attempted.answer]}${names.prose(t.attempted.says)}`)], 2);
  drawEvidence(t.attempted.evidence, names, page, 4, dayOf(d));
  page.blank();
  for (const one of t.links) drawLink(one, t, names, page, dayOf(d));
  page.blank();
  page.prose(span('✓ seen · ✗ absent: evidence that would show it does not · ? nothing here could show it', 'dim'), 2);
  page.prose(span('times are those of each log itself; common time is told where it differs', 'dim'), 2);
  page.heading('What it means');
  page.prose(names.prose(t.meaning), 4);
  const causes = d.causes.filter(
    ({ subject: s }) => (s.from === t.from && s.to === t.to) || (s.from === undefined && (s.party === t.from || s.party === t.to)),
  );
  if (causes.length > 0) {
    page.heading('Causes that touch it');
    for (const { rule, message } of causes) page.prose([span(rule, 'bold'), span(`: ${names.prose(message)}`)], 4, '• ');
  }
  return page.toString();
}
