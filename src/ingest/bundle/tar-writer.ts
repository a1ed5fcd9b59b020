/** Writes a .tar.gz whose bytes depend on nothing but its entries: no times, no owners, no machine. */
import { closeSync, createReadStream, createWriteStream, openSync } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { Header, Pax } from 'tar';

const BLOCK = 512;

export class TarWriter {
  private readonly gzip: Gzip = createGzip();
  private readonly done: Promise<void>;
  private failed: Error | undefined;

  /** Opens `path` for writing; throws the system's error. */
  constructor(path: string) {
    closeSync(openSync(path, 'w'));
    const file = createWriteStream(path);
    this.done = finished(this.gzip.pipe(file));
    this.done.catch((error: unknown) => (this.failed = error as Error));
    file.on('error', (error) => this.gzip.destroy(error));
  }

  /** Adds a file from the disk whose size is known. */
  async add(path: string, file: string, size: number): Promise<void> {
    await this.head(path, size);
    for await (const block of createReadStream(file)) await this.write(block as Buffer);
    await this.pad(size);
  }

  async addBytes(path: string, bytes: Buffer): Promise<void> {
    await this.head(path, bytes.length);
    await this.write(bytes);
    await this.pad(bytes.length);
  }

  async end(): Promise<void> {
    await this.write(Buffer.alloc(2 * BLOCK));
    this.gzip.end();
    await this.done;
  }

  /** Gives up: what was written is no archive. */
  abort(): void {
    this.gzip.destroy();
  }

  private async head(path: string, size: number): Promise<void> {
    const header = new Header({ path, size, mode: 0o644, type: 'File', mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' });
    // Longer names than a header holds, and other letters, stand in a record of their own.
    if (header.encode()) await this.write(new Pax({ path, size }).encode());
    await this.write(header.block as Buffer);
  }

  private async pad(size: number): Promise<void> {
    if (size % BLOCK > 0) await this.write(Buffer.alloc(BLOCK - (size % BLOCK)));
  }

  private async write(bytes: Buffer): Promise<void> {
    if (this.failed !== undefined) throw this.failed;
    if (bytes.length > 0 && !this.gzip.write(bytes)) await Promise.race([once(this.gzip, 'drain'), this.done]);
  }
}
