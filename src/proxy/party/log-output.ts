/** The client's two outputs, written in batches: a frame costs no system call of its own, and its payload is put into text once. */
import { closeSync, mkdirSync, openSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../../protocol/message.ts';
import type { Behaviour } from './behaviour.ts';
import { listRoom, writeList, zeroList } from './byte-list.ts';
import { decodedParts, fileEnds, fileLine, stdoutEnds, stdoutLine, type PartyLevel } from './log.ts';

/** Lines are collected this long. */
const FLUSH_MS = 50;
/** Room for payload lists; when it is used up, lines are written at once. */
const ROOM_BYTES = 4 * 1024 * 1024;

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
  private readonly room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  private used = 0;
  /** Bytes of lists that wait to be written, wherever they stand. */
  private listed = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(home: string, options: LogOptions) {
    this.options = options;
    mkdirSync(join(home, '.syftbox/logs'), { recursive: true });
    const file = new Output(join(home, '.syftbox/logs/syftbox.log'), fileLine, fileEnds);
    this.outputs = options.both ? [file, new Output(join(home, 'client-daemon.log'), stdoutLine, stdoutEnds)] : [file];
  }

  readonly write = (level: PartyLevel, message: string, extra = ''): void => {
    const now = Date.now();
    for (const output of this.outputs) output.text(output.line(now, level, message, extra));
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  };

  /** The line about a message that came, with all bytes of its payload. */
  readonly decoded = (message: Message, behaviour: Behaviour): void => {
    const { head, bytes, tail } = decodedParts(message, behaviour);
    if (this.listed > ROOM_BYTES) this.flush();
    const list = bytes === undefined ? undefined : this.list(bytes);
    this.listed += list?.length ?? 0;
    const now = Date.now();
    for (const output of this.outputs) {
      const [before, after] = output.ends(now, 'INFO', `ws message decoded type=${head}`, tail);
      output.text(before);
      if (list !== undefined) output.bytes(list);
      output.text(after);
    }
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  };

  private list(bytes: Uint8Array): Buffer {
    if (this.options.payload === 'zeros') return zeroList(bytes.length);
    const needed = listRoom(bytes.length);
    if (needed > ROOM_BYTES) {
      const own = Buffer.allocUnsafeSlow(needed);
      return own.subarray(0, writeList(bytes, own, 0));
    }
    if (this.used + needed > ROOM_BYTES) this.flush();
    const start = this.used;
    this.used = writeList(bytes, this.room, start);
    return this.room.subarray(start, this.used);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const output of this.outputs) output.flush();
    this.used = 0;
    this.listed = 0;
  }

  close(): void {
    this.flush();
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

  flush(): void {
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
    writevSync(this.file, parts);
  }

  close(): void {
    closeSync(this.file);
  }
}
