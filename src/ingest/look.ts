/** A first look at each file: what it is and whose, and which of a client's two outputs will be judged. */
import { closeSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { archiveFormat, type ArchiveFormat } from './archive/format.ts';
import type { RefusedCount } from './archive/sink.ts';
import type { UnreadReason } from '../model/unread.ts';
import { partyOfPath, type FoundFile } from './discover.ts';
import { PLAIN_DIALECTS, type LogDialect } from './dialect.ts';
import { openPlain } from './open-plain.ts';
import { kindByContent, kindByName, mixedByName, partyOfLog, SNIFF_BYTES, type Sniffed } from './sniff.ts';
import { knowsText } from './sniff-text.ts';

/** A file after the first look. */
export interface Seen {
  readonly file: FoundFile;
  readonly sniffed: Sniffed;
  readonly party: string | null;
  /** Only of logs: their first bytes. */
  readonly head: Buffer | undefined;
  /** Only of archives. */
  readonly format?: ArchiveFormat | undefined;
  /** Only of archives: entries that stayed out, and what was wrong with the whole. */
  readonly refused?: ReadonlyMap<UnreadReason, RefusedCount>;
}

/** A file before it is read. */
export interface Looked extends Seen {
  readonly sourceId: number;
}

export function isLog(dialect: Sniffed['dialect']): dialect is LogDialect {
  return dialect === 'mixed' || PLAIN_DIALECTS.some((plain) => plain === dialect);
}

/** Bytes `from..from + length` of a file, fewer at its end; undefined if it cannot be read. */
function readPart(path: string, from: number, length: number): Buffer | undefined {
  try {
    const fd = openPlain(path);
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, from));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

const HOLE_BLOCK_BYTES = 1024 * 1024;

/** First bytes of a file. A log that was emptied while it was written begins with a hole: then the first bytes behind it. */
function headOf({ absolute, bytes }: FoundFile): Buffer | undefined {
  const head = readPart(absolute, 0, Math.min(SNIFF_BYTES, bytes));
  if (head === undefined || bytes <= SNIFF_BYTES || head.some((byte) => byte !== 0)) return head;
  for (let from = head.length; from < bytes; from += HOLE_BLOCK_BYTES) {
    const at = readPart(absolute, from, HOLE_BLOCK_BYTES)?.findIndex((byte) => byte !== 0);
    if (at === undefined) return undefined;
    if (at >= 0) return readPart(absolute, from + at, SNIFF_BYTES);
  }
  return head;
}

/** Names of files in which a person or a program keeps text. */
const TEXT_NAME = /(?:^|\/)[^/.]+$|\.(?:log|txt|out|err|md)$/i;

/**
 * Several dialects in one file: by its name, or by text that a handler knows. `isNamed`: the user gave this very file, so
 * it is tried whatever it seems to be.
 */
function asMixed(sniffed: Sniffed, path: string, head: Buffer, isNamed: boolean): Sniffed {
  const isPlainLog = isLog(sniffed.dialect) && sniffed.dialect !== 'mixed';
  const isUnknown = sniffed.kind === 'unknown' && sniffed.dialect === 'text' && head.length > 0;
  if (!isPlainLog && !isUnknown) return sniffed;
  const byName = mixedByName(path);
  if (isPlainLog) return byName === undefined && !knowsText(head, path) ? sniffed : { kind: sniffed.kind, dialect: 'mixed' };
  if (byName !== undefined) return { kind: byName, dialect: 'mixed' };
  const isText = TEXT_NAME.test(path);
  return isText && (isNamed || knowsText(head, path)) ? { kind: 'runner', dialect: 'mixed' } : sniffed;
}

export function lookAt(file: FoundFile): Seen {
  const party = partyOfPath(file.above, file.below);
  const known = { file, party, head: undefined };
  const nothing = { kind: 'unknown', dialect: 'none' } as const;
  if (file.unread !== undefined || file.isStore) return { ...known, sniffed: nothing };
  const named = kindByName(`${basename(file.above)}/${file.below}`);
  if (named !== undefined) return { ...known, sniffed: named };
  const head = headOf(file);
  if (head === undefined) return { ...known, file: { ...file, unread: 'unreadable-file' }, sniffed: nothing };
  const format = archiveFormat(head);
  if (format !== undefined) return { ...known, sniffed: { kind: 'archive', dialect: 'none' }, format };
  const sniffed = asMixed(kindByContent(head, head.length === file.bytes), file.path, head, file.isNamed === true);
  if (!isLog(sniffed.dialect)) return { ...known, sniffed };
  if (sniffed.kind === 'client-log') return { ...known, sniffed, party: party ?? partyOfLog(head), head };
  // What a runner prints may name anybody: only its place says whose it is.
  return { ...known, sniffed, party: sniffed.kind === 'runner' ? party : null, head };
}

const STAMP = /^(?:line=\d+ )?(?:time=)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))/gm;

function stampsOf(bytes: Buffer | undefined): readonly number[] {
  return [...(bytes?.toString('latin1') ?? '').matchAll(STAMP)].map((m) => Date.parse(m[1] ?? '')).filter((ms) => !Number.isNaN(ms));
}

/** When a log begins and ends, as far as its first and last bytes say. */
function spanOf({ file, head }: Looked): { from: number; to: number } {
  const tail = file.bytes > SNIFF_BYTES ? readPart(file.absolute, file.bytes - SNIFF_BYTES, SNIFF_BYTES) : head;
  return { from: stampsOf(head)[0] ?? NaN, to: stampsOf(tail).at(-1) ?? NaN };
}

/** Outputs whose first stamps are further apart than this began at different starts of the client. */
const SAME_START_MS = 1000;

/**
 * Logs that will most likely turn out to be copies of another one: of a client's two outputs the one that covers less, of
 * equals the standard output. Their events need not be kept. A wrong guess costs a second reading, never evidence.
 */
export function likelyMirrors(looked: readonly Looked[]): Set<number> {
  const mirrors = new Set<number>();
  for (const stdout of looked) {
    const wanted = stdout.sniffed.dialect === 'rust-stdout' ? 'rust-file' : stdout.sniffed.dialect === 'go-stdout' ? 'go-file' : undefined;
    if (wanted === undefined || stdout.party === null) continue;
    const outputs = looked.filter(
      (l) => l.party === stdout.party && (l.sniffed.dialect === wanted || l.sniffed.dialect === stdout.sniffed.dialect),
    );
    const file = outputs.find((l) => l.sniffed.dialect === wanted);
    if (file === undefined || outputs.length !== 2) continue;
    const a = spanOf(stdout);
    const b = spanOf(file);
    const isFuller = a.from < b.from - SAME_START_MS || a.to > b.to;
    mirrors.add(isFuller ? file.sourceId : stdout.sourceId);
  }
  return mirrors;
}
