/**
 * The record of a watch: a folder that `analyze` reads as the sandbox that it follows.
 *
 * Every file lies where it lies in the sandbox. Logs only grow: what a client truncated at its start stands before what it wrote since, as in a log that
 * is appended. Telemetry files have their earlier flushes beside them (`hotlink_telemetry.json.1795353924102`), which is a series; of flushes that say the
 * same the first and the last. What happened to files stands in `_collected/journal.jsonl`. Appended bytes are whole in order at any moment, small files are renamed into place: a crash leaves a record that can be read.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { COLLECTED } from '../ingest/files/collected.ts';
import { maskPath } from '../ingest/mask.ts';
import type { Break, FlushFigures, Keeper } from './keeper.ts';

const NEWLINE = 10;
const PRIVATE = 0o700;
const PRIVATE_FILE = 0o600;

export interface RecordOptions {
  readonly folder: string;
  /** Where files lie below the folder: the party's address, when the sandbox is one party's folder. */
  readonly prefix: string;
  readonly maxBytes: number;
  /** Without: only telemetry and containers are kept. */
  readonly logs: boolean;
  /** Time of the watching machine, ISO 8601. */
  readonly time: () => string;
}

interface KeptLog {
  bytes: number;
  /** Bytes since the log began anew the last time. */
  since: number;
  endsLine: boolean;
  /** Zero bytes at the beginning of a log that was emptied while it was written. */
  hole: number;
}

/** The last flushes of one manager. */
interface Series {
  signature: string;
  /** Files of the present stretch of equal flushes: its first and its last. */
  readonly files: string[];
}

export class Recorder implements Keeper {
  readonly wantsLogs: boolean;
  readonly folder: string;
  /** Why nothing more is kept. */
  stopped: 'full' | 'failed' | undefined;
  /** Words of the system where it failed. */
  reason = '';
  bytes = 0;
  /** Bytes that came after the record was full. */
  leftOut = 0;
  private readonly o: RecordOptions;
  private readonly logs = new Map<string, KeptLog>();
  private readonly series = new Map<string, Series>();
  private readonly sizes = new Map<string, number>();
  private readonly newest = new Map<string, { readonly bytes: Buffer; readonly figures: FlushFigures }>();

  constructor(options: RecordOptions) {
    this.o = options;
    this.folder = options.folder;
    this.wantsLogs = options.logs;
    mkdirSync(join(options.folder, COLLECTED), { recursive: true, mode: PRIVATE });
  }

  append(path: string, bytes: Buffer): void {
    const log = this.logOf(path);
    let rest = bytes;
    if (log.since === 0) {
      // A hole has no line; it would only blow up the record.
      const first = rest.findIndex((byte) => byte !== 0);
      log.hole += first < 0 ? rest.length : first;
      rest = first < 0 ? rest.subarray(rest.length) : rest.subarray(first);
      if (rest.length > 0 && log.hole > 0) this.note({ what: 'hole', path, bytes: log.hole });
    }
    if (rest.length === 0 || !this.hasRoom(rest.length)) return;
    const isKept = this.attempt(() => appendWhole(this.place(path), rest));
    if (!isKept) return;
    log.bytes += rest.length;
    log.since += rest.length;
    log.endsLine = rest.at(-1) === NEWLINE;
    this.bytes += rest.length;
  }

  cut(path: string, why: Break | 'removed'): number {
    const log = this.logOf(path);
    const { since } = log;
    this.note({ what: why, path, kept: since, at: log.bytes });
    // The next log must not begin in the middle of a line.
    if (!log.endsLine && this.hasRoom(1) && this.attempt(() => appendWhole(this.place(path), Buffer.from('\n')))) log.bytes++;
    this.logs.set(path, { bytes: log.bytes, since: 0, endsLine: true, hole: 0 });
    return since;
  }

  snapshot(path: string, bytes: Buffer): void {
    this.keepFlush(path);
    this.replace(path, bytes);
  }

  private replace(path: string, bytes: Buffer): void {
    if (!this.wantsLogs || this.stopped !== undefined) return;
    const before = this.sizes.get(path) ?? 0;
    if (!this.hasRoom(bytes.length - before)) return;
    if (!this.attempt(() => this.replaceWhole(this.place(path), bytes))) return;
    this.sizes.set(path, bytes.length);
    this.bytes += bytes.length - before;
  }

