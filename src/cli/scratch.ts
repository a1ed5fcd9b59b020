/** Temporary files: one private folder (mode 700) per input, made when it is needed and gone at the end, however that comes. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;
const open = new Set<Scratch>();
let watches = false;

/** Removes what is left when the program ends on its own, is interrupted or told to end. SIGINT ends in main.ts, through exit. */
function watch(): void {
  if (watches) return;
  watches = true;
  process.on('exit', removeAll);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      removeAll();
      // What would have happened without us.
      process.kill(process.pid, signal);
    });
  }
}

function removeAll(): void {
  for (const scratch of open) scratch.remove();
}

export class Scratch {
  private path: string | undefined;
  private folders = 0;

  /** A new empty folder. */
  folder(): string {
    if (this.path === undefined) {
      watch();
      this.path = mkdtempSync(join(tmpdir(), 'hotlink-doctor-'));
      open.add(this);
      chmodSync(this.path, 0o700);
    }
    const folder = join(this.path, String(++this.folders));
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }

  remove(): void {
    if (this.path !== undefined) rmSync(this.path, { recursive: true, force: true });
    this.path = undefined;
    open.delete(this);
  }
}
