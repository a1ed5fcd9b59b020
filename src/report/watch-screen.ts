/**
 * The screen of a watch: what a moment looks like, in exactly so many lines and columns. First whether the run goes, then why not, then directions, parties
 * and what happened last; where the window is low, the lower parts give way. Whatever came from a file is made safe before it is laid out.
 */
import type { WatchCause, WatchDirection, WatchView } from '../model/watch.ts';
import { message } from './excerpt.ts';
import { clockTime, dateOf, duration, interval, rounded } from './figures.ts';
import { printSpans } from './page.ts';
import { cutEnd, padEnd, padStart, safeText, span, spansWidth, splitAt, textWidth, wrapText, type Span, type Style } from './text.ts';

export interface ScreenOptions {
  readonly width: number;
  readonly height: number;
  readonly color: boolean;
  readonly ascii: boolean;
  /** Only what should stay when the screen is gone: the verdict, causes, directions. */
  readonly brief?: boolean;
}

type Line = readonly Span[];

interface Section {
  readonly lines: readonly Line[];
  /** Lines that it gets before others get more than theirs. */
  readonly least: number;
}

const MOST_BECAUSE = 2;
const MOST_WAITS = 4;
const MOST_EVENTS = 20;
const EVIDENCE = 2;
/** A direction whose figures changed within this time moves: judgements come every few seconds. */
const MOVES_MS = 5000;
const GAP = '  ';

const CAUSE_STYLE: Readonly<Record<WatchCause['severity'], Style>> = { error: 'red', warning: 'yellow', info: 'cyan' };

/** Whole seconds: a figure that changes four times a second cannot be read. */
function seconds(ms: number): string {
  return ms < 1000 ? 'now' : duration(Math.floor(ms / 1000) * 1000);
}

function headlineOf({ state, isFinal, verdict, causes }: WatchView): readonly [string, Style] {
  const fails = causes.some((cause) => cause.confirmed && cause.severity === 'error');
  const goesOn = state === 'moving' || state === 'quiet' || state === 'starting';
  if (fails) return [goesOn ? '✗ FAILING' : '✗ FAILED', 'red'];
  if (state === 'standing') return ['? STANDS STILL', 'yellow'];
  if (state === 'silent') return [verdict === 'failed' ? '✗ FAILED' : '? SILENT', verdict === 'failed' ? 'red' : 'yellow'];
  if (state === 'finished' && isFinal) {
    if (verdict === 'healthy') return ['✓ FINISHED', 'green'];
    return [verdict === 'degraded' ? '! FINISHED, DEGRADED' : '? FINISHED', 'yellow'];
  }
  return state === 'waiting' || state === 'starting' ? ['… WAITING', 'cyan'] : ['▶ RUNNING', 'green'];
}

class Sheet {
  readonly width: number;
  private readonly ascii: boolean;
  private readonly roles: ReadonlyMap<string, string>;

  constructor({ width, ascii }: ScreenOptions, view: WatchView) {
    this.width = width;
    this.ascii = ascii;
    this.roles = new Map(view.parties.map(({ email, role }) => [email, role]));
  }

  show(text: string): string {
    return safeText(text, this.ascii);
  }

  role(email: string): string {
    return this.show(this.roles.get(email) ?? email);
  }

  /** Our own sentences, with parties called by their role. */
  prose(text: string): string {
    let out = this.show(text);
    for (const [email, role] of this.roles) out = out.replaceAll(this.show(email), this.show(role));
    return out;
  }

  cut(text: string, width: number): string {
    return cutEnd(text, Math.max(0, width), this.ascii);
  }

  /** One line from left and right parts; the left one gives way. */
  both(left: Line, right: string): Line {
    const room = this.width - textWidth(right) - 1;
    const cut = this.fit(left, right === '' || room < 10 ? this.width : room);
    const gap = this.width - spansWidth(cut) - textWidth(right);
    return right === '' || gap < 1 ? cut : [...cut, span(' '.repeat(gap)), span(right, 'dim')];
  }

  fit(line: Line, width = this.width): Line {
    if (spansWidth(line) <= width) return line;
    const out: Span[] = [];
    let left = width;
    for (const piece of line) {
      const size = textWidth(piece.text);
      if (size > left) {
        out.push({ ...piece, text: left > 3 ? this.cut(piece.text, left) : splitAt(piece.text, Math.max(0, left))[0] });
        break;
      }
      out.push(piece);
      left -= size;
    }
    return out;
  }

  /** Columns as wide as their widest cell; the last one takes what is left. */
  table(rows: readonly (readonly Span[])[], right: ReadonlySet<number>): readonly Line[] {
    const columns = Math.max(0, ...rows.map((row) => row.length));
    const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => textWidth(row[column]?.text ?? ''))));
    return rows.map((row) =>
      row.flatMap((cell, column) => {
        const width = widths[column] ?? 0;
        const text = right.has(column) ? padStart(cell.text, width) : column === columns - 1 ? cell.text : padEnd(cell.text, width);
        return [span(column === 0 ? '  ' : GAP), { ...cell, text }];
      }),
    );
  }
}

