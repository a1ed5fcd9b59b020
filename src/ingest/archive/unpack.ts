/**
 * Unpacks one archive into a private folder: tar, gzip (of a tar or of one file) and zip, by content. Streams; nothing that
 * an archive says can name a place outside the folder, make a link or a device, or fill the disk beyond the limits.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { archiveFormat, FORMAT_BYTES, type OpenedFormat } from './format.ts';
import { LimitReached, type Budget } from './limits.ts';
import { pump } from './pump.ts';
import { Sink, type EntryFile } from './sink.ts';
import { Untar } from './untar.ts';
import { unzip } from './unzip.ts';

const BLOCK_BYTES = 256 * 1024;

export interface PackedFile {
  readonly absolute: string;
  readonly bytes: number;
  /** Its own name, without the folder. */
  readonly name: string;
}

export interface Unpacked {
  readonly sink: Sink;
  /** Name of the file that a plain gzip holds; undefined for archives of many. */
  readonly single: string | undefined;
}

/** Throws errors of the disk only; what is wrong with the archive is counted in the sink. */
export async function unpack(file: PackedFile, format: OpenedFormat, folder: string, budget: Budget): Promise<Unpacked> {
  const sink = new Sink(folder, budget, file.bytes);
  let single: string | undefined;
  try {
    if (format === 'zip') await unzip(file.absolute, file.bytes, sink);
    else if (format === 'tar') await plainTar(file, sink);
    else single = await gunzip(file, sink);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    sink.refuse('archive-limit', error.message);
  }
  return { sink, single };
}

/** The blocks of a file up to the size that it had when it was found. */
function* blocksOf({ absolute, bytes }: PackedFile): Generator<Buffer> {
  const fd = openSync(absolute, 'r');
  try {
    for (let left = bytes; left > 0;) {
      const block = Buffer.alloc(Math.min(BLOCK_BYTES, left));
      const length = readSync(fd, block);
      if (length === 0) return;
      left -= length;
      yield block.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

async function plainTar(file: PackedFile, sink: Sink): Promise<void> {
  const tar = new Untar(sink);
  try {
    let sinceYield = 0;
    for (const block of blocksOf(file)) {
      tar.write(block);
      if (++sinceYield % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    tar.end(false);
  } finally {
    tar.stop();
  }
}

/** What is in a gzip: a tar, or one file that has the name of the gzip without its ending. */
async function gunzip(file: PackedFile, sink: Sink): Promise<string | undefined> {
  const content = new Content(file.name.replace(/\.gz$/i, '') || 'content', sink);
  try {
    const problem = await pump(createGunzip(), (bytes) => content.write(bytes), blocksOf(file));
    if (problem !== undefined) sink.note(problem === 'cut' ? 'archive-cut' : 'archive-damaged');
    return content.end(problem !== undefined);
  } finally {
    content.stop();
  }
}

/** Bytes that turn out to be a tar or one plain file. */
class Content {
  private readonly name: string;
  private readonly sink: Sink;
  /** First bytes, as long as they do not tell. */
  private head: Buffer | undefined = Buffer.alloc(0);
  private tar: Untar | undefined;
  private plain: EntryFile | undefined;

  constructor(name: string, sink: Sink) {
    this.name = name;
    this.sink = sink;
  }

  write(bytes: Buffer): void {
    if (this.head === undefined) {
      this.tar?.write(bytes);
      this.plain?.write(bytes);
      return;
    }
    this.head = Buffer.concat([this.head, bytes]);
    if (this.head.length >= FORMAT_BYTES) this.begin(this.head);
  }

  private begin(first: Buffer): void {
    this.head = undefined;
    if (archiveFormat(first) === 'tar') this.tar = new Untar(this.sink);
    else this.plain = this.sink.file(this.name);
    this.write(first);
  }

  /** Name of the file if it is one. */
  end(isCut: boolean): string | undefined {
    if (this.head !== undefined) this.begin(this.head);
    this.tar?.end(isCut);
    return this.tar === undefined ? this.name : undefined;
  }

  stop(): void {
    this.tar?.stop();
    this.plain?.close();
  }
}
