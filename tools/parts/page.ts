/** The page of a rule: what of it is written from `meta`, what by hand, and how the two are told apart. */
import type { RuleMeta } from '../../src/rules/engine/rule.ts';

/** Stands first in a section that comes from the rule file; what follows is overwritten. */
const GENERATED = '<!-- from the rule file -->';

const HEADINGS = ['What it proves', 'How it judges', 'What is not evidence', 'What it cannot see', 'What to do', 'Example'] as const;
type Heading = (typeof HEADINGS)[number];
const BY_HAND: readonly Heading[] = ['How it judges', 'Example'];

type Evidence = 'recorded' | 'constructed';

interface Page {
  readonly head: string;
  readonly headings: readonly string[];
  readonly sections: ReadonlyMap<string, string>;
}

function parsePage(text: string): Page {
  const [head = '', ...rest] = text.split(/^## /m);
  const parts = rest.map((part): [string, string] => {
    const end = part.indexOf('\n');
    return end < 0 ? [part.trim(), ''] : [part.slice(0, end).trim(), part.slice(end).trim()];
  });
  return { head: head.trim(), headings: parts.map(([heading]) => heading), sections: new Map(parts) };
}

/** Whether a case of the collection of recordings shows the state, or only lines written after the real format do. */
export function evidenceOf(text: string): Evidence | undefined {
  const word = /^Severity: .* · Evidence: (recorded|constructed)$/m.exec(parsePage(text).head)?.[1];
  return word === 'recorded' || word === 'constructed' ? word : undefined;
}

function headText(meta: RuleMeta, evidence: Evidence): string {
  const needs = meta.needs.length === 0 ? 'nothing' : meta.needs.map((n) => n.replaceAll('|', ' or ')).join(', ');
  const covers = meta.failures.length === 0 ? 'nothing in the list of failures' : sortFailures(meta.failures).join(', ');
  return `# ${meta.id}\n\n${meta.title}.\n\nSeverity: ${meta.severity} · Covers: ${covers} · Needs: ${needs} · Evidence: ${evidence}`;
}

export function sortFailures(failures: readonly string[]): string[] {
  return failures.toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
}

function generated(meta: RuleMeta): ReadonlyMap<string, string> {
  const lookAlikes = Object.entries(meta.notEvidence).map(([name, why]) => `- **${name}**: ${why}`);
  const texts: readonly [Heading, string][] = [
    ['What it proves', meta.proves],
    ['What is not evidence', lookAlikes.join('\n')],
    ['What it cannot see', meta.blindTo],
    ['What to do', meta.remedy],
  ];
  return new Map(texts.map(([heading, text]) => [heading, `${GENERATED}\n\n${text}`]));
}

/** The page with its generated parts as `meta` says; what a person wrote is kept. */
export function renderPage(meta: RuleMeta, before: string | undefined): string {
  const page = parsePage(before ?? '');
  const fromMeta = generated(meta);
  const sections = HEADINGS.map((heading) => `## ${heading}\n\n${fromMeta.get(heading) ?? page.sections.get(heading) ?? ''}`.trimEnd());
  return `${[headText(meta, evidenceOf(before ?? '') ?? 'constructed'), ...sections].join('\n\n')}\n`;
}

/** What is wrong with a page, one sentence each. */
export function pageFaults(meta: RuleMeta, text: string): string[] {
  const page = parsePage(text);
  const faults: string[] = [];
  if (page.headings.join('\n') !== HEADINGS.join('\n')) {
    faults.push(`the headings must be, in this order: ${HEADINGS.join(' · ')}`);
  }
  const evidence = evidenceOf(text);
  if (evidence === undefined) faults.push('the front line must end in "Evidence: recorded" or "Evidence: constructed"');
  else if (page.head !== headText(meta, evidence))
    faults.push('title and front line differ from the rule file; run npm run parts -- --write');
  for (const [heading, expected] of generated(meta)) {
    const found = page.sections.get(heading);
    if (found !== undefined && found !== expected) faults.push(`"${heading}" differs from the rule file; run npm run parts -- --write`);
  }
  for (const heading of BY_HAND) {
    if (page.sections.get(heading) === '') faults.push(`"${heading}" is empty; it is written by hand`);
  }
  return faults;
}
