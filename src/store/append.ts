/**
 * Rows on their way into DuckDB: typed columns for the one large table, plain values for the small ones.
 *
 * The row appender of the database costs ten times as much as filling a column and handing it over whole (measurements.md,
 * part 1), so `log_event` is collected in typed arrays of the engine's vector size and appended as data chunks.
 */
import type { DuckDBAppender, DuckDBType, DuckDBVector } from '@duckdb/node-api';
import type { Cell } from './sql.ts';

/** The module, handed in by store.ts, which loads it only when a store is opened. */
export type DuckDbModule = typeof import('@duckdb/node-api');

/** Rows per data chunk: the engine's vector size; more is refused by it. */
export const CHUNK_ROWS = 2048;

const WIDE = ['byteOffset', 'tsUs', 'seq', 'bytes', 'n'] as const;
const NARROW = [
  'lineNo',
  'byteLength',
  'level',
  'kindId',
  'sessionId',
  'pathId',
  'keyId',
  'connId',
  'msgId',
  'msgType',
  'userId',
  'toId',
  'reasonId',
  'addrId',
] as const;

/** Columns of `log_event` that hold whole numbers beyond 32 bits, or none (NaN). */
type WideColumn = (typeof WIDE)[number];
/** Columns of `log_event` that hold small numbers and dictionary ids; -1 stands for NULL. */
export type NarrowColumn = (typeof NARROW)[number];

/**
 * One chunk of `log_event` rows of one source being filled. The writer sets every column of row `rows`, then calls
 * `next()`; a full chunk goes to the store and is filled again from the start.
 */
export class EventChunk {
  rows = 0;
  readonly lineNo = new Int32Array(CHUNK_ROWS);
  readonly byteOffset = new Float64Array(CHUNK_ROWS);
  readonly byteLength = new Int32Array(CHUNK_ROWS);
  readonly tsUs = new Float64Array(CHUNK_ROWS);
  readonly level = new Int32Array(CHUNK_ROWS);
  readonly kindId = new Int32Array(CHUNK_ROWS);
  readonly sessionId = new Int32Array(CHUNK_ROWS);
  readonly pathId = new Int32Array(CHUNK_ROWS);
  readonly keyId = new Int32Array(CHUNK_ROWS);
  readonly connId = new Int32Array(CHUNK_ROWS);
  readonly msgId = new Int32Array(CHUNK_ROWS);
  readonly msgType = new Int32Array(CHUNK_ROWS);
  readonly userId = new Int32Array(CHUNK_ROWS);
  readonly toId = new Int32Array(CHUNK_ROWS);
  readonly reasonId = new Int32Array(CHUNK_ROWS);
  readonly addrId = new Int32Array(CHUNK_ROWS);
  readonly seq = new Float64Array(CHUNK_ROWS);
  readonly bytes = new Float64Array(CHUNK_ROWS);
  readonly n = new Float64Array(CHUNK_ROWS);
  /** Rows handed over so far, over all sources; the next row's event_id is one more. */
  eventsBefore = 0;
  private sourceId = 0;
  private readonly onFull: (chunk: EventChunk) => void;

  constructor(onFull: (chunk: EventChunk) => void) {
    this.onFull = onFull;
  }

  /** Event id that the row being filled will have. */
  get nextEventId(): number {
    return this.eventsBefore + this.rows + 1;
  }

  get source(): number {
    return this.sourceId;
  }

  /** Rows from here on belong to this source; those of the last one are handed over first. */
  beginSource(sourceId: number): void {
    this.flush();
    this.sourceId = sourceId;
  }

  next(): void {
    this.rows++;
    if (this.rows === CHUNK_ROWS) this.flush();
  }

  flush(): void {
    if (this.rows === 0) return;
    this.onFull(this);
    this.eventsBefore += this.rows;
    this.rows = 0;
  }
}

/** Filled rows of a chunk by themselves, so that another thread can have them. */
export interface PackedRows {
  readonly rows: number;
  readonly narrow: Readonly<Record<NarrowColumn, Int32Array<ArrayBuffer>>>;
  readonly wide: Readonly<Record<WideColumn, Float64Array<ArrayBuffer>>>;
}

export function packRows(chunk: EventChunk): PackedRows {
  const { rows } = chunk;
  const narrow = Object.fromEntries(NARROW.map((name) => [name, chunk[name].slice(0, rows)])) as PackedRows['narrow'];
  const wide = Object.fromEntries(WIDE.map((name) => [name, chunk[name].slice(0, rows)])) as PackedRows['wide'];
  return { rows, narrow, wide };
}

/** The memory of packed rows. */
export function packedBuffers({ narrow, wide }: PackedRows): ArrayBuffer[] {
  return [...NARROW.map((name) => narrow[name].buffer), ...WIDE.map((name) => wide[name].buffer)];
}

