/**
 * A capture: every byte between one client and the relay, as a recorder wrote it, one JSON object a line.
 *
 *     {"t": 1795353602.299638, "connection": 2, "way": "to_relay", "bytes": "gv4…"}
 *     {"t": 1795353637.134407, "connection": 2, "way": "to_client", "end": true}
 *     {"t": 1795353699.000001, "connection": 0, "way": "to_relay", "limit": 4294967296}
 *
 * Read line by line, whatever the file's size. The party is who the connection says it is (field guide 6.1); its token and all
 * other headers are dropped here. A line is a record when its bytes complete something that gives a row, ignored when
 * they are HTTP, other messages or a part of one, rejected when they cannot be read.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Cell } from '../store/sql.ts';
import { Conversation, type Way, type WireItem } from './capture-conversation.ts';
import { CaptureRows, type CaptureLine, type CaptureTarget } from './capture-rows.ts';
import { mask } from './mask.ts';
import type { Reason } from './reasons.ts';
import type { FamilyCount, RejectionCount, SavedAccount } from './scan-account.ts';

/** Longest line that is parsed; a recorder writes what one read from a socket gave. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;
/** Connections that are followed at once; of more, the one that was silent the longest is given up. */
const MAX_CONNECTIONS = 256;
const BLOCK_BYTES = 256 * 1024;
/** Rows of `frame` that are handed over at once. */
const BATCH_ROWS = 4096;
const EXAMPLE_CHARACTERS = 200;
const NEWLINE = 10;

export interface CaptureResult {
  readonly account: SavedAccount;
  readonly party: string | null;
}

export interface CaptureInput {
  readonly path: string;
  readonly sourceId: number;
  /** Whose file it is by its folder; else the connections tell. */
  readonly party: string | null;
}

/** Reads a capture to its end; undefined if it cannot be opened. `append` takes rows of `frame`. */
export async function loadCapture(
  input: CaptureInput,
  target: Omit<CaptureTarget, 'frame'>,
  append: (rows: readonly (readonly Cell[])[]) => Promise<void>,
): Promise<CaptureResult | undefined> {
  let fd: number;
  try {
    fd = openSync(input.path, 'r');
  } catch {
    return undefined;
  }
  let batch: (readonly Cell[])[] = [];
  const reader = new CaptureReader(input.sourceId, input.party, { ...target, frame: (row) => batch.push(row) });
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) {
      reader.push(block.subarray(0, length));
      if (batch.length < BATCH_ROWS) continue;
      await append(batch);
      batch = [];
      await setImmediate();
    }
    reader.end();
    if (batch.length > 0) await append(batch);
  } finally {
    closeSync(fd);
  }
  return { account: reader.account(), party: reader.party };
}

interface Parsed {
  readonly tsUs: number;
  readonly connection: number;
  readonly way: Way;
  /** Undefined: the direction ended. */
  readonly bytes: Uint8Array | undefined;
}

interface Followed {
  readonly conversation: Conversation;
  readonly ended: Set<Way>;
  /** Another party's than the file's. */
  isForeign: boolean;
}

/** What a line turned out to be. */
type Outcome = 'record' | Reason | Family;
const FAMILIES = ['wire-http', 'wire-message', 'wire-part', 'wire-end'] as const;
type Family = (typeof FAMILIES)[number];

function isFamily(outcome: Outcome): outcome is Family {
  return (FAMILIES as readonly string[]).includes(outcome);
}

class CaptureReader {
  /** Who the connections say they are; before they do, whose folder it is. */
  party: string | null;
  private isNamed = false;
  private readonly rows: CaptureRows;
  private readonly connections = new Map<number, Followed>();
  private readonly counts = { bytes: 0, lines: 0, records: 0, continuation: 0, ignored: 0, rejected: 0, unmatchedHotlink: 0, cut: false };
  private readonly rejections = new Map<Reason, RejectionCount>();
  private readonly families = new Map<Family, FamilyCount>();
  /** Pieces of the line that is not finished. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** The unfinished line is beyond the limit: only its length is counted. */
  private tooLong = false;
  private lineStart = 0;

  constructor(sourceId: number, party: string | null, target: CaptureTarget) {
    this.party = party;
    this.rows = new CaptureRows(sourceId, target);
  }

