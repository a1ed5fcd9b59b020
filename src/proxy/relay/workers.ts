/**
 * The pool that handles messages. The real relay's workers share one queue, so that messages of one connection can overtake each
 * other (F-29), and one slow receiver can hold up everybody (F-32); with `order: 'connection'` neither happens. JavaScript has one thread: overtaking
 * comes from a seeded number of turns that a worker lets pass between taking a message and handling it.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { BoundedQueue } from './queue.ts';
import type { Random } from '../random.ts';

/** Between all connections and the workers. */
const SHARED_QUEUE = 256;
/** Turns of the event loop that a worker may be late. */
const MOST_TURNS = 3;

export type MessageOrder = 'shared' | 'connection';

export interface Task {
  readonly run: () => Promise<void>;
  /** Called when a worker takes it, before anything else is done. */
  readonly taken: () => void;
}

export interface WorkerOptions {
  readonly workers: number;
  readonly order: MessageOrder;
  /** How often a worker is late, 0–1. */
  readonly overtaking: number;
  /** How late: so many milliseconds; 0: a few turns of the event loop. */
  readonly lateMs: number;
  readonly random: Random;
  readonly failed: (error: unknown) => void;
}

export class Workers {
  private readonly queue = new BoundedQueue<Task>(SHARED_QUEUE);
  private readonly options: WorkerOptions;
  private readonly loops: Promise<void>[];

  constructor(options: WorkerOptions) {
    this.options = options;
    this.loops = Array.from({ length: options.workers }, async () => this.work());
  }

  /**
   * Shared order: waits while the queue is full. By connection: waits until the message is handled, so that a connection's next one
   * comes after it and nobody else waits for either.
   */
  async add(task: Task): Promise<void> {
    if (this.options.order === 'connection') await this.handle(task);
    else await this.queue.put(task);
  }

  /** Handles what is queued and ends. */
  async close(): Promise<void> {
    this.queue.close();
    await Promise.all(this.loops);
  }

  private async work(): Promise<void> {
    for (let task = await this.queue.take(); task !== undefined; task = await this.queue.take()) await this.handle(task);
  }

  private async handle(task: Task): Promise<void> {
    const { order, overtaking, lateMs, random, failed } = this.options;
    try {
      if (order === 'shared' && random.next() < overtaking) {
        if (lateMs > 0) await setTimeout(lateMs);
        else for (let n = random.below(MOST_TURNS) + 1; n > 0; n--) await setImmediate();
      }
      task.taken();
      await task.run();
    } catch (error) {
      failed(error);
    }
  }
}
