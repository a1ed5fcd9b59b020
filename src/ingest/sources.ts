/** The account of each input file, and how it and the file's small rows get into the store. */
import type { Cell } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import type { FoundFile } from './discover.ts';
import { countLines, type FileRows, type TableRow } from './files/file-rows.ts';
import { mask, maskPath } from './mask.ts';
import { isUnreadReason, type UnreadReason } from '../model/unread.ts';
import type { Reason } from './reasons.ts';
import type { FamilyCount, RejectionCount, SavedAccount, Silence, SummaryRow } from './scan-account.ts';
import type { Dictionaries } from './scan-record.ts';
import type { Tally } from './scan-mixed.ts';
import type { Sniffed } from './sniff.ts';

export interface SourceHead {
  readonly sourceId: number;
  readonly file: FoundFile;
  readonly sniffed: Sniffed;
  readonly party: string | null;
}

export interface Source extends SourceHead {
  readonly lines: number;
  readonly bytes: number;
  readonly records: number;
  readonly continuation: number;
  readonly ignored: number;
  readonly rejected: number;
  readonly unmatchedHotlink: number;
  readonly cut: boolean;
  /** Lines by reason; under reasons of whole files, files or entries. */
  readonly rejections: Map<Reason, RejectionCount>;
  readonly families: readonly FamilyCount[];
  readonly silences: readonly Silence[];
  readonly summaries: readonly SummaryRow[];
  readonly rows: readonly TableRow[];
  /** Lines that are events, whether or not their rows were kept. */
  readonly events: number;
  mirrorOf: number | null;
  /** Only of mixed files: whose lines they hold, and the parties whose own trees those of clients name. */
  nested: { readonly tally: Tally; readonly owners: ReadonlySet<string> } | null;
  zoneMinutes: number | null;
  zoneSource: 'requests' | 'prefix' | 'told' | null;
}

const NO_ZONE = { nested: null, mirrorOf: null, zoneMinutes: null, zoneSource: null };

/** What lines of a log gave beside events, and how many lines those were. */
export interface TextRows {
  readonly rows: readonly TableRow[];
  readonly records: number;
}

/** Account of a log that was scanned to its end. */
export function scannedSource(
  head: SourceHead,
  account: SavedAccount,
  summaries: readonly SummaryRow[],
  text: TextRows = { rows: [], records: 0 },
): Source {
  const { counts, rejections, families, silences } = account;
  const { sourceId, file, sniffed, party } = head;
  return {
    sourceId,
    file,
    sniffed,
    party,
    ...counts,
    rejections: new Map(rejections),
    families,
    silences,
    summaries,
    rows: text.rows,
    events: counts.records - text.records,
    ...NO_ZONE,
  };
}

/** Notes something about a file as a whole. */
export function noteUnread(source: Source, reason: UnreadReason): void {
  source.rejections.set(reason, { lines: 1, firstLine: 0, example: '' });
}

/** Account of a file that was not read. */
export function unreadSource(head: SourceHead, reason: UnreadReason): Source {
  const source = smallSource(head, '', { rows: [], records: 0, continuation: 0, ignored: 0, rejections: [] });
  noteUnread(source, reason);
  return source;
}

/** Account of a file that was read whole; `counted` when its text was not kept. */
export function smallSource(head: SourceHead, text: string, read: FileRows, counted?: { lines: number; cut: boolean }): Source {
  const rejections = new Map<Reason, RejectionCount>();
  let rejected = 0;
  for (const { reason, line, text: example, lines } of read.rejections) {
    if (!isUnreadReason(reason)) rejected += lines;
    const known = rejections.get(reason);
    if (known === undefined) rejections.set(reason, { lines, firstLine: line, example: mask(example).slice(0, 200).toWellFormed() });
    else known.lines += lines;
  }
  return {
    ...head,
    bytes: head.file.bytes,
    lines: counted?.lines ?? countLines(text),
    records: read.records,
    continuation: read.continuation,
    ignored: read.ignored,
    rejected,
    unmatchedHotlink: 0,
    cut: counted?.cut ?? (text !== '' && !text.endsWith('\n')),
    rejections,
    families: [],
    silences: [],
    summaries: [],
    rows: read.rows,
    events: 0,
    ...NO_ZONE,
  };
}

/** Parties whose lines stand side by side in one file; null where there is one at most. */
function severalParties({ nested }: Source): string | null {
  return nested === null || nested.owners.size < 2 ? null : [...nested.owners].toSorted().map(mask).join('\n');
}

/** Whatever a small file says goes through the mask here, so that no reader of a kind can forget it. */
function clean(value: Cell): Cell {
  return typeof value === 'string' ? mask(value).toWellFormed() : value;
}

function sourceRow(s: Source): readonly Cell[] {
  const what: Cell[] = [
    s.sourceId,
    maskPath(s.file.path),
    s.sniffed.kind,
    s.sniffed.dialect,
    s.party === null ? null : mask(s.party),
    s.mirrorOf,
    s.bytes,
    s.lines,
  ];
  return what.concat([
    s.records,
    s.continuation,
    s.ignored,
    s.rejected,
    s.unmatchedHotlink,
    s.cut,
    severalParties(s),
    s.zoneMinutes,
    s.zoneSource,
  ]);
}

function summaryRow(sourceId: number, { eventId, lineNo, tsUs, figures: f }: SummaryRow): readonly Cell[] {
  const sent: Cell[] = [eventId, sourceId, lineNo, tsUs, f.txPackets, f.txBytesMin, f.txBytesMax, f.txP2p, f.txWs];
  return sent.concat([f.rxPackets, f.rxBytesMin, f.rxBytesMax, f.state, f.p2pUp, f.sessIn, f.outAccepted, f.outWaiting]);
}

/** Writes everything but events and dictionaries. Summary rows of a mirrored output are left out, they say the same twice; so are those that are nobody's. */
export async function writeSources(store: Store, sources: readonly Source[], dictionaries: Dictionaries): Promise<void> {
  const subject = (id: number): string | null => dictionaries.texts.textOf(id) ?? null;
  const byTable = new Map<string, (readonly Cell[])[]>();
  const add = (table: string, row: readonly Cell[]): void => {
    const rows = byTable.get(table);
    if (rows === undefined) byTable.set(table, [row]);
    else rows.push(row);
  };
  for (const source of sources) {
    const { sourceId } = source;
    add('source', sourceRow(source));
    for (const [reason, r] of source.rejections) add('source_rejection', [sourceId, reason, r.lines, r.firstLine, r.example]);
    for (const f of source.families)
      add('family', [sourceId, f.family, subject(f.subject), f.lines, f.bytes, f.firstUs, f.firstLine, f.lastUs, f.lastLine]);
    for (const s of source.silences) add('silence', [sourceId, s.family, subject(s.subject), s.fromUs, s.fromLine, s.toUs, s.toLine]);
    if (source.mirrorOf === null && severalParties(source) === null)
      for (const summary of source.summaries) add('summary', summaryRow(sourceId, summary));
    for (const row of source.rows) add(row.table, row.values.map(clean));
  }
  for (const [table, rows] of byTable) await store.append(table, rows);
}
