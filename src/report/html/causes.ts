/** Causes first; what was noticed beside them; what it is not. */
import type { Finding } from '../../model/diagnosis.ts';
import { othersOf, symptomsOf, telling } from '../causes.ts';
import { counted } from '../figures.ts';
import { drawEvidence } from './evidence.ts';
import { html, type Markup } from './markup.ts';
import { icon, sentence, type Section, type View } from './view.ts';

const MOST_METRICS = 24;
/** Excerpts of what is no cause. */
const BESIDE = 2;

const CONFIDENCE: Readonly<Record<Finding['confidence'], string>> = { certain: 'certain', likely: 'likely', possible: 'possible' };

function badges(finding: Finding): Markup {
  return html`<span class="badge ${finding.severity}">${finding.severity}</span>
    <span class="badge">${CONFIDENCE[finding.confidence]}</span>`;
}

function drawMetrics({ metrics }: Finding): Markup | false {
  const rows = Object.entries(metrics).slice(0, MOST_METRICS);
  return (
    rows.length > 0 &&
    html`<details class="more">
      <summary>Figures of this finding</summary>
      <dl class="metrics">
        ${rows.map(
          ([key, value]) =>
            html`<div>
              <dt>${key}</dt>
              <dd>${String(value)}</dd>
            </div>`,
        )}
      </dl>
    </details>`
  );
}

function drawCause(cause: Finding, rank: number, view: View): Markup {
  const { d, names } = view;
  const subject = names.subject(cause.subject);
  const symptoms = symptomsOf(cause, d);
  return html`<article class="cause ${cause.severity}" id="cause-${rank}" aria-labelledby="cause-${rank}-title">
    <p class="rule">
      ${icon(cause.severity)} <code>${cause.rule}</code>${subject !== '' && html` <span class="subject">${subject}</span>`} ${badges(cause)}
    </p>
    <h3 id="cause-${rank}-title">${sentence(view, cause.message)}</h3>
    ${cause.remedy !== '' && html`<p class="do"><strong>Do</strong> ${names.prose(cause.remedy)}</p>`}
    <h4>What shows it</h4>
    ${drawEvidence(cause.evidence, view, 0, telling(cause.evidence))}
    ${
      symptoms.length > 0 &&
      html`<h4>What follows from it</h4>
        <ul class="symptoms">
          ${symptoms.map((symptom) => html`<li>${names.prose(symptom.message)} <code>${symptom.rule}</code></li>`)}
        </ul>`
    }
    ${drawMetrics(cause)}
  </article>`;
}

export function causesSection(view: View): Section {
  const { causes, verdict } = view.d;
  if (causes.length === 0) {
    const words =
      verdict === 'healthy'
        ? 'No rule found anything that needs to be done.'
        : 'No rule found a cause. What would help is listed under “How to know more”.';
    return { id: 'causes', title: 'Cause', body: html`<p class="calm">${words}</p>` };
  }
  return {
    id: 'causes',
    title: causes.length === 1 ? 'Cause' : 'Causes',
    ...(causes.length > 1 ? { gist: 'the one that explains most first' } : {}),
    body: html`${causes.map((cause, i) => drawCause(cause, i + 1, view))}`,
  };
}

export function othersSection(view: View): Section | undefined {
  const others = othersOf(view.d);
  if (others.length === 0) return undefined;
  return {
    id: 'others',
    title: view.d.verdict === 'healthy' ? 'Noticed, changes nothing' : 'Also found',
    gist: counted(others.length, 'finding'),
    body: html`<ul class="cards">
      ${others.map(
        (finding) =>
          html`<li>
            <p>${icon(finding.severity)} <strong>${view.names.prose(finding.message)}</strong></p>
            <p class="rule"><code>${finding.rule}</code> ${badges(finding)}</p>
            ${drawEvidence(finding.evidence, view, BESIDE)}
          </li>`,
      )}
    </ul>`,
  };
}

export function excludedSection(view: View): Section | undefined {
  const { excluded } = view.d;
  if (excluded.length === 0) return undefined;
  return {
    id: 'excluded',
    title: 'It is not',
    gist: 'look-alikes that were tested and refuted',
    body: html`<ul class="cards">
      ${excluded.map(
        ({ rule, why, evidence }) =>
          html`<li>
            <p>
              <strong>not <code>${rule}</code></strong
              >: ${view.names.prose(why)}
            </p>
            ${drawEvidence(evidence, view, 1)}
          </li>`,
      )}
    </ul>`,
  };
}
