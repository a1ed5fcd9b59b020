/** One screen that is drawn over itself, in the terminal's second buffer; whatever happens, the terminal is as it was afterwards. */

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[2K';
const REST_OF_SCREEN = '\u001B[J';

export class FullScreen {
  private isOn = false;
  private drawn = '';

  constructor() {
    process.on('exit', this.leave);
    process.on('SIGTSTP', this.pause);
    process.on('SIGCONT', this.again);
    process.stdout.on('resize', this.forget);
    this.enter();
  }

  get size(): { readonly width: number; readonly height: number } {
    return { width: process.stdout.columns, height: process.stdout.rows };
  }

  /** Lines no longer than the screen is wide, no more than it is high. What stands there already is not written again. */
  draw(lines: readonly string[]): void {
    if (!this.isOn) return;
    const text = lines.map((line) => CLEAR_LINE + line).join('\r\n');
    if (text === this.drawn) return;
    this.drawn = text;
    process.stdout.write(HOME + text + REST_OF_SCREEN);
  }

  close(): void {
    this.leave();
    process.off('exit', this.leave);
    process.off('SIGTSTP', this.pause);
    process.off('SIGCONT', this.again);
    process.stdout.off('resize', this.forget);
  }

  private readonly forget = (): void => {
    this.drawn = '';
  };

  private enter(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.drawn = '';
    process.stdout.write(ENTER);
  }

  private readonly leave = (): void => {
    if (!this.isOn) return;
    this.isOn = false;
    process.stdout.write(LEAVE);
  };

  /** Ctrl-Z: the shell gets its own screen. */
  private readonly pause = (): void => {
    this.leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  private readonly again = (): void => this.enter();
}
