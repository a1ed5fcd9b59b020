/**
 * Accounts of logs whose rows nobody wants: the second outputs of clients, half of all bytes.
 *
 * They need neither the database nor the dictionaries of the load, so when they are large a second thread reads them beside
 * the first one (measured: 0.65 s of 2.1 s at 1 GB on two cores; below the limit the thread costs more than it saves). The
 * thread runs this file.
 */
import { closeSync, readSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { KindNumbers } from './compile.ts';
import { Dictionary } from './dictionary.ts';
import type { SavedAccount } from './scan-account.ts';
import { openPlain } from './open-plain.ts';
import { LineScanner, type LogDialect } from './scan-line.ts';
import { tableOf } from './tables.ts';
import type { UserTemplate } from './templates/user-templates.ts';

export interface CountedLog {
  readonly sourceId: number;
  readonly path: string;
  readonly bytes: number;
  readonly dialect: LogDialect;
}

/** What a thread is asked for. */
interface Task {
  readonly task: 'count-logs';
  readonly logs: readonly CountedLog[];
  readonly templates: readonly UserTemplate[];
}

/** Smallest sum of bytes that pays for a thread of its own. */
const THREAD_BYTES = 48 * 1024 * 1024;

/** Accounts by source id; undefined for a file that could not be read. */
export type Accounts = ReadonlyMap<number, SavedAccount | undefined>;

/** Counts a log from its first byte to its last one at the start of the count. */
function countLog({ path, bytes, dialect }: CountedLog, templates: readonly UserTemplate[]): SavedAccount | undefined {
  const dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  const scanner = new LineScanner(dialect, { chunk: undefined, dictionaries, table: tableOf(dialect, new KindNumbers(), templates) });
  try {
    const fd = openPlain(path);
    try {
      // Not beyond the size that it had at the start: what is written meanwhile is another reading's.
      for (let left = bytes; left > 0;) {
        const room = scanner.reserve();
        const length = readSync(fd, room, 0, Math.min(room.length, left), null);
        if (length === 0) break;
        scanner.commit(length);
        left -= length;
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
  scanner.end();
  return scanner.account.save();
}

function countHere({ logs, templates }: Omit<Task, 'task'>): Accounts {
  return new Map(logs.map((log) => [log.sourceId, countLog(log, templates)]));
}

/** A count that goes on beside the caller's own work. */
export interface RunningCount {
  readonly done: Promise<Accounts>;
  /** Gives up; nothing runs on afterwards. */
  stop(): Promise<void>;
}

export function startCount(logs: readonly CountedLog[], templates: readonly UserTemplate[] = [], threadBytes = THREAD_BYTES): RunningCount {
  const request: Task = { task: 'count-logs', logs, templates };
  const bytes = logs.reduce((sum, log) => sum + log.bytes, 0);
  // Threads load what was built; sources that are run as they are stay on one.
  if (bytes < threadBytes || import.meta.url.endsWith('.ts')) {
    return { done: Promise.resolve(countHere(request)), stop: async () => {} };
  }
  const worker = new Worker(new URL(import.meta.url), { workerData: request });
  const done = new Promise<Accounts>((resolve, reject) => {
    worker.once('message', (accounts: Accounts) => resolve(accounts));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the counting thread ended with ${code}`)));
  });
  return {
    // Where no thread can be had, the work is done here.
    done: done.catch(() => countHere(request)),
    stop: async () => {
      await worker.terminate();
    },
  };
}

function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && 'task' in value && value.task === 'count-logs';
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
if (!isMainThread && isTask(workerData)) parentPort?.postMessage(countHere(workerData));
