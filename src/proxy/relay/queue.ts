/** A queue with a limit: writers either drop or wait, readers wait. */

/** Taken items at the front of the list from which on it is worth making it short. */
const COMPACT_FROM = 64;

/** A second limit, on bytes; one item alone always fits. */
export interface ByteLimit<T> {
  readonly most: number;
  readonly sizeOf: (item: T) => number;
}

export class BoundedQueue<T> {
  private items: (T | undefined)[] = [];
  private head = 0;
  private takers: ((item: T | undefined) => void)[] = [];
  private putters: (() => void)[] = [];
  private isClosed = false;
  private readonly limit: number;
  private readonly byteLimit: ByteLimit<T> | undefined;
  private heldBytes = 0;

  constructor(limit: number, byteLimit?: ByteLimit<T>) {
    this.limit = limit;
    this.byteLimit = byteLimit;
  }

  /** Bytes of the items, where they are counted. */
  get bytes(): number {
    return this.heldBytes;
  }

  get length(): number {
    return this.items.length - this.head;
  }

  /** False when it is full or closed: the item was not taken. */
  offer(item: T): boolean {
    if (this.isClosed) return false;
    const taker = this.takers.shift();
    if (taker !== undefined) {
      taker(item);
      return true;
    }
    const size = this.byteLimit?.sizeOf(item) ?? 0;
    if (this.length >= this.limit || (this.length > 0 && this.heldBytes + size > (this.byteLimit?.most ?? Infinity))) return false;
    this.heldBytes += size;
    this.items.push(item);
    return true;
  }

  /** Waits for room; false when the queue was closed before there was any. */
  async put(item: T): Promise<boolean> {
    while (!this.offer(item)) {
      if (this.isClosed) return false;
      await new Promise<void>((resolve) => this.putters.push(resolve));
    }
    return true;
  }

  /** The next item; undefined once the queue is closed and empty. */
  async take(): Promise<T | undefined> {
    if (this.length > 0) {
      const item = this.items[this.head];
      // A queue that is never empty must not keep what was taken.
      this.items[this.head] = undefined;
      this.head++;
      if (item !== undefined) this.heldBytes -= this.byteLimit?.sizeOf(item) ?? 0;
      if (this.head === this.items.length || (this.head >= COMPACT_FROM && 2 * this.head >= this.items.length)) {
        this.items.splice(0, this.head);
        this.head = 0;
      }
      this.putters.shift()?.();
      return item;
    }
    if (this.isClosed) return undefined;
    return new Promise((resolve) => this.takers.push(resolve));
  }

  /** What is in it can still be taken. */
  close(): void {
    this.isClosed = true;
    for (const taker of this.takers.splice(0)) taker(undefined);
    for (const putter of this.putters.splice(0)) putter();
  }
}
