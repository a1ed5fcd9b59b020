/**
 * The door to DuckDB: opens a store, fills its tables, reads rows. Nothing else in the program knows the database.
 *
 * Statements come from the source code (`Sql`) with values bound to them; the one exception is `runUserSql`, which runs
 * what a user typed, and for which the database is locked away from the file system first.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBInstance,
  DuckDBResult,
  DuckDBType,
  DuckDBValue,
  DuckDBVector,
} from '@duckdb/node-api';
import { appendEvents, appendRows, EventChunk, type DuckDbModule } from './append.ts';
import { BASE_TABLES, VIEWS } from './schema.ts';
import type { Cell, Query, Row, Sql } from './sql.ts';

/** By `require`: its hundred small CommonJS files are read once so, and not once more to guess their exports (60 ms). */
const requireDuckDb = createRequire(import.meta.url);

/** Largest whole number that a JSON integer may carry without loss (design §7). */
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Settings of every database: one thread, since handing these tables to a second one costs more than it saves; rows keep the order of their insertion. */
const SETTINGS: Record<string, string> = {
  threads: '1',
  // Larger stores go to the disk in parts, into a folder that the database makes and removes itself.
  memory_limit: '320MB',
  temp_directory: join(tmpdir(), `hotlink-doctor-store-${randomUUID()}`),
  preserve_insertion_order: 'true',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};

/** Characters of a statement that failed. */
const SHOWN_OF_STATEMENT = 200;

/** What `runUserSql` gives: every value ready to print. */
export interface UserResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

interface OpenTable {
  readonly appender: DuckDBAppender;
  readonly types: readonly DuckDBType[];
}

export class Store {
  private readonly duckdb: DuckDbModule;
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly tables = new Map<string, OpenTable>();
  private hasNewRows = false;
  private eventTable: OpenTable | undefined;
  private locked = false;

  private constructor(duckdb: DuckDbModule, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.duckdb = duckdb;
    this.instance = instance;
    this.connection = connection;
  }

  /** A new store with empty tables, in memory or in a file that must not hold a store yet. */
  static async create(file?: string): Promise<Store> {
    const store = await Store.open(file ?? ':memory:');
    await store.connection.run(BASE_TABLES + VIEWS);
    return store;
  }

  /** A store that an earlier `analyze --db` filled. Tables stay as they are; views are those of this version. */
  static async openSaved(file: string): Promise<Store> {
    const store = await Store.open(file);
    await store.connection.run(VIEWS.replaceAll('CREATE VIEW', 'CREATE OR REPLACE VIEW'));
    return store;
  }

  private static async open(path: string): Promise<Store> {
    const duckdb = requireDuckDb('@duckdb/node-api') as DuckDbModule;
    const instance = await duckdb.DuckDBInstance.create(path, SETTINGS);
    return new Store(duckdb, instance, await instance.connect());
  }

