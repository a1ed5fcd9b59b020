/** The sequence diagram: a lane for each party and the relay, time downwards, drawn around the failure first. */
import { counted, duration } from '../figures.ts';
import { at, cut, html, type Markup } from './markup.ts';
import { focusOf, RELAY_LANE, stepsOf, type Step } from './steps.ts';
import { momentOf, tableFrame, type Section, type View } from './view.ts';

/** Steps of the drawing that stands open, and of one that is unfolded. */
const MOST_FOCUS = 70;
const MOST_CHUNK = 150;
const MOST_ROWS = 1000;
const MOST_SESSIONS = 12;

const CLOCK_WIDTH = 104;
const LANE_WIDTH = 196;
const HEAD = 46;
const ROW = 31;
/** A longer pause is written between two steps. */
const PAUSE_MS = 1000;
const LABEL_ROOM = 30;
const NAME_ROOM = 20;

interface Lanes {
  readonly names: readonly string[];
  readonly width: number;
  readonly x: (name: string) => number;
}

function lanesOf(view: View, steps: readonly Step[]): Lanes {
  const present = new Set(steps.flatMap(({ from, to }) => (to === null ? [from] : [from, to])));
  const known = view.parties.map(({ email }) => email).filter((email) => present.has(email));
  const strangers = [...present].filter((name) => name !== RELAY_LANE && !known.includes(name)).toSorted();
  const names = [...known, ...strangers, ...(present.has(RELAY_LANE) ? [RELAY_LANE] : [])];
  return {
    names,
    width: CLOCK_WIDTH + names.length * LANE_WIDTH,
    x: (name) => CLOCK_WIDTH + (Math.max(0, names.indexOf(name)) + 0.5) * LANE_WIDTH,
  };
}

/** Width that the style sheet scales: the same for every drawing of a page. */
export function sequenceWidth(view: View): number {
  return lanesOf(view, stepsOf(view)).width;
}

function drawMessage(step: Step, y: number, lanes: Lanes, text: string): Markup {
  const [a, b] = [lanes.x(step.from), lanes.x(step.to ?? step.from)];
  const way = b >= a ? 1 : -1;
  const end = b - way * (step.tone === 'bad' ? 14 : 2);
  const head =
    step.tone === 'bad'
      ? html`<path class="cut" d="M${at(b - way * 14 - 5)} ${y - 5}l10 10M${at(b - way * 14 + 5)} ${y - 5}l-10 10" />`
      : html`<path class="tip ${step.tone}" d="M${at(end)} ${y}l${-way * 9} -5v10z" />`;
  const room = Math.abs(b - a) > LANE_WIDTH ? LABEL_ROOM * 2 : LABEL_ROOM;
  return html`<path class="wire ${step.tone}" d="M${at(a)} ${y}H${at(end)}" />${head}<text
      class="say"
      x="${at((a + b) / 2)}"
      y="${y - 6}"
      text-anchor="middle"
      >${cut(text, room)}</text
    >`;
}

function drawMark(step: Step, y: number, lanes: Lanes, text: string): Markup {
  const x = lanes.x(step.from);
  const last = lanes.names.at(-1) === step.from && lanes.names.length > 1;
  return html`<rect
      class="dot ${step.tone}"
      x="${at(x - 4.5)}"
      y="${y - 4.5}"
      width="9"
      height="9"
      rx="${step.tone === 'bad' ? 0 : 4.5}"
    /><text class="say" x="${at(x + (last ? -11 : 11))}" y="${y + 4}" text-anchor="${last ? 'end' : 'start'}"
      >${cut(text, LABEL_ROOM * 1.5)}</text
    >`;
}

function labelOf(step: Step): string {
  const [word = '', ...more] = step.word.split(' · ');
  const session = step.session === null ? '' : ` ${step.session}`;
  const rest = more.length > 0 ? ` · ${more.join(' · ')}` : '';
  return `${word}${step.to === null || rest === '' ? session : ''}${rest}${step.times > 1 ? ` ×${step.times}` : ''}`;
}

