/** Bytes as the client prints them, `7, 255, 0`, written straight into a buffer: there are more of them than of anything else. Pure. */

/** Most characters that a byte takes, with what separates it from the next. */
const WIDEST = 5;
/** Behind the last byte a whole word is written. */
const SLACK = 8;

/** The first four characters of `255, `, as a little-endian word, and how many there are in all. */
const WORDS = new Uint32Array(256);
const LENGTHS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const text = `${byte}, `;
  WORDS[byte] = Buffer.from(text.padEnd(WIDEST)).readUInt32LE(0);
  LENGTHS[byte] = text.length;
}
const BLANK = 32;
const SEPARATOR_BYTES = 2;

/** Room that the list of so many bytes may need. */
export function listRoom(bytes: number): number {
  return bytes * WIDEST + SLACK;
}

/** Writes the list into `out` from `start` on; returns where it ends. */
export function writeList(bytes: Uint8Array, out: Buffer, start: number): number {
  if (bytes.length === 0) return start;
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  let at = start;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    view.setUint32(at, WORDS[byte] ?? 0, true);
    at += LENGTHS[byte] ?? 0;
    // The fifth character, where there is one.
    out[at - 1] = BLANK;
  }
  return at - SEPARATOR_BYTES;
}

const ZERO = '0, ';
let zeros = Buffer.alloc(0);

/** The list of so many zeros. */
export function zeroList(count: number): Buffer {
  if (zeros.length < count * ZERO.length) zeros = Buffer.alloc(count * ZERO.length, ZERO, 'latin1');
  return zeros.subarray(0, Math.max(0, count * ZERO.length - SEPARATOR_BYTES));
}
