/** The top of the page: the verdict, why, and which run this is. */
import { counted, duration, timeSpan } from '../figures.ts';
import { HEADLINE, movementOf, partiesOf, TRANSPORT } from '../terminal.ts';
import { html, type Markup } from './markup.ts';
import { icon, sentence, type View } from './view.ts';

const MOST_RUNS = 8;

function fact(name: string, value: string | null | undefined): Markup | false {
  return (
    value !== null &&
    value !== undefined &&
    value !== '' &&
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`
  );
}

/** "✗ FAILED" as a word of a sentence. */
export function verdictWord(view: View): string {
  const word = HEADLINE[view.d.verdict][0].replace(/^\S+ /, '').toLowerCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What the page is of, for its title and its head. */
export function runName({ d }: View): string {
  if (d.run === null) return d.input ?? 'no run is visible';
  return [d.run.flow, d.run.id].filter((part) => part !== null && part !== '').join(' ');
}

export function drawVerdict(view: View): Markup {
  const { d } = view;
  const run = d.run;
  const others = run?.otherRuns ?? [];
  const listed = others.slice(0, MOST_RUNS).join(', ');
  const still = run !== null && run.stoodStillMs !== null && run.stoodStillMs > 0 ? duration(run.stoodStillMs) : undefined;
  return html`<header class="verdict ${d.verdict}">
    <p class="kicker">hotlink-doctor · ${runName(view)}</p>
    <h1>${icon(d.verdict)} ${verdictWord(view)}</h1>
    <p class="because">${sentence(view, d.because)}</p>
    <dl class="facts">
      ${fact('Input', d.input)} ${fact('Parties', partiesOf(d))} ${fact('Transport', run === null ? '' : TRANSPORT[run.transport])}
      ${fact('Time', run === null ? '' : timeSpan(run.startedAt, run.endedAt))} ${fact('At the end', run === null ? '' : movementOf(run))}
      ${fact('No movement for', run?.finished === true ? still : undefined)}
      ${others.length > 0 && fact('Other runs here', `${counted(others.length, 'run')}, not judged: ${listed}${others.length > MOST_RUNS ? ' …' : ''}`)}
    </dl>
  </header>`;
}
