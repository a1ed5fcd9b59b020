/** Finds the files of a sandbox: any folder that holds parties' folders or `relay/`, one of these folders, or a lone file. */
import { lstatSync, readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { UnreadReason } from '../model/unread.ts';

export interface FoundFile {
  /** As evidence names it: relative to the root, '/' between components; unique in an input. */
  readonly path: string;
  readonly absolute: string;
  readonly bytes: number;
  /** A folder that is listed but not read: the relay's object store. */
  readonly isStore: boolean;
  /** Why it is listed but not opened. */
  readonly unread?: UnreadReason | undefined;
  /** Folder that `below` begins in, and the place below it, as far as names tell whose file it is. */
  readonly above: string;
  readonly below: string;
  /** The user named this very file, so it is tried whatever it seems to be. */
  readonly isNamed?: boolean;
}

export interface Discovered {
  readonly root: string;
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
}

/** Where the file of a source lies, by the path that evidence gives it; undefined for a source without a file to read. */
export type FileOf = (source: string) => string | undefined;

/** Folders whose files are objects of the relay's store, not evidence; nothing in them is read. */
const OBJECT_STORE = /(?:^|\/)(?:relay\/)?minio$/;

/** Names that only files have: a folder that is called so stands where a file belongs. */
const FILE_NAME = /^(?:syftbox\.log|client-daemon\.log|server\.log|hotlink_telemetry\.json|stream\.(?:tcp|accept)|syft\.pub\.yaml)$/;

/** An address, as folder names have it. */
const EMAIL = /^[^@\s/]+@[^@\s/]+$/;

export function byPath(a: FoundFile, b: FoundFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** A lone file. `named`: the place that its name stands for. */
function loneFile(absolute: string, named: string): FoundFile {
  const name = basename(named);
  return { path: name, absolute, bytes: statSync(absolute).size, isStore: false, above: dirname(named), below: name, isNamed: true };
}

/** Lists files below `path`. Links are not followed: what they point to is in the sandbox anyway, or not of it. */
export function discover(path: string): Discovered {
  const absolute = realpathSync(path);
  if (statSync(absolute).isDirectory()) return { root: absolute, files: discoverFolder(absolute, resolve(path)) };
  return { root: dirname(absolute), files: [loneFile(absolute, resolve(path))] };
}

/** Files below a folder whose path has no links in it. `above`: the folder that it stands for. */
export function discoverFolder(root: string, above: string): readonly FoundFile[] {
  const walk = new Walk(root, above);
  walk.folder('', readdirSync(root, { withFileTypes: true }));
  return walk.files.toSorted(byPath);
}

class Walk {
  readonly files: FoundFile[] = [];
  private readonly root: string;
  private readonly above: string;

  constructor(root: string, above: string) {
    this.root = root;
    this.above = above;
  }

  folder(below: string, entries: readonly Dirent[]): void {
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) this.subfolder(path, entry.name);
      else if (entry.isFile()) this.file(path);
      else if (entry.isSymbolicLink()) this.add(path, 0, this.judgeLink(path));
      else this.add(path, 0, 'special-file');
    }
  }

  private add(path: string, bytes: number, unread?: UnreadReason, isStore = false): void {
    this.files.push({ path, absolute: join(this.root, path), bytes, isStore, unread, above: this.above, below: path });
  }

  private subfolder(path: string, name: string): void {
    if (OBJECT_STORE.test(path)) return this.add(path, 0, undefined, true);
    if (FILE_NAME.test(name)) this.add(path, 0, 'folder-for-file');
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(join(this.root, path), { withFileTypes: true });
    } catch (error) {
      // A folder that went away since is none of the sandbox.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.add(path, 0, 'unreadable-folder');
      else if (path.includes('\uFFFD')) this.add(path, 0, 'unreadable-name');
      return;
    }
    this.folder(path, entries);
  }

  private file(path: string): void {
    let size: number;
    try {
      size = lstatSync(join(this.root, path)).size;
    } catch (error) {
      // A file that went away since is none of the sandbox; one whose name we cannot say is.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.add(path, 0, 'unreadable-file');
      else if (path.includes('\uFFFD')) this.add(path, 0, 'unreadable-name');
      return;
    }
    this.add(path, size);
  }

  private judgeLink(path: string): UnreadReason {
    try {
      const target = realpathSync(join(this.root, path));
      return target === this.root || target.startsWith(this.root === sep ? sep : this.root + sep) ? 'link-inside' : 'link-outside';
    } catch {
      return 'link-dangling';
    }
  }
}

/**
 * Email of the party in whose tree a file lies: the first address among the folders, where the folder is not one of the
 * datasites that a party keeps copies of. Null for files of the relay and when no folder says.
 */
export function partyOfPath(root: string, path: string): string | null {
  const parts = path.split('/').slice(0, -1);
  if (parts[0] === 'relay') return null;
  const inside = parts.findIndex((part, index) => EMAIL.test(part) && parts[index - 1] !== 'datasites');
  if (inside >= 0) return parts[inside] ?? null;
  const above = root.split(sep);
  for (let i = above.length - 1; i > 0; i--) if (EMAIL.test(above[i] ?? '') && above[i - 1] !== 'datasites') return above[i] ?? null;
  return null;
}

/** The place of a file in the folder of a party or of the relay, wherever that folder lies; undefined outside of them. */
export function placeInSandbox(below: string): string | undefined {
  const parts = below.split('/');
  const isOwner = (part: string): boolean => part === 'relay' || EMAIL.test(part);
  const at = parts.findIndex((part, index) => index < parts.length - 1 && isOwner(part) && parts[index - 1] !== 'datasites');
  return at < 0 ? undefined : parts.slice(at).join('/');
}

/** What every party has one of in a sandbox. */
const TELLING = /(?:\.log|hotlink_telemetry\.json)$/;

/**
 * Folders (or archives) right below the input that are a sandbox each: the input itself holds no party's folder, and at least
 * two of them hold the same file of the same party or relay. Parts of one run from several machines have no such file in common.
 */
export function sandboxesIn(files: readonly FoundFile[]): readonly string[] {
  const groups = new Map<string, Set<string>>();
  for (const { path, below, unread } of files) {
    const slash = path.indexOf('/');
    const place = unread === undefined && TELLING.test(below) ? placeInSandbox(below) : undefined;
    if (slash < 0 || place === undefined) continue;
    const top = path.slice(0, slash);
    if (below === place) return [];
    const group = groups.get(top);
    if (group === undefined) groups.set(top, new Set([place]));
    else group.add(place);
  }
  const seen = new Set<string>();
  let hasShared = false;
  for (const places of groups.values())
    for (const place of places) {
      hasShared ||= seen.has(place);
      seen.add(place);
    }
  return hasShared ? [...groups.keys()] : [];
}

/** A telemetry or other file of datasite B in the tree of party A is a copy that file sync made. */
export function isSyncedCopy(path: string, party: string | null): boolean {
  const parts = path.split('/');
  const at = parts.lastIndexOf('datasites');
  const owner = at >= 0 ? parts[at + 1] : undefined;
  return party !== null && owner !== undefined && EMAIL.test(owner) && owner !== party;
}
