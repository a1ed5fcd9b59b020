/**
 * Why a whole file, or an entry of an archive, was not read or not read to its end. A closed list; the accounting counts
 * files and entries under these names, never lines.
 */

interface Unread {
  /** info: nothing missed; skipped: known and of no use; data-loss: evidence may be missing. */
  readonly severity: 'info' | 'skipped' | 'data-loss';
  /** What happened, as words after a count and names. */
  readonly words: string;
}

export const UNREAD = {
  'unreadable-file': { severity: 'data-loss', words: 'cannot be read; check the owner and permissions' },
  'unreadable-folder': { severity: 'data-loss', words: 'a folder that cannot be read; check the owner and permissions' },
  'unreadable-name': { severity: 'data-loss', words: 'the name is no UTF-8 text' },
  'folder-for-file': { severity: 'data-loss', words: 'a folder stands where a file belongs' },
  'file-shrank': { severity: 'data-loss', words: 'became shorter while it was read' },
  'file-grew': { severity: 'info', words: 'grew while it was read; read up to the size that it had at the start' },
  'special-file': { severity: 'skipped', words: 'a socket, pipe or device, never opened' },
  'link-outside': { severity: 'data-loss', words: 'a link to something outside the input, not followed; add the file with --also' },
  'link-dangling': { severity: 'skipped', words: 'a link to nothing' },
  'link-inside': { severity: 'info', words: 'a link to another file of the input, which is read there' },
  'archive-cut': { severity: 'data-loss', words: 'the archive ends early; what came before the cut is used' },
  'archive-damaged': { severity: 'data-loss', words: 'the archive is damaged; what could be unpacked is used' },
  'archive-limit': { severity: 'data-loss', words: 'the archive unpacks to more than the limits allow; unpacking was stopped there' },
  'archive-format': { severity: 'data-loss', words: 'an archive of a kind that is not opened here; unpack it first' },
  'archive-inside-archive': {
    severity: 'skipped',
    words: 'an archive inside an archive, not opened; unpack it first if it holds evidence',
  },
  'archived-copy': { severity: 'skipped', words: 'the input holds this file unpacked as well, and that one is read' },
  'entry-encrypted': { severity: 'data-loss', words: 'encrypted; unpack the archive with its password' },
  'entry-unsafe-name': { severity: 'data-loss', words: 'the name is absolute, leads out of the archive or is no file name; not unpacked' },
  'entry-name-taken': { severity: 'data-loss', words: 'another entry has this name; the first one is used' },
  'entry-metadata': { severity: 'info', words: "a packing program's own notes" },
} as const satisfies Record<string, Unread>;

export type UnreadReason = keyof typeof UNREAD;

export function isUnreadReason(reason: string): reason is UnreadReason {
  return Object.hasOwn(UNREAD, reason);
}
