/** Cited lines: when, whose, what, where; each unfolds into the line as the file has it and what stands around it. */
import type { Evidence } from '../../model/diagnosis.ts';
import { excerptLines, message } from '../excerpt.ts';
import { html, type Markup } from './markup.ts';
import { timeOf, type View } from './view.ts';

/** Signs of a shortened excerpt; the whole line is one unfolding away. */
const EXCERPT_ROOM = 400;

function brief(item: Evidence): string {
  if (item.absent === true) return `not there: ${item.text}`;
  return excerptLines(message(item), EXCERPT_ROOM, 1, (text) => text, false).join(' ');
}

function drawContext(item: Evidence, context: NonNullable<Evidence['context']>): Markup {
  const cited: (typeof context)[number] = { line: item.line ?? 0, text: item.text };
  const rows = [...context, cited].toSorted((a, b) => a.line - b.line);
  return html`<ol class="lines">
    ${rows.map((row, i) => {
      const skipped = row.line - (rows[i - 1]?.line ?? row.line - 1) - 1;
      return html`${skipped > 0 && html`<li class="gap">${skipped} other ${skipped === 1 ? 'line' : 'lines'}</li>`}<li${row === cited ? html` class="cited"` : ''}><span class="no">${row.line}${row === cited && html`<span class="vh"> (cited)</span>`}</span> <code>${row.text}</code></li>`;
    })}
  </ol>`;
}

function drawOne(item: Evidence, view: View): Markup {
  const { names, contexts } = view;
  const context = contexts.get(`${item.source ?? ''}:${item.line ?? ''}`);
  const text = brief(item);
  const head = html`<span class="when">${timeOf(view, item.time, item.clock)}</span>
    <span class="who">${item.clock === undefined ? '' : names.role(item.clock)}</span> <span class="what">${text}</span>
    <span class="place">${names.place(item, item.clock)}</span>`;
  if (item.line === undefined || item.source === undefined) {
    const bare = item.time === undefined && item.clock === undefined;
    return html`<li class="plain${bare && html` bare`}">${head}</li>`;
  }
  const body =
    context === undefined
      ? html`<ol class="lines">
          <li class="cited"><span class="no">${item.line}</span> <code>${item.text}</code></li>
        </ol>`
      : drawContext(item, context);
  return html`<li>
    <details>
      <summary>${head}</summary>
      <p class="file">${item.source}, line ${item.line}</p>
      ${body}
    </details>
  </li>`;
}

/** A list of excerpts; what is beyond `most` waits behind one more unfolding. */
export function drawEvidence(
  evidence: readonly Evidence[],
  view: View,
  most: number,
  first: readonly Evidence[] = evidence.slice(0, most),
): Markup {
  const rest = evidence.filter((item) => !first.includes(item));
  return html`<ul class="evidence">
      ${first.map((item) => drawOne(item, view))}
    </ul>
    ${
      rest.length > 0 &&
      html`<details class="more">
        <summary>${rest.length} more ${rest.length === 1 ? 'line' : 'lines'} of evidence</summary>
        <ul class="evidence">
          ${rest.map((item) => drawOne(item, view))}
        </ul>
      </details>`
    }`;
}
