/** A party's folder: telemetry, markers, access lists. Nothing is ever written outside of it. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { FoundMarker } from './proxy.ts';

const MARKER = 'stream.tcp';
const ACL = 'syft.pub.yaml';
/** Deeper than any datasite is. */
const DEEPEST = 12;
const LONGEST_PATH = 1024;

export interface FoundAcl {
  /** Below `datasites/`. */
  readonly path: string;
  readonly text: string;
}

export class PartyFolder {
  readonly home: string;
  private readonly email: string;
  private readonly datasites: string;

  constructor(home: string, email: string) {
    this.home = home;
    this.email = email;
    this.datasites = join(home, 'datasites');
    mkdirSync(join(this.datasites, email, '.syftbox'), { recursive: true });
  }

  get telemetryKey(): string {
    return `${this.email}/.syftbox/hotlink_telemetry.json`;
  }

  /** In place, as the real client writes it: a reader may see half of it. */
  writeTelemetry(text: string): void {
    writeFileSync(join(this.datasites, this.telemetryKey), text);
  }

  readTelemetry(): string {
    try {
      return readFileSync(join(this.datasites, this.telemetryKey), 'utf8');
    } catch {
      return '';
    }
  }

  writeConfig(config: unknown): void {
    mkdirSync(join(this.home, '.syftbox'), { recursive: true });
    writeFileSync(join(this.home, '.syftbox/config.json'), JSON.stringify(config));
  }

  /** Everything that a look through the tree finds. Links are not followed. */
  look(): { readonly markers: readonly FoundMarker[]; readonly acls: readonly FoundAcl[] } {
    const markers: FoundMarker[] = [];
    const acls: FoundAcl[] = [];
    const walk = (path: string, depth: number): void => {
      for (const entry of entriesOf(join(this.datasites, path))) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        const absolute = join(this.datasites, below);
        if (entry.isDirectory() && depth < DEEPEST) walk(below, depth + 1);
        else if (entry.isFile() && entry.name === MARKER) markers.push({ absolute, path: below, text: textOf(absolute) });
        else if (entry.isFile() && entry.name === ACL && below.startsWith(`${this.email}/`))
          acls.push({ path: below, text: textOf(absolute) });
      }
    };
    walk('', 0);
    return { markers, acls };
  }

  /** The directory of a session's path; false when it does not lie below the datasites. */
  ensureDirectory(path: string): boolean {
    const directory = this.inside(dirname(path));
    if (directory === undefined || this.hasLink(dirname(path))) return false;
    try {
      mkdirSync(directory, { recursive: true });
      // Somebody may have put a link there meanwhile.
      return realpathSync(directory).startsWith(`${realpathSync(this.datasites)}${sep}`);
    } catch {
      return false;
    }
  }

  /** Keeps a file that a peer shares. */
  keep(path: string, content: Uint8Array): void {
    if (!path.endsWith(`/${ACL}`) || path.startsWith(`${this.email}/`) || !this.ensureDirectory(path)) return;
    const file = this.inside(path);
    if (file !== undefined && !this.hasLink(path)) writeFileSync(file, content);
  }

  /** A link on the way below the datasites could lead out: nothing is made behind one. */
  private hasLink(path: string): boolean {
    let at = this.datasites;
    for (const part of path.split('/')) {
      at = join(at, part);
      const found = lstatSync(at, { throwIfNoEntry: false });
      if (found === undefined) return false;
      if (found.isSymbolicLink()) return true;
    }
    return false;
  }

  private inside(path: string): string | undefined {
    const parts = path.split('/');
    const isPlain =
      parts.every((part) => !['', '.', '..'].includes(part)) && !/[\u0000-\u001f\\]/.test(path) && path.length <= LONGEST_PATH;
    return isPlain && path.includes('/') ? join(this.datasites, ...parts) : undefined;
  }
}

function entriesOf(directory: string): import('node:fs').Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
