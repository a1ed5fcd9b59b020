/**
 * What one connection says, on its way into the capture of its party: heads wait until they are whole, everything waits until the
 * connection has said whose it is, and secrets are taken out (`blank-head.ts`, `blank-message.ts`).
 */
import type { HttpHead, HttpRead } from '../../protocol/http.ts';
import { blankAll, blankHead, partyOf } from './blank-head.ts';
import { blankMessage } from './blank-message.ts';
import type { CaptureFolder, Way } from './capture.ts';
import type { Piece } from './splitter.ts';

/** What a connection without a name may say before it is given up. */
const MOST_NAMELESS_BYTES = 256 * 1024;

interface Line {
  readonly t: number;
  readonly way: Way;
  readonly bytes: Uint8Array | undefined;
}

export class Recorder {
  private readonly capture: CaptureFolder | undefined;
  private readonly connection: number;
  private readonly keepPayload: boolean;
  private readonly now: () => number;
  private party: string | undefined;
  /** Undefined: they were written, or there were too many. */
  private nameless: Line[] | undefined = [];
  private isGivenUp = false;
  private namelessBytes = 0;
  /** Begun heads. */
  private readonly heads: Record<Way, Uint8Array[]> = { to_relay: [], to_client: [] };
  private readonly ended = new Set<Way>();

  constructor(
    capture: CaptureFolder | undefined,
    connection: number,
    options: { readonly keepPayload: boolean; readonly now: () => number },
  ) {
    this.capture = capture;
    this.connection = connection;
    this.keepPayload = options.keepPayload;
    this.now = options.now;
  }

  get heldBytes(): number {
    return this.namelessBytes + [...this.heads.to_relay, ...this.heads.to_client].reduce((sum, part) => sum + part.length, 0);
  }

  /** Whose connection it is, once a request said so. */
  named({ target, headers }: HttpHead): string | undefined {
    const party = partyOf(target, headers);
    if (party === undefined || this.party !== undefined) return this.party;
    this.party = party;
    const lines = this.nameless ?? [];
    this.nameless = undefined;
    this.namelessBytes = 0;
    for (const line of lines) this.write(line);
    return party;
  }

  http(way: Way, { parts }: HttpRead): void {
    if (this.capture === undefined) return;
    const out: Uint8Array[] = [];
    for (const { kind, bytes, isEnd } of parts) {
      if (kind === 'line') out.push(bytes);
      else if (kind === 'body') out.push(blankAll(bytes));
      else {
        this.heads[way].push(bytes);
        if (!isEnd) continue;
        out.push(blankHead(Buffer.concat(this.heads[way])));
        this.heads[way] = [];
      }
    }
    if (out.length > 0) this.put(way, Buffer.concat(out));
  }

  piece(way: Way, piece: Piece): void {
    if (this.capture === undefined) return;
    if (piece.kind === 'raw') return this.put(way, blankAll(piece.bytes));
    if (piece.kind === 'control') return this.put(way, Buffer.concat(piece.frames.map((frame) => frame.bytes)));
    const shown = blankMessage(piece.payload, piece.message, this.keepPayload);
    let at = 0;
    const frames = piece.frames.map(({ bytes, headerBytes }) => {
      const length = bytes.length - headerBytes;
      const part = shown.subarray(at, at + length);
      at += length;
      return withPayload(bytes, headerBytes, part);
    });
    this.put(way, Buffer.concat(frames));
  }

  /** Bytes that are neither HTTP nor a WebSocket. */
  unreadable(way: Way, bytes: Uint8Array): void {
    if (this.capture === undefined) return;
    const begun = Buffer.concat(this.heads[way]);
    this.heads[way] = [];
    this.put(way, blankAll(Buffer.concat([begun, bytes])));
  }

  end(way: Way): void {
    if (this.ended.has(way)) return;
    this.ended.add(way);
    this.unreadable(way, new Uint8Array(0));
    this.put(way, undefined);
  }

  private put(way: Way, bytes: Uint8Array | undefined): void {
    if (bytes?.length === 0) return;
    const line = { t: this.now(), way, bytes };
    if (this.nameless === undefined) return this.write(line);
    this.nameless.push(line);
    this.namelessBytes += bytes?.length ?? 0;
    if (this.namelessBytes <= MOST_NAMELESS_BYTES) return;
    this.nameless = undefined;
    this.namelessBytes = 0;
    this.isGivenUp = true;
  }

  private write({ t, way, bytes }: Line): void {
    if (this.party === undefined || this.isGivenUp) return;
    if (bytes === undefined) this.capture?.end(this.party, this.connection, way, t);
    else this.capture?.bytes(this.party, this.connection, way, t, bytes);
  }
}

/** The frame with another payload of the same length, under its own mask. */
function withPayload(frame: Uint8Array, headerBytes: number, payload: Uint8Array): Uint8Array {
  const copy = Buffer.from(frame);
  const isMasked = ((frame[1] ?? 0) & 0x80) !== 0;
  for (let i = 0; i < payload.length; i++) {
    const key = isMasked ? (frame[headerBytes - 4 + (i & 3)] ?? 0) : 0;
    copy[headerBytes + i] = (payload[i] ?? 0) ^ key;
  }
  return copy;
}
