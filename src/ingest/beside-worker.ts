/** The thread of beside.ts: takes logs that nobody has yet, until there are none. */
import { parentPort, workerData } from 'node:worker_threads';
import { EventChunk, packRows, type PackedRows } from '../store/append.ts';
import { handedOver, MOST_PARTS, type LogEnd, type LogTask, type Said, type ThreadData } from './beside.ts';
import { KindNumbers, type CompiledTable } from './compile.ts';
import { Dictionary } from './dictionary.ts';
import type { LogDialect } from './dialect.ts';
import { feed, openLog } from './feed.ts';
import { LineScanner } from './scan-line.ts';
import { tableOf } from './tables.ts';

const { tasks, templates, shared } = workerData as ThreadData;
const claims = new Int32Array(shared);
const waiting = tasks.length;
const tables = new Map<LogDialect, { readonly kinds: KindNumbers; readonly table: CompiledTable }>();

function say(said: Said): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
  parentPort?.postMessage(said, handedOver(said));
}

function tableFor(dialect: LogDialect): { readonly kinds: KindNumbers; readonly table: CompiledTable } {
  const known = tables.get(dialect);
  if (known !== undefined) return known;
  const kinds = new KindNumbers();
  const made = { kinds, table: tableOf(dialect, kinds, templates) };
  tables.set(dialect, made);
  return made;
}

function waitForRoom(): void {
  for (let held = Atomics.load(claims, waiting); held >= MOST_PARTS; held = Atomics.load(claims, waiting))
    Atomics.wait(claims, waiting, held);
  Atomics.add(claims, waiting, 1);
}

function read({ sourceId, path, bytes, dialect, shiftUs, isCounted }: LogTask): LogEnd | undefined {
  const { kinds, table } = tableFor(dialect);
  const dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
  let [texts, paths] = [0, 0];
  const sayPart = (rows: PackedRows | undefined): void => {
    waitForRoom();
    say({ sourceId, part: { rows, texts: dictionaries.texts.since(texts), paths: dictionaries.paths.since(paths) } });
    [texts, paths] = [dictionaries.texts.size, dictionaries.paths.size];
  };
  const chunk = isCounted ? undefined : new EventChunk((full) => sayPart(packRows(full)));
  say({ sourceId, kinds: isCounted ? [] : kinds.rows });
  const scanner = new LineScanner(dialect, { chunk, dictionaries, table, shiftUs });
  const fd = openLog(path);
  if (fd === undefined) return undefined;
  for (const _ of feed(fd, bytes, scanner));
  chunk?.flush();
  // Texts of noise stand in no row.
  if (dictionaries.texts.size > texts) sayPart(undefined);
  return { account: scanner.account.save(), summaries: scanner.account.summaries, zoneVotes: [...scanner.zoneVotes] };
}

for (const [index, task] of tasks.entries()) {
  if (Atomics.compareExchange(claims, index, 0, 1) === 0) say({ sourceId: task.sourceId, end: read(task) });
}