/** Puts packed rows into an empty chunk and hands them over; `ids` gives the numbers of a column their meaning here. */
export function unpackRows(packed: PackedRows, chunk: EventChunk, ids: (column: NarrowColumn) => ArrayLike<number> | undefined): void {
  for (const name of NARROW) {
    const from = packed.narrow[name];
    const to = chunk[name];
    const numbers = ids(name);
    if (numbers === undefined) to.set(from);
    else for (let row = 0; row < packed.rows; row++) to[row] = numbers[from[row] ?? -1] ?? -1;
  }
  for (const name of WIDE) chunk[name].set(packed.wide[name]);
  chunk.rows = packed.rows;
  chunk.flush();
}

/** Order of the columns in the table; ids that start a run of numbers have no array of their own. */
const EVENT_COLUMNS: readonly ('eventId' | 'sourceId' | WideColumn | NarrowColumn)[] = [
  'eventId',
  'sourceId',
  'lineNo',
  'byteOffset',
  'byteLength',
  'tsUs',
  'level',
  'kindId',
  'sessionId',
  'pathId',
  'keyId',
  'connId',
  'msgId',
  'msgType',
  'userId',
  'toId',
  'reasonId',
  'addrId',
  'seq',
  'bytes',
  'n',
];

/**
 * What the client library keeps inside a vector. Its own `setItem` flips one bit of a BigInt per NULL, which for a table
 * of mostly empty columns costs more than all of the parsing; the fields are private in its types only.
 */
interface OpenVector {
  items: Int32Array | Int16Array | Int8Array | BigInt64Array;
  validity: { data: BigUint64Array | null };
  flush(): void;
}

function open(vector: DuckDBVector): OpenVector {
  const inside = vector as unknown as OpenVector;
  if (!ArrayBuffer.isView(inside.items) || typeof inside.validity !== 'object')
    throw new TypeError('this client library keeps its vectors otherwise');
  return inside;
}

/** Marks the valid rows of a chunk, 32 to a word. */
class Validity {
  readonly words = new BigUint64Array(CHUNK_ROWS / 64);
  private readonly bits = new Int32Array(this.words.buffer);
  private missing = 0;

  reset(): void {
    this.bits.fill(-1);
    this.missing = 0;
  }

  invalid(row: number): void {
    const word = row >>> 5;
    this.bits[word] = (this.bits[word] ?? 0) & ~(1 << (row & 31));
    this.missing++;
  }

  applyTo(vector: OpenVector): void {
    if (this.missing > 0) vector.validity.data = this.words;
  }
}

const TWO_32 = 4294967296;
const validity = new Validity();

function copyWide(values: Float64Array, rows: number, vector: OpenVector): void {
  const { items } = vector;
  const halves = new Int32Array(items.buffer, items.byteOffset, rows * 2);
  validity.reset();
  for (let row = 0; row < rows; row++) {
    const value = values[row] ?? NaN;
    if (value === value) {
      const high = Math.floor(value / TWO_32);
      halves[2 * row] = (value - high * TWO_32) | 0;
      halves[2 * row + 1] = high;
    } else validity.invalid(row);
  }
  validity.applyTo(vector);
}

function copyNarrow(values: Int32Array, rows: number, vector: OpenVector): void {
  const items = vector.items as Int32Array | Int16Array | Int8Array;
  validity.reset();
  for (let row = 0; row < rows; row++) {
    const value = values[row] ?? -1;
    if (value >= 0) items[row] = value;
    else validity.invalid(row);
  }
  validity.applyTo(vector);
}

/** Appends a filled chunk to `log_event`. */
export function appendEvents(duckdb: DuckDbModule, appender: DuckDBAppender, types: readonly DuckDBType[], chunk: EventChunk): void {
  const { rows } = chunk;
  const data = duckdb.DuckDBDataChunk.create(types, rows);
  EVENT_COLUMNS.forEach((name, index) => {
    const vector = open(data.getColumnVector(index));
    if (name === 'eventId') {
      const items = vector.items as Int32Array;
      for (let row = 0; row < rows; row++) items[row] = chunk.eventsBefore + row + 1;
    } else if (name === 'sourceId') (vector.items as Int32Array).fill(chunk.source);
    else {
      const values = chunk[name];
      if (values instanceof Float64Array) copyWide(values, rows, vector);
      else copyNarrow(values, rows, vector);
    }
    vector.flush();
  });
  appender.appendDataChunk(data);
}

/** Appends rows of plain values in column order; numbers go to whole-number columns as they are needed there. */
export function appendRows(
  duckdb: DuckDbModule,
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  rows: readonly (readonly Cell[])[],
): void {
  const wide = types.map((type) => type.typeId === duckdb.DuckDBTypeId.BIGINT);
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const part = rows.slice(from, from + CHUNK_ROWS);
    const data = duckdb.DuckDBDataChunk.create(types, part.length);
    for (let column = 0; column < types.length; column++) {
      const vector = data.getColumnVector(column);
      for (let row = 0; row < part.length; row++) {
        const value = part[row]?.[column] ?? null;
        vector.setItem(row, wide[column] === true && typeof value === 'number' ? BigInt(value) : value);
      }
      vector.flush();
    }
    appender.appendDataChunk(data);
  }
}
