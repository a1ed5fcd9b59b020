/**
 * The sheet that sections write on. Whatever reaches it is made safe, wrapped to its width and coloured at the very end,
 * so that no section can break the layout or let log text reach the terminal as it stands.
 */
import { GLUE, cutEnd, safeText, span, spansWidth, textWidth, wrapSpans, type Span, type Style } from './text.ts';

/** Lines longer than this are hard to follow with the eye, however wide the window. */
const WIDEST = 132;
/** Prose is narrower still. */
const WIDEST_PROSE = 104;
/** Text is not set below itself behind a label longer than this. */
const LONG_LABEL = 18;
/** A right part takes at most this share of the lines beside it. */
const SIDE_SHARE = 0.34;
/** Narrower windows get a report of this width. */
const NARROWEST = 60;

const SGR: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const ESC = '\u001B';

export interface PageOptions {
  readonly width: number;
  readonly color: boolean;
  readonly ascii: boolean;
}

export type Content = string | Span | readonly Span[];

function spansOf(content: Content): readonly Span[] {
  if (typeof content === 'string') return [{ text: content }];
  return 'text' in content ? [content] : content;
}

export class Page {
  readonly width: number;
  readonly ascii: boolean;
  readonly #color: boolean;
  readonly #lines: (readonly Span[])[] = [];

  constructor(options: PageOptions) {
    this.width = Math.min(WIDEST, Math.max(NARROWEST, Math.floor(options.width) || NARROWEST));
    this.ascii = options.ascii;
    this.#color = options.color;
  }

  /** The text as it will be printed: measure this, not the original. */
  show(text: string): string {
    return safeText(text, this.ascii);
  }

  #safe(content: Content): Span[] {
    return spansOf(content).map((piece) => ({ ...piece, text: this.show(piece.text) }));
  }

  /** An empty line; never two in a row, never one at the top. */
  blank(): void {
    if ((this.#lines.at(-1)?.length ?? 0) > 0) this.#lines.push([]);
  }

  /** The title of a section, with an empty line before it. */
  heading(text: string, ...styles: Style[]): void {
    this.blank();
    this.#lines.push([span(`  ${cutEnd(this.show(text), this.width - 2, this.ascii)}`, 'bold', ...styles)]);
  }

  /** Wrapped text behind a label; later lines start below the text, or a little to the right of a long label. */
  prose(content: Content, indent: number, first: Content = []): void {
    const label = this.#safe(first);
    const long = spansWidth(label) > LONG_LABEL;
    const hang = long ? indent + 2 : indent + spansWidth(label);
    const width = Math.max(8, Math.min(this.width - hang, WIDEST_PROSE));
    const text = this.#safe(content);
    for (const [i, line] of wrapSpans(long ? [...label, ...text] : text, width).entries()) {
      this.#lines.push(i > 0 ? [span(' '.repeat(hang)), ...line] : [span(' '.repeat(indent)), ...(long ? [] : label), ...line]);
    }
  }

  /** One line that is already laid out; cut if it does not fit after all. */
  line(content: Content): void {
    const safe = this.#safe(content);
    if (spansWidth(safe) <= this.width) {
      this.#lines.push(safe);
      return;
    }
    const text = safe.map((piece) => piece.text).join('');
    this.#lines.push([span(cutEnd(text, this.width, this.ascii))]);
  }

  /** Text behind its label, with a right part at the edge: beside the first line, or after the text when it would squeeze it. */
  row(left: Content, right: Content, indent: number, first: Content = []): void {
    const label = this.#safe(first);
    const end = this.#safe(right);
    const text = this.#safe(left);
    const hang = indent + spansWidth(label);
    const size = spansWidth(end);
    const all = this.width - hang;
    const oneLine = spansWidth(text) + 2 + size <= all;
    const fits = oneLine || (size <= all * SIDE_SHARE && all - size - 2 >= 24);
    const lines = wrapSpans(text, Math.max(8, fits && size > 0 ? all - size - 2 : all));
    const starts = (lines.length > 0 ? lines : [[]]).map((line, i) =>
      i === 0 ? [span(' '.repeat(indent)), ...label, ...line] : [span(' '.repeat(hang)), ...line],
    );
    const at = fits ? 0 : starts.length - 1;
    const gap = this.width - spansWidth(starts[at] ?? []) - size;
    for (const [i, line] of starts.entries()) {
      this.#lines.push(i === at && size > 0 && gap >= 2 ? [...line, span(' '.repeat(gap)), ...end] : line);
    }
    if (size > 0 && gap < 2) this.whole(end.map((piece) => piece.text).join(''), Math.max(hang, this.width - size), 'dim');
  }

  /** A text that must stay whole (a file and its line): on a line of its own it may be wider than the page. */
  whole(text: string, indent: number, ...styles: Style[]): void {
    const safe = this.show(text).trim().replaceAll(' ', GLUE);
    const start = Math.max(0, Math.min(indent, this.width - textWidth(safe)));
    this.#lines.push([span(' '.repeat(start)), span(safe, ...styles)]);
  }

  /** All lines, with a newline after each. */
  toString(): string {
    const out = this.#lines.map((line) => printSpans(line, this.#color));
    while (out.at(-1) === '') out.pop();
    return `${out.join('\n')}\n`;
  }
}

/** A line as it is printed. */
export function printSpans(line: readonly Span[], color: boolean): string {
  const plain = line
    .map((piece) => piece.text)
    .join('')
    .replaceAll(GLUE, ' ')
    .trimEnd();
  if (!color) return plain;
  let left = plain.length;
  let out = '';
  for (const { text, codes } of merged(line)) {
    const shown = text.slice(0, left);
    left -= shown.length;
    out += codes === '' || shown.trim() === '' ? shown : `${ESC}[${codes}m${shown}${ESC}[0m`;
  }
  return out;
}

/** Neighbours of the same looks in one; blanks look like what stands before them. */
function merged(line: readonly Span[]): { text: string; codes: string }[] {
  const runs: { text: string; codes: string }[] = [];
  for (const { text, styles = [] } of line) {
    const plain = text.replaceAll(GLUE, ' ');
    const codes = styles.map((style) => SGR[style]).join(';');
    const last = runs.at(-1);
    if (last !== undefined && (last.codes === codes || plain.trim() === '')) last.text += plain;
    else runs.push({ text: plain, codes });
  }
  return runs;
}
