/** How the relay matches access lists: the most specific pattern decides alone, a higher level includes the lower (field guide 7.8). */
import { createHash } from 'node:crypto';
import picomatch from 'picomatch';

export type Access = 'admin' | 'write' | 'read';

const ENOUGH: Readonly<Record<Access, readonly string[]>> = {
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
};

const HASH_DIGITS = 16;
/** A pattern without one of these is a path and nothing else, braces included. */
const WILD = /[*?[]/;

/** Of the patterns that match `path` (relative to the list's directory) the most specific; undefined when none does. */
export function decidingPattern(patterns: Iterable<string>, path: string): string | undefined {
  const fitting = [...new Set(patterns)].filter((pattern) =>
    WILD.test(pattern) ? picomatch.isMatch(path, pattern, { dot: true }) : pattern === path,
  );
  return fitting.toSorted((a, b) => wildness(a) - wildness(b) || b.length - a.length)[0];
}

/** A pattern as it stands for a user: `{{.UserEmail}}` and `{{.UserHash}}` are filled in (field guide 7.8). */
export function patternFor(pattern: string, user: string): string {
  return pattern.replaceAll(/\{\{\s*\.(UserEmail|UserHash)\s*\}\}/g, (_, name) =>
    name === 'UserEmail' ? user : createHash('sha256').update(user).digest('hex').slice(0, HASH_DIGITS),
  );
}

/** A grantee is an email, a glob of emails, or USER: whoever asks. */
export function isGranted(grant: { readonly level: string; readonly grantee: string }, user: string, level: Access): boolean {
  const { grantee } = grant;
  return ENOUGH[level].includes(grant.level) && (grantee === user || grantee === 'USER' || picomatch.isMatch(user, grantee, { dot: true }));
}

/** More wildcards, less specific; `**` last of all. */
function wildness(pattern: string): number {
  return pattern === '**' ? Infinity : (pattern.match(/[*?[{]/g)?.length ?? 0);
}
