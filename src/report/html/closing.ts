/** What remains open, what would tell more, every rule, and what was read. */
import type { Diagnosis, RuleVerdict } from '../../model/diagnosis.ts';
import { isUnreadReason, UNREAD } from '../../model/unread.ts';
import { chainEnd, CLOCK_NOISE_MS, difference, distanceOf, isOff, percent, VERDICT_WORD } from '../closing.ts';
import { counted, figure } from '../figures.ts';
import { drawEvidence } from './evidence.ts';
import { at, html, type Markup } from './markup.ts';
import { tableFrame, timeOf, type Section, type View } from './view.ts';

export function waitsSection(view: View): Section | undefined {
  const { d, names } = view;
  if (d.waits.length === 0) return undefined;
  const end = chainEnd(d);
  const chain =
    end.length === 1
      ? `The chain ends at ${names.role(end[0] ?? '')}, which waits for nobody.`
      : end.length === 0 && d.waits.every((wait) => wait.for.length > 0)
        ? 'They wait for each other: the chain has no end.'
        : '';
  return {
    id: 'waits',
    title: 'Who waits for whom',
    body: html`<ul class="cards">
        ${d.waits.map(
          (wait) =>
            html`<li>
              <p>
                <strong
                  >${names.role(wait.party)} waits for
                  ${wait.for.length === 0 ? 'a peer' : wait.for.map((party) => names.role(party)).join(' and ')}</strong
                >${wait.since !== null && ` since ${timeOf(view, wait.since)}`}${wait.why !== '' && `: ${names.prose(wait.why)}`}
              </p>
              ${drawEvidence(wait.evidence, view, 1)}
            </li>`,
        )}
      </ul>
      ${chain !== '' && html`<p class="calm">${chain}</p>`}`,
  };
}

function drawList(title: string, items: readonly string[], view: View): Markup | false {
  return (
    items.length > 0 &&
    html`<h3>${title}</h3>
      <ul class="plain">
        ${items.map((item) => html`<li>${view.names.prose(item)}</li>`)}
      </ul>`
  );
}

export function openSection(view: View): Section | undefined {
  const { unexplained, contradictions, missingEvidence } = view.d;
  if (unexplained.length + contradictions.length + missingEvidence.length === 0) return undefined;
  return {
    id: 'missing',
    title: 'How to know more',
    body: html`${drawList('Not explained by any cause', unexplained, view)}${drawList('The evidence contradicts itself', contradictions, view)}${
      missingEvidence.length > 0 &&
      html`<h3>Missing evidence, and how to get it</h3>
        <ul class="cards">
          ${missingEvidence.map(
            ({ what, why, how }) =>
              html`<li>
                <p><strong>${view.names.prose(what)}</strong>${why !== '' && `: ${view.names.prose(why)}`}</p>
                ${how !== '' && html`<p class="how"><span aria-hidden="true">→</span> ${view.names.prose(how)}</p>`}
              </li>`,
          )}
        </ul>`
    }`,
  };
}

const ORDER: readonly RuleVerdict['verdict'][] = ['errored', 'found', 'insufficient-data', 'clear', 'not-applicable'];
/** What the reason of a verdict says, as a head of its column. */
const REASON: Readonly<Record<RuleVerdict['verdict'], string>> = {
  errored: 'How it broke down',
  found: 'What it found',
  'insufficient-data': 'What it needs',
  clear: 'What it cannot see',
  'not-applicable': 'Why it does not apply',
};

