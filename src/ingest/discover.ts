/** Finds the files of a sandbox: any folder that holds parties' folders or `relay/`, one of these folders, or a lone file. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';

export interface FoundFile {
  /** Relative to the root, '/' between components. */
  readonly path: string;
  readonly absolute: string;
  readonly bytes: number;
  /** A folder that is listed but not read: the relay's object store. */
  readonly isStore: boolean;
}

export interface Discovered {
  readonly root: string;
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
}

/** Folders whose files are objects of the relay's store, not evidence; nothing in them is read. */
const OBJECT_STORE = /(?:^|\/)(?:relay\/)?minio$/;

/** An address, as folder names have it. */
const EMAIL = /^[^@\s/]+@[^@\s/]+$/;

function byPath(a: FoundFile, b: FoundFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Lists files below `path`. Links are not followed: what they point to is either in the sandbox anyway or not of it. */
export function discover(path: string): Discovered {
  const absolute = resolve(path);
  const info = statSync(absolute);
  if (!info.isDirectory()) {
    return { root: dirname(absolute), files: [{ path: basename(absolute), absolute, bytes: info.size, isStore: false }] };
  }
  const files: FoundFile[] = [];
  walk(absolute, '', files);
  return { root: absolute, files: files.toSorted(byPath) };
}

function walk(root: string, below: string, files: FoundFile[]): void {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const absolute = join(root, path);
    if (entry.isDirectory()) {
      if (OBJECT_STORE.test(path)) files.push({ path, absolute, bytes: 0, isStore: true });
      else walk(root, path, files);
    } else if (entry.isFile()) {
      // A file that went away since is no file of the sandbox.
      const size = statSync(absolute, { throwIfNoEntry: false })?.size;
      if (size !== undefined) files.push({ path, absolute, bytes: size, isStore: false });
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

/** A telemetry or other file of datasite B in the tree of party A is a copy that file sync made. */
export function isSyncedCopy(path: string, party: string | null): boolean {
  const parts = path.split('/');
  const at = parts.lastIndexOf('datasites');
  const owner = at >= 0 ? parts[at + 1] : undefined;
  return party !== null && owner !== undefined && EMAIL.test(owner) && owner !== party;
}
