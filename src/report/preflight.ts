/** The words of preflight: one block per result, worst first. */
import type { Direction, Outlook, PreflightReport } from '../model/preflight.ts';
import type { Evidence } from '../model/diagnosis.ts';
import { Page, type PageOptions } from './page.ts';
import { span, type Style } from './text.ts';

const WORDS: Readonly<Record<Outlook, readonly [words: string, style: Style]>> = {
  'will-fail': ['will fail', 'red'],
  'may-fail': ['may fail', 'yellow'],
  note: ['note', 'cyan'],
};

/** Pure: the same report and options give the same text. */
export function renderPreflight(r: PreflightReport, options: PageOptions): string {
  const page = new Page(options);
  const versions = new Set(r.parties.map((p) => p.era).filter((era) => era !== null));
  const facts = [r.run ?? 'no run id', `${r.parties.length} parties`, `${r.layout} layout`, [...versions].join(' and ')];
  page.prose(facts.filter((f) => f !== '').join(' · '), 0, span('PREFLIGHT   ', 'bold'));
  page.blank();
  if (!r.judged) page.prose('no marker of this run is there: nothing to judge', 2);
  else if (r.results.length === 0) page.prose('nothing here will stop a direction', 2);
  for (const result of r.results) {
    const [words, style] = WORDS[result.outlook];
    const subject = subjectOf(r, result.party, result.directions);
    page.line([span(`  ${words}`, 'bold', style), span(subject === '' ? '' : `   ${subject}`), span(`   ${result.check}`, 'dim')]);
    page.prose(result.message, 4);
    for (const evidence of result.evidence) drawEvidence(page, evidence);
    page.prose(result.remedy, 4, 'Do: ');
    page.blank();
  }
  if (r.results.length > 0 && r.results.every((x) => x.outlook !== 'will-fail'))
    page.prose('nothing here must stop a direction; see what may', 2);
  return page.toString();
}

function drawEvidence(page: Page, e: Evidence): void {
  const at = e.line !== undefined ? `:${e.line}` : e.pointer === undefined ? '' : `#${e.pointer}`;
  page.whole(`${e.absent === true ? 'not in ' : ''}${e.source ?? ''}${at}`, 6, 'dim');
  page.line(span(`        ${e.text}`, 'dim'));
}

function subjectOf(r: PreflightReport, party: string | null, directions: readonly Direction[]): string {
  const role = (email: string): string => r.parties.find((p) => p.email === email)?.role ?? email;
  const has = (d: Direction): boolean => directions.some((o) => o.from === d.from && o.to === d.to);
  const shown = directions.flatMap((d) => {
    if (!has({ from: d.to, to: d.from })) return [`${role(d.from)} → ${role(d.to)}`];
    const first = directions.find((o) => (o.from === d.from && o.to === d.to) || (o.from === d.to && o.to === d.from));
    return first === d ? [`${role(d.from)} ↔ ${role(d.to)}`] : [];
  });
  return shown.length > 0 ? [...new Set(shown)].join(', ') : party === null ? '' : role(party);
}
