/** A terminal of a fixed size, as far as our screens use one: two buffers, a cursor, clearing. What it does not know is listed. */
import { textWidth } from '../../src/report/text.ts';

export class Terminal {
  isAlternate = false;
  isCursorShown = true;
  /** How often the second buffer was entered. */
  entered = 0;
  /** Sequences that are none of the known ones: text of a log must never cause any. */
  readonly unknown: string[] = [];
  /** Lines that were longer than the terminal is wide. */
  readonly tooLong: string[] = [];
  private readonly width: number;
  private readonly height: number;
  private lines: string[];
  private main: string[] = [];
  private row = 0;
  private rest = '';

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.lines = this.empty();
  }

  /** What is on the screen, without blanks at the ends of lines. */
  get screen(): string[] {
    return this.lines.map((line) => line.trimEnd());
  }

  /** All that was printed to the first buffer. */
  get printed(): string {
    return (this.isAlternate ? this.main : this.lines).join('\n');
  }

  write(text: string): void {
    let left = this.rest + text;
    this.rest = '';
    while (left !== '') {
      // oxlint-disable-next-line no-control-regex -- a terminal reads control characters
      const m = /^(?:\u001B\[([?0-9;]*)([A-Za-z])|([^\u0000-\u001F\u007F\u001B]+)|([\r\n]))/.exec(left);
      if (m === null) {
        // oxlint-disable-next-line no-control-regex -- a sequence that is not whole yet
        if (/^\u001B(?:\[[?0-9;]*)?$/.test(left)) {
          this.rest = left;
          return;
        }
        this.unknown.push(left.slice(0, 12));
        left = left.slice(1);
        continue;
      }
      left = left.slice(m[0].length);
      if (m[3] !== undefined) this.put(m[3]);
      else if (m[4] === '\n') this.down();
      else if (m[2] !== undefined) this.control(m[1] ?? '', m[2]);
    }
  }

  private empty(): string[] {
    return Array.from({ length: this.height }, () => '');
  }

  private put(text: string): void {
    this.lines[this.row] = (this.lines[this.row] ?? '') + text;
    if (this.isAlternate && textWidth(this.lines[this.row] ?? '') > this.width) this.tooLong.push(this.lines[this.row] ?? '');
  }

  private down(): void {
    this.row++;
    if (this.row < this.lines.length) return;
    this.lines.push('');
    // The first buffer scrolls; the second has nothing below its last line.
    if (this.isAlternate) this.unknown.push('scrolled');
  }

  private control(values: string, letter: string): void {
    if (letter === 'm') return;
    if (letter === 'H' && values === '') this.row = 0;
    else if (letter === 'K' && values === '2') this.lines[this.row] = '';
    else if (letter === 'J' && values === '') this.lines.fill('', this.row + 1);
    else if (values === '?7' && (letter === 'h' || letter === 'l')) return;
    else if (values === '?25' && (letter === 'h' || letter === 'l')) this.isCursorShown = letter === 'h';
    else if (values === '?1049' && letter === 'h') {
      this.entered++;
      this.isAlternate = true;
      this.main = this.lines;
      this.lines = this.empty();
      this.row = 0;
    } else if (values === '?1049' && letter === 'l') {
      this.isAlternate = false;
      this.lines = this.main;
      this.row = Math.max(0, this.lines.findLastIndex((line) => line !== '') + 1);
    } else this.unknown.push(`ESC[${values}${letter}`);
  }
}