  /** Rows of a statement with values bound to its `?`. Whole numbers beyond 2^53 are refused, never rounded. */
  readonly query: Query = async (statement, values = []) => {
    this.flushAppenders();
    const result = await this.run(statement, values);
    const names = result.columnNames();
    const out: Row[] = [];
    const shared = names.map(() => new Map<string, string>());
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const columns = names.map((_, index) => readColumn(chunk.getColumnVector(index), shared[index]));
      for (let row = 0; row < chunk.rowCount; row++) {
        const object: Record<string, Cell> = {};
        for (let column = 0; column < names.length; column++) object[names[column] ?? ''] = columns[column]?.[row] ?? null;
        out.push(object);
      }
    }
    return out;
  };

  /** What goes wrong says in which statement. */
  private async run(statement: Sql, values: readonly Cell[]): Promise<DuckDBResult> {
    try {
      return values.length === 0 ? await this.connection.run(statement) : await this.connection.run(statement, bound(values));
    } catch (cause) {
      throw new Error(
        `${cause instanceof Error ? cause.message : String(cause)}\nin: ${statement.trim().replaceAll(/\s+/g, ' ').slice(0, SHOWN_OF_STATEMENT)}`,
        { cause },
      );
    }
  }

  /** Runs a statement for its effect. */
  async exec(statement: Sql, values: readonly Cell[] = []): Promise<void> {
    this.flushAppenders();
    await this.connection.run(statement, bound(values));
  }

  /**
   * Runs what a user typed. From the first call on the database can neither read nor write any other file, nor load
   * extensions, and those settings cannot be undone.
   */
  async runUserSql(text: string): Promise<UserResult> {
    this.flushAppenders();
    await this.lock();
    const result = await this.connection.run(text);
    const columns = result.columnNames();
    const rows: Cell[][] = [];
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (let row = 0; row < chunk.rowCount; row++) rows.push(chunk.getRowValues(row).map(printable));
    }
    return { columns, rows };
  }

  /** Runs the one SELECT that a user's rule is; stops it after `limitMs`. The same lock as `runUserSql`. */
  async selectUserSql(text: string, limitMs: number): Promise<UserResult> {
    // Before the statement is prepared: to prepare one that names a file is to look into the file.
    await this.lock();
    const statements = await this.connection.extractStatements(text);
    if (statements.count !== 1) throw new Error(`a rule is one SELECT, and these are ${statements.count} statements`);
    const prepared = await statements.prepare(0);
    const isSelect = prepared.statementType === this.duckdb.StatementType.SELECT;
    prepared.destroySync();
    if (!isSelect) throw new Error('a rule is one SELECT, and this is another statement');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.connection.interrupt();
    }, limitMs);
    try {
      return await this.runUserSql(text);
    } catch (cause) {
      if (late) throw new Error(`the statement took longer than ${limitMs} ms and was stopped`, { cause });
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  private async lock(): Promise<void> {
    if (this.locked) return;
    await this.connection.run('SET enable_external_access = false; SET lock_configuration = true');
    this.locked = true;
  }

  /** Appends rows to a table, values in the order of its columns. */
  async append(table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
    if (rows.length === 0) return;
    const { appender, types } = await this.table(table);
    this.hasNewRows = true;
    appendRows(this.duckdb, appender, types, rows);
  }

  /** The collector of `log_event` rows; full chunks are appended as they come. */
  async eventChunk(): Promise<EventChunk> {
    const { appender, types } = await this.table('log_event');
    this.eventTable = { appender, types };
    return new EventChunk((chunk) => {
      this.hasNewRows = true;
      appendEvents(this.duckdb, appender, types, chunk);
    });
  }

  /** Makes appended rows visible to statements. */
  flushAppenders(): void {
    if (!this.hasNewRows) return;
    this.hasNewRows = false;
    for (const { appender } of this.tables.values()) appender.flushSync();
    this.eventTable?.appender.flushSync();
  }

  close(): void {
    for (const { appender } of this.tables.values()) appender.closeSync();
    this.tables.clear();
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async table(name: string): Promise<OpenTable> {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const appender = await this.connection.createAppender(name);
    const types = Array.from({ length: appender.columnCount }, (_, index) => appender.columnType(index));
    const opened = { appender, types };
    this.tables.set(name, opened);
    return opened;
  }
}

/** Values as the client library takes them. */
function bound(values: readonly Cell[]): DuckDBValue[] {
  return values.map((v) => (typeof v === 'number' && Number.isInteger(v) ? BigInt(v) : v));
}

/** Texts of one column that are held once however many rows have them. */
const MOST_SHARED = 4096;

/** Every value of a column as a cell. */
function readColumn(vector: DuckDBVector, shared: Map<string, string> | undefined): Cell[] {
  const out: Cell[] = [];
  for (let row = 0; row < vector.itemCount; row++) {
    const cell = toCell(vector.getItem(row));
    out.push(typeof cell === 'string' && shared !== undefined ? sharedText(cell, shared) : cell);
  }
  return out;
}

function sharedText(text: string, shared: Map<string, string>): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  if (shared.size < MOST_SHARED) shared.set(text, text);
  return text;
}

function toCell(value: DuckDBValue): Cell {
  if (typeof value === 'bigint') {
    if (value > LARGEST || value < -LARGEST) throw new RangeError(`the store gave ${value}, which is beyond 2^53`);
    return Number(value);
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new TypeError(`the statement gave a ${value.constructor.name}; cast it to text or a number`);
}

/** For people: numbers that do not fit stay digits, lists and times print as the database prints them. */
function printable(value: DuckDBValue): Cell {
  if (typeof value === 'bigint') return value > LARGEST || value < -LARGEST ? value.toString() : Number(value);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value);
}
