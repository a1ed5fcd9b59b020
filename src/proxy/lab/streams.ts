/**
 * What programs gave to their proxies and got from them, byte by byte: of each direction, whether all that arrived was sent, in order, once.
 * Programs of the lab share its process, so no log and no counter of hotlink is asked.
 */

export interface StreamEnd {
  readonly from: string;
  readonly to: string;
  /** Bytes that the program wrote to its proxy. */
  readonly sent: number;
  /** Bytes that the other program read from its own. */
  readonly received: number;
  /** The first byte that arrived and was not sent at that place; null: all of them were. */
  readonly deviatesAt: number | null;
}

/** One direction: bytes are kept from when they are sent until they arrive. */
export class Stream {
  sent = 0;
  received = 0;
  deviatesAt: number | null = null;
  private underWay: Uint8Array[] = [];

  give(bytes: Uint8Array): void {
    this.sent += bytes.length;
    if (this.deviatesAt === null && bytes.length > 0) this.underWay.push(bytes);
  }

  take(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0 && this.deviatesAt === null) {
      const first = this.underWay[0];
      const length = Math.min(first?.length ?? 0, rest.length);
      const at = first === undefined ? 0 : unlike(first, rest, length);
      if (at !== undefined) {
        this.deviatesAt = this.received + bytes.length - rest.length + at;
        this.underWay = [];
        break;
      }
      if (first?.length === length) this.underWay.shift();
      else if (first !== undefined) this.underWay[0] = first.subarray(length);
      rest = rest.subarray(length);
    }
    this.received += bytes.length;
  }
}

/** Where two pieces first differ in so many bytes. */
function unlike(a: Uint8Array, b: Uint8Array, length: number): number | undefined {
  if (Buffer.compare(a.subarray(0, length), b.subarray(0, length)) === 0) return undefined;
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return undefined;
}

export class Streams {
  private readonly all = new Map<string, Stream>();

  /** By party numbers. */
  between(from: number, to: number): Stream {
    const key = `${from}>${to}`;
    const stream = this.all.get(key) ?? new Stream();
    this.all.set(key, stream);
    return stream;
  }

  end(emails: readonly string[]): readonly StreamEnd[] {
    return emails.flatMap((from, a) =>
      emails.flatMap((to, b) => {
        if (a === b) return [];
        const { sent, received, deviatesAt } = this.between(a, b);
        return [{ from, to, sent, received, deviatesAt }];
      }),
    );
  }
}
