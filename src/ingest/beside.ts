/**
 * A second thread that reads large logs beside the load (docs/decisions/0004-second-thread.md).
 *
 * Which of the two reads a log is settled by who comes first: the load goes through the files in the order of their paths, the
 * thread begins with the logs that are only counted and then takes the others from the last one. Its rows carry numbers of
 * its own for kinds, texts and paths; the load gives them their own numbers when that log's turn comes, so the store is the same
 * whoever read what. Rows that nobody fetched yet are limited: the thread waits then.
 */
import { Worker } from 'node:worker_threads';
import { packedBuffers, type PackedRows } from '../store/append.ts';
import type { KindRow } from './compile.ts';
import type { PlainDialect } from './dialect.ts';
import type { SavedAccount, SummaryRow } from './scan-account.ts';
import type { UserTemplate } from './templates/user-templates.ts';

export interface LogTask {
  readonly sourceId: number;
  readonly path: string;
  readonly bytes: number;
  readonly dialect: PlainDialect;
  /** Microseconds to take off every stamp. */
  readonly shiftUs: number;
  /** Nobody wants its rows: the second output of a client. */
  readonly isCounted: boolean;
}

/** What is said of a log that was read to its end. Numbers of events count from 1 in this log. */
export interface LogEnd {
  readonly account: SavedAccount;
  readonly summaries: readonly SummaryRow[];
  readonly zoneVotes: readonly (readonly [number, number])[];
}

/** Rows of a log, and what is new in the dictionaries since the rows before them. */
export interface LogPart {
  readonly rows: PackedRows | undefined;
  readonly texts: readonly string[];
  readonly paths: readonly string[];
}

/** What the thread says: first the kinds, then parts, then the end (undefined: the file could not be read). */
export type Said = { readonly sourceId: number } & (
  { readonly kinds: readonly KindRow[] } | { readonly part: LogPart } | { readonly end: LogEnd | undefined }
);

export interface ThreadData {
  /** In the order in which the thread takes them. */
  readonly tasks: readonly LogTask[];
  readonly templates: readonly UserTemplate[];
  /** One for each task: 0, or 1 when somebody took it; then the parts that nobody fetched yet. */
  readonly shared: SharedArrayBuffer;
}

/** Smallest sum of bytes that pays for a thread. */
const THREAD_BYTES = 48 * 1024 * 1024;
/** Parts that wait to be fetched, each of at most 2048 rows of about 100 bytes. */
export const MOST_PARTS = 64;

/** What the thread runs. Threads load what was built: sources that are run as they are have none. */
const WORKER = import.meta.url.endsWith('.ts') ? undefined : new URL('beside-worker.js', import.meta.url);

export interface BesideOptions {
  readonly threadBytes?: number;
  readonly worker?: URL | undefined;
}

interface Incoming {
  readonly said: Said[];
  wake: (() => void) | undefined;
}

export interface Fetched {
  readonly kinds: (kinds: readonly KindRow[]) => void;
  readonly part: (part: LogPart) => void;
}

/** Buffers that a message hands over instead of copying them. */
export function handedOver(said: Said): ArrayBuffer[] {
  return 'part' in said && said.part.rows !== undefined ? packedBuffers(said.part.rows) : [];
}

export class Beside {
  private readonly worker: Worker | undefined;
  private readonly tasks: readonly LogTask[];
  private readonly shared: Int32Array;
  private readonly incoming = new Map<number, Incoming>();
  private isOver = false;

  /** Starts the thread when `logs` are large enough for one. */
  constructor(
    logs: readonly LogTask[],
    templates: readonly UserTemplate[] = [],
    { threadBytes = THREAD_BYTES, worker = WORKER }: BesideOptions = {},
  ) {
    const isLarge = logs.reduce((sum, { bytes }) => sum + bytes, 0) >= threadBytes;
    this.tasks =
      isLarge && worker !== undefined ? [...logs.filter((log) => log.isCounted), ...logs.filter((log) => !log.isCounted).toReversed()] : [];
    const shared = new SharedArrayBuffer((this.tasks.length + 1) * Int32Array.BYTES_PER_ELEMENT);
    this.shared = new Int32Array(shared);
    if (worker === undefined || this.tasks.length === 0) return;
    for (const { sourceId } of this.tasks) this.incoming.set(sourceId, { said: [], wake: undefined });
    const data: ThreadData = { tasks: this.tasks, templates, shared };
    this.worker = new Worker(worker, { workerData: data });
    this.worker.on('message', (said: Said) => this.hear(said));
    this.worker.once('error', () => this.giveUp());
    this.worker.once('exit', () => this.giveUp());
  }

  /** Takes a log, so that nobody else reads it; false when the thread has it. */
  take(sourceId: number): boolean {
    const index = this.indexOf(sourceId);
    return index < 0 || Atomics.compareExchange(this.shared, index, 0, 1) === 0;
  }

  /** Somebody has it. */
  isTaken(sourceId: number): boolean {
    return Atomics.load(this.shared, this.indexOf(sourceId)) === 1;
  }

  /** Everything that the thread says of a log that it has. `'lost'`: the thread is gone and nothing of this log was handed out yet. */
  async fetch(sourceId: number, to: Fetched): Promise<LogEnd | undefined | 'lost'> {
    const incoming = this.incoming.get(sourceId) ?? { said: [], wake: undefined };
    for (let handedOut = 0; ;) {
      for (const said of incoming.said.splice(0)) {
        if ('end' in said) return said.end;
        if ('kinds' in said) to.kinds(said.kinds);
        else {
          handedOut++;
          to.part(said.part);
          Atomics.sub(this.shared, this.tasks.length, 1);
          Atomics.notify(this.shared, this.tasks.length);
        }
      }
      if (this.isOver && handedOut === 0) return 'lost';
      if (this.isOver) throw new Error(`the thread that read log ${sourceId} ended before it did`);
      await new Promise<void>((resolve) => (incoming.wake = resolve));
    }
  }

  /** Gives up; nothing runs on afterwards. */
  async stop(): Promise<void> {
    await this.worker?.terminate();
  }

  private indexOf(sourceId: number): number {
    return this.tasks.findIndex((task) => task.sourceId === sourceId);
  }

  private hear(said: Said): void {
    const incoming = this.incoming.get(said.sourceId);
    incoming?.said.push(said);
    incoming?.wake?.();
  }

  private giveUp(): void {
    this.isOver = true;
    for (const { wake } of this.incoming.values()) wake?.();
  }
}
