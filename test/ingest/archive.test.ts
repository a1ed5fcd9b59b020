import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { archiveFormat, isOpened } from '../../src/ingest/archive/format.ts';
import { Budget, LIMITS, type Limits } from '../../src/ingest/archive/limits.ts';
import { linkTarget, safeEntryName } from '../../src/ingest/archive/names.ts';
import { unpack, type Unpacked } from '../../src/ingest/archive/unpack.ts';
import { tarOf, zipOf, type TarEntry, type ZipEntry } from '../helpers/archives.ts';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'hld-archive-')));
afterAll(() => rmSync(scratch, { recursive: true }));
let made = 0;

interface Result extends Unpacked {
  readonly folder: string;
  /** Files by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly refused: Readonly<Record<string, number>>;
}

async function unpacked(bytes: Buffer, limits: Partial<Limits> = {}, name = 'case.tar.gz'): Promise<Result> {
  const base = join(scratch, String(++made));
  const absolute = `${base}.archive`;
  writeFileSync(absolute, bytes);
  const folder = mkdtempSync(`${base}-`);
  const format = archiveFormat(bytes);
  if (format === undefined || !isOpened(format)) throw new Error('not recognised');
  const { sink, single } = await unpack({ absolute, bytes: bytes.length, name }, format, folder, new Budget({ ...LIMITS, ...limits }));
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' }).filter((entry) => entry.isFile());
  const files = paths.map((entry) => join(entry.parentPath, entry.name));
  return {
    sink,
    single,
    folder,
    files: Object.fromEntries(files.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')])),
    refused: Object.fromEntries([...sink.refused].map(([reason, { count }]) => [reason, count])),
  };
}

const LINES = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${(i * 7919) % 104729}\n`).join('');

describe('names of entries', () => {
  it.each([
    ['a/b.log', 'a/b.log'],
    ['./a//b/./c', 'a/b/c'],
    ['./', ''],
    ['a b\n\u001b[31m', 'a b\n\u001b[31m'],
    ['/etc/passwd', undefined],
    ['a/../../b', undefined],
    ['..', undefined],
    ['a\0b', undefined],
    ['C:\\temp', undefined],
    ['x'.repeat(251), undefined],
    ['y/'.repeat(1025), undefined],
  ])('%#', (name, path) => {
    expect(safeEntryName(name)).toBe(path);
  });

  it('lead nowhere out of the folder, whatever they are', () => {
    const name = fc.string({ unit: fc.constantFrom('/', '.', '..', 'a', '\\', '\0', ':', 'C') });
    const leads = fc.property(name, (entry) => {
      const safe = safeEntryName(entry);
      expect(safe === undefined || `${join('/x/y', safe)}/`.startsWith('/x/y/')).toBe(true);
    });
    fc.assert(leads);
  });

  it('of links are followed on paper only', () => {
    expect(linkTarget('a/b', 'c')).toBe('a/c');
    expect(linkTarget('a/b', '../c')).toBe('c');
    expect(linkTarget('a/b', '../../c')).toBeUndefined();
    expect(linkTarget('a/b', '/c')).toBeUndefined();
  });
});

const HOSTILE: readonly TarEntry[] = [
  { name: '../out', content: 'x' },
  { name: '/abs', content: 'x' },
  { name: 'ok.log', content: 'one\n' },
  { name: 'ok.log', content: 'two\n' },
  { name: 'ok.log/below', content: 'x' },
  { name: 'folder/', type: '5' },
  { name: 'folder', content: 'x' },
  { name: 'link', type: '2', target: '../../etc/passwd' },
  { name: 'link/passwd', content: 'through the link' },
  { name: 'inner', type: '2', target: 'ok.log' },
  { name: 'nowhere', type: '2', target: 'gone' },
  { name: 'again.log', type: '1', target: 'ok.log' },
  { name: 'hard', type: '1', target: '../../etc/passwd' },
  { name: 'null', type: '3' },
  { name: 'pipe', type: '6' },
  { name: 'n'.repeat(300), content: 'x' },
  { name: '__MACOSX/._ok.log', content: 'x' },
];

describe.each([
  ['tar', (entries: readonly TarEntry[]) => tarOf(entries)],
  ['tar.gz', (entries: readonly TarEntry[]) => gzipSync(tarOf(entries))],
])('a %s', (_, pack) => {
  it('gives its files and keeps out what could do harm, each counted', async () => {
    const { files, refused, sink, folder } = await unpacked(pack(HOSTILE));
    expect(files).toEqual({ 'ok.log': 'one\n', 'again.log': 'one\n', 'link/passwd': 'through the link' });
    expect(refused).toEqual({ 'entry-unsafe-name': 3, 'entry-name-taken': 3, 'entry-metadata': 1 });
    expect(sink.unread()).toEqual([
      { path: 'link', reason: 'link-outside' },
      { path: 'inner', reason: 'link-inside' },
      { path: 'nowhere', reason: 'link-dangling' },
      { path: 'hard', reason: 'link-outside' },
      { path: 'null', reason: 'special-file' },
      { path: 'pipe', reason: 'special-file' },
    ]);
    expect(readdirSync(folder, { withFileTypes: true, recursive: true }).every((e) => e.isFile() || e.isDirectory())).toBe(true);
    expect(statSync(join(folder, 'ok.log')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, '..', 'out'))).toBe(false);
  });

  it('that ends early gives what came, and says so, wherever the cut is', async () => {
    const bytes = pack([
      { name: 'a.log', content: LINES },
      { name: 'b.log', content: LINES },
    ]);
    const whole = await unpacked(bytes);
    expect(whole.refused).toEqual({});
    for (const part of [0.02, 0.3, 0.5, 0.77, 0.999]) {
      const { files, refused } = await unpacked(bytes.subarray(0, Math.floor(bytes.length * part) - 1100 * Number(part > 0.99)));
      expect(refused).toEqual({ 'archive-cut': 1 });
      expect(LINES.startsWith(files['a.log'] ?? '')).toBe(true);
      expect(LINES.startsWith(files['b.log'] ?? '')).toBe(true);
      expect((files['a.log'] ?? '').length).toBeGreaterThanOrEqual(LINES.length * (part >= 0.77 ? 1 : part >= 0.3 ? 0.5 : 0));
    }
  });
});

describe('a gzip', () => {
  it('of one file is that file, under the name without .gz', async () => {
    const { files, single } = await unpacked(gzipSync(LINES), {}, 'server.log.1.gz');
    expect(single).toBe('server.log.1');
    expect(files).toEqual({ 'server.log.1': LINES });
  });

  it('of several parts behind one another is all of them', async () => {
    const { files, refused } = await unpacked(Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]), {}, 'a.gz');
    expect(files).toEqual({ a: 'one\ntwo\n' });
    expect(refused).toEqual({});
  });

  it('with damaged bytes gives what came before them', async () => {
    const bytes = gzipSync(LINES);
    const middle = Math.floor(bytes.length / 2);
    bytes.fill(0xff, middle, middle + 64);
    const { files, refused } = await unpacked(bytes, {}, 'a.gz');
    expect(refused).toEqual({ 'archive-damaged': 1 });
    const text = files['a'] ?? '';
    expect(text.length).toBeGreaterThan(LINES.length / 4);
    expect(LINES.startsWith(text.slice(0, LINES.length / 4))).toBe(true);
  });
});

const FILES: readonly ZipEntry[] = [
  { name: 'top/a.log', content: LINES },
  { name: 'top/stored.log', content: LINES, isStored: true },
  { name: 'top/streamed.log', content: LINES, isStreamed: true },
  { name: 'top/last.log', content: LINES },
];

describe('a zip', () => {
  it('gives its files and keeps out what could do harm, each counted', async () => {
    const { files, refused, sink } = await unpacked(
      zipOf([
        ...FILES,
        { name: '../out', content: 'x' },
        { name: '/abs', content: 'x' },
        { name: 'top\\windows.log', content: 'w\n' },
        { name: 'top/a.log', content: 'again' },
        { name: 'top/secret.log', content: 'x', isEncrypted: true },
        { name: 'top/link', content: '/etc/passwd', mode: 0o120777 },
        { name: 'top/inner', content: 'a.log', mode: 0o120777 },
        { name: 'top/pipe', mode: 0o010644 },
      ]),
    );
    expect(files).toEqual({ ...Object.fromEntries(FILES.map(({ name }) => [name, LINES])), 'top/windows.log': 'w\n' });
    expect(refused).toEqual({ 'entry-unsafe-name': 2, 'entry-name-taken': 1, 'entry-encrypted': 1 });
    expect(sink.unread()).toEqual([
      { path: 'top/link', reason: 'link-outside' },
      { path: 'top/inner', reason: 'link-inside' },
      { path: 'top/pipe', reason: 'special-file' },
    ]);
  });

  it('whose end is missing is read from its beginning', async () => {
    const bytes = zipOf(FILES);
    for (const part of [0.2, 0.5, 0.8, 0.99]) {
      const { files, refused } = await unpacked(bytes.subarray(0, Math.floor(bytes.length * part)));
      expect(refused).toEqual({ 'archive-cut': 1 });
      for (const text of Object.values(files)) expect(LINES.startsWith(text)).toBe(true);
      expect(Object.values(files).join('').length).toBeGreaterThan(LINES.length * (part === 0.2 ? 0.5 : 1));
    }
    const { files } = await unpacked(bytes.subarray(0, bytes.length - 10));
    expect(files).toEqual(Object.fromEntries(FILES.map(({ name }) => [name, LINES])));
  });

  it('with one damaged entry gives the others', async () => {
    const bytes = zipOf(FILES);
    bytes.fill(0xff, 2000, 2100);
    const { files, refused } = await unpacked(bytes);
    expect(refused).toEqual({ 'archive-damaged': 1 });
    expect(files['top/last.log']).toBe(LINES);
  });
});

describe('limits', () => {
  const bomb = gzipSync(
    tarOf([
      { name: 'small.log', content: 'x\n' },
      { name: 'large.log', content: Buffer.alloc(3_000_000) },
    ]),
  );

  it.each([
    ['bytes', { bytes: 1_000_000 }],
    ['ratio', { ratio: 100, ratioFrom: 100_000 }],
    ['entries', { entries: 1 }],
  ])('of %s end the unpacking, and what came is used', async (_, limits) => {
    const { files, refused, folder } = await unpacked(bomb, limits);
    expect(refused).toEqual({ 'archive-limit': 1 });
    expect(files['small.log']).toBe('x\n');
    const large = statSync(join(folder, 'large.log'), { throwIfNoEntry: false });
    expect(large?.size ?? 0).toBeLessThanOrEqual(1_000_000);
  });

  it('hold for zip archives too, and are not met by a plain one', async () => {
    const zip = zipOf([{ name: 'a.log', content: Buffer.alloc(3_000_000) }]);
    expect((await unpacked(zip, { bytes: 1_000_000 })).refused).toEqual({ 'archive-limit': 1 });
    expect((await unpacked(bomb)).refused).toEqual({});
  });
});

describe('any bytes', () => {
  it('behind the first ones of an archive neither crash nor leave the folder', async () => {
    const seeds = [gzipSync(tarOf(HOSTILE)), tarOf(HOSTILE), zipOf(FILES.slice(0, 2).map((e) => ({ ...e, content: 'short\n' })))];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.record({ at: fc.nat(4000), byte: fc.nat(255) }), { minLength: 1, maxLength: 20 }),
        async (seed, edits) => {
          const bytes = Buffer.from(seed);
          for (const { at, byte } of edits) if (at >= 8 && at < bytes.length) bytes[at] = byte;
          if (archiveFormat(bytes) === undefined) return;
          const { sink } = await unpacked(bytes);
          expect(sink.files).toBeLessThan(20);
        },
      ),
      { numRuns: 150 },
    );
    expect(readdirSync(scratch).every((name) => /^\d+(?:\.archive|-.*)$/.test(name))).toBe(true);
  });
});
