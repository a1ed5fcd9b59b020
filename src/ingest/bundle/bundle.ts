/**
 * A bundle: the evidence of a run for somebody else. The files that analyze would read, each line in its place, without payload
 * and secrets, and with a list of what is in it. With `redact`, names too are gone (names.ts).
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { maskPath } from '../mask.ts';
import type { Seen } from '../look.ts';
import { openPlain } from '../open-plain.ts';
import { CaptureRewriter } from './capture-rewriter.ts';
import { editJson, editText, remembering, type Rename } from './edit-line.ts';
import { LineRewriter } from './line-rewriter.ts';
import { Names } from './names.ts';
import { isTreatment, topFolder, treatmentOf, type LeftOut, type Treatment } from './plan.ts';
import { TarWriter } from './tar-writer.ts';

/** Name of the list of contents, in the bundle's top folder. */
export const MANIFEST = 'hotlink-bundle.json';
const BLOCK_BYTES = 256 * 1024;
/** Between two pauses in which signals get their turn. */
const YIELD_BYTES = 8 * 1024 * 1024;

export interface BundleFile {
  readonly path: string;
  readonly kind: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of the file that it was made from. */
  readonly originalBytes: number;
}

export interface Manifest {
  readonly schema: 'hotlink-doctor/bundle@1';
  readonly redacted: boolean;
  readonly files: readonly BundleFile[];
  readonly leftOut: readonly { readonly path: string; readonly why: LeftOut | 'gone or unreadable' }[];
}

