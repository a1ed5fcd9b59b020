/**
 * A folder of captures, one file per party (docs/decisions/0006-captures.md), each written as it comes:
 *
 *     {"t":1795353602.299638,"connection":2,"way":"to_relay","bytes":"gv4…"}
 *     {"t":1795353637.134407,"connection":2,"way":"to_client","end":true}
 *
 * Lines wait no longer than until the end of the current turn, so that a process that is killed loses a moment. At the limit each file
 * gets a last line that says so: what reads it then knows that more crossed the wire.
 */
import { createHash } from 'node:crypto';
import { accessSync, closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DoctorError } from '../../model/errors.ts';

export type Way = 'to_relay' | 'to_client';

/** Parties of one tap; what more of them say is not recorded. */
const MOST_FILES = 64;
/** Lines of one turn beyond this are written at once. */
const MOST_WAITING_BYTES = 1024 * 1024;
const LONGEST_NAME = 100;

export interface CaptureOptions {
  readonly folder: string;
  /** All files together. */
  readonly maxBytes: number;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly say: (kind: string, line: string) => void;
}

interface File {
  /** Undefined: it could not be opened, and nothing of this party is recorded. */
  readonly fd: number | undefined;
  waiting: string[];
}

export class CaptureFolder {
  private readonly o: CaptureOptions;
  private readonly files = new Map<string, File>();
  private writtenBytes = 0;
  private waitingBytes = 0;
  private isFull = false;
  private turn: NodeJS.Immediate | undefined;

  constructor(options: CaptureOptions) {
    this.o = options;
    try {
      mkdirSync(options.folder, { recursive: true });
      accessSync(options.folder, constants.W_OK);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: options.folder, reason }, { cause });
    }
  }

  /** Bytes that are not on the disk yet. */
  get heldBytes(): number {
    return this.waitingBytes;
  }

  bytes(party: string, connection: number, way: Way, t: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.line(party, { t, connection, way, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') });
  }

  end(party: string, connection: number, way: Way, t: number): void {
    this.line(party, { t, connection, way, end: true });
  }

  close(): void {
    this.flush();
    for (const { fd } of this.files.values()) if (fd !== undefined) closeSync(fd);
    this.files.clear();
    this.isFull = true;
  }

  private line(party: string, value: unknown): void {
    const file = this.isFull ? undefined : this.fileOf(party);
    if (file?.fd === undefined) return;
    const text = `${JSON.stringify(value)}\n`;
    if (this.writtenBytes + this.waitingBytes + text.length > this.o.maxBytes) {
      this.full();
      return;
    }
    this.put(file, text);
  }

  private put(file: File, text: string): void {
    file.waiting.push(text);
    this.waitingBytes += text.length;
    if (this.waitingBytes > MOST_WAITING_BYTES) this.flush();
    else this.turn ??= setImmediate(() => this.flush());
  }

  /** Each file says that it ends before its connections do. */
  private full(): void {
    this.isFull = true;
    const t = this.o.now();
    for (const file of this.files.values())
      this.put(file, `${JSON.stringify({ t, connection: 0, way: 'to_relay', limit: this.o.maxBytes })}\n`);
    this.flush();
    this.o.say('capture', `the capture has reached ${this.o.maxBytes} bytes: nothing more is recorded, everything is still passed on`);
  }

  private flush(): void {
    clearImmediate(this.turn);
    this.turn = undefined;
    for (const file of this.files.values()) {
      if (file.waiting.length === 0 || file.fd === undefined) continue;
      const bytes = Buffer.from(file.waiting.join(''), 'latin1');
      file.waiting = [];
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(file.fd, bytes, at);
      } catch (error) {
        this.failed(error);
      }
      this.writtenBytes += bytes.length;
    }
    this.waitingBytes = 0;
  }

  /** Never a file that is there: it is an earlier recording, or not ours at all. */
  private open(name: string): number | undefined {
    for (let n = 1; n <= MOST_TRIES; n++) {
      try {
        return openSync(join(this.o.folder, `${name}${n === 1 ? '' : `~${n}`}.ndjson`), 'wx', 0o600);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST' && n < MOST_TRIES) continue;
        this.failed(error);
        return undefined;
      }
    }
    return undefined;
  }

  private failed(error: unknown): void {
    this.isFull = true;
    this.o.say(
      'capture',
      `the capture cannot be written, nothing more is recorded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  private fileOf(party: string): File | undefined {
    const known = this.files.get(party);
    if (known !== undefined) return known;
    if (this.files.size >= MOST_FILES) {
      this.o.say('capture', `more than ${MOST_FILES} parties: what further ones say is not recorded`);
      return undefined;
    }
    const file: File = { fd: this.open(fileName(party)), waiting: [] };
    this.files.set(party, file);
    return file;
  }
}

/** Where a name is taken: `client1@sandbox.local~2.ndjson`, and so on. */
const MOST_TRIES = 100;

/** The party's address where that is a plain file name; else what is plain in it, and a hash. */
function fileName(party: string): string {
  const plain = party.replaceAll(/[^A-Za-z0-9._+@-]/g, '_').replace(/^\.+/, '_');
  if (plain === party && party.length <= LONGEST_NAME) return party;
  return `${plain.slice(0, LONGEST_NAME)}-${createHash('sha256').update(party).digest('hex').slice(0, 12)}`;
}
