/** The parties and what each direction carried, as a drawing that needs no script. The ledger below it says the same in figures. */
import type { Flow, Party } from '../../model/diagnosis.ts';
import { arrived, lossOf, stagesOf } from '../flows.ts';
import { at, cut, html, type Markup } from './markup.ts';
import type { View } from './view.ts';

interface Spot {
  readonly x: number;
  readonly y: number;
}
interface Board {
  readonly width: number;
  readonly height: number;
  readonly box: { readonly w: number; readonly h: number };
  readonly spots: readonly Spot[];
  /** Where on a line its label stands, from its lower-numbered end. */
  readonly label: number;
  /** The same from the sender, where slanting lines cross in the middle. */
  readonly near?: number;
  /** Signs of a label; a longer one is shortened. */
  readonly room: number;
  readonly name: number;
}

/** More parties than this are shown in the ledger only: the drawing would be a knot. */
const MOST_PARTIES = 8;
/** With more, only what went wrong is labelled. */
const MOST_LABELLED = 4;
const LANE = 9;

const WIDE = { width: 720, box: { w: 158, h: 54 }, room: 22, name: 16 };
const NARROW: Omit<Board, 'spots' | 'near'> = { width: 340, height: 96, box: { w: 96, h: 54 }, label: 0.5, room: 17, name: 10 };

function boardFor(count: number): Board {
  if (count === 1) return { ...WIDE, height: 90, label: 0.5, spots: [{ x: 360, y: 45 }] };
  if (count === 2)
    return {
      ...WIDE,
      height: 110,
      room: 30,
      label: 0.5,
      spots: [
        { x: 84, y: 55 },
        { x: 636, y: 55 },
      ],
    };
  if (count === 3)
    return {
      ...WIDE,
      height: 320,
      label: 0.58,
      spots: [
        { x: 360, y: 38 },
        { x: 96, y: 272 },
        { x: 624, y: 272 },
      ],
    };
  if (count === 4)
    return {
      ...WIDE,
      height: 440,
      label: 0.5,
      near: 0.26,
      spots: [
        { x: 100, y: 48 },
        { x: 620, y: 48 },
        { x: 620, y: 392 },
        { x: 100, y: 392 },
      ],
    };
  const spots = Array.from({ length: count }, (_, i): Spot => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return { x: 360 + 262 * Math.cos(angle), y: 230 + 186 * Math.sin(angle) };
  });
  return { ...WIDE, height: 460, label: 0.5, spots };
}

/** From a point inside a box along a direction to the box's edge, as a share of the direction. */
function toEdge(offset: Spot, way: Spot, box: Board['box'], gap: number): number {
  const x = way.x === 0 ? Infinity : ((way.x > 0 ? 1 : -1) * (box.w / 2 + gap) - offset.x) / way.x;
  const y = way.y === 0 ? Infinity : ((way.y > 0 ? 1 : -1) * (box.h / 2 + gap) - offset.y) / way.y;
  return Math.min(x, y);
}

/** How far along its line a direction's bytes came. */
const REACH: Readonly<Record<string, number>> = { offered: 0.08, sent: 0.28, relayed: 0.62, received: 0.9 };

function reachOf(flow: Flow): number | undefined {
  if (flow.state !== 'lossy') return undefined;
  const loss = lossOf(stagesOf(flow));
  return loss === undefined ? 0.5 : (REACH[loss.after] ?? 0.5);
}

function thickness({ sent }: Flow): number {
  return 1.6 + Math.min(3, Math.log10(1 + Math.max(0, sent.min)) * 0.42);
}

function arrow(tip: Spot, unit: Spot, size: number, state: string): Markup {
  const back = { x: tip.x - unit.x * size, y: tip.y - unit.y * size };
  const half = size * 0.48;
  const [a, b] = [
    { x: back.x - unit.y * half, y: back.y + unit.x * half },
    { x: back.x + unit.y * half, y: back.y - unit.x * half },
  ];
  return html`<path class="head ${state}" d="M${at(tip.x)} ${at(tip.y)}L${at(a.x)} ${at(a.y)}L${at(b.x)} ${at(b.y)}Z" />`;
}

interface Ends {
  readonly from: Spot;
  readonly to: Spot;
  /** The direction runs against the order of the parties' numbers. */
  readonly back: boolean;
}

interface Drawn {
  readonly line: Markup;
  /** Drawn after all lines, so that none runs through it. */
  readonly label: Markup | false;
}

function drawFlow(flow: Flow | undefined, label: string, ends: Ends, board: Board, labelled: boolean): Drawn {
  const { from, to, back } = ends;
  const state = flow?.state ?? 'unknown';
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const unit = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const side = { x: unit.y, y: -unit.x };
  const offset = { x: side.x * LANE, y: side.y * LANE };
  const way = { x: to.x - from.x, y: to.y - from.y };
  const start = toEdge(offset, way, board.box, 2);
  const end = 1 - toEdge(offset, { x: -way.x, y: -way.y }, board.box, 4);
  const point = (share: number): Spot => ({
    x: from.x + offset.x + way.x * (start + (end - start) * share),
    y: from.y + offset.y + way.y * (start + (end - start) * share),
  });
  const reach = flow === undefined ? undefined : reachOf(flow);
  const tail = point(1 - 9 / Math.max(20, (end - start) * length));
  const line = drawLine(
    [point(0), reach === undefined ? undefined : point(reach), tail],
    state,
    flow === undefined ? 1.6 : at(thickness(flow)),
  );
  const isStraight = Math.min(Math.abs(side.x), Math.abs(side.y)) < 0.05;
  const share = isStraight ? 0.5 : board.near !== undefined ? board.near : back ? 1 - board.label : board.label;
  const middle = point(share);
  const off = board.width < WIDE.width ? 16 : 13;
  const spot = { x: middle.x + side.x * off, y: middle.y + side.y * off + 4.5 };
  const anchor = Math.abs(side.x) < 0.35 ? 'middle' : side.x > 0 ? 'start' : 'end';
  return {
    line: html`<g class="flow ${state}"><title>${label}</title>${line}${arrow(point(1), unit, 10, state)}</g>`,
    label:
      labelled &&
      html`<g class="flow ${state}"><text class="label" x="${at(spot.x)}" y="${at(spot.y)}" text-anchor="${anchor}">${label}</text></g>`,
  };
}