export interface BundleOptions {
  readonly redact: boolean;
  /** Folder that the input stands for: what it is called, and what is above it. */
  readonly above: string;
  /** Private folder for one rewritten file at a time. */
  readonly scratch: string;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Bundled {
  readonly manifest: Manifest;
  /** Pseudonyms and what they stand for; empty without `redact`. */
  readonly key: readonly (readonly [string, string])[];
}

interface Planned {
  readonly seen: Seen;
  readonly treatment: Treatment;
}

/** Writes the bundle of these files to `path`. Throws the system's error when that cannot be written. */
export async function writeBundle(seen: readonly Seen[], path: string, options: BundleOptions): Promise<Bundled> {
  const planned: Planned[] = [];
  const left: { path: string; why: LeftOut | 'gone or unreadable' }[] = [];
  for (const one of seen) {
    const treatment = treatmentOf(one);
    if (isTreatment(treatment)) planned.push({ seen: one, treatment });
    else left.push({ path: one.file.path, why: treatment });
  }
  const work = new Work(planned, options);
  const names = options.redact ? await work.learn(left.map((one) => one.path)) : undefined;
  const rename = names?.redact;
  const say = (name: string): string => (rename === undefined ? maskPath(name) : rename(maskPath(name)));
  const taken = new Set<string>([MANIFEST]);
  const folder = topFolder(options.above);
  // What somebody called the folder is a name, too; a party's folder is known by its address.
  const top = options.redact && !folder.includes('@') ? 'sandbox' : safeTop(say(folder));
  const tar = new TarWriter(path);
  try {
    const files: BundleFile[] = [];
    for (const one of planned) {
      const name = free(say(one.seen.file.path), taken);
      const copy = join(options.scratch, 'file');
      const written = await work.rewrite(one, copy, rename);
      if (written === undefined) {
        left.push({ path: one.seen.file.path, why: 'gone or unreadable' });
        continue;
      }
      await tar.add(`${top}/${name}`, copy, written.bytes);
      rmSync(copy);
      files.push({ path: name, kind: one.seen.sniffed.kind, ...written, originalBytes: one.seen.file.bytes });
    }
    const leftOut = left.map((one) => ({ path: say(one.path), why: one.why })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const manifest: Manifest = { schema: 'hotlink-doctor/bundle@1', redacted: options.redact, files, leftOut };
    await tar.addBytes(`${top}/${MANIFEST}`, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    await tar.end();
    return { manifest, key: names?.key() ?? [] };
  } catch (error) {
    tar.abort();
    rmSync(path, { force: true });
    throw error;
  }
}

/** No name that leads anywhere. */
function safeTop(top: string): string {
  const parts = top.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.join('/') || 'sandbox';
}

/** Two paths may become the same when secrets or names go. */
function free(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}~${number}`;
  taken.add(name);
  return name;
}

interface Rewriter {
  push(block: Buffer): Buffer;
  end(): Buffer;
}

/** A whole document. */
class DocumentRewriter implements Rewriter {
  private readonly parts: Buffer[] = [];
  private readonly rename: Rename | undefined;

  constructor(rename: Rename | undefined) {
    this.rename = rename;
  }

  push(block: Buffer): Buffer {
    this.parts.push(Buffer.from(block));
    return Buffer.alloc(0);
  }

  end(): Buffer {
    return Buffer.from(editJson(Buffer.concat(this.parts).toString('utf8'), this.rename));
  }
}

// oxlint-disable-next-line typescript/consistent-return -- the switch knows every treatment
function rewriterFor({ seen, treatment }: Planned, rename: Rename | undefined): Rewriter {
  switch (treatment) {
    case 'json':
      return new DocumentRewriter(rename);
    case 'capture':
      return new CaptureRewriter(rename);
    case 'json-lines':
      return new LineRewriter('json', (line) => editJson(line, rename));
    case 'lines':
      // A file of several dialects may hold the relay's JSON lines.
      return new LineRewriter(
        seen.sniffed.dialect === 'mixed' ? 'mixed' : 'text',
        remembering((line) => editText(line, rename)),
      );
  }
}

class Work {
  private readonly planned: readonly Planned[];
  private readonly options: BundleOptions;
  private readonly total: number;
  private done = 0;

  constructor(planned: readonly Planned[], options: BundleOptions) {
    this.planned = planned;
    this.options = options;
    const bytes = planned.reduce((sum, { seen }) => sum + seen.file.bytes, 0);
    this.total = options.redact ? 2 * bytes : bytes;
  }

  /** Every name of the input. */
  async learn(others: readonly string[]): Promise<Names> {
    const names = new Names(this.options.above);
    names.learnPath(topFolder(this.options.above));
    for (const path of [...this.planned.map(({ seen }) => seen.file.path), ...others]) names.learnPath(maskPath(path));
    const learn = (text: string, key?: string): string => {
      names.learn(text, key);
      return text;
    };
    for (const one of this.planned) {
      const isProcesses = one.seen.sniffed.kind === 'collected' && basename(one.seen.file.path) === 'processes.txt';
      const owners = (text: string): string => {
        names.learnOwner(text);
        return learn(text);
      };
      await this.pass(one, rewriterFor(one, isProcesses ? owners : learn), () => undefined);
    }
    names.settle();
    return names;
  }

  /** Writes what becomes of a file; undefined when it cannot be read. */
  async rewrite(one: Planned, copy: string, rename: Rename | undefined): Promise<{ bytes: number; sha256: string } | undefined> {
    const hash = createHash('sha256');
    let bytes = 0;
    const out = openSync(copy, 'w', 0o600);
    try {
      const isRead = await this.pass(one, rewriterFor(one, rename), (part) => {
        hash.update(part);
        bytes += part.length;
        for (let at = 0; at < part.length;) at += writeSync(out, part, at);
      });
      return isRead ? { bytes, sha256: hash.digest('hex') } : undefined;
    } finally {
      closeSync(out);
    }
  }

  /** Reads up to the size that the file had when it was found. */
  private async pass({ seen: { file } }: Planned, rewriter: Rewriter, take: (part: Buffer) => void): Promise<boolean> {
    let fd: number;
    try {
      fd = openPlain(file.absolute);
    } catch {
      return false;
    }
    try {
      const block = Buffer.alloc(BLOCK_BYTES);
      let sinceYield = 0;
      for (let left = file.bytes; left > 0;) {
        const length = readSync(fd, block, 0, Math.min(block.length, left), null);
        if (length === 0) break;
        left -= length;
        this.done += length;
        sinceYield += length;
        take(rewriter.push(block.subarray(0, length)));
        if (sinceYield < YIELD_BYTES) continue;
        sinceYield = 0;
        this.options.onProgress?.(this.done, this.total);
        await setImmediate();
      }
      take(rewriter.end());
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== 'read') throw error;
      return false;
    } finally {
      closeSync(fd);
    }
  }
}