// ---- parts

function headOf(view: WatchView, sheet: Sheet): Section {
  const [words, style] = headlineOf(view);
  const run = view.run === null ? 'no run yet' : [view.run.flow, view.run.id].filter((part) => part !== null).join(' ');
  const judged =
    view.judgedAgoMs === null ? 'not judged yet' : `judged ${view.judgedAgoMs < 1000 ? 'now' : `${seconds(view.judgedAgoMs)} ago`}`;
  const lines: Line[] = [
    sheet.both(
      [span(sheet.show(words), 'bold', style), span(`  ${sheet.show(view.words)}`)],
      sheet.show(`watched ${seconds(view.watchedMs)}`),
    ),
    sheet.both([span(sheet.show(run))], sheet.show(judged)),
  ];
  if (view.because !== '') {
    const text = sheet.prose(view.isFinal ? view.because : `so far: ${view.because}`);
    const wrapped = wrapText(text, Math.max(8, sheet.width - 2));
    for (const [i, line] of wrapped.slice(0, MOST_BECAUSE).entries())
      lines.push([span(`  ${i === MOST_BECAUSE - 1 && wrapped.length > MOST_BECAUSE ? sheet.cut(`${line} …`, sheet.width - 2) : line}`)]);
  }
  return { lines, least: 2 };
}

/** Whom a cause is about, unless its words begin with that. */
function subjectOf({ subject: { party, from, to }, message: words }: WatchCause, sheet: Sheet): string {
  const who =
    party === undefined ? (from === undefined ? '' : `${sheet.role(from)} ${sheet.show('→')} ${sheet.role(to ?? '')}`) : sheet.role(party);
  return who === '' || sheet.prose(words).startsWith(who) ? '' : `${who}: `;
}

function causesOf(view: WatchView, sheet: Sheet): Section {
  const day = dateOf(view.causes[0]?.evidence[0]?.time);
  const lines = view.causes.flatMap((cause, i): Line[] => {
    const head = [
      span(`${String(i + 1).padStart(2)}  `),
      span(sheet.show(cause.rule), 'bold', CAUSE_STYLE[cause.severity]),
      span(`${GAP}${subjectOf(cause, sheet)}${sheet.prose(cause.message)}`),
    ];
    const proof = cause.evidence.slice(0, EVIDENCE).map((item): Line => {
      const place =
        item.source === undefined ? '' : `${item.source.split('/').at(-1) ?? ''}${item.line === undefined ? '' : `:${item.line}`}`;
      const time = item.time === undefined ? '' : `${clockTime(item.time, day)} `;
      const who = item.clock === undefined ? '' : `${sheet.role(item.clock)} `;
      return sheet.both([span(`      ${sheet.show(time)}${who} `, 'dim'), span(sheet.show(message(item)), 'dim')], sheet.show(place));
    });
    return [sheet.both(head, cause.confirmed ? cause.confidence : 'suspected'), ...proof];
  });
  const waits = view.waits.slice(0, MOST_WAITS).map(({ party, for: whom, why }): Line => {
    const others = whom.length === 0 ? 'a peer' : whom.map((email) => sheet.role(email)).join(' and ');
    return [span(`    ${sheet.role(party)} waits for ${others}`), span(why === '' ? '' : `: ${sheet.prose(why)}`, 'dim')];
  });
  return { lines: [...lines, ...waits], least: Math.min(3, lines.length) };
}

function stillness({ neverUsed, stillMs, isAtLeast }: WatchDirection): string {
  if (neverUsed) return '';
  if (!isAtLeast && stillMs < MOVES_MS) return 'moves';
  return `${isAtLeast ? 'over ' : ''}${seconds(stillMs)}`;
}

function directionsOf({ directions }: WatchView, sheet: Sheet): Section {
  if (directions.length === 0) return { lines: [], least: 0 };
  const head = ['direction', 'sent', 'delivered', '', 'bytes/s', 'still', ''].map((text) => span(text, 'dim'));
  const rows = directions.map((d): Span[] => {
    const lost = d.lost.min > 0;
    const mark = lost ? '✗' : !d.neverUsed && d.delivered.min > 0 && d.delivered.min >= d.sent.max ? '✓' : '';
    return [
      span(`${sheet.role(d.from)} ${sheet.show('→')} ${sheet.role(d.to)}`),
      span(d.neverUsed ? '-' : sheet.show(interval(d.sent))),
      span(d.neverUsed ? '-' : sheet.show(interval(d.delivered))),
      span(sheet.show(mark), lost ? 'red' : 'green'),
      span(d.rate === null || d.rate === 0 || d.neverUsed ? '' : sheet.show(rounded(d.rate))),
      span(sheet.show(stillness(d))),
      span(d.neverUsed ? 'never used' : d.transport === 'unknown' ? '' : d.transport, 'dim'),
    ];
  });
  return { lines: [[], ...sheet.table([head, ...rows], new Set([1, 2, 4, 5]))], least: Math.min(5, rows.length + 2) };
}

