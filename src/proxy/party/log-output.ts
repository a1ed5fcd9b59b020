/**
 * The client's two outputs, written in batches and beside everything else: most of what a frame costs is the system's work on the text
 * of its payload, and nobody waits for that unless the log falls behind.
 */
import { closeSync, mkdirSync, openSync, writev } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Message } from '../../protocol/message.ts';
import type { Behaviour } from './behaviour.ts';
import { listRoom, writeList, zeroList } from './byte-list.ts';
import { decodedParts, fileEnds, fileLine, stdoutEnds, stdoutLine, type PartyLevel } from './log.ts';

/** Lines are collected this long. */
const FLUSH_MS = 50;
/** Room for payload lists; when it is used up, lines are written at once. */
const ROOM_BYTES = 4 * 1024 * 1024;
/** Pieces that the system takes at once. */
const MOST_PARTS = 1000;

const writePieces = promisify(writev);

export interface LogOptions {
  /** Also writes `client-daemon.log`, which says everything a second time. */
  readonly both: boolean;
  /** Bytes of payloads as they are, or as many zeros: shorter, and as many for who counts them. */
  readonly payload: LoggedPayload;
}

export type LoggedPayload = 'values' | 'zeros';

export class PartyLog {
  private readonly outputs: readonly Output[];
  private readonly options: LogOptions;
  /** Lists are written into one while the system takes those in the other. */
  private room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  private spare = Buffer.allocUnsafeSlow(ROOM_BYTES);
  private used = 0;
  /** Bytes of lists that wait to be written, wherever they stand. */
  private listed = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(home: string, options: LogOptions) {
    this.options = options;
    mkdirSync(join(home, '.syftbox/logs'), { recursive: true });
    const file = new Output(join(home, '.syftbox/logs/syftbox.log'), fileLine, fileEnds);
    this.outputs = options.both ? [file, new Output(join(home, 'client-daemon.log'), stdoutLine, stdoutEnds)] : [file];
  }

  readonly write = (level: PartyLevel, message: string, extra = ''): void => {
    const now = Date.now();
    for (const output of this.outputs) output.text(output.line(now, level, message, extra));
    this.soon();
  };

  /** The line about a message that came, with all bytes of its payload. A promise: the log is behind, wait for it. */
  readonly decoded = (message: Message, behaviour: Behaviour): Promise<void> | undefined => {
    const { head, bytes, tail } = decodedParts(message, behaviour);
    const needed = bytes === undefined ? 0 : listRoom(bytes.length);
    if (this.listed > 0 && this.listed + needed > ROOM_BYTES) return this.makeRoom().then(async () => this.decoded(message, behaviour));
    const list = bytes === undefined ? undefined : this.list(bytes);
    this.listed += list?.length ?? 0;
    const now = Date.now();
    for (const output of this.outputs) {
      const [before, after] = output.ends(now, 'INFO', `ws message decoded type=${head}`, tail);
      output.text(before);
      if (list !== undefined) output.bytes(list);
      output.text(after);
    }
    this.soon();
    return undefined;
  };

  private list(bytes: Uint8Array): Buffer {
    if (this.options.payload === 'zeros') return zeroList(bytes.length);
    const needed = listRoom(bytes.length);
    const isLarge = this.used + needed > ROOM_BYTES;
    const out = isLarge ? Buffer.allocUnsafeSlow(needed) : this.room;
    const start = isLarge ? 0 : this.used;
    const end = writeList(bytes, out, start);
    if (!isLarge) this.used = end;
    return out.subarray(start, end);
  }

  private soon(): void {
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  private async makeRoom(): Promise<void> {
    await this.writing;
    // Whoever waits goes on in the room that is free now, not when this is written.
    void this.flush();
  }

  /** Hands what there is to the system; resolves when it has all of it. */
  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.writing !== undefined) await this.writing;
    [this.room, this.spare] = [this.spare, this.room];
    this.used = 0;
    this.listed = 0;
    this.writing = this.writeOut();
    return this.writing;
  }

  private async writeOut(): Promise<void> {
    await Promise.all(this.outputs.map(async (output) => output.flush()));
    this.writing = undefined;
  }

  async close(): Promise<void> {
    await this.flush();
    for (const output of this.outputs) output.close();
  }
}

/** One file, truncated at the client's start. */
class Output {
  readonly line: typeof fileLine;
  readonly ends: typeof fileEnds;
  private readonly file: number;
  private waiting: (string | Buffer)[] = [];

  constructor(path: string, line: typeof fileLine, ends: typeof fileEnds) {
    this.file = openSync(path, 'w');
    this.line = line;
    this.ends = ends;
  }

  text(text: string): void {
    this.waiting.push(text);
  }

  bytes(bytes: Buffer): void {
    this.waiting.push(bytes);
  }

  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const parts: Buffer[] = [];
    let text = '';
    for (const part of this.waiting) {
      if (typeof part === 'string') text += part;
      else {
        parts.push(Buffer.from(text), part);
        text = '';
      }
    }
    if (text !== '') parts.push(Buffer.from(text));
    this.waiting = [];
    for (let at = 0; at < parts.length; at += MOST_PARTS) await writeAll(this.file, parts.slice(at, at + MOST_PARTS));
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Writes all of it, also where the system takes it in parts. */
async function writeAll(file: number, parts: readonly Buffer[]): Promise<void> {
  let rest = [...parts];
  while (rest.length > 0) {
    let { bytesWritten } = await writePieces(file, rest);
    while (rest[0] !== undefined && bytesWritten >= rest[0].length) {
      bytesWritten -= rest[0].length;
      rest.shift();
    }
    if (rest[0] !== undefined) rest = [rest[0].subarray(bytesWritten), ...rest.slice(1)];
  }
}
