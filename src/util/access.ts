/** How the relay matches access lists: the most specific pattern decides alone, a higher level includes the lower (field guide 7.8). */
import picomatch from 'picomatch';

export type Access = 'admin' | 'write' | 'read';

const ENOUGH: Readonly<Record<'read' | 'write', readonly string[]>> = { read: ['read', 'write', 'admin'], write: ['write', 'admin'] };

/** Of the patterns that match `path` (relative to the list's directory) the most specific; undefined when none does. */
export function decidingPattern(patterns: Iterable<string>, path: string): string | undefined {
  const fitting = [...new Set(patterns)].filter((pattern) => picomatch.isMatch(path, pattern, { dot: true }));
  return fitting.toSorted((a, b) => wildness(a) - wildness(b) || b.length - a.length)[0];
}

/** A grantee is an email, a glob of emails, or USER: whoever asks. */
export function isGranted(grant: { readonly level: string; readonly grantee: string }, user: string, level: 'read' | 'write'): boolean {
  const { grantee } = grant;
  return ENOUGH[level].includes(grant.level) && (grantee === user || grantee === 'USER' || picomatch.isMatch(user, grantee, { dot: true }));
}

/** More wildcards, less specific; `**` last of all. */
function wildness(pattern: string): number {
  return pattern === '**' ? Infinity : (pattern.match(/[*?[{]/g)?.length ?? 0);
}
