/** Two runs side by side, for a person at a terminal. */
import { Page, type PageOptions } from '../page.ts';
import { span } from '../text.ts';
import { MATTERS, type Comparison, type Difference } from './compare.ts';

const INDENT = 4;
const SIGN = { failed: '✗', degraded: '!', inconclusive: '?', healthy: '✓' } as const;
/** Small differences that are shown. */
const MOST_SMALL = 8;

export interface Labels {
  readonly a: string;
  readonly b: string;
}

export function renderDiff(comparison: Comparison, labels: Labels, options: PageOptions): string {
  const page = new Page(options);
  const { a, b, differences } = comparison;
  for (const [name, side, label] of [
    ['A', a, labels.a],
    ['B', b, labels.b],
  ] as const) {
    page.prose([span(label, 'bold'), span(`: ${side.verdict}. ${side.because}`)], 2, span(`${name} ${page.show(SIGN[side.verdict])} `));
  }
  const large = differences.filter((one) => one.weight >= MATTERS);
  const small = differences.filter((one) => one.weight < MATTERS);
  if (large.length === 0) {
    page.heading('Nothing that matters differs');
    page.prose(lessThan(comparison, small), INDENT);
  } else {
    page.heading('What differs, the most telling first');
    large.forEach((one, index) => draw(one, `${index + 1}`.padStart(2), page));
  }
  if (small.length > 0) {
    page.heading(large.length === 0 ? 'Small differences' : 'And less telling');
    for (const one of small.slice(0, MOST_SMALL)) draw(one, ' ·', page);
    if (small.length > MOST_SMALL) page.prose(`and ${small.length - MOST_SMALL} more (--format json)`, INDENT);
  }
  const blind = [...new Set([...a.missing, ...b.missing])];
  if (blind.length > 0) {
    page.heading('Not compared');
    page.prose(`what nobody could see: ${blind.map((what) => where(what, comparison)).join('; ')}`, INDENT);
  }
  return page.toString();
}

function where(what: string, { a, b }: Comparison): string {
  const [inA, inB] = [a.missing.includes(what), b.missing.includes(what)];
  return inA && inB ? what : `${what} (of ${inA ? 'A' : 'B'})`;
}

/** An honest nothing: alike is not well, and unseen is not alike. */
function lessThan({ a, b }: Comparison, small: readonly Difference[]): string {
  const both =
    a.verdict === 'healthy' ? 'both runs are well' : `both runs are ${a.verdict}, for the same reasons as far as the evidence goes`;
  const seen = a.missing.length + b.missing.length > 0 ? '; what the evidence does not show may still differ' : '';
  return `${both}${small.length > 0 ? '; only what any two runs differ in does' : ''}${seen}.`;
}

function draw({ about, a, b }: Difference, label: string, page: Page): void {
  const short = a.length + b.length < 60;
  page.prose([span(about, 'bold'), ...(short ? [span(`: A ${a}, B ${b}`)] : [])], INDENT, span(`${label}  `));
  if (short) return;
  for (const [name, words] of [
    ['A', a],
    ['B', b],
  ] as const)
    page.prose(words, INDENT + 4, span(`${name} `, 'dim'));
}
