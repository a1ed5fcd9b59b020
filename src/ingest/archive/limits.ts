/** How much may come out of archives. One budget serves all archives of an input. */

export interface Limits {
  /** Bytes unpacked in all. Logs reach gigabytes; a full disk helps nobody. */
  readonly bytes: number;
  readonly entries: number;
  /** Unpacked bytes per packed byte, once more than `ratioFrom` bytes are unpacked. Logs reach 100, deflate ends at 1032. */
  readonly ratio: number;
  readonly ratioFrom: number;
}

export const LIMITS: Limits = {
  bytes: 32 * 1024 ** 3,
  entries: 1_000_000,
  ratio: 400,
  ratioFrom: 256 * 1024 ** 2,
};

/** Longest entry name, and longest part of one, in bytes; below what file systems take. */
export const NAME_BYTES = 2048;
export const NAME_PART_BYTES = 250;

/** Thrown where a limit is met; unpacking of that archive ends there. */
export class LimitReached extends Error {}

/** What is left to unpack. */
export class Budget {
  private bytes = 0;
  private entries = 0;
  private readonly limits: Limits;

  constructor(limits: Limits = LIMITS) {
    this.limits = limits;
  }

  entry(): void {
    if (this.entries >= this.limits.entries) throw new LimitReached(`more than ${this.limits.entries} entries`);
    this.entries++;
  }

  /** `archive`: bytes that came out of this archive so far, these included, and its own size. */
  spend(bytes: number, archive: { readonly unpacked: number; readonly packed: number }): void {
    if (this.bytes + bytes > this.limits.bytes) throw new LimitReached(`more than ${this.limits.bytes} bytes`);
    if (archive.unpacked > this.limits.ratioFrom && archive.unpacked > archive.packed * this.limits.ratio)
      throw new LimitReached(`more than ${this.limits.ratio} bytes for each packed byte`);
    this.bytes += bytes;
  }
}