  flush(path: string, bytes: Buffer, figures: FlushFigures): void {
    this.keepFlush(path);
    this.newest.set(path, { bytes, figures });
    this.replace(path, bytes);
  }

  /** The flush that a newer one takes the place of joins the series; the newest is the file itself. */
  private keepFlush(path: string): void {
    const before = this.newest.get(path);
    this.newest.delete(path);
    if (before === undefined || !this.hasRoom(before.bytes.length)) return;
    const { startedMs, updatedMs, signature } = before.figures;
    const name = this.freeName(`${path}.${String(updatedMs ?? 0)}`);
    if (!this.attempt(() => this.replaceWhole(this.place(name), before.bytes))) return;
    this.sizes.set(name, before.bytes.length);
    this.bytes += before.bytes.length;
    const key = `${path}\n${String(startedMs)}`;
    const series = this.series.get(key);
    if (series?.signature !== signature) this.series.set(key, { signature, files: [name] });
    else if (series.files.push(name) > 2) this.drop(series.files.splice(1, 1)[0] ?? name);
  }

  gone(path: string): number {
    this.keepFlush(path);
    const log = this.logs.get(path);
    if (log !== undefined) return this.cut(path, 'removed');
    this.note({ what: 'removed', path, kept: this.sizes.get(path) ?? 0 });
    return this.sizes.get(path) ?? 0;
  }

  /** Whether anything of a file is kept. */
  keeps(path: string): boolean {
    return this.logs.has(path) || this.sizes.has(path);
  }

  /** A line about something that happened. */
  note(entry: { readonly what: string; readonly path: string } & Readonly<Record<string, string | number>>): void {
    this.line('journal.jsonl', JSON.stringify({ t: this.o.time(), ...entry, path: maskPath(entry.path) }));
  }

  /** Whole lines to a file of our own. */
  line(name: string, text: string): void {
    if (this.stopped === 'failed') return;
    this.attempt(() => appendFileSync(join(this.o.folder, COLLECTED, name), `${text}\n`, { mode: PRIVATE_FILE }));
  }

  /** A file of our own, as it is now. */
  own(name: string, text: string): void {
    if (this.stopped === 'failed') return;
    this.attempt(() => this.replaceWhole(join(this.o.folder, COLLECTED, name), Buffer.from(text)));
  }

  private logOf(path: string): KeptLog {
    let log = this.logs.get(path);
    if (log === undefined) this.logs.set(path, (log = { bytes: 0, since: 0, endsLine: true, hole: 0 }));
    return log;
  }

  private place(path: string): string {
    return join(this.o.folder, this.o.prefix, path);
  }

  private hasRoom(bytes: number): boolean {
    if (this.stopped === undefined && this.bytes + bytes > this.o.maxBytes) this.stopped = 'full';
    if (this.stopped !== undefined) this.leftOut += Math.max(0, bytes);
    return this.stopped === undefined;
  }

  /** The disk may be full, or the folder gone: that ends the record, not the watch. */
  private attempt(work: () => void): boolean {
    if (this.stopped === 'failed') return false;
    try {
      work();
      return true;
    } catch (error) {
      this.stopped = 'failed';
      this.reason = (error as NodeJS.ErrnoException).code ?? String(error);
      return false;
    }
  }

  /** Two managers may write in one millisecond. */
  private freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.sizes.has(name); number++) name = `${wanted}-${number}`;
    return name;
  }

  /** Written beside and renamed into place: whoever reads sees the old or the new one. */
  private replaceWhole(path: string, bytes: Buffer): void {
    const beside = join(this.o.folder, COLLECTED, '.part');
    writeFileSync(beside, bytes, { mode: PRIVATE_FILE });
    try {
      renameSync(beside, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      mkdirSync(dirname(path), { recursive: true, mode: PRIVATE });
      renameSync(beside, path);
    }
  }

  private drop(name: string): void {
    this.bytes -= this.sizes.get(name) ?? 0;
    this.sizes.delete(name);
    this.attempt(() => rmSync(this.place(name), { force: true }));
  }
}

function appendWhole(path: string, bytes: Buffer): void {
  const fd = openInFolder(path, 'a');
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } finally {
    closeSync(fd);
  }
}

function openInFolder(path: string, flags: string): number {
  try {
    return openSync(path, flags, PRIVATE_FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: PRIVATE });
    return openSync(path, flags, PRIVATE_FILE);
  }
}

/** Whether a folder can become a record: empty, or not there yet. */
export function isFree(folder: string): boolean {
  return !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);
}
