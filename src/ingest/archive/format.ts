/** What kind of archive a file is, by its first bytes; names decide nothing. */

/** Kinds that are opened. */
export type OpenedFormat = 'tar' | 'gzip' | 'zip';
export type ArchiveFormat = OpenedFormat | 'zstd' | 'xz' | 'bzip2' | '7z' | 'rar';

/** Bytes that must be seen to tell. */
export const FORMAT_BYTES = 512;

const MAGIC: readonly (readonly [ArchiveFormat, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
];

/** A tar header holds the sum of its own bytes, in octal, the field itself taken as blanks. */
function isTar(head: Buffer): boolean {
  if (head.length < FORMAT_BYTES || head[0] === 0) return false;
  const stored = /^[ 0]*([0-7]{1,7})[\0 ]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (stored === undefined) return false;
  let sum = 0;
  for (let at = 0; at < FORMAT_BYTES; at++) sum += at >= 148 && at < 156 ? 0x20 : (head[at] ?? 0);
  return sum === Number.parseInt(stored, 8);
}

export function archiveFormat(head: Buffer): ArchiveFormat | undefined {
  const known = MAGIC.find(([, bytes]) => bytes.every((byte, at) => head[at] === byte))?.[0];
  // Three letters are little: bzip2 says its block size and the sign of a block (or of the end) after them.
  if (known === 'bzip2') return /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/.test(head.toString('latin1', 0, 10)) ? known : undefined;
  return known ?? (isTar(head) ? 'tar' : undefined);
}

export function isOpened(format: ArchiveFormat): format is OpenedFormat {
  return format === 'tar' || format === 'gzip' || format === 'zip';
}