function clockOf(step: Step, view: View): string {
  return momentOf(view, step.coarse ? step.t - 999 : step.t, step.coarse ? 'relay' : undefined);
}

/** Rows from top to bottom, with a row for each longer pause. */
function drawSteps(steps: readonly Step[], lanes: Lanes, view: View): Markup {
  let y = HEAD + ROW * 0.8;
  let before: number | undefined;
  const rows = steps.map((step) => {
    const gap = before === undefined ? 0 : step.t - before;
    const pause =
      gap >= PAUSE_MS &&
      html`<text class="pause" x="${CLOCK_WIDTH}" y="${at(y + 2)}">${duration(gap)} later</text
        ><line class="pause" x1="${CLOCK_WIDTH + 90}" x2="${lanes.width}" y1="${at(y - 2)}" y2="${at(y - 2)}" />`;
    if (pause !== false) y += ROW * 0.85;
    before = step.t;
    const line = at(y);
    y += ROW;
    const text = labelOf(step);
    return html`${pause}<g class="step${step.cited && html` cited`}"
        ><title>
          ${clockOf(step, view)} ${view.names.role(step.from)}${step.to !== null && ` → ${view.names.role(step.to)}`}:
          ${text}${step.why !== undefined && `, ${step.why}`}</title
        >${step.cited && html`<rect class="band" x="0" y="${at(line - ROW * 0.62)}" width="${lanes.width}" height="${ROW}" />`}<text
          class="clock"
          x="4"
          y="${line + 4}"
          >${clockOf(step, view)}</text
        >${step.to === null || step.to === step.from ? drawMark(step, line, lanes, text) : drawMessage(step, line, lanes, text)}</g
      >`;
  });
  const height = at(y + 4);
  const heads = lanes.names.map((name) => {
    const x = lanes.x(name);
    return html`<line class="lane" x1="${at(x)}" x2="${at(x)}" y1="${HEAD - 6}" y2="${height}" /><g
        class="lane-head${name === RELAY_LANE && html` relay`}"
        ><title>${name}</title><rect x="${at(x - LANE_WIDTH / 2 + 14)}" y="6" width="${LANE_WIDTH - 28}" height="30" rx="7" /><text
          x="${at(x)}"
          y="26"
          text-anchor="middle"
          >${cut(view.names.role(name), NAME_ROOM)}</text
        ></g
      >`;
  });
  return html`<svg
    class="sequence"
    viewBox="0 0 ${lanes.width} ${height}"
    role="img"
    aria-label="Sequence of ${counted(steps.length, 'step')}; the same as a table below"
  >
    ${heads}${rows}
  </svg>`;
}

function drawFrame(steps: readonly Step[], lanes: Lanes, view: View, label: string): Markup {
  return html`<div class="frame zoomable" role="region" tabindex="0" aria-label="${label}">${drawSteps(steps, lanes, view)}</div>`;
}

function drawRest(steps: readonly Step[], lanes: Lanes, view: View, word: string): Markup {
  const chunks = Array.from({ length: Math.ceil(steps.length / MOST_CHUNK) }, (_, i) => steps.slice(i * MOST_CHUNK, (i + 1) * MOST_CHUNK));
  return html`${chunks.map((chunk, i) => {
    const first = chunk[0];
    const title = `${word}: ${counted(chunk.length, 'step')}${first === undefined ? '' : ` from ${clockOf(first, view)}`}`;
    return html`<details class="more">
      <summary>${title}</summary>
      ${drawFrame(chunk, lanes, view, `${word}, part ${i + 1}`)}
    </details>`;
  })}`;
}