export function rulesSection(view: View): Section | undefined {
  const { verdicts } = view.d;
  if (verdicts.length === 0) return undefined;
  const groups = ORDER.map((verdict) => ({ verdict, rules: verdicts.filter((rule) => rule.verdict === verdict) })).filter(
    ({ rules }) => rules.length > 0,
  );
  return {
    id: 'rules',
    title: 'Every rule',
    gist: groups.map(({ verdict, rules }) => `${rules.length} ${VERDICT_WORD[verdict]}`).join(', '),
    body: html`${groups.map(
        ({ verdict, rules }) =>
          html`<details class="more" ${(verdict === 'errored' || verdict === 'found') && html` open`}>
            <summary>${counted(rules.length, 'rule')}: ${VERDICT_WORD[verdict]}</summary>
            ${tableFrame(
              `Rules: ${VERDICT_WORD[verdict]}`,
              html`<table class="rules">
                <thead>
                  <tr>
                    <th scope="col">Rule</th>
                    <th scope="col">${REASON[verdict]}</th>
                  </tr>
                </thead>
                <tbody>
                  ${rules.map(
                    ({ rule, reason }) =>
                      html`<tr>
                        <th scope="row"><code>${rule}</code></th>
                        <td>${view.names.prose(reason)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>`,
            )}
          </details>`,
      )}
      <p class="hint">What a rule looks at, and what its verdict is worth: <code>hotlink-doctor explain RULE</code></p>`,
  };
}

const PARTS = [
  ['records', 'records'],
  ['continuation', 'continued'],
  ['ignored', 'noise'],
  ['rejected', 'not understood'],
] as const;

function drawShares({ total }: Diagnosis['accounting']): Markup {
  let x = 0;
  const rects = PARTS.map(([key]) => {
    const width = total.lines === 0 ? 0 : (total[key] / total.lines) * 100;
    const start = x;
    x += width;
    return html`<rect class="${key}" x="${at(start)}" width="${at(width)}" height="6" />`;
  });
  return html`<svg class="shares" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>
    <p class="legend">
      ${PARTS.map(
        ([key, word]) =>
          html`<span class="key"
            ><svg width="12" height="12" class="shares-key" aria-hidden="true"><rect class="${key}" width="12" height="12" /></svg>
            ${figure(total[key])} ${word}</span
          >`,
      )}
    </p>`;
}

function drawUnread({ accounting: { sources } }: Diagnosis): Markup | false {
  const rows = sources.flatMap(({ source, reasons }) =>
    Object.keys(reasons)
      .filter(isUnreadReason)
      .filter((reason) => UNREAD[reason].severity !== 'info')
      .map((reason) => html`<li><strong>${source}</strong>: ${UNREAD[reason].words}</li>`),
  );
  return (
    rows.length > 0 &&
    html`<h3>Not read, or not to the end</h3>
      <ul class="plain">
        ${rows}
      </ul>`
  );
}

function drawSources(view: View): Markup {
  const heads = ['File', 'Kind', 'Lines', 'Records', 'Continued', 'Noise', 'Not understood', 'Why'];
  return tableFrame(
    'Every file and its account',
    html`<table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${view.d.accounting.sources.map((s) => {
          const notes = [
            s.mirrorOf === null ? '' : `copy of ${s.mirrorOf}`,
            s.cut ? 'ends in the middle of a line' : '',
            ...Object.entries(s.reasons).map(([reason, count]) => `${reason} ${figure(count)}`),
          ];
          return html`<tr>
            <th scope="row" class="path">${s.source}</th>
            <td>${s.kind}, ${s.dialect}</td>
            ${[s.lines, s.records, s.continuation, s.ignored, s.rejected].map((value) => html`<td class="num">${figure(value)}</td>`)}
            <td>${notes.filter((note) => note !== '').join(', ')}</td>
          </tr>`;
        })}
      </tbody>
    </table>`,
  );
}

export function accountingSection(view: View): Section {
  const { total, unmatchedHotlink, sources } = view.d.accounting;
  const known = total.records + total.continuation + total.ignored + total.rejected;
  const verb = unmatchedHotlink === 1 ? 'says hotlink and matches' : 'say hotlink and match';
  return {
    id: 'accounting',
    title: 'What was read',
    gist: `${counted(total.lines, 'line')} in ${counted(sources.length, 'file')}, ${percent(known, total.lines)} accounted for`,
    body:
      sources.length === 0
        ? html`<p class="calm">No file was read.</p>`
        : html`${unmatchedHotlink > 0 && html`<p class="note">${counted(unmatchedHotlink, 'line')} ${verb} no message that this version knows: something may be missing above.</p>`}
            ${drawShares(view.d.accounting)}${drawUnread(view.d)}
            <details class="more">
              <summary>Every file: lines = records + continued + noise + not understood</summary>
              ${drawSources(view)}
            </details>`,
  };
}

export function clocksSection(view: View): Section | undefined {
  const clocks = view.d.clocks.filter(
    (clock) => (isOff(clock) && distanceOf(clock) >= CLOCK_NOISE_MS) || clock.offsetMs.min === null || clock.offsetMs.max === null,
  );
  if (clocks.length === 0) return undefined;
  const { names } = view;
  return {
    id: 'clocks',
    title: 'Clocks',
    body: html`<ul class="plain">
      ${clocks.map(({ clock, against, offsetMs, note }) => html`<li>${names.role(clock)} ${difference(offsetMs)} ${names.role(against)}${note !== '' && ` (${names.prose(note)})`}</li>`)}
    </ul>`,
  };
}

/** Files by the short names that the page calls them by; drawn last, when all have been called. */
export function filesSection(view: View): Section | undefined {
  const cited = view.names.cited();
  if (cited.length === 0) return undefined;
  return {
    id: 'files',
    title: 'Files cited',
    body: html`<dl class="files">
      ${cited.map(
        ({ short, source }) =>
          html`<div>
            <dt>${short}</dt>
            <dd><code>${source}</code></dd>
          </div>`,
      )}
    </dl>`,
  };
}
