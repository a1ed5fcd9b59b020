/** What a gate decided about the run, when one judged the document. */
import type { Check } from '../../model/diagnosis.ts';
import { LOOK, ORDER, RESULT } from '../gate.ts';
import { drawEvidence } from './evidence.ts';
import { html, type Markup } from './markup.ts';
import { tableFrame, type Section, type View } from './view.ts';

/** Excerpts of a check that stand open. */
const MOST_EVIDENCE = 2;

function drawCheck(check: Check, view: View): Markup {
  const { accepted, advice, outcome, kind, evidence } = check;
  const isOpen = outcome === 'failed' || outcome === 'inconclusive' || outcome === 'errored';
  const until = accepted?.expires === undefined ? '' : `, until ${accepted.expires}`;
  const issue = accepted?.issue === undefined ? '' : `, ${accepted.issue}`;
  return html`<tr>
    <th scope="row">${LOOK[outcome][0]}</th>
    <td><code>${check.id}</code></td>
    <td>
      ${view.names.prose(check.message)}${accepted !== undefined && html`<p>accepted: ${accepted.reason}${until}${issue}</p>`}
      ${isOpen && advice !== undefined && html`<p class="how">→ ${view.names.prose(advice)}</p>`}
      ${isOpen && kind !== 'finding' && evidence.length > 0 && drawEvidence(evidence, view, MOST_EVIDENCE)}
    </td>
  </tr>`;
}

export function gateSection(view: View): Section | undefined {
  const { gate } = view.d;
  if (gate === undefined) return undefined;
  const checks = ORDER.flatMap((outcome) => gate.checks.filter((check) => check.outcome === outcome));
  return {
    id: 'gate',
    title: 'Gate',
    gist: `${RESULT[gate.outcome][0].toLowerCase()}: policy ${gate.policy}, fails on ${gate.failOn}, exit code ${gate.exitCode}`,
    body: tableFrame(
      'Checks of the gate',
      html`<table class="rules">
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Check</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          ${checks.map((check) => drawCheck(check, view))}
        </tbody>
      </table>`,
    ),
  };
}
