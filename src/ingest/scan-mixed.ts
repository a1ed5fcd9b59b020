/**
 * Lines of files in which several programs speak: desktop.log and syftboxd.log, runner and step logs, a saved console,
 * what CI and docker keep. Prefixes go, a log line is read by the reader of its own dialect, all else by the handlers of text.
 *
 * Clock of a log line: its own, as without the prefix. Clock of other text: that of the innermost prefix. A relay's local
 * stamps are told from UTC by the prefixes: docker stamps a line within moments of its writing.
 */
import type { CompiledTable } from './compile.ts';
import { PLAIN_DIALECTS, sideOf, type PlainDialect } from './dialect.ts';
import { takePrefixes, type Prefixes } from '../util/line-prefix.ts';
import { agreedZone, zoneByPrefix } from './prefix-zone.ts';
import { plainReader } from './readers.ts';
import { saysHotlink } from './scan-rust.ts';
import { HEAD_BYTES, JSON_HEAD_BYTES, LineRecord, type LineReader, type ReaderTarget, type TextPlace, type Window } from './scan-record.ts';
import { textTimeUs } from './scan-time.ts';
import { partyOfLog } from './sniff.ts';
import type { TextHandler } from './text/handler.ts';
import { textHandlers } from './text/handlers.ts';

const COLOUR = /\x1b\[[0-9;]*m/g;
/** What a relay prints without a time (field guide 3.4). */
const RELAY_FOREIGN = /^(?:\[GIN-debug\] |SDK \d{4}\/\d\d\/\d\d )/;
/** Lines that name the tree of their own client do so within this. */
const OWNER_BYTES = 1024;

/** How many lines were whose. */
export interface Tally {
  client: number;
  relay: number;
  /** Prefixed by Desktop or the SDK, passed on or its own. */
  desktop: number;
  /** Known by a handler. */
  text: number;
  /** Not blank and known by nobody. */
  unknown: number;
}

/** What the reader knows beyond the last line, as plain values. */
interface MixedState {
  readonly tally: Tally;
  readonly owners: readonly string[];
  readonly hasLocalStamps: boolean;
  readonly prefixed: number;
  readonly prefixVotes: readonly (readonly [number, number])[];
  readonly handlers: readonly unknown[];
}

const NOWHERE: TextPlace = { sourceId: 0, path: '', party: null };

export class MixedReader implements LineReader {
  record = new LineRecord();
  /** One more than the index of the dialect whose record unprefixed lines may go on; 0: none. */
  above = 0;
  /** Votes of the relay's request lines. */
  readonly zoneVotes: Map<number, number>;
  tally: Tally = { client: 0, relay: 0, desktop: 0, text: 0, unknown: 0 };
  /** A relay wrote local time. */
  hasLocalStamps = false;
  /** Parties whose own trees the client lines name. */
  readonly owners = new Set<string>();
  private readonly own = this.record;
  private readonly window: Window;
  private readonly target: ReaderTarget;
  private readonly table: CompiledTable;
  private readonly readers: Readonly<Record<PlainDialect, LineReader>>;
  private readonly handlers: readonly TextHandler[] = textHandlers();
  private readonly place: TextPlace;
  /** Relay lines with a prefix time, and the zones that they speak for. */
  private prefixed = 0;
  private prefixVotes = new Map<number, number>();
  private active: LineReader | undefined;
  private endsInDigit = false;

  constructor(window: Window, target: ReaderTarget) {
    this.window = window;
    this.target = target;
    this.table = target.table;
    this.place = target.place ?? NOWHERE;
    const reader = (dialect: PlainDialect): LineReader =>
      plainReader(dialect, window, { ...target, table: target.table.parts?.[dialect] ?? target.table });
    this.readers = Object.fromEntries(PLAIN_DIALECTS.map((dialect) => [dialect, reader(dialect)])) as Record<PlainDialect, LineReader>;
    this.zoneVotes = this.readers['relay-dev'].zoneVotes ?? new Map();
  }

  read(start: number, end: number, cut: boolean): void {
    const text = this.window.bytes.toString('latin1', start, Math.min(end, start + HEAD_BYTES));
    const prefixes = takePrefixes(text);
    const from = start + prefixes.at;
    this.active = undefined;
    if (prefixes.isDesktop) this.tally.desktop++;
    const shape = prefixes.shape ?? (RELAY_FOREIGN.test(text.slice(prefixes.at, prefixes.at + 40)) ? 'relay-dev' : undefined);
    if (shape !== undefined) this.readLog(shape, from, end, cut, prefixes);
    else if (!this.goesOn(from, end, cut, prefixes)) this.readText(from, end, prefixes);
  }

  endsWhole(): boolean {
    return this.active?.endsWhole() ?? !this.endsInDigit;
  }

  /** The zone that prefixes in UTC prove, minutes. */
  zoneOfPrefixes(): number | undefined {
    return agreedZone(this.prefixVotes, this.prefixed);
  }

  save(): unknown {
    const { tally, prefixed, hasLocalStamps } = this;
    const handlers = this.handlers.map((handler) => handler.save?.());
    const state: MixedState = { tally, owners: [...this.owners], hasLocalStamps, prefixed, prefixVotes: [...this.prefixVotes], handlers };
    return structuredClone(state);
  }

  restore(saved: unknown): void {
    const state = structuredClone(saved) as MixedState;
    this.tally = state.tally;
    this.prefixed = state.prefixed;
    this.hasLocalStamps = state.hasLocalStamps;
    this.prefixVotes = new Map(state.prefixVotes);
    for (const owner of state.owners) this.owners.add(owner);
    this.handlers.forEach((handler, index) => handler.restore?.(state.handlers[index]));
  }

  /** Reads a line by the reader of its dialect, which sees as much of it as it would without the prefix. */
  private delegate(dialect: PlainDialect, from: number, end: number, cut: boolean): LineRecord {
    const head = dialect === 'relay-json' ? JSON_HEAD_BYTES : HEAD_BYTES;
    const reader = this.readers[dialect];
    reader.read(from, Math.min(end, from + head), cut || end - from > head);
    this.active = reader;
    this.record = reader.record;
    return reader.record;
  }

  private readLog(dialect: PlainDialect, from: number, end: number, cut: boolean, { time }: Prefixes): void {
    const reader = this.readers[dialect];
    reader.above = 0;
    const record = this.delegate(dialect, from, end, cut);
    this.above = reader.above === 1 ? PLAIN_DIALECTS.indexOf(dialect) + 1 : 0;
    this.tally[sideOf(dialect)]++;
    if (dialect === 'relay-dev') {
      this.hasLocalStamps = true;
      this.placeRelayTime(record, time);
    }
    if (record.outcome === 'event' && dialect !== 'relay-dev' && dialect !== 'relay-json') {
      const owner = partyOfLog(this.window.bytes.subarray(from, Math.min(end, from + OWNER_BYTES)));
      if (owner !== null) this.owners.add(owner);
    }
  }

  private placeRelayTime(record: LineRecord, time: string | undefined): void {
    const localUs = record.tsUs;
    if (!(localUs === localUs)) return;
    record.tsUs = localUs - this.target.relayShiftUs;
    if (time === undefined) return;
    this.prefixed++;
    const zone = zoneByPrefix(localUs, textTimeUs(time));
    if (zone !== undefined) this.prefixVotes.set(zone, (this.prefixVotes.get(zone) ?? 0) + 1);
  }

  /** The line belongs to the record above, as its reader would say without the prefix. */
  private goesOn(from: number, end: number, cut: boolean, prefixes: Prefixes): boolean {
    const dialect = PLAIN_DIALECTS[this.above - 1];
    if (dialect === undefined || prefixes.isDesktopsOwn || this.window.bytes[from] === 91) return false;
    const reader = this.readers[dialect];
    reader.above = 1;
    if (this.delegate(dialect, from, end, cut).outcome !== 'continuation') return false;
    this.tally[sideOf(dialect)]++;
    return true;
  }

  private readText(from: number, end: number, prefixes: Prefixes): void {
    const { bytes } = this.window;
    const record = this.own;
    this.record = record;
    this.active = undefined;
    this.above = 0;
    record.clear();
    record.clearFields();
    record.rows = [];
    const text = bytes.toString('utf8', from, Math.min(end, from + HEAD_BYTES)).replace(COLOUR, '');
    this.endsInDigit = /\d$/.test(text);
    const stampUs = prefixes.time === undefined ? NaN : textTimeUs(prefixes.time);
    record.tsUs = stampUs;
    const tsUs = stampUs === stampUs ? stampUs : null;
    const line = { ...this.place, lineNo: this.target.lineNo(), tsUs, text };
    for (const handler of this.handlers) {
      const answer = handler.read(line);
      if (answer === undefined) continue;
      this.tally.text++;
      if (answer === 'continuation') record.outcome = 'continuation';
      else if (answer === 'noise') record.noise(this.family('text'));
      else {
        record.outcome = 'rows';
        record.rows = answer;
      }
      return;
    }
    if (text.trim() === '') {
      record.reject('blank-line');
      return;
    }
    if (saysHotlink(bytes, from, Math.min(end, from + HEAD_BYTES))) record.reject('unknown-hotlink-message');
    else if (prefixes.isDesktopsOwn) record.noise(this.family('desktop'));
    else record.reject('unknown-message');
    if (record.outcome === 'rejected') this.tally.unknown++;
  }

  private family(name: string): number {
    return this.table.families.indexOf(name);
  }
}
