/** Archives made byte by byte, so that they can hold what no packing program would write. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** '0' file, '1' hard link, '2' symbolic link, '3' device, '5' folder, '6' pipe. */
  readonly type?: string;
  readonly target?: string;
}

const BLOCK = 512;

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

function header(name: string, size: number, type: string, target: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

export function tarOf(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = '', type = '0', target = '' }) => {
    const bytes = Buffer.from(content);
    // Names that do not fit stand in an entry before (GNU).
    const long =
      Buffer.byteLength(name) > 99 ? [header('././@LongLink', Buffer.byteLength(name) + 1, 'L', ''), padded(Buffer.from(`${name}\0`))] : [];
    return [...long, header(name, bytes.length, type, target), padded(bytes)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly isStored?: boolean;
  readonly isEncrypted?: boolean;
  /** Sizes and check sum follow the bytes, as when a zip is written to a pipe. */
  readonly isStreamed?: boolean;
  /** Unix file mode. */
  readonly mode?: number;
}

export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content = '', isStored = false, isEncrypted = false, isStreamed = false, mode = 0o100644 } of entries) {
    const bytes = Buffer.from(content);
    const packed = isStored ? bytes : deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const flags = (isEncrypted ? 1 : 0) | (isStreamed ? 8 : 0) | 0x800;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(isStored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.from(common);
    if (isStreamed) local.fill(0, 10, 22);
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(0x08074b50, 0);
    common.copy(sizes, 4, 10, 22);
    const whole = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), local, nameBytes, packed, ...(isStreamed ? [sizes] : [])]);
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 0, 'latin1');
    entry.writeUInt16LE(0x0314, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    parts.push(whole);
    directory.push(entry, nameBytes);
    offset += whole.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Files of a folder as entries below `top`. */
export function entriesOf(folder: string, top: string): readonly { readonly name: string; readonly content: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: `${top}${path.slice(folder.length + 1)}`, content: readFileSync(path) };
    });
}

/** The whole of a folder as a .tar.gz with one top folder. */
export function tarGzOf(folder: string, top: string): Buffer {
  return gzipSync(tarOf(entriesOf(folder, top)));
}
