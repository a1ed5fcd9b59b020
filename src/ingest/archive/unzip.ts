/** A zip archive: by the directory at its end, or, when that is missing, by the headers that stand before each entry. */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32, createInflateRaw } from 'node:zlib';
import { fromFdPromise, getFileNameLowLevel, parseExtraFields, type Entry, type ZipFile } from 'yauzl';
import { pump } from './pump.ts';
import type { Sink } from './sink.ts';

/** Bits of a Unix file mode that say what a file is. */
const KIND_BITS = 0o170000;
const LINK = 0o120000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const UNIX = 3;
/** Longest link target that is read. */
const TARGET_BYTES = 4096;

/** Unpacks what can be unpacked; throws LimitReached and errors of the disk only. */
export async function unzip(path: string, size: number, sink: Sink): Promise<void> {
  const fd = openSync(path, 'r');
  let zip: ZipFile;
  try {
    // Names stay bytes here: one bad name must not end the reading of all others. The file is ours to close.
    zip = await fromFdPromise(fd, { autoClose: false, decodeStrings: false, validateEntrySizes: true });
  } catch {
    try {
      await salvage(fd, size, sink);
    } finally {
      closeSync(fd);
    }
    return;
  }
  try {
    await byDirectory(zip, sink);
  } finally {
    zip.close();
  }
}

async function byDirectory(zip: ZipFile, sink: Sink): Promise<void> {
  let last: Entry | undefined;
  const entries = zip.eachEntry();
  for (;;) {
    let next: IteratorResult<Entry>;
    try {
      next = await entries.next();
    } catch {
      sink.refuse('archive-damaged', last === undefined ? '' : nameOf(last));
      return;
    }
    if (next.done === true) return;
    last = next.value;
    await entry(zip, last, sink);
  }
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
}

async function entry(zip: ZipFile, one: Entry, sink: Sink): Promise<void> {
  const name = nameOf(one);
  const kind = one.versionMadeBy >>> 8 === UNIX ? (one.externalFileAttributes >>> 16) & KIND_BITS : 0;
  if (name.endsWith('/') || kind === FOLDER) return sink.folderEntry(name);
  if (one.isEncrypted()) return sink.refuse('entry-encrypted', name);
  if (kind !== 0 && kind !== REGULAR && kind !== LINK) return sink.special(name);
  if (!one.canDecodeFileData()) return sink.refuse('archive-format', name);
  if (kind === LINK) return sink.symbolicLink(name, await targetOf(zip, one));
  const file = sink.file(name);
  if (file === undefined) return undefined;
  try {
    const stream = await zip.openReadStreamPromise(one).catch(() => undefined);
    let sum = 0;
    const take = (bytes: Buffer): void => {
      sum = crc32(bytes, sum);
      file.write(bytes);
    };
    const problem = stream === undefined ? 'damaged' : await pump(stream, take);
    if (problem !== undefined || sum !== one.crc32) sink.refuse('archive-damaged', name);
  } finally {
    file.close();
  }
  return undefined;
}

async function targetOf(zip: ZipFile, one: Entry): Promise<string> {
  if (one.uncompressedSize > TARGET_BYTES) return '/';
  const parts: Buffer[] = [];
  const stream = await zip.openReadStreamPromise(one).catch(() => undefined);
  if (stream === undefined || (await pump(stream, (bytes) => parts.push(bytes))) !== undefined) return '/';
  return Buffer.concat(parts).toString('utf8');
}

const HEADER_BYTES = 30;
const HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const DIRECTORY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;
const BLOCK_BYTES = 64 * 1024;
/** Sizes that stand elsewhere. */
const ELSEWHERE = 0xffffffff;

/** A directory that is missing means that the end is: entries are walked from the first one on. */
async function salvage(fd: number, size: number, sink: Sink): Promise<void> {
  let at = 0;
  while (at < size) {
    const next = await salvageEntry(fd, at, size, sink);
    if (next === undefined) break;
    at = next;
  }
  sink.note('archive-cut');
}

/** Bytes at `at`, fewer at the end. */
function bytesAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

/** Unpacks the entry whose header begins at `at`; gives where the next one begins, undefined when there is no going on. */
async function salvageEntry(fd: number, at: number, size: number, sink: Sink): Promise<number | undefined> {
  const header = bytesAt(fd, at, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== HEADER) return undefined;
  const flags = header.readUInt16LE(6);
  const method = header.readUInt16LE(8);
  const packed = header.readUInt32LE(18);
  const nameLength = header.readUInt16LE(26);
  const extraLength = header.readUInt16LE(28);
  const from = at + HEADER_BYTES + nameLength + extraLength;
  if (from > size) return undefined;
  const extra = parseExtra(bytesAt(fd, at + HEADER_BYTES + nameLength, extraLength));
  const name = getFileNameLowLevel(flags, bytesAt(fd, at + HEADER_BYTES, nameLength), extra, false);
  const isSized = (flags & 8) === 0 && packed !== ELSEWHERE;
  const isEncrypted = (flags & 1) !== 0;
  if (isEncrypted) sink.refuse('entry-encrypted', name);
  else if (name.endsWith('/')) sink.folderEntry(name);
  if (isEncrypted || name.endsWith('/')) return isSized ? from + packed : undefined;
  if (method !== DEFLATED && !(method === STORED && isSized)) {
    sink.refuse('archive-format', name);
    return isSized ? from + packed : undefined;
  }
  const file = sink.file(name);
  const write = (bytes: Buffer): void => file?.write(bytes);
  try {
    if (method === STORED) {
      copy(fd, from, Math.min(size, from + packed), write);
      return from + packed;
    }
    const used = await inflate(fd, from, isSized ? Math.min(size, from + packed) : size, write);
    if (used === undefined) return undefined;
    return isSized ? from + packed : afterDescriptor(fd, from + used);
  } finally {
    file?.close();
  }
}

function parseExtra(bytes: Buffer): ReturnType<typeof parseExtraFields> {
  try {
    return parseExtraFields(bytes);
  } catch {
    return [];
  }
}

function copy(fd: number, from: number, to: number, write: (bytes: Buffer) => void): void {
  for (let at = from; at < to;) {
    const bytes = bytesAt(fd, at, Math.min(BLOCK_BYTES, to - at));
    if (bytes.length === 0) return;
    write(bytes);
    at += bytes.length;
  }
}

/** Inflates one stream that begins at `from`; gives the packed bytes that it took, undefined when it has no end. */
async function inflate(fd: number, from: number, to: number, write: (bytes: Buffer) => void): Promise<number | undefined> {
  const inflater = createInflateRaw();
  const blocks = (function* () {
    for (let at = from; at < to; at += BLOCK_BYTES) yield bytesAt(fd, at, Math.min(BLOCK_BYTES, to - at));
  })();
  const problem = await pump(inflater, write, blocks);
  return problem === undefined ? inflater.bytesWritten : undefined;
}

/** Behind the bytes of an entry whose sizes follow it. */
function afterDescriptor(fd: number, at: number): number | undefined {
  const bytes = bytesAt(fd, at, 28);
  const starts = bytes.length >= 4 && bytes.readUInt32LE(0) === DESCRIPTOR ? [16, 24] : [12, 20];
  const isNext = (length: number): boolean => bytes.length >= length + 4 && [HEADER, DIRECTORY].includes(bytes.readUInt32LE(length));
  const length = starts.find(isNext);
  return length === undefined ? undefined : at + length;
}
