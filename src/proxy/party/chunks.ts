/** A program's bytes in the pieces in which a client reads them (field guide 8.2). */
import type { Socket } from 'node:net';

/**
 * At most `most` bytes at once, else what is there. Behind a full piece the next one is given `burstMs` to fill, so that a long write
 * of the program comes in full pieces and one short one at its end, however the system cuts it.
 */
export async function* chunksOf(socket: Socket, most: number, burstMs: number): AsyncGenerator<Buffer> {
  let wake: () => void = () => undefined;
  let isOver = false;
  let failure: Error | undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  socket.on('readable', () => wake());
  socket.on('end', end);
  socket.on('close', end);
  socket.on('error', (error) => {
    failure = error;
    end();
  });
  /** Resolves when something new came, or after `ms`: false. */
  const more = async (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => resolve(false), ms) : undefined;
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  let wasFull = false;
  for (;;) {
    if (failure !== undefined) throw failure;
    let chunk = read(socket, most);
    const deadline = Date.now() + burstMs;
    while (chunk === null && wasFull && socket.readableLength > 0 && !isOver) {
      if (!(await more(Math.max(0, deadline - Date.now())))) break;
      chunk = read(socket, most);
    }
    chunk ??= read(socket, 0);
    wasFull = chunk?.length === most;
    if (chunk !== null) yield chunk;
    else if (isOver) return;
    else await more(Infinity);
  }
}

/** `bytes` of them exactly, or with 0 whatever is there; null when there is not as much. */
function read(socket: Socket, bytes: number): Buffer | null {
  return (bytes === 0 ? socket.read() : socket.read(bytes)) as Buffer | null;
}