/** Whole as far as the bytes came, then broken. */
function drawLine([first, cut, tail]: readonly [Spot, Spot | undefined, Spot], state: string, width: number): Markup {
  const line = (a: Spot, b: Spot, kind: string) =>
    html`<path class="${kind}" stroke-width="${width}" d="M${at(a.x)} ${at(a.y)}L${at(b.x)} ${at(b.y)}" />`;
  if (cut === undefined || state !== 'lossy') return line(first, tail, 'way');
  const [x, y] = [at(cut.x - 5.5), at(cut.y - 5.5)];
  return html`${line(first, cut, 'way')}${line(cut, tail, 'way gone')}<path class="cut" d="M${x} ${y}l11 11m0 -11l-11 11" />`;
}

function drawParty(party: Party, spot: Spot, board: Board, view: View): Markup {
  const { w, h } = board.box;
  const state = [party.era.value ?? '', party.alive === false ? 'gone at the end' : ''].filter((part) => part !== '').join(' · ');
  const role = view.names.role(party.email);
  return html`<g class="party${party.alive === false ? html` gone` : ''}"
    ><title>${party.email}</title><rect x="${at(spot.x - w / 2)}" y="${at(spot.y - h / 2)}" width="${w}" height="${h}" rx="9" /><text
      class="name"
      x="${at(spot.x)}"
      y="${at(spot.y + (state === '' ? 5 : -2))}"
      text-anchor="middle"
      >${cut(role, board.name)}</text
    >${
      state !== '' &&
      html`<text class="era" x="${at(spot.x)}" y="${at(spot.y + 16)}" text-anchor="middle">${cut(state, board.name + 3)}</text>`
    }</g
  >`;
}

function drawBoard(parties: readonly Party[], board: Board, view: View, kind: string): Markup {
  const shown = parties.flatMap((a, i) => parties.slice(i + 1).map((b, j) => [i, i + 1 + j, a, b] as const));
  const flows = shown.flatMap(([i, j, a, b]) => {
    const [one, two] = [board.spots[i], board.spots[j]];
    if (one === undefined || two === undefined) return [];
    return [
      { flow: flowOf(view, a, b), from: one, to: two, back: false },
      { flow: flowOf(view, b, a), from: two, to: one, back: true },
    ];
  });
  const drawn = flows.map(({ flow, ...ends }) => {
    const calm = flow === undefined || flow.state === 'never-used';
    const full = arrived(flow, false);
    const label = full.length > board.room ? arrived(flow, true) : full;
    const troubled = flow?.state === 'lossy' || flow?.state === 'in-doubt';
    return drawFlow(flow, label, ends, board, parties.length > MOST_LABELLED ? troubled : !calm || parties.length < MOST_LABELLED);
  });
  return html`<svg
    class="picture ${kind}"
    viewBox="0 0 ${board.width} ${at(board.height)}"
    role="img"
    aria-label="The parties, and for each direction what arrived of what was sent; the ledger below has the same figures"
  >
    ${drawn.map(({ line }) => line)}${drawn.map(({ label }) => label)}${parties.map((party, i) =>
      drawParty(party, board.spots[i] ?? { x: 0, y: 0 }, board, view),
    )}
  </svg>`;
}

function flowOf({ d }: View, from: Party, to: Party): Flow | undefined {
  return d.flows.find((flow) => flow.from === from.email && flow.to === to.email);
}

function isUsed(flow: Flow | undefined): boolean {
  return flow !== undefined && flow.state !== 'never-used';
}

/** On a phone each pair that carried something stands for itself. */
function drawStrips(view: View): Markup[] {
  const { parties } = view;
  const spots = [
    { x: 50, y: 48 },
    { x: 290, y: 48 },
  ];
  return parties.flatMap((a, i) =>
    parties
      .slice(i + 1)
      .filter((b) => parties.length === 2 || isUsed(flowOf(view, a, b)) || isUsed(flowOf(view, b, a)))
      .map((b) => drawBoard([a, b], { ...NARROW, spots }, view, 'narrow')),
  );
}

export function drawPicture(view: View): Markup | false {
  const { parties, d } = view;
  if (parties.length === 0 || d.flows.length === 0) return false;
  if (parties.length > MOST_PARTIES)
    return html`<p class="calm">With ${parties.length} parties a drawing would be a knot: the ledger below lists every direction.</p>`;
  const lossy = d.flows.some((flow) => flow.state === 'lossy');
  return html`<figure class="parties">
    ${drawBoard(parties, boardFor(parties.length), view, 'wide')}${drawStrips(view)}
    <figcaption>
      Each arrow is one direction, with what arrived of what was sent in bytes; the thicker, the
      more.${
        lossy && ' A cross marks how far lost bytes came: near the sender, at the relay, or at the receiver.'
      }${d.flows.some((flow) => flow.state === 'never-used') && ' Dotted: never used.'}
    </figcaption>
  </figure>`;
}
