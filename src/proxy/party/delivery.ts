/** Frames to programs: which writer, in which order, under which locks (field guide 8.5, 8.6). */
import type { Behaviour } from './behaviour.ts';
import type { Counters } from './counters.ts';
import { SharedLock } from './lock.ts';
import { bare, type PartyLevel } from './log.ts';
import { Reorder } from './reorder.ts';
import { WriterMap, type Writer } from './writers.ts';

export const PROXY_PATH = /stream\.tcp\.request$/;

/** A program's connection, as frames are written to it. */
export interface LocalWriter extends Writer {
  /** Resolves when the kernel took the bytes; rejects with the error's words. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** A frame on its way to a program. */
export interface Arrival {
  readonly path: string;
  readonly session: string;
  readonly seq: number;
  readonly payload: Uint8Array;
}

export interface DeliveryOptions {
  readonly behaviour: Behaviour;
  readonly debug: boolean;
  readonly counters: Counters;
  readonly log: (level: PartyLevel, message: string) => void;
  readonly moved: () => void;
  readonly now: () => number;
  /** Lets time pass, or throws when the client ends. */
  readonly pause: (ms: number) => Promise<void>;
}

export class Delivery {
  readonly writers: WriterMap<LocalWriter>;
  private readonly o: DeliveryOptions;
  private readonly reorder = new Reorder<Uint8Array>();
  private readonly orderLock = new SharedLock();
  private readonly table = new SharedLock();

  constructor(options: DeliveryOptions) {
    this.o = options;
    this.writers = new WriterMap(options.behaviour.writers);
  }

  /** Enters an open into the table of sessions: behind every frame that holds it. */
  async enter(act: () => void): Promise<void> {
    return this.table.alone(act);
  }

  /** Puts a frame in its place and writes what is complete; resolves when the programs have it, or nobody will. */
  async deliver(arrival: Arrival): Promise<void> {
    const { behaviour, moved, now } = this.o;
    const arrivedMs = now();
    const act = async (): Promise<void> => {
      const writer = PROXY_PATH.test(arrival.path) ? await this.writerFor(arrival.path) : undefined;
      if (writer === undefined) return this.unwritable(arrival);
      const put = async (): Promise<void> => this.put(writer, arrival, arrivedMs);
      await (behaviour.reorderLock ? this.orderLock.alone(put) : put());
    };
    await (behaviour.tableLock ? this.table.shared(act) : act());
    moved();
  }

  private async put(writer: LocalWriter, { path, session, seq, payload }: Arrival, arrivedMs: number): Promise<void> {
    const { behaviour, counters, now, log } = this.o;
    const key = behaviour.reorderKey === 'path' ? path : `${path}#${session}`;
    // All at once: frames of the other way may come while these are being written.
    const writing = this.reorder.push(key, seq, payload).map(async (bytes) => {
      await writer.write(bytes);
      counters.written(bytes.length, now() - arrivedMs);
    });
    const failed = (await Promise.allSettled(writing)).find((write) => write.status === 'rejected');
    if (failed === undefined) return;
    const { reason } = failed as { reason: unknown };
    log('ERROR', `hotlink tcp write failed: ${reason instanceof Error ? reason.message : String(reason)}`);
  }

  /** Waits inside the read loop, so that everything behind this frame waits too (F-7, F-30). */
  private async writerFor(path: string): Promise<LocalWriter | undefined> {
    const { behaviour, pause } = this.o;
    const now = this.writers.get(path);
    if (now !== undefined) return now;
    this.debug(`hotlink tcp writer not ready, waiting for path=${bare(path)}${this.knownKeys()}`);
    for (let waited = 0; waited < behaviour.writerWaitMs; waited += behaviour.writerPollMs) {
      await pause(behaviour.writerPollMs);
      const writer = this.writers.get(path);
      if (writer === undefined) continue;
      this.debug(`hotlink tcp writer ready after wait path=${bare(path)}${this.knownKeys()}`);
      return writer;
    }
    return undefined;
  }

  /** E1b says for which paths it has a writer. */
  private knownKeys(): string {
    if (this.o.behaviour.lines !== 'E1b') return '';
    return ` known_writer_keys=[${this.writers.keys.map((key) => bare(key)).join(',')}]`;
  }

  private async unwritable({ path, session }: Arrival): Promise<void> {
    const { behaviour, debug, log, pause } = this.o;
    log('ERROR', `hotlink tcp write skipped: no writer for path=${bare(path)} after retries`);
    if (debug && behaviour.lines === 'E1b')
      log('ERROR', `hotlink tcp write skipped detail: session=${bare(session)} frame_path=${bare(path)}${this.knownKeys()}`);
    await pause(behaviour.ipcWaitMs);
    log('ERROR', 'hotlink ipc write failed: ipc accept timeout after 30s');
  }

  private debug(message: string): void {
    if (this.o.debug) this.o.log('INFO', message);
  }
}
