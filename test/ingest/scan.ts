/** Both readers of logs, each over a whole file, with results that can be compared. */
import { EventChunk } from '../../src/store/append.ts';
import { KindNumbers } from '../../src/ingest/compile.ts';
import { Dictionary } from '../../src/ingest/dictionary.ts';
import { PLAIN_DIALECTS, type LogDialect, type PlainDialect } from '../../src/ingest/dialect.ts';
import { LineScanner } from '../../src/ingest/scan-line.ts';
import { tableOf } from '../../src/ingest/tables.ts';
import { NUMBER_HOLES, TEXT_HOLES } from '../../src/ingest/templates/template.ts';
import { referenceOf, type Fields } from './reference.ts';

export const DIALECTS: readonly PlainDialect[] = PLAIN_DIALECTS;

export interface ReadRow {
  readonly line: number;
  readonly offset: number;
  readonly length: number;
  readonly tsUs: number | null;
  readonly level: number;
  readonly kind: string;
  readonly template: string;
  readonly fields: Fields;
}

export interface ReadLog {
  readonly counts: Readonly<Record<string, number | boolean>>;
  readonly rows: readonly ReadRow[];
  /** Lines, bytes and ends of each family and subject, by name. */
  readonly families: Readonly<Record<string, readonly (number | null)[]>>;
  /** Lines and first line of each reason. */
  readonly rejections: Readonly<Record<string, readonly number[]>>;
}

const COLUMNS = ['sessionId', 'pathId', 'keyId', 'connId', 'msgId', 'msgType', 'userId', 'toId', 'reasonId', 'addrId'] as const;

function byName<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export interface ScanOptions {
  /** Where pieces end: offsets in the file. */
  readonly cuts?: readonly number[];
  /** Offsets at which the scanner is thrown away and begun again from its checkpoint. */
  readonly restarts?: readonly number[];
  /** Rows are not wanted. */
  readonly countsOnly?: boolean;
}

/** Runs the scanner over a file. */
export function scanLog(dialect: LogDialect, bytes: Buffer, options: ScanOptions = {}): ReadLog {
  const kinds = new KindNumbers();
  const table = tableOf(dialect, kinds);
  const dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  const rows: ReadRow[] = [];
  const chunk = new EventChunk((full) => {
    for (let row = 0; row < full.rows; row++) {
      const fields: Record<string, string | number> = {};
      COLUMNS.forEach((column, hole) => {
        const dictionary = hole === 1 || hole === 2 ? dictionaries.paths : dictionaries.texts;
        const text = dictionary.textOf(full[column][row] ?? -1);
        if (text !== undefined) fields[TEXT_HOLES[hole] ?? ''] = text;
      });
      for (const name of NUMBER_HOLES) {
        const value = full[name][row] ?? NaN;
        if (!Number.isNaN(value)) fields[name] = value;
      }
      const known = kinds.rows[(full.kindId[row] ?? 0) - 1];
      const tsUs = full.tsUs[row] ?? NaN;
      rows.push({
        line: full.lineNo[row] ?? 0,
        offset: full.byteOffset[row] ?? 0,
        length: full.byteLength[row] ?? 0,
        tsUs: Number.isNaN(tsUs) ? null : tsUs,
        level: full.level[row] ?? -1,
        kind: known?.kind ?? '?',
        template: known?.template ?? '?',
        fields,
      });
    }
  });
  const target = { chunk: options.countsOnly === true ? undefined : chunk, dictionaries, table };
  let scanner = new LineScanner(dialect, target);
  const restarts = new Set(options.restarts);
  const stops = [...new Set([...(options.cuts ?? []), ...restarts, bytes.length])]
    .filter((at) => at <= bytes.length)
    .toSorted((a, b) => a - b);
  let from = 0;
  for (const stop of stops) {
    scanner.push(bytes.subarray(from, stop));
    from = stop;
    if (!restarts.has(stop)) continue;
    const checkpoint = scanner.checkpoint();
    scanner = new LineScanner(dialect, target, checkpoint);
    from = checkpoint.offset;
    scanner.push(bytes.subarray(from, stop));
    from = stop;
  }
  scanner.end();
  chunk.flush();
  const { counts, families, rejections } = scanner.account.save();
  return {
    counts: { ...counts },
    rows,
    families: byName(
      families.map((f) => [
        `${f.family} ${dictionaries.texts.textOf(f.subject) ?? '-'}`,
        [f.lines, f.bytes, f.firstUs, f.firstLine, f.lastUs, f.lastLine],
      ]),
    ),
    rejections: byName(rejections.map(([reason, { lines, firstLine }]) => [reason, [lines, firstLine]])),
  };
}

/** Runs the reference over a file. */
export function referenceLog(dialect: PlainDialect, bytes: Buffer): ReadLog {
  const reference = referenceOf(dialect);
  const lines = bytes.toString('latin1').split('\n');
  const isCut = lines.at(-1) !== '';
  if (!isCut) lines.pop();
  const counts = {
    bytes: bytes.length,
    lines: lines.length,
    records: 0,
    continuation: 0,
    ignored: 0,
    rejected: 0,
    unmatchedHotlink: 0,
    cut: isCut,
  };
  const rows: ReadRow[] = [];
  const families = new Map<string, (number | null)[]>();
  const rejections = new Map<string, number[]>();
  let offset = 0;
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const verdict = reference.read(raw, !isCut || line < lines.length);
    switch (verdict.is) {
      case 'event': {
        counts.records++;
        const { tsUs, level, kind, template, fields } = verdict;
        rows.push({ line, offset, length: raw.length, tsUs, level, kind, template, fields });
        break;
      }
      case 'noise': {
        counts.ignored++;
        const { tsUs } = verdict;
        const name = `${verdict.family} ${verdict.subject ?? '-'}`;
        const [seen, size, firstUs, firstLine, lastUs] = families.get(name) ?? [0, 0, null, line, null];
        families.set(name, [(seen ?? 0) + 1, (size ?? 0) + raw.length, firstUs ?? tsUs, firstLine ?? line, tsUs ?? lastUs ?? null, line]);
        break;
      }
      case 'continuation':
        counts.continuation++;
        break;
      case 'rejected': {
        counts.rejected++;
        if (verdict.reason === 'unknown-hotlink-message') counts.unmatchedHotlink++;
        const [seen = 0, firstLine = line] = rejections.get(verdict.reason) ?? [];
        rejections.set(verdict.reason, [seen + 1, firstLine]);
        break;
      }
    }
    offset += raw.length + 1;
  }
  return { counts, rows, families: byName([...families]), rejections: byName([...rejections]) };
}
