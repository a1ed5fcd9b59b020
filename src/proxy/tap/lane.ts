/**
 * One direction of a connection: bytes go out in the order in which they came, late or slow where a fault says so. Holds a bounded
 * number of bytes; whoever brings more waits, and so does the sender behind him.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Shape } from './fault-set.ts';

/** What waits in one direction before nothing more is read; a message that is longer comes in whole. */
export const MOST_WAITING_BYTES = 1024 * 1024;

export interface LaneOptions {
  readonly shape: () => Shape;
  /** What comes now is swallowed, and the end of the stream too. */
  readonly isFrozen: () => boolean;
  /** Resolves when there is room for more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly end: () => void;
  readonly swallowed: (bytes: number) => void;
}

interface Item {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
  /** Called when it goes out. */
  readonly passes: (() => void) | undefined;
}

export class Lane {
  private readonly o: LaneOptions;
  private readonly over = new AbortController();
  private queue: Item[] = [];
  private held = 0;
  private isRunning = false;
  private isEnding = false;
  private roomFor: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.o = options;
  }

  get heldBytes(): number {
    return this.held;
  }

  /** Takes bytes to pass on; resolves when there is room for the next. */
  async put(bytes: Uint8Array, extraMs = 0, passes?: () => void): Promise<void> {
    if (this.over.signal.aborted) return;
    const dueMs = Date.now() + this.o.shape().latencyMs + extraMs;
    this.queue.push({ bytes, dueMs, passes });
    this.held += bytes.length;
    this.start();
    while (this.held > MOST_WAITING_BYTES && !this.over.signal.aborted) await new Promise<void>((resolve) => this.roomFor.push(resolve));
  }

  /** Nothing more comes; the other side is told after what waits. */
  end(): void {
    this.isEnding = true;
    this.start();
  }

  /** Forgets what waits. */
  destroy(): void {
    this.over.abort();
    this.queue = [];
    this.held = 0;
    this.wake();
  }

  private start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    void this.run();
  }

  private async run(): Promise<void> {
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- `destroy` and `put` change the queue while this waits
    for (let item = this.queue.shift(); item !== undefined; item = this.queue.shift()) {
      await this.until(item.dueMs);
      if (this.over.signal.aborted) break;
      if (this.o.isFrozen()) this.o.swallowed(item.bytes.length);
      else await this.pass(item);
      this.held = Math.max(0, this.held - item.bytes.length);
      this.wake();
    }
    this.isRunning = false;
    if (!this.isEnding || this.over.signal.aborted) return;
    this.isEnding = false;
    if (!this.o.isFrozen()) this.o.end();
  }

  private async pass({ bytes, passes }: Item): Promise<void> {
    const { bytesPerSecond } = this.o.shape();
    if (bytesPerSecond < Infinity) await this.until(Date.now() + (bytes.length / bytesPerSecond) * 1000);
    if (this.over.signal.aborted) return;
    passes?.();
    await this.o.write(bytes);
  }

  private wake(): void {
    for (const resolve of this.roomFor.splice(0)) resolve();
  }

  private async until(ms: number): Promise<void> {
    const wait = ms - Date.now();
    if (wait > 0) await delay(wait, undefined, { signal: this.over.signal }).catch(() => undefined);
  }
}
