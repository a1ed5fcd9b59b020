/**
 * One log that grows: reads what is new, and notices when the file under its name is another one or begins anew.
 *
 * A client truncates its log at each start (field guide 3), so a length that fell, another inode, or other first bytes mean that what was read
 * before is gone. The file is held open while it is followed: one that was renamed or removed is still read to its end.
 */
import { closeSync, fstatSync, lstatSync, readSync, type Stats } from 'node:fs';
import { openPlain } from '../ingest/open-plain.ts';
import type { Break } from './keeper.ts';

/** First bytes by which a file is known again: they hold the time of its first line. */
const HEAD_BYTES = 1024;
/** Fewer tell nothing. */
export const LEAST_HEAD_BYTES = 64;
/** Read at once. */
export const BLOCK_BYTES = 1024 * 1024;

export interface Grown {
  readonly bytes: number;
  /** More is there than the budget allowed. */
  readonly behind: boolean;
}

export type Sink = (bytes: Buffer) => void;

export class Tail {
  /** Bytes that were read of the file as it is now; what is there where nothing is read. */
  offset = 0;
  head: Buffer = Buffer.alloc(0);
  private fd: number | undefined;
  private dev = 0;
  private ino = 0;
  private seen = '';
  private readonly absolute: string;
  private readonly block: Buffer | undefined;

  private readonly holds: boolean;

  /** `block`: room to read into, shared by all; undefined where only changes are wanted. `holds`: whether the file stays open. */
  constructor(absolute: string, block: Buffer | undefined, holds: boolean) {
    this.absolute = absolute;
    this.block = block;
    this.holds = holds && block !== undefined;
  }

  /** What became of the file under the name since the last look; undefined: it is the same one, perhaps longer. */
  look(): Break | 'gone' | 'same' | 'changed' {
    const status = lstatSync(this.absolute, { throwIfNoEntry: false });
    if (status === undefined || !status.isFile()) return 'gone';
    const seen = `${status.dev}:${status.ino}:${status.size}:${status.mtimeMs}`;
    if (seen === this.seen) return 'same';
    const before = this.seen;
    this.seen = seen;
    const isOther = before !== '' && (status.ino !== this.ino || status.dev !== this.dev);
    if (before === '') this.know(status);
    if (isOther) return 'replaced';
    const isSame = status.size >= this.offset && this.hasSameHead();
    this.letGo();
    return isSame ? 'changed' : 'truncated';
  }

  /** Reads on up to `budget` bytes. What was read is handed on only if the file still begins as it did. */
  read(budget: number, sink: Sink): Grown {
    const fd = this.open();
    if (fd === undefined) return { bytes: 0, behind: false };
    if (this.block === undefined) {
      this.offset = fstatSync(fd).size;
      this.letGo();
      return { bytes: 0, behind: false };
    }
    let done = 0;
    let behind = true;
    while (done < budget) {
      const length = readSync(fd, this.block, 0, this.block.length, this.offset);
      behind = length > 0 && this.hasSameHead();
      if (!behind) break;
      sink(this.block.subarray(0, length));
      this.offset += length;
      done += length;
    }
    this.letGo();
    return { bytes: done, behind };
  }

  /** Another file is followed from now on, from its beginning. */
  restart(): void {
    this.close();
    const status = lstatSync(this.absolute, { throwIfNoEntry: false });
    this.offset = 0;
    this.head = Buffer.alloc(0);
    this.seen = '';
    if (status !== undefined) this.know(status);
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private letGo(): void {
    if (!this.holds) this.close();
  }

  private know(status: Stats): void {
    this.dev = status.dev;
    this.ino = status.ino;
  }

  private open(): number | undefined {
    try {
      return (this.fd ??= openPlain(this.absolute));
    } catch {
      return undefined;
    }
  }

  /** Compares the first bytes with those that were seen, and keeps more of them while the file is short. */
  private hasSameHead(): boolean {
    const fd = this.open();
    if (fd === undefined) return true;
    const now = Buffer.alloc(HEAD_BYTES);
    let length: number;
    try {
      length = readSync(fd, now, 0, HEAD_BYTES, 0);
    } catch {
      return true;
    }
    if (length < this.head.length || now.compare(this.head, 0, this.head.length, 0, this.head.length) !== 0) return false;
    if (length > this.head.length) this.head = now.subarray(0, length);
    return true;
  }
}
