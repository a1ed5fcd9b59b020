/** A program's bytes in the pieces in which a client reads them (field guide 8.2). */
import type { Socket } from 'node:net';

/**
 * At most `most` bytes at once, else what is there. Behind a full piece the next one is given `burstMs` to fill, so that a long write
 * of the program comes in full pieces and one short one at its end, however the system cuts it.
 */
export async function* chunksOf(socket: Socket, most: number, burstMs: number): AsyncGenerator<Buffer> {
  const news = new News(socket);
  let wasFull = false;
  for (;;) {
    const chunk: Buffer | null = read(socket, most) ?? (wasFull ? await filled(socket, most, news, burstMs) : read(socket));
    if (news.failure !== undefined) throw news.failure;
    wasFull = chunk?.length === most;
    if (chunk !== null) yield chunk;
    else if (news.isOver) return;
    else await news.next(Infinity);
  }
}

/** A full piece if it fills in time, else what there is. */
async function filled(socket: Socket, most: number, news: News, ms: number): Promise<Buffer | null> {
  for (const deadline = Date.now() + ms; socket.readableLength > 0 && !news.isOver;) {
    if (!(await news.next(Math.max(0, deadline - Date.now())))) break;
    const chunk = read(socket, most);
    if (chunk !== null) return chunk;
  }
  return read(socket);
}

/** `bytes` of them exactly, or whatever is there; null when there is not as much. */
function read(socket: Socket, bytes?: number): Buffer | null {
  return socket.read(bytes) as Buffer | null;
}

/** Tells when a connection has more to read, or has ended. */
class News {
  isOver = false;
  failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    const end = (): void => {
      this.isOver = true;
      this.wake();
    };
    socket.on('readable', () => this.wake());
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', (error) => {
      this.failure = error;
      end();
    });
  }

  /** Resolves when something new came: true; or after `ms`: false. */
  async next(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => resolve(false), ms) : undefined;
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