  push(block: Buffer): void {
    let from = 0;
    for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, from)) {
      this.hold(block.subarray(from, at));
      this.finishLine(false);
      from = at + 1;
    }
    this.hold(block.subarray(from));
    this.counts.bytes += block.length;
  }

  end(): void {
    if (this.heldBytes === 0) return;
    this.counts.cut = true;
    this.finishLine(true);
  }

  account(): SavedAccount {
    return { counts: this.counts, families: [...this.families.values()], silences: [], rejections: [...this.rejections] };
  }

  /** The block is used again, so what is kept of it is copied. */
  private hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.heldBytes += piece.length;
    if (this.heldBytes > MAX_LINE_BYTES) {
      this.tooLong = true;
      this.held = this.held.slice(0, 1);
    } else this.held.push(Buffer.from(piece));
  }

  private finishLine(isCut: boolean): void {
    const text = this.held.length === 1 ? (this.held[0]?.toString('utf8') ?? '') : Buffer.concat(this.held).toString('utf8');
    this.counts.lines++;
    const place = { lineNo: this.counts.lines, byteOffset: this.lineStart, byteLength: this.heldBytes };
    const { outcome, tsUs } = this.tooLong ? { outcome: 'too-long-line' as const, tsUs: NaN } : this.line(text, place, isCut);
    if (outcome === 'record') this.counts.records++;
    else if (isFamily(outcome)) this.ignore(outcome, place, tsUs);
    else this.reject(outcome, place.lineNo, text);
    this.lineStart += this.heldBytes + 1;
    this.held = [];
    this.heldBytes = 0;
    this.tooLong = false;
  }

  private line(text: string, place: Omit<CaptureLine, 'tsUs' | 'connection'>, isCut: boolean): { outcome: Outcome; tsUs: number } {
    if (text.trim() === '') return { outcome: 'blank-line', tsUs: NaN };
    const parsed = parseLine(text);
    if (typeof parsed === 'string') return { outcome: isCut ? 'cut-line' : parsed, tsUs: NaN };
    const { tsUs, connection } = parsed;
    return { outcome: this.take(parsed, { ...place, tsUs, connection }), tsUs };
  }

  private take({ connection, way, bytes }: Parsed, line: CaptureLine): Outcome {
    const followed = this.follow(connection);
    if (bytes === undefined) {
      followed.ended.add(way);
      if (followed.ended.size === 2) this.connections.delete(connection);
      return 'wire-end';
    }
    const wasSocket = followed.conversation.isWebSocket;
    const outcomes: Outcome[] = [];
    for (const item of followed.conversation.push(way, bytes)) {
      if (!followed.isForeign) outcomes.push(this.item(item, line));
      followed.isForeign ||= outcomes.at(-1) === 'other-party';
    }
    if (followed.isForeign) return 'other-party';
    const bad = outcomes.find((o) => o !== 'record' && !isFamily(o));
    if (bad !== undefined) return bad;
    if (outcomes.includes('record')) return 'record';
    return outcomes.includes('wire-message') ? 'wire-message' : wasSocket ? 'wire-part' : 'wire-http';
  }

  /** A connection number that was used before and ended is a new connection. */
  private follow(connection: number): Followed {
    const known = this.connections.get(connection);
    const followed = known ?? { conversation: new Conversation(), ended: new Set(), isForeign: false };
    // Last used last.
    this.connections.delete(connection);
    this.connections.set(connection, followed);
    if (this.connections.size > MAX_CONNECTIONS) {
      const [oldest] = this.connections.keys();
      if (oldest !== undefined) this.connections.delete(oldest);
    }
    return followed;
  }

  // oxlint-disable-next-line typescript/consistent-return -- the switch knows every kind
  private item(item: WireItem, line: CaptureLine): Outcome {
    switch (item.kind) {
      case 'request': {
        const user = userOf(item.head.target, item.head.headers);
        if (user === null) return 'wire-http';
        if (!this.isNamed) this.party = user;
        this.isNamed = true;
        return user === this.party ? 'wire-http' : 'other-party';
      }
      case 'answer':
        return 'wire-http';
      case 'upgraded':
        this.rows.upgraded(line, item.head);
        return 'record';
      case 'message':
        if (this.party === null) return 'no-party';
        return this.rows.message(line, item.way, this.party, item.message, item.encoding) ? 'record' : 'wire-message';
      case 'control':
        return 'wire-message';
      case 'unreadable':
        return 'bad-wire-bytes';
    }
  }

  private ignore(family: Family, { lineNo, byteLength }: { lineNo: number; byteLength: number }, tsUs: number): void {
    this.counts.ignored++;
    const known = this.families.get(family);
    if (known === undefined) {
      const first = { firstUs: tsUs, firstLine: lineNo, lastUs: tsUs, lastLine: lineNo };
      this.families.set(family, { family, subject: -1, lines: 1, bytes: byteLength, ...first });
      return;
    }
    known.lines++;
    known.bytes += byteLength;
    known.lastUs = Math.max(known.lastUs ?? tsUs, tsUs);
    known.lastLine = lineNo;
  }

  private reject(reason: Reason, lineNo: number, text: string): void {
    this.counts.rejected++;
    const known = this.rejections.get(reason);
    if (known !== undefined) known.lines++;
    else this.rejections.set(reason, { lines: 1, firstLine: lineNo, example: exampleOf(text) });
  }
}

