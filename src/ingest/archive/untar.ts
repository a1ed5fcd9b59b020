/** A tar archive, block by block: what came before a cut or a damaged block is kept. */
import { Parser, type ReadEntry } from 'tar';
import type { EntryFile, Sink } from './sink.ts';

/** Longest name record that is read; longer names are refused anyway. */
const NAME_RECORD_BYTES = 64 * 1024;

const FILES: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/** Takes bytes of a tar archive in any pieces. Everything happens inside `write`; errors of the sink come out of it. */
export class Untar {
  private readonly parser: Parser;
  private readonly sink: Sink;
  private broken: Error | undefined;
  private open: EntryFile | undefined;
  private sawEnd = false;
  private isDone = false;

  constructor(sink: Sink) {
    this.sink = sink;
    this.parser = new Parser({
      maxMetaEntrySize: NAME_RECORD_BYTES,
      onReadEntry: (entry) => this.guard(() => this.entry(entry), entry),
      onwarn: (code, message) => {
        if (code === 'TAR_BAD_ARCHIVE' && message.startsWith('Truncated')) sink.note('archive-cut');
        else sink.note('archive-damaged');
      },
    });
    // One empty block ends an archive too, though writers should add two.
    this.parser.on('nullBlock', () => (this.sawEnd = true));
    this.parser.on('eof', () => (this.isDone = true));
  }

  private guard(work: () => void, entry: ReadEntry): void {
    try {
      if (this.broken === undefined) work();
    } catch (error) {
      this.broken = error as Error;
    }
    entry.resume();
  }

  private entry(entry: ReadEntry): void {
    const { path, type } = entry;
    if (FILES.includes(type)) {
      const file = this.sink.file(path);
      this.open = file;
      if (file === undefined) return;
      entry.on('data', (bytes) => this.guard(() => file.write(bytes), entry));
      entry.on('end', () => file.close());
    } else if (type === 'Directory' || type === 'GNUDumpDir') this.sink.folderEntry(path);
    else if (type === 'Link') this.sink.hardLink(path, entry.linkpath ?? '');
    else if (type === 'SymbolicLink') this.sink.symbolicLink(path, entry.linkpath ?? '');
    else this.sink.special(path);
  }

  write(bytes: Buffer): void {
    // The parser would keep whatever follows the end.
    if (this.isDone) return;
    this.parser.write(bytes);
    if (this.broken !== undefined) throw this.broken;
  }

  /** No more bytes. `isCut`: it is known already that some are missing. */
  end(isCut: boolean): void {
    this.parser.end();
    this.open?.close();
    if (this.broken !== undefined) throw this.broken;
    // A cut right between two entries: nothing but the missing end mark shows it.
    if (!isCut && !this.sawEnd) this.sink.note('archive-cut');
  }

  /** Gives up, with open files closed. */
  stop(): void {
    this.open?.close();
  }
}
