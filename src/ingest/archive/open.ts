/** Archives as inputs and inside of inputs: what of them is read, and under which names. */
import { closeSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DoctorError } from '../../model/errors.ts';
import { discoverFolder, discover, type FoundFile } from '../discover.ts';
import { openPlain } from '../open-plain.ts';
import type { UnreadReason } from '../../model/unread.ts';
import { archiveFormat, FORMAT_BYTES, isOpened, type ArchiveFormat, type OpenedFormat } from './format.ts';
import { Budget, type Limits } from './limits.ts';
import type { RefusedCount, Sink } from './sink.ts';

export interface OpenedArchive {
  readonly files: readonly FoundFile[];
  readonly refused: ReadonlyMap<UnreadReason, RefusedCount>;
}

/** What an input consists of before a look at the files. */
export interface OpenedInput {
  readonly files: readonly FoundFile[];
  /** The input is one file, not a folder of files. */
  readonly isLone: boolean;
  /** Folder that holds the files, as long as the opener lives. */
  readonly root: string;
  readonly isArchive: boolean;
  /** What stayed out of the archive that the input is; empty for other inputs. */
  readonly refused: ReadonlyMap<UnreadReason, RefusedCount>;
}

const HOW_TO_UNPACK: Readonly<Record<Exclude<ArchiveFormat, OpenedFormat>, string>> = {
  zstd: 'zstd -d, or tar --zstd -xf',
  xz: 'xz -d, or tar -xJf',
  bzip2: 'bzip2 -d, or tar -xjf',
  '7z': '7z x',
  rar: 'unrar x',
};

/** A name without the endings of archives: what it would unpack to. */
function stemOf(name: string): string {
  return name.replace(/\.(?:tar\.gz|tgz|tar|zip|gz)$/i, '') || name;
}

function inFolder(folder: string, name: string): string {
  return folder === '' || folder === '.' ? name : `${folder}/${name}`;
}

export class ArchiveOpener {
  private readonly newFolder: () => string;
  private readonly budget: Budget;

  /** `newFolder` makes a private folder that somebody else removes at the end. */
  constructor(newFolder: () => string, limits?: Limits) {
    this.newFolder = newFolder;
    this.budget = new Budget(limits);
  }

  /** Files of a folder, a lone file, or an archive of either. `name`: what the file is called where its path does not say. */
  async discover(path: string): Promise<OpenedInput> {
    const { root, files } = discover(path);
    const [lone] = files;
    const isLone = lone !== undefined && !statSync(path).isDirectory();
    const plain = { root, files, isLone, isArchive: false, refused: new Map() };
    if (!isLone) return plain;
    const format = archiveFormat(headOf(lone));
    if (format === undefined) return plain;
    if (!isOpened(format)) throw new DoctorError('HLD_INPUT_ARCHIVE_FORMAT', { path, format, command: HOW_TO_UNPACK[format] });
    return this.openInput(path, lone, format);
  }

  /** An archive that holds one top folder is that folder; one that holds one file and no folder is that file. */
  private async openInput(path: string, lone: FoundFile, format: OpenedFormat): Promise<OpenedInput> {
    const folder = realpathSync(this.newFolder());
    // Few inputs hold an archive, and the libraries for them are large.
    const { unpack } = await import('./unpack.ts');
    const { sink, single } = await unpack({ absolute: lone.absolute, bytes: lone.bytes, name: lone.path }, format, folder, this.budget);
    if (sink.unpackedBytes === 0) refuseEmpty(path, sink);
    const names = readdirSync(folder, { withFileTypes: true });
    const [top] = names;
    const prefix = names.length === 1 && top?.isDirectory() === true ? top.name : '';
    const above = join(dirname(resolve(path)), prefix);
    const root = join(folder, prefix);
    const files = [...discoverFolder(root, above), ...unreadFiles(sink, prefix, above, root)];
    return { root, files, isLone: single !== undefined, isArchive: true, refused: sink.refused };
  }

  /** What an archive inside the input holds, under the archive's path. */
  async openInside(file: FoundFile, format: OpenedFormat): Promise<OpenedArchive> {
    const folder = realpathSync(this.newFolder());
    const name = basename(file.path);
    // Few inputs hold an archive, and the libraries for them are large.
    const { unpack } = await import('./unpack.ts');
    const { sink, single } = await unpack({ absolute: file.absolute, bytes: file.bytes, name }, format, folder, this.budget);
    const above = file.above;
    // Beside the archive if it holds one file, else in a folder of its name.
    const home = single === undefined ? inFolder(dirname(file.below), stemOf(basename(file.below))) : dirname(file.below);
    const found = [...discoverFolder(folder, above), ...unreadFiles(sink, '', above, folder)];
    const files = found.map((one): FoundFile => ({ ...one, path: `${file.path}/${one.path}`, below: inFolder(home, one.below) }));
    return { files, refused: sink.refused };
  }
}

function headOf(file: FoundFile): Buffer {
  const fd = openPlain(file.absolute);
  try {
    const head = Buffer.alloc(FORMAT_BYTES);
    return head.subarray(0, readSync(fd, head, 0, FORMAT_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

/** Links and devices of an archive as files that are listed, below `prefix`. */
function unreadFiles(sink: Sink, prefix: string, above: string, root: string): readonly FoundFile[] {
  const start = prefix === '' ? '' : `${prefix}/`;
  return sink.unread().map(({ path, reason }): FoundFile => {
    const below = path.startsWith(start) ? path.slice(start.length) : path;
    return { path: below, absolute: join(root, below), bytes: 0, isStore: false, unread: reason, above, below };
  });
}

/** Nothing came out of an input: that is an error, and which one depends on why. */
function refuseEmpty(path: string, { refused }: Sink): void {
  if (refused.has('entry-encrypted')) throw new DoctorError('HLD_INPUT_ARCHIVE_ENCRYPTED', { path });
  const why = (['archive-cut', 'archive-damaged', 'archive-limit', 'archive-format'] as const).find((reason) => refused.has(reason));
  if (why !== undefined) throw new DoctorError('HLD_INPUT_ARCHIVE_DAMAGED', { path, why });
}
