/**
 * Follows the evidence files of a running sandbox: the same files as `analyze` finds, new ones and lost ones included.
 *
 * It asks for the state of files again and again, which works on every file system and misses no rename. Logs and telemetry are looked at each time,
 * everything else when the tree is walked. What was written between the last look and a truncation is gone: that is at most one pause.
 */
import { closeSync, lstatSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { discover, isSyncedCopy, type FoundFile } from '../ingest/discover.ts';
import { isLog, lookAt } from '../ingest/look.ts';
import { mask } from '../ingest/mask.ts';
import { openPlain } from '../ingest/open-plain.ts';
import type { Sniffed } from '../ingest/sniff.ts';
import type { Keeper } from './keeper.ts';
import { pulseOf, type Pulse } from './pulse.ts';
import { BLOCK_BYTES, LEAST_HEAD_BYTES, Tail, type Grown } from './tail.ts';

/** Between two looks at logs and telemetry. */
export const POLL_MS = 250;
/** Between two walks through the tree, at least; a walk that takes long is made more seldom. */
const WALK_MS = 1000;
const WALK_SHARE = 10;
/** Read in one look, so that other files and the screen get their turn. */
const POLL_BYTES = 64 * 1024 * 1024;
/** Small files beyond this are not read, as in ingest. */
const SMALL_BYTES = 2 * 1024 * 1024;
/** Telemetry that cannot be read for so long is no flush under way: its writer was killed inside of it (field guide 5.3). */
const TORN_MS = 2000;
/** Logs that are held open; of further ones the last words before a rename may be lost. */
const MOST_OPEN = 256;
/** Lost logs of a folder that are remembered. */
const MOST_LOST = 64;

export type FileNews =
  | { readonly what: 'new' | 'unreadable'; readonly path: string; readonly kept: null }
  | { readonly what: 'truncated' | 'replaced' | 'removed'; readonly path: string; readonly kept: number | null }
  | { readonly what: 'renamed'; readonly path: string; readonly kept: number | null; readonly to: string };

const NOTHING: Grown = { bytes: 0, behind: false };

type Way = 'log' | 'telemetry' | 'small' | 'none';

interface Watched {
  file: FoundFile;
  way: Way;
  party: string | null;
  log: 'client' | 'relay' | undefined;
  /** Holds keys and tokens, and nothing that is judged. */
  isSecret: boolean;
  readonly tail: Tail;
  /** Size, time and inode when it was last read. */
  seen: string;
  /** Size at which another look may tell what it is. */
  lookAgain: number;
  /** Since when its content cannot be read, and whether that was kept. */
  tornMs: number | undefined;
  /** When it was last seen to change: milliseconds of the follower's clock; undefined: not read yet. */
  changedMs: number | undefined;
  pulse: Pulse | undefined;
}

/** A log that was read and is no longer what its name stands for. */
interface LostLog {
  readonly path: string;
  readonly head: Buffer;
  readonly offset: number;
}

/** What was last seen of one party's files. */
export interface PartySigns {
  readonly email: string;
  readonly pulse: Pulse | undefined;
  /** Milliseconds of the follower's clock. */
  readonly logChangedMs: number | undefined;
  readonly telemetryChangedMs: number | undefined;
}

export interface Polled {
  readonly news: readonly FileNews[];
  /** Something that a judgement may see differently. */
  readonly changed: boolean;
  /** More is waiting to be read. */
  readonly behind: boolean;
}

function wayOf({ kind, dialect }: Sniffed): Way {
  if (kind === 'telemetry') return 'telemetry';
  if (kind === 'unknown' || kind === 'archive' || kind === 'database') return 'none';
  return isLog(dialect) || dialect === 'access-json' || dialect === 'jsonl' ? 'log' : 'small';
}

export class Follower {
  private readonly root: string;
  private readonly keeper: Keeper;
  private readonly now: () => number;
  private readonly wall: () => number;
  private readonly files = new Map<string, Watched>();
  /** First bytes of logs that were lost under their name, by folder: what comes up with them is no other log. */
  private readonly lost = new Map<string, LostLog[]>();
  private readonly block = Buffer.allocUnsafe(BLOCK_BYTES);
  private nextWalkMs = -Infinity;
  private tornMs = TORN_MS;
  private isFirst = true;
  private isNews = false;
  private news: FileNews[] = [];

  /** `now`: a clock that only runs on; `wall`: the machine's, milliseconds since 1970. */
  constructor(root: string, keeper: Keeper, now: () => number, wall: () => number) {
    this.root = root;
    this.keeper = keeper;
    this.now = now;
    this.wall = wall;
  }

  /** One look. Errors of single files are news, never thrown. `isLast`: half a telemetry file is taken as it is. */
  poll(isLast = false): Polled {
    this.news = [];
    if (isLast) this.nextWalkMs = -Infinity;
    this.tornMs = isLast ? 0 : TORN_MS;
    this.isNews = false;
    // Logs before the walk: one that was renamed is lost under its name before it comes up under another.
    let behind = this.logs();
    const isDue = this.now() >= this.nextWalkMs;
    if (isDue) this.walk();
    for (const [path, watched] of this.files) {
      if (watched.way === 'telemetry') this.telemetry(path, watched);
      else if (isDue && watched.way === 'small') this.small(path, watched);
    }
    if (isDue) behind = this.logs();
    this.isFirst = false;
    return { news: this.news, changed: this.isNews, behind };
  }

  /** Whether more is there than one look reads. */
  private logs(): boolean {
    let budget = POLL_BYTES;
    for (const [path, watched] of this.files) {
      if (watched.way !== 'log' || budget <= 0) continue;
      budget -= this.log(path, watched, budget).bytes;
    }
    return budget <= 0;
  }

  /** Parties with files, by email. */
  parties(): readonly PartySigns[] {
    const emails = [...new Set([...this.files.values()].map((one) => one.party))].filter((email) => email !== null).toSorted();
    return emails.map((email) => {
      const mine = [...this.files.values()].filter((one) => one.party === email);
      const flushes = mine.filter((one) => one.pulse !== undefined);
      const last = flushes.toSorted((a, b) => (b.pulse?.updatedMs ?? 0) - (a.pulse?.updatedMs ?? 0))[0];
      return {
        email,
        pulse: last?.pulse,
        logChangedMs: latest(mine.filter((one) => one.log === 'client')),
        telemetryChangedMs: latest(flushes),
      };
    });
  }

  /** When any file was last seen to change; undefined while there is none. */
  changedMs(): number | undefined {
    return latest([...this.files.values()]);
  }

  /** When the relay's log was last seen to change. */
  relayChangedMs(): number | undefined {
    return latest([...this.files.values()].filter((one) => one.log === 'relay'));
  }

  close(): void {
    for (const { tail } of this.files.values()) tail.close();
  }

  // ---- the tree

  private walk(): void {
    const started = this.now();
    let found: readonly FoundFile[] = [];
    try {
      found = discover(this.root).files;
    } catch {
      // The whole folder is gone: so are its files.
    }
    const there = new Set(found.map((file) => file.path));
    // Lost names first: a log that comes up under another one is known again.
    for (const [path, watched] of this.files) if (!there.has(path)) this.remove(path, watched);
    for (const file of found) {
      const known = this.files.get(file.path);
      if (known === undefined) this.add(file);
      else this.again(known, file);
    }
    const now = this.now();
    this.nextWalkMs = now + Math.max(WALK_MS, WALK_SHARE * (now - started));
  }

  private add(file: FoundFile): void {
    const { sniffed, party, file: looked } = lookAt(file);
    const way = file.isStore || looked.unread !== undefined ? 'none' : wayOf(sniffed);
    const open = [...this.files.values()].filter((one) => one.way === 'log').length;
    const watched: Watched = {
      file: looked,
      way,
      party: isSyncedCopy(file.path, party) && way === 'telemetry' ? null : party,
      log: sniffed.kind === 'client-log' ? 'client' : sniffed.kind === 'relay-log' ? 'relay' : undefined,
      isSecret: sniffed.kind === 'config' || sniffed.kind === 'stack',
      tail: new Tail(file.absolute, this.keeper.wantsLogs ? this.block : undefined, open < MOST_OPEN),
      seen: '',
      lookAgain: Math.max(1, 2 * file.bytes),
      tornMs: undefined,
      changedMs: undefined,
      pulse: undefined,
    };
    this.files.set(file.path, watched);
    if (way === 'none') {
      if (looked.unread === 'unreadable-file' || looked.unread === 'unreadable-folder')
        this.tell({ what: 'unreadable', path: file.path, kept: null });
      return;
    }
    if (way === 'log' && this.isKnownAgain(file.path, watched)) return;
    if (!this.isFirst) this.tell({ what: 'new', path: file.path, kept: null });
    this.isNews = true;
  }

  /** Looks again at a file that could not be told, or that could not be opened. */
  private again(watched: Watched, file: FoundFile): void {
    if (watched.way !== 'none' || file.isStore || file.bytes < watched.lookAgain) return;
    this.files.delete(file.path);
    this.add(file);
  }

  /** A log that was there under another name: what was read of it is not read again. */
  private isKnownAgain(path: string, watched: Watched): boolean {
    if (this.isFirst) return false;
    const { tail } = watched;
    if (tail.look() === 'gone') return false;
    const before = this.logsOnceIn(dirname(path), watched).findLast(({ head }) => isSameLog(head, tail.head));
    if (before === undefined) return false;
    tail.offset = before.offset;
    this.tell({ what: 'renamed', path: before.path, kept: this.keeper.wantsLogs ? before.offset : null, to: path });
    return true;
  }

  /** Logs of a folder, as they were when they were lost and as they are: some rotate by a copy and a truncation. */
  private logsOnceIn(folder: string, but: Watched): readonly LostLog[] {
    const now = [...this.files].filter(([path, one]) => one !== but && one.way === 'log' && dirname(path) === folder);
    return [...(this.lost.get(folder) ?? []), ...now.map(([path, { tail }]) => ({ path, head: tail.head, offset: tail.offset }))];
  }

  private remove(path: string, watched: Watched): void {
    if (watched.way === 'log') {
      this.drain(path, watched);
      this.lose(path, watched);
    }
    watched.tail.close();
    this.files.delete(path);
    if (watched.way === 'none') return;
    const kept = this.keeper.gone(path);
    this.tell({ what: 'removed', path, kept: this.keeper.wantsLogs ? kept : null });
  }

  private lose(path: string, { tail }: Watched): void {
    const folder = dirname(path);
    const known = this.lost.get(folder) ?? [];
    known.push({ path, head: tail.head, offset: tail.offset });
    this.lost.set(folder, known.slice(-MOST_LOST));
  }

  // ---- logs

  /** Reads what the old file still holds, under whatever name it lies now. */
  private drain(path: string, { tail }: Watched): void {
    if (this.keeper.wantsLogs) tail.read(Infinity, (bytes) => this.keeper.append(path, bytes));
  }

  private log(path: string, watched: Watched, budget: number): Grown {
    const { tail } = watched;
    const seen = tail.look();
    if (seen === 'gone') {
      this.nextWalkMs = -Infinity;
      return NOTHING;
    }
    if (seen === 'truncated' || seen === 'replaced') {
      if (seen === 'replaced') this.drain(path, watched);
      this.lose(path, watched);
      const kept = this.keeper.cut(path, seen);
      tail.restart();
      this.tell({ what: seen, path, kept: this.keeper.wantsLogs ? kept : null });
      this.nextWalkMs = -Infinity;
    }
    if (seen === 'same' && watched.seen === 'read') return NOTHING;
    const grown = tail.read(budget, (bytes) => this.keeper.append(path, bytes));
    if (seen !== 'same' || watched.seen === '') this.touch(watched);
    watched.seen = grown.behind ? 'behind' : 'read';
    return grown;
  }

  // ---- small files

  private telemetry(path: string, watched: Watched): void {
    const read = this.readSmall(watched);
    if (read === undefined) return;
    const pulse = pulseOf(read.bytes.toString('utf8'));
    if (pulse === undefined) {
      watched.tornMs ??= this.now();
      // Read again at the next look, until it is whole or surely is no flush under way.
      if (this.now() - watched.tornMs < this.tornMs) return;
      watched.seen = read.seen;
      this.keeper.snapshot(path, read.bytes);
      this.isNews = true;
      return;
    }
    watched.tornMs = undefined;
    watched.seen = read.seen;
    watched.pulse = pulse;
    watched.party ??= isSyncedCopy(path, pulse.party) ? null : pulse.party;
    this.touch(watched);
    this.keeper.flush(path, read.bytes, pulse);
  }

  private small(path: string, watched: Watched): void {
    const read = this.readSmall(watched);
    if (read === undefined) return;
    watched.seen = read.seen;
    this.keeper.snapshot(path, watched.isSecret ? Buffer.from(mask(read.bytes.toString('utf8'))) : read.bytes);
    this.touch(watched);
  }

  /** The content of a small file that changed since it was last read. */
  private readSmall(watched: Watched): { readonly bytes: Buffer; readonly seen: string } | undefined {
    const { absolute } = watched.file;
    try {
      const { ino, size, mtimeMs } = lstatSync(absolute);
      const seen = `${ino}:${size}:${mtimeMs}`;
      if (seen === watched.seen || size > SMALL_BYTES) return undefined;
      const fd = openPlain(absolute);
      try {
        const bytes = Buffer.alloc(SMALL_BYTES + 1);
        let length = 0;
        for (let got = -1; got !== 0 && length < bytes.length; length += got)
          got = readSync(fd, bytes, length, bytes.length - length, length);
        return { bytes: Buffer.from(bytes.subarray(0, length)), seen };
      } finally {
        closeSync(fd);
      }
    } catch {
      // Gone, or not ours to read: the next walk says so.
      return undefined;
    }
  }

  private touch(watched: Watched): void {
    this.isNews = true;
    // The first look finds what was there before: how old that is only the file system says.
    const age = this.isFirst ? Math.max(0, this.wall() - (lstatSync(watched.file.absolute, { throwIfNoEntry: false })?.mtimeMs ?? 0)) : 0;
    watched.changedMs = this.now() - age;
  }

  private tell(news: FileNews): void {
    this.news.push(news);
    this.isNews = true;
  }
}

function latest(watched: readonly Watched[]): number | undefined {
  const times = watched.map((one) => one.changedMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The same log: long enough to tell, no hole, and one begins as the other does. */
function isSameLog(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return length >= LEAST_HEAD_BYTES && a[0] !== 0 && a.compare(b, 0, length, 0, length) === 0;
}