/** Never of the bytes: they hold tokens and payload. */
function exampleOf(text: string): string {
  const bytes = /"bytes"\s*:\s*"/.exec(text);
  const shown = bytes === null ? text.slice(0, EXAMPLE_CHARACTERS) : text.slice(0, bytes.index + bytes[0].length);
  return mask(shown.slice(0, EXAMPLE_CHARACTERS)).toWellFormed();
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Seconds since 1970 beyond which a stamp is none: the year 5138. */
const MAX_SECONDS = 1e11;

export function parseLine(text: string): Parsed | 'not-json' | 'unexpected-shape' | 'bad-payload' | 'capture-limit' {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not-json';
  }
  if (typeof value !== 'object' || value === null) return 'unexpected-shape';
  const { t, connection, way, bytes } = value as Partial<Record<'t' | 'connection' | 'way' | 'bytes', unknown>>;
  if (typeof t !== 'number' || !(t > 0 && t < MAX_SECONDS) || (way !== 'to_relay' && way !== 'to_client')) return 'unexpected-shape';
  if (typeof connection !== 'number' || !Number.isInteger(connection) || connection < 0 || connection > 2 ** 31 - 1)
    return 'unexpected-shape';
  const tsUs = Math.round(t * 1_000_000);
  // A recorder that reached its limit says so: more crossed the wire than stands here.
  if (bytes === undefined && 'limit' in value) return 'capture-limit';
  if (bytes === undefined) return 'end' in value ? { tsUs, connection, way, bytes } : 'unexpected-shape';
  if (typeof bytes !== 'string') return 'unexpected-shape';
  if (bytes.length % 4 !== 0 || !BASE64.test(bytes)) return 'bad-payload';
  return { tsUs, connection, way, bytes: Buffer.from(bytes, 'base64') };
}

const ADDRESS = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u;
const MAX_ADDRESS = 254;

function addressOf(text: string | null | undefined): string | null {
  return text != null && text.length <= MAX_ADDRESS && ADDRESS.test(text) ? text : null;
}

/** Who a request says it is from: the query, a header, or the subject of its token. The token itself goes nowhere. */
export function userOf(target: string, headers: ReadonlyMap<string, string>): string | null {
  const query = target.indexOf('?');
  const named = query < 0 ? null : new URLSearchParams(target.slice(query + 1)).get('user');
  return (
    addressOf(named) ??
    addressOf(headers.get('x-syft-from')) ??
    addressOf(headers.get('x-syft-user')) ??
    subjectOf(headers.get('authorization'))
  );
}

function subjectOf(authorization: string | undefined): string | null {
  const claims = /^bearer [\w-]+\.([\w-]+)\./i.exec(authorization ?? '')?.[1];
  if (claims === undefined) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    const subject = typeof value === 'object' && value !== null && 'sub' in value ? value.sub : undefined;
    return typeof subject === 'string' ? addressOf(subject) : null;
  } catch {
    return null;
  }
}
