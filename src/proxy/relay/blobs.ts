/** The files that clients gave the relay, in memory: what a real one keeps in its object store. */
import { createHash, randomUUID } from 'node:crypto';

export interface Blob {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** MD5 of the content in hex, as clients compare it. */
  readonly etag: string;
  readonly lastModified: string;
}

/** All files together; what comes beyond is refused. */
const MOST_BYTES = 1024 * 1024 * 1024;
const MOST_FILES = 100_000;
const LONGEST_KEY = 1024;
/** Links to files that were asked for; the oldest go first. */
const MOST_LINKS = 10_000;
/** How long a link can be fetched, as often as one likes: what a real relay has its object store allow. */
const LINK_LIFE_MS = 300_000;

// oxlint-disable-next-line no-control-regex -- that is what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A key is `email/path`, never a way out of a tree. */
export function isKey(key: string): boolean {
  const parts = key.split('/');
  return (
    key.length <= LONGEST_KEY &&
    !CONTROL.test(key) &&
    !key.includes('\\') &&
    parts.length > 1 &&
    parts.every((part) => !['', '.', '..'].includes(part))
  );
}

export class Blobs {
  private readonly files = new Map<string, Blob>();
  private readonly links = new Map<string, { readonly key: string; readonly untilMs: number }>();
  private bytes = 0;

  /** Undefined when there is no room. */
  put(key: string, bytes: Uint8Array, now: number): Blob | undefined {
    const before = this.files.get(key)?.bytes.length ?? 0;
    if (this.bytes - before + bytes.length > MOST_BYTES || (before === 0 && this.files.size >= MOST_FILES)) return undefined;
    const blob = {
      key,
      bytes,
      etag: createHash('md5').update(bytes).digest('hex'),
      lastModified: `${new Date(now).toISOString().slice(0, 19)}Z`,
    };
    this.bytes += bytes.length - before;
    this.files.set(key, blob);
    return blob;
  }

  get(key: string): Blob | undefined {
    return this.files.get(key);
  }

  delete(key: string): boolean {
    this.bytes -= this.files.get(key)?.bytes.length ?? 0;
    return this.files.delete(key);
  }

  list(): Iterable<Blob> {
    return this.files.values();
  }

  get size(): number {
    return this.files.size;
  }

  /** A name under which the file can be fetched without asking for rights again. */
  link(key: string, now: number): string {
    const token = randomUUID();
    const oldest = this.links.keys().next();
    if (this.links.size >= MOST_LINKS && oldest.done !== true) this.links.delete(oldest.value);
    this.links.set(token, { key, untilMs: now + LINK_LIFE_MS });
    return token;
  }

  linked(token: string, now: number): Blob | undefined {
    const link = this.links.get(token);
    if (link === undefined) return undefined;
    if (now <= link.untilMs) return this.files.get(link.key);
    this.links.delete(token);
    return undefined;
  }
}