function partiesOf({ parties, relayAgeMs }: WatchView, sheet: Sheet): Section {
  if (parties.length === 0) return { lines: [], least: 0 };
  const age = (ms: number | null): Span => span(ms === null ? '-' : sheet.show(seconds(ms)));
  const hasCpu = parties.some((party) => party.cpuPercent !== null);
  const head = ['party', '', 'log', 'telemetry', 'sent', 'received', ...(hasCpu ? ['CPU'] : []), ''].map((text) => span(text, 'dim'));
  const rows = parties.map((party): Span[] => [
    span(sheet.show(party.role)),
    party.alive === null ? span('') : party.alive ? span('writes', 'green') : span('silent', 'yellow'),
    age(party.logAgeMs),
    age(party.telemetryAgeMs),
    span(party.sent === null ? '-' : sheet.show(rounded(party.sent))),
    span(party.received === null ? '-' : sheet.show(rounded(party.received))),
    ...(hasCpu ? [span(party.cpuPercent === null ? '-' : `${party.cpuPercent.toFixed(1)} %`)] : []),
    span([party.era, party.way].filter((word) => word !== null && word !== '').join(' '), 'dim'),
  ]);
  const relay =
    relayAgeMs === null ? [] : [[span('relay'), relayAgeMs < 60_000 ? span('writes', 'green') : span('silent', 'yellow'), age(relayAgeMs)]];
  return {
    lines: [[], ...sheet.table([head, ...rows, ...relay], new Set([2, 3, 4, 5, ...(hasCpu ? [6] : [])]))],
    least: Math.min(5, rows.length + 2),
  };
}

function eventsOf({ events }: WatchView, sheet: Sheet): Section {
  if (events.length === 0) return { lines: [], least: 0 };
  const day = dateOf(events.at(-1)?.time);
  const lines = events
    .slice(-MOST_EVENTS)
    .toReversed()
    .map(({ time, clock, what, place }) =>
      sheet.both(
        [span(`  ${sheet.show(clockTime(time, day))}${GAP}`, 'dim'), span(`${sheet.role(clock)} ${sheet.prose(what)}`)],
        sheet.show(place.split('/').at(-1) ?? ''),
      ),
    );
  return { lines: [[], [span('  newest events', 'dim')], ...lines], least: 0 };
}

/** `1.2 MiB`, `512 bytes`. */
function amount(bytes: number): string {
  const shown = rounded(bytes);
  return shown.endsWith('B') ? shown : `${shown} bytes`;
}

function footOf(view: WatchView, sheet: Sheet): Line[] {
  const notices = view.notices.slice(-1).map((words): Line => sheet.fit([span(sheet.show(`! ${words}`), 'yellow')]));
  const record =
    view.record === null
      ? ''
      : `record ${view.record.folder}: ${amount(view.record.bytes)}${view.record.stopped === null ? '' : `, ${view.record.stopped}`}`;
  return [
    ...notices,
    sheet.both([span(sheet.show(view.sandbox), 'dim'), span(record === '' ? '' : sheet.show(` · ${record}`), 'dim')], 'Ctrl-C ends'),
  ];
}

// ---- the whole

/** How many lines each section gets: first the least of each, then in their order what is left. */
function share(sections: readonly Section[], room: number): number[] {
  let left = Math.max(0, room);
  const given = sections.map(({ lines, least }) => {
    const lines0 = Math.min(least, lines.length, left);
    left -= lines0;
    return lines0;
  });
  for (const [i, { lines }] of sections.entries()) {
    const more = Math.min(left, lines.length - (given[i] ?? 0));
    given[i] = (given[i] ?? 0) + more;
    left -= more;
  }
  return given;
}

/** At most `height` lines of at most `width` cells each, the last one at the bottom. */
export function renderScreen(view: WatchView, options: ScreenOptions): string[] {
  const sheet = new Sheet(options, view);
  const isBrief = options.brief === true;
  const foot = isBrief ? [] : footOf(view, sheet).slice(-Math.max(0, options.height - 1));
  const most = [headOf(view, sheet), causesOf(view, sheet), directionsOf(view, sheet)];
  const sections = isBrief ? most : [...most, partiesOf(view, sheet), eventsOf(view, sheet)];
  const given = share(sections, options.height - foot.length);
  const lines = sections.flatMap(({ lines }, i) => {
    const count = given[i] ?? 0;
    if (count >= lines.length || count === 0) return lines.slice(0, count);
    return [...lines.slice(0, count - 1), [span(`    ${lines.length - count + 1} more lines`, 'dim')]];
  });
  const gap = isBrief ? 0 : Math.max(0, options.height - foot.length - lines.length);
  return [...lines, ...Array.from({ length: gap }, (): Line => []), ...foot]
    .slice(0, options.height)
    .map((line) => printSpans(sheet.fit(line), options.color));
}
