/** What each direction carried, hop by hop, and where it went missing. */
import type { Flow, Interval } from '../../model/diagnosis.ts';
import { counted, figure, interval, volume } from '../figures.ts';
import { arrived, isBlank, lossOf, stagesOf, wayOf } from '../flows.ts';
import { at, html, type Markup } from './markup.ts';
import { drawPicture } from './picture.ts';
import { tableFrame, type Section, type View } from './view.ts';

const STATE: Readonly<Record<Flow['state'], readonly [string, string]>> = {
  delivered: ['✓', 'delivered'],
  lossy: ['✗', 'lost'],
  'in-doubt': ['?', 'in doubt'],
  unknown: ['?', 'not known'],
  'never-used': ['', 'never used'],
};

const HEADS: Readonly<Record<string, string>> = {
  offered: 'Program wrote',
  sent: 'Sent',
  relayed: 'Relayed',
  received: 'Received',
  written: 'Delivered',
};

/** Frames are known by the ledger's names; "written" and "delivered" are the same hop. */
function framesAt(flow: Flow, stage: string): Interval | null {
  const { sent, relayed, received, delivered } = flow.frames;
  return stage === 'sent' ? sent : stage === 'relayed' ? relayed : stage === 'received' ? received : stage === 'written' ? delivered : null;
}

/** A bar beside a figure: what is sure, and lighter what is possible. */
function bar(bounds: Interval | null, most: number): Markup | false {
  if (bounds === null || most <= 0) return false;
  const share = (value: number) => at((Math.min(value, most) / most) * 100);
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rest" width="100" height="4" />
    <rect class="maybe" width="${share(bounds.max)}" height="4" />
    <rect class="sure" width="${share(bounds.min)}" height="4" />
  </svg>`;
}

function cell(flow: Flow, stage: string, bounds: Interval | null, most: number, lostHere: boolean): Markup {
  const frames = framesAt(flow, stage);
  const { relayed, written } = flow.hops;
  const isPast = stage === 'relayed' && relayed !== null && written !== null && relayed.max < written.min;
  const known = frames === null ? '' : `${interval(frames)} ${frames.min === 1 && frames.max === 1 ? 'frame' : 'frames'}`;
  return html`<td data-head="${HEADS[stage]}" ${lostHere && html` class="drop"`}>
    <span class="figure"
      >${bounds === null ? html`<span class="none">no line tells</span>` : interval(bounds)}${
        lostHere && html` <span class="mark" title="lost before here">✗<span class="vh"> lost before here</span></span>`
      }</span
    >${frames !== null && html`<span class="frames">${known}</span>`}${isPast && html`<span class="frames">the rest peer to peer</span>`}${bar(bounds, most)}
  </td>`;
}

function drawRow(flow: Flow, view: View, withProgram: boolean): Markup {
  const { names } = view;
  const stages = stagesOf(flow);
  const loss = lossOf(stages);
  const most = Math.max(...stages.map(([, bounds]) => (bounds === null || bounds.max > 2 ** 49 ? (bounds?.min ?? 0) : bounds.max)));
  const [mark, word] = STATE[flow.state];
  const cells = stages.map(([stage, bounds]) => cell(flow, stage, bounds, most, flow.state === 'lossy' && loss?.before === stage));
  const lost = flow.lost.max === 0 ? '0' : interval(flow.lost);
  return html`<tr class="${flow.state}">
    <th scope="row">
      <span class="dir">${names.role(flow.from)} <span class="to">→</span> ${names.role(flow.to)}</span>
    </th>
    ${
      withProgram && flow.offered === null && html`<td data-head="${HEADS['offered']}"><span class="none">no line tells</span></td>`
    }${cells}
    <td data-head="Lost"><span class="figure">${lost}</span></td>
    <td data-head="State">
      <span class="state ${flow.state}">${mark !== '' && html`<span aria-hidden="true">${mark}</span> `}${word}</span>
    </td>
  </tr>`;
}

function drawTable(flows: readonly Flow[], view: View): Markup {
  const withProgram = flows.some((flow) => flow.offered !== null);
  const heads = [...(withProgram ? ['offered'] : []), 'sent', 'relayed', 'received', 'written'].map((stage) => HEADS[stage]);
  return tableFrame(
    'Bytes and frames of each direction, hop by hop',
    html`<table class="ledger stack">
      <thead>
        <tr>
          <th scope="col">Direction</th>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          <th scope="col">Lost</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${flows.map((flow) => drawRow(flow, view, withProgram))}
      </tbody>
    </table>`,
  );
}

function drawWays(view: View): Markup | false {
  const { d, names } = view;
  const told = d.flows.flatMap((flow) => [
    ...(flow.state === 'lossy' ? [{ flow, text: wayOf(flow) }] : []),
    ...(flow.note === undefined || flow.note === '' ? [] : [{ flow, text: names.prose(flow.note) }]),
  ]);
  return (
    told.length > 0 &&
    html`<ul class="ways">
      ${told.map(({ flow, text }) => html`<li><strong>${names.role(flow.from)} → ${names.role(flow.to)}</strong>: ${text}</li>`)}
    </ul>`
  );
}

export function flowsSection(view: View): Section {
  const { d, names } = view;
  const used = d.flows.filter((flow) => flow.state !== 'never-used' && !isBlank(flow));
  const rest = d.flows.filter((flow) => !used.includes(flow));
  const lost = used.filter((flow) => flow.state === 'lossy');
  const sure = lost.reduce((sum, flow) => sum + flow.lost.min, 0);
  return {
    id: 'flows',
    title: 'Parties and flows',
    ...(d.flows.length === 0
      ? {}
      : {
          gist:
            lost.length === 0
              ? `${figure(used.length)} of ${counted(d.flows.length, 'direction')} used`
              : `${volume(sure)} lost in ${counted(lost.length, 'direction')}`,
        }),
    body: html`${drawPicture(view)} ${d.flows.length === 0 && html`<p class="calm">No direction is visible in this evidence.</p>`}
    ${
      used.length > 0 &&
      html`<h3 id="ledger">Ledger per hop, in bytes</h3>
        ${drawTable(used, view)}`
    }
    ${rest.length > 0 && html`<p class="calm">${rest.map((flow, i) => html`${i > 0 && ' · '}${names.role(flow.from)} → ${names.role(flow.to)}: ${arrived(flow, false)}`)}</p>`}
    ${drawWays(view)}`,
  };
}
