/**
 * Counts the elements of a printed byte list, `12, 0, 255])…`, which may be megabytes long and arrive in pieces.
 *
 * Elements are one to three digits with `, ` between them, so the next comma is at most three bytes on: jumping from one
 * to the next costs a third of looking at every byte. Nothing of the list is kept.
 */

const COMMA = 44;
const SPACE = 32;
const CLOSE = 93;

/** first: a list that may be empty; digit: inside an element; comma: a space must follow; next: an element must follow. */
type State = 'first' | 'digit' | 'comma' | 'next' | 'closed' | 'bad';

export class PayloadCounter {
  private state: State = 'bad';
  private digits = 0;
  /** Elements so far. */
  count = 0;

  begin(): void {
    this.state = 'first';
    this.digits = 0;
    this.count = 0;
  }

  /** The list was read to its closing bracket. */
  get isComplete(): boolean {
    return this.state === 'closed';
  }

  feed(bytes: Uint8Array, from: number, to: number): void {
    let p = from;
    while (p < to && this.state !== 'closed' && this.state !== 'bad') {
      if (this.state === 'next') p = this.jump(bytes, p, to);
      if (p < to) this.step(bytes[p++] ?? 0);
    }
  }

  /** Whole elements with their separators, as long as five bytes are there to look at; stands at an element's start after. */
  private jump(bytes: Uint8Array, from: number, to: number): number {
    const limit = to - 5;
    let p = from;
    let jumped = 0;
    while (p <= limit) {
      if (((bytes[p] ?? 0) ^ 48) > 9) break;
      const b = bytes[p + 1] ?? 0;
      let comma: number;
      if (b === COMMA) comma = p + 1;
      else {
        if ((b ^ 48) > 9) break;
        const c = bytes[p + 2] ?? 0;
        if (c === COMMA) comma = p + 2;
        else {
          if ((c ^ 48) > 9 || bytes[p + 3] !== COMMA) break;
          comma = p + 3;
        }
      }
      if (bytes[comma + 1] !== SPACE) break;
      p = comma + 2;
      jumped++;
    }
    this.count += jumped;
    return p;
  }

  private step(byte: number): void {
    const isDigit = (byte ^ 48) <= 9;
    switch (this.state) {
      case 'first':
      case 'next':
        if (isDigit) {
          this.state = 'digit';
          this.digits = 1;
          this.count++;
        } else this.state = byte === CLOSE && this.state === 'first' ? 'closed' : 'bad';
        break;
      case 'digit':
        if (isDigit && this.digits < 3) this.digits++;
        else if (byte === COMMA) this.state = 'comma';
        else this.state = byte === CLOSE ? 'closed' : 'bad';
        break;
      case 'comma':
        this.state = byte === SPACE ? 'next' : 'bad';
        break;
      case 'closed':
      case 'bad':
        break;
    }
  }
}
