/** Entry names of archives are untrusted: only a plain relative name becomes a path. */
import { NAME_BYTES, NAME_PART_BYTES } from './limits.ts';

/** The name as a relative path, '/' between parts; undefined when nothing may be written under it. '' is the archive's own root. */
export function safeEntryName(name: string): string | undefined {
  if (name.includes('\0') || name.startsWith('/') || /^[A-Za-z]:[\\/]/.test(name) || Buffer.byteLength(name) > NAME_BYTES) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.some((part) => part === '..' || Buffer.byteLength(part) > NAME_PART_BYTES)) return undefined;
  return parts.join('/');
}

/** Where a link in an archive points: a path in the archive, or undefined when it leads out of it. */
export function linkTarget(link: string, target: string): string | undefined {
  if (target.startsWith('/') || target.includes('\0')) return undefined;
  const parts = link.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** Notes that packing programs add of their own accord. */
export function isMetadata(name: string): boolean {
  return name === '__MACOSX' || name.startsWith('__MACOSX/');
}