function drawTable(steps: readonly Step[], view: View): Markup {
  const { names } = view;
  const shown = steps.slice(0, MOST_ROWS);
  const rows = shown.map(
    (step) =>
      html`<tr${step.cited && html` class="cited"`}><th scope="row">${clockOf(step, view)}</th><td>${names.role(step.from)}</td><td>${step.to === null ? '' : names.role(step.to)}</td><td>${step.word}${step.times > 1 && ` ×${step.times}`}${step.why !== undefined && `, ${step.why}`}${step.cited && html` <span class="badge">cited by a cause</span>`}</td><td><code>${step.session ?? ''}</code></td><td class="place">${names.source(step.source)}:${step.line}</td></tr>`,
  );
  return html`<details class="more">
    <summary>The sequence as a table${shown.length < steps.length ? `, the first ${shown.length}` : ''}</summary>
    ${tableFrame(
      'The sequence as a table',
      html`<table>
        <thead>
          <tr>
            <th scope="col">Time (UTC)</th>
            <th scope="col">Who</th>
            <th scope="col">To</th>
            <th scope="col">What</th>
            <th scope="col">Session</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`,
    )}
  </details>`;
}

function drawSessions(view: View): Markup | false {
  const { d, names } = view;
  if (d.sessions.length === 0) return false;
  const dash = (value: string | null | undefined) => (value === null || value === undefined || value === '' ? '–' : value);
  const rows = d.sessions.map(
    (s) =>
      html`<tr${s.rejected !== null && html` class="lossy"`}><th scope="row"><code>${s.id.slice(0, 8)}</code></th><td>${dash(s.channel)}</td><td>${s.opener === null ? '?' : names.role(s.opener)} → ${s.acceptor === null ? '?' : names.role(s.acceptor)}</td><td>${s.opened === null ? '–' : momentOf(view, Date.parse(s.opened))}</td><td>${s.accepted === null ? '–' : momentOf(view, Date.parse(s.accepted))}</td><td>${dash(s.transport)}</td><td>${s.frames.sent ?? '?'} → ${s.frames.received ?? '?'}</td><td>${dash(s.rejected)}</td></tr>`,
  );
  const table = tableFrame(
    'Sessions',
    html`<table>
      <thead>
        <tr>
          ${['Session', 'Channel', 'Opened by → accepted by', 'Opened', 'Accepted', 'Way', 'Frames', 'Refused'].map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  );
  if (d.sessions.length <= MOST_SESSIONS)
    return html`<h3>All sessions</h3>
      ${table}`;
  return html`<details class="more">
    <summary>${counted(d.sessions.length, 'session')} as a table</summary>
    ${table}
  </details>`;
}

const ZOOMS = [
  ['fit', 'Fit'],
  ['100', '100 %'],
  ['150', '150 %'],
  ['200', '200 %'],
] as const;

export function sequenceSection(view: View): Section | undefined {
  const steps = stepsOf(view);
  const sessions = drawSessions(view);
  if (steps.length === 0 && sessions === false) return undefined;
  const lanes = lanesOf(view, steps);
  const { start, end } = focusOf(steps, MOST_FOCUS);
  const around = steps.some(({ cited }) => cited);
  const zoom = html`<fieldset class="zoom">
    <legend>Size of the drawing</legend>
    ${ZOOMS.map(([id, word]) => html`<label><input type="radio" name="zoom" value="${id}" ${id === '100' && html` checked`} /> ${word}</label>`)}
  </fieldset>`;
  return {
    id: 'sequence',
    title: around && view.d.verdict === 'failed' ? 'Sessions around the failure' : 'Sessions',
    gist: counted(steps.length, 'step'),
    body: html`${
      steps.length > 0 &&
      html`<p class="hint">
          Time runs downwards. A full arrow was read at its other end; a broken one left no line there; a cross was refused.
          ${around && 'Steps that a cause cites stand on a band. '}A time without milliseconds is the relay’s, somewhere in that second.
        </p>
        ${zoom} ${drawRest(steps.slice(0, start), lanes, view, 'Before')}
        ${drawFrame(steps.slice(start, end), lanes, view, 'Sequence diagram')} ${drawRest(steps.slice(end), lanes, view, 'After')}
        ${drawTable(steps, view)}`
    }
    ${sessions}`,
  };
}
