/** The relay's access log: who read or wrote which file over HTTP, one folder for each user (field guide 3.9). */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface Access {
  readonly ms: number;
  readonly path: string;
  readonly kind: 'read' | 'write';
  readonly user: string;
  readonly ip: string;
  readonly agent: string;
  readonly method: string;
  /** Words of the refusal; undefined: allowed. */
  readonly refused?: string | undefined;
}

/** Folders at once; the accesses of further users are not written. */
const MOST_USERS = 256;
const LONGEST_NAME = 200;

export function accessLine(access: Access): string {
  const stamp = new Date(access.ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
  return JSON.stringify({
    timestamp: stamp,
    path: access.path,
    access_type: access.kind,
    user: access.user,
    ip: access.ip,
    user_agent: access.agent,
    method: access.method,
    // That of the answer is not known yet when the line is written.
    status_code: 200,
    allowed: access.refused === undefined,
    ...(access.refused !== undefined && { denied_reason: access.refused }),
  });
}

/** A user's folder: characters that have a meaning in paths become underscores, as in the real relay. */
export function folderOf(user: string): string {
  return user.replaceAll(/[^A-Za-z0-9@._-]/g, '_').slice(0, LONGEST_NAME);
}

export class AccessFiles {
  private readonly directory: string;
  private readonly files = new Map<string, number>();

  /** Nothing is written before the first access. */
  constructor(directory: string) {
    this.directory = directory;
  }

  readonly write = (access: Access): void => {
    const file = this.fileOf(access);
    if (file !== undefined) writeSync(file, `${accessLine(access)}\n`);
  };

  private fileOf({ user, ms }: Access): number | undefined {
    const folder = folderOf(user);
    const known = this.files.get(folder);
    if (known !== undefined || this.files.size >= MOST_USERS) return known;
    mkdirSync(join(this.directory, folder), { recursive: true });
    const day = new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
    const file = openSync(join(this.directory, folder, `access_${day}.log`), 'a');
    this.files.set(folder, file);
    return file;
  }

  close(): void {
    for (const file of this.files.values()) closeSync(file);
    this.files.clear();
  }
}
