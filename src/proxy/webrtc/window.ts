/**
 * Back-pressure over a data channel: how much of what was sent the other side's program has not taken.
 *
 * A real client reads its channel only as fast as its program reads, so that what is too much stays in the sender's buffer. Our library
 * hands over every message at once. Parties of ours therefore tell each other, on the same channel, how many bytes they have passed
 * on; a real client never gets such a message, because only one that was greeted by a party of ours answers.
 */

/** What a real client takes off the wire ahead of its program: the receive buffer of its library. */
const AHEAD_BYTES = 1024 * 1024;
/** Told each time that so much was passed on. */
const STEP_BYTES = 128 * 1024;

const MAGIC = 'HLDW';
const MESSAGE_BYTES = 12;

export class Window {
  private sent = 0;
  private taken = 0;
  private passed = 0;
  private told = 0;
  private isSpoken = false;

  /** First word of the side that found a channel of ours. */
  greeting(): Uint8Array {
    this.isSpoken = true;
    return encode(0);
  }

  sentOne(bytes: number): void {
    this.sent += bytes;
  }

  /** A message came; true when it was a word about the window and no frame. */
  isWord(message: Uint8Array): boolean {
    const taken = decode(message);
    if (taken === undefined) return false;
    this.isSpoken = true;
    this.taken = Math.max(this.taken, Math.min(taken, this.sent));
    return true;
  }

  /** A frame was passed on; the word to say about it, if it is time for one. */
  passedOne(bytes: number): Uint8Array | undefined {
    this.passed += bytes;
    if (!this.isSpoken || this.passed - this.told < STEP_BYTES) return undefined;
    this.told = this.passed;
    return encode(this.passed);
  }

  /** Bytes that would stand in a real sender's buffer; `queued`: those in the library's own. */
  held(queued: number): number {
    if (!this.isSpoken) return queued;
    return Math.max(queued, this.sent - this.taken - AHEAD_BYTES);
  }
}

function encode(bytes: number): Uint8Array {
  const word = Buffer.alloc(MESSAGE_BYTES, MAGIC, 'latin1');
  word.writeBigUInt64BE(BigInt(bytes), MAGIC.length);
  return word;
}

function decode(message: Uint8Array): number | undefined {
  if (message.length !== MESSAGE_BYTES) return undefined;
  const word = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return word.toString('latin1', 0, MAGIC.length) === MAGIC ? Number(word.readBigUInt64BE(MAGIC.length)) : undefined;
}
