/**
 * Text that is safe on a terminal and knows its width.
 *
 * Log text is untrusted: control characters, bidirectional overrides and other invisible characters are made visible
 * before anything is laid out, so that a log line can neither move the cursor nor hide a word. Widths are counted in
 * terminal cells: 0 for combining marks, 2 for East Asian wide characters and emoji, 1 for the rest.
 */

/** A space at which no line is broken; printed as an ordinary space. */
export const GLUE = '\u00A0';

/** Joins the words of `text` so that wrapping keeps them on one line. */
export function glue(text: string): string {
  return text.replaceAll(' ', GLUE);
}

/** What stands for each glyph of ours when only ASCII is wanted. Box glyphs map to one character each: drawings depend on it. */
const ASCII_FOR: Readonly<Record<string, string>> = {
  [GLUE]: GLUE,
  '✓': 'ok',
  '✗': 'X',
  '→': '->',
  '←': '<-',
  '…': '...',
  '·': '|',
  '–': '-',
  '—': '-',
  '×': 'x',
  '≤': '<=',
  '≥': '>=',
  '•': '-',
  '▲': '^',
  '▶': '>',
  '◀': '<',
  '─': '-',
  '╌': '.',
  '│': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '┬': '+',
  '├': '|',
  '┤': '|',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
};

/** Control, format (bidi, zero width), line and paragraph separators, lone surrogates, private use and unassigned. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
const PLAIN = /^[ -~]*$/;
/** Widest reaching blanks that are not the ordinary space; shown as one. */
const BLANK = /\p{Zs}/u;

function visible(character: string, ascii: boolean): string {
  const code = character.codePointAt(0) ?? 0;
  if (INVISIBLE.test(character)) {
    if (code < 0x20) return ascii ? `\\x${code.toString(16).padStart(2, '0')}` : code === 0x1b ? '␛' : String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return ascii ? '\\x7f' : '␡';
    return `\\u{${code.toString(16)}}`;
  }
  if (character === GLUE) return GLUE;
  if (BLANK.test(character)) return ' ';
  if (!ascii || code < 0x7f) return character;
  return ASCII_FOR[character] ?? `\\u{${code.toString(16)}}`;
}

/** The text with everything invisible made visible and, for `ascii`, every other glyph spelt out. Applying it twice changes nothing. */
export function safeText(text: string, ascii: boolean): string {
  if (PLAIN.test(text)) return text;
  let out = '';
  for (const character of text) out += visible(character, ascii);
  return out;
}

const COMBINING = /\p{M}/u;
const WIDE =
  /[\u1100-\u115F\u2329\u232A\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|[\u{17000}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
/** Variation selector 16 turns the sign before it into an emoji, which is a cell wider. */
const TO_EMOJI = '\uFE0F';

function cellWidth(character: string): number {
  if (character.length === 1 && character < '\u0300') return 1;
  if (character === TO_EMOJI) return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Terminal cells that a text without escapes takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellWidth(character);
  return width;
}

/** The longest beginning of `text` that fits into `width` cells, and what is left. */
export function splitAt(text: string, width: number): readonly [string, string] {
  if (PLAIN.test(text)) return [text.slice(0, width), text.slice(width)];
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += cellWidth(character);
    if (used > width) break;
    end += character.length;
  }
  return [text.slice(0, end), text.slice(end)];
}

/** Cut at the end so that it fits, with an ellipsis where something is missing. */
export function cutEnd(text: string, width: number, ascii: boolean): string {
  if (textWidth(text) <= width) return text;
  const mark = ascii ? '...' : '…';
  const room = width - textWidth(mark);
  return room <= 0 ? splitAt(text, Math.max(0, width))[0] : splitAt(text, room)[0].trimEnd() + mark;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

export function padBoth(text: string, width: number, filler = ' '): string {
  const room = Math.max(0, width - textWidth(text));
  const left = Math.floor(room / 2);
  return filler.repeat(left) + text + filler.repeat(room - left);
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A piece of a line with its looks. Looks never carry meaning of their own. */
export interface Span {
  readonly text: string;
  readonly styles?: readonly Style[];
}

export function span(text: string, ...styles: Style[]): Span {
  return styles.length === 0 ? { text } : { text, styles };
}

export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** Words of the spans; a word may change its looks in the middle. */
function wordsOf(spans: readonly Span[]): Span[][] {
  const words: Span[][] = [];
  let word: Span[] = [];
  for (const piece of spans) {
    for (const [i, text] of piece.text.split(' ').entries()) {
      if (i > 0) {
        if (word.length > 0) words.push(word);
        word = [];
      }
      if (text !== '') word.push({ ...piece, text });
    }
  }
  return word.length > 0 ? [...words, word] : words;
}

/** Breaks a word that is wider than a whole line. */
function breakWord(word: readonly Span[], width: number): Span[][] {
  const lines: Span[][] = [[]];
  let used = 0;
  for (const piece of word) {
    let rest = piece.text;
    while (rest !== '') {
      const [head, tail] = splitAt(rest, width - used);
      if (head !== '') lines.at(-1)?.push({ ...piece, text: head });
      used += textWidth(head);
      if (tail !== '') {
        // A line too narrow for one wide character takes it all the same: going round for ever helps nobody.
        if (head === '' && used === 0) return [[...word]];
        lines.push([]);
        used = 0;
      }
      rest = tail;
    }
  }
  return lines;
}

/** Lines of at most `width` cells, broken between words; only a word wider than a line is broken inside. Safe text expected. */
export function wrapSpans(spans: readonly Span[], width: number): Span[][] {
  const lines: Span[][] = [];
  let line: Span[] = [];
  let used = 0;
  const flush = () => {
    if (line.length > 0) lines.push(line);
    line = [];
    used = 0;
  };
  for (const word of wordsOf(spans)) {
    const size = spansWidth(word);
    if (used > 0 && used + 1 + size > width) flush();
    if (size > width) {
      const parts = breakWord(word, width);
      lines.push(...parts.slice(0, -1));
      line = [...(parts.at(-1) ?? [])];
      used = spansWidth(line);
      continue;
    }
    if (used > 0) {
      const before = line.at(-1)?.styles;
      line.push(before !== undefined && before === word[0]?.styles ? { text: ' ', styles: before } : { text: ' ' });
    }
    line.push(...word);
    used += size + (used > 0 ? 1 : 0);
  }
  flush();
  return lines;
}

/** As `wrapSpans`, for plain text. */
export function wrapText(text: string, width: number): string[] {
  return wrapSpans([{ text }], width).map((line) => line.map((piece) => piece.text).join(''));
}
