/** Where entries of one archive go: plain files and folders below one private folder, everything else is written down. */
import { closeSync, copyFileSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { UnreadReason } from '../../model/unread.ts';
import type { Budget } from './limits.ts';
import { isMetadata, linkTarget, safeEntryName } from './names.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Bytes of one entry, in their order. */
export interface EntryFile {
  write(bytes: Buffer): void;
  close(): void;
}

export interface RefusedCount {
  count: number;
  /** Name of the first one. */
  readonly example: string;
}

/** An entry that stays out, under the safe path that it would have had. */
export interface UnreadEntry {
  readonly path: string;
  readonly reason: UnreadReason;
}

export class Sink {
  readonly folder: string;
  readonly refused = new Map<UnreadReason, RefusedCount>();
  /** Regular files that were written. */
  files = 0;
  /** Bytes in them. */
  unpackedBytes = 0;
  private readonly budget: Budget;
  private readonly packedBytes: number;
  private readonly links: { readonly path: string; readonly target: string }[] = [];
  private readonly specials: string[] = [];

  constructor(folder: string, budget: Budget, packedBytes: number) {
    this.folder = folder;
    this.budget = budget;
    this.packedBytes = packedBytes;
  }

  refuse(reason: UnreadReason, example: string, count = 1): void {
    const known = this.refused.get(reason);
    if (known === undefined) this.refused.set(reason, { count, example });
    else known.count += count;
  }

  /** Something about the archive as a whole; said once. */
  note(reason: UnreadReason): void {
    if (!this.refused.has(reason)) this.refuse(reason, '');
  }

  /** The path of an entry; undefined when it is refused, which is then counted. */
  private place(name: string): string | undefined {
    this.budget.entry();
    const path = safeEntryName(name);
    if (path === undefined) this.refuse('entry-unsafe-name', name.slice(0, 200));
    else if (isMetadata(path)) this.refuse('entry-metadata', path);
    else return path;
    return undefined;
  }

  folderEntry(name: string): void {
    const path = this.place(name);
    if (path !== undefined && path !== '') this.makeFolder(path, name);
  }

  private makeFolder(path: string, name: string): boolean {
    try {
      mkdirSync(join(this.folder, path), { recursive: true, mode: FOLDER_MODE });
      return true;
    } catch (error) {
      this.refuseTaken(error, name);
      return false;
    }
  }

  /** A name that a file or folder already has is refused; anything else (a full disk) ends the work. */
  private refuseTaken(error: unknown, name: string): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') this.refuse('entry-name-taken', name);
    else if (code === 'ENAMETOOLONG' || code === 'EILSEQ' || code === 'EINVAL') this.refuse('entry-unsafe-name', name.slice(0, 200));
    else throw error;
  }

  /** A regular file to write into; undefined when it is refused. */
  file(name: string): EntryFile | undefined {
    const path = this.place(name);
    if (path === undefined) return undefined;
    if (path === '') {
      this.refuse('entry-unsafe-name', name);
      return undefined;
    }
    if (!this.makeFolder(dirname(path), name)) return undefined;
    let fd: number;
    try {
      // Never over a file that is there, nor through a link.
      fd = openSync(join(this.folder, path), 'wx', FILE_MODE);
    } catch (error) {
      this.refuseTaken(error, name);
      return undefined;
    }
    this.files++;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    };
    return {
      write: (bytes) => {
        try {
          this.spend(bytes.length);
          for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
        } catch (error) {
          close();
          throw error;
        }
      },
      close,
    };
  }

  private spend(bytes: number): void {
    this.unpackedBytes += bytes;
    this.budget.spend(bytes, { unpacked: this.unpackedBytes, packed: this.packedBytes });
  }

  /** A second name of a file that came before: its bytes once more, never a link. */
  hardLink(name: string, target: string): void {
    const from = safeEntryName(target);
    const path = this.place(name);
    if (path === undefined) return;
    const source = from === undefined ? undefined : statSync(join(this.folder, from), { throwIfNoEntry: false });
    if (from === undefined || source?.isFile() !== true) {
      this.links.push({ path, target: `/${target}` });
      return;
    }
    this.spend(source.size);
    if (!this.makeFolder(dirname(path), name)) return;
    try {
      copyFileSync(join(this.folder, from), join(this.folder, path), 1 /* COPYFILE_EXCL */);
      this.files++;
    } catch (error) {
      this.refuseTaken(error, name);
    }
  }

  symbolicLink(name: string, target: string): void {
    const path = this.place(name);
    if (path !== undefined) this.links.push({ path, target });
  }

  special(name: string): void {
    const path = this.place(name);
    if (path !== undefined) this.specials.push(path);
  }

  /** Links and devices, judged when all files are there. */
  unread(): readonly UnreadEntry[] {
    const links = this.links.map(({ path, target }): UnreadEntry => {
      const to = linkTarget(path, target);
      if (to === undefined) return { path, reason: 'link-outside' };
      const isThere = statSync(join(this.folder, to), { throwIfNoEntry: false }) !== undefined;
      return { path, reason: isThere ? 'link-inside' : 'link-dangling' };
    });
    return [...links, ...this.specials.map((path): UnreadEntry => ({ path, reason: 'special-file' }))];
  }
}
