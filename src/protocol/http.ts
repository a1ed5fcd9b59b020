/**
 * Reads HTTP/1.1 just far enough to find the upgrade to a WebSocket (field guide 6.1) and to skip everything else: heads
 * are parsed, bodies are counted off by length or by chunks and never kept.
 */
import { ProtocolError } from './protocol-error.ts';

/** Longest head, first line included; bearer tokens and TURN headers stay far below. */
export const MAX_HEAD_BYTES = 64 * 1024;
/** Longest line that announces a chunk, or trailer line. */
const MAX_CHUNK_LINE_BYTES = 8 * 1024;

export interface HttpHead {
  /** Request: `GET`; response: empty. */
  readonly method: string;
  /** Request: path and query; response: empty. */
  readonly target: string;
  /** Response: 101; request: 0. */
  readonly status: number;
  /** Names in lower case; of a name that comes twice the values are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A piece of the bytes that were given: of a head, of a body, or of what stands between the chunks of one. */
export interface HttpPart {
  readonly kind: 'head' | 'body' | 'line';
  readonly bytes: Uint8Array;
  /** A head: whether it ends here. */
  readonly isEnd: boolean;
}

export interface HttpRead {
  readonly heads: readonly HttpHead[];
  /** What was read of the bytes, in order; together with `rest` all of them unless the stream failed. */
  readonly parts: readonly HttpPart[];
  /** Bytes behind an upgrade: they are no HTTP any more, or (request) wait for the answer. Undefined before. */
  readonly rest: Uint8Array | undefined;
}

type State = 'head' | 'body' | 'chunk-line' | 'chunk' | 'trailer' | 'until-close' | 'upgraded';

const NOTHING = new Uint8Array(0);
const NEWLINE = 10;

export class HttpReader {
  private readonly side: 'request' | 'response';
  private state: State = 'head';
  /** Begun head or chunk line. */
  private held: Uint8Array = NOTHING;
  /** Bytes of the body or chunk that are still to come. */
  private left = 0;
  /** Offset in the stream of the first byte that is not used. */
  private at = 0;
  /** Response: methods of the requests that wait for an answer. */
  private readonly waiting: string[] = [];
  private failed: ProtocolError | undefined;

  constructor(side: 'request' | 'response') {
    this.side = side;
  }

  /** Response: a request was sent whose answer will come. */
  expect(method: string): void {
    this.waiting.push(method);
  }

  /** Response: a request has no answer yet. */
  get isExpecting(): boolean {
    return this.waiting.length > 0;
  }

  /** Request: the upgrade was refused, so what follows is HTTP again. */
  resume(): void {
    this.state = 'head';
  }

  /** Whether the stream stands between two messages. */
  get isBetween(): boolean {
    return (this.state === 'head' && this.held.length === 0) || this.state === 'upgraded' || this.state === 'until-close';
  }

  /** Why the bytes cannot be read any further; heads before it were handed out. */
  get failure(): ProtocolError | undefined {
    return this.failed;
  }

  /** Takes the next bytes. Never throws: see `failure`. */
  push(bytes: Uint8Array): HttpRead {
    const heads: HttpHead[] = [];
    const parts: HttpPart[] = [];
    try {
      return { heads, parts, rest: this.failed === undefined ? this.read(bytes, heads, parts) : undefined };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.failed = error;
      this.held = NOTHING;
      return { heads, parts, rest: undefined };
    }
  }

  private read(bytes: Uint8Array, heads: HttpHead[], parts: HttpPart[]): Uint8Array | undefined {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.state === 'upgraded') return rest;
      const kind = this.state === 'head' ? 'head' : this.isInBody ? 'body' : 'line';
      const after = kind === 'body' ? this.skipBody(rest) : kind === 'head' ? this.readHead(rest, heads) : this.readLine(rest);
      parts.push({ kind, bytes: rest.subarray(0, rest.length - (after?.length ?? 0)), isEnd: after !== undefined });
      if (after === undefined) break;
      rest = after;
    }
    return this.state === 'upgraded' ? NOTHING : undefined;
  }

  private get isInBody(): boolean {
    return this.state === 'body' || this.state === 'chunk' || this.state === 'until-close';
  }

  private skip(bytes: Uint8Array, length: number): Uint8Array {
    this.at += length;
    return bytes.subarray(length);
  }

  private skipBody(bytes: Uint8Array): Uint8Array {
    if (this.state === 'until-close') return this.skip(bytes, bytes.length);
    const length = Math.min(this.left, bytes.length);
    this.left -= length;
    if (this.left === 0) this.state = this.state === 'body' ? 'head' : 'chunk-line';
    return this.skip(bytes, length);
  }

  /** What stands behind the head; undefined while that is not whole. */
  private readHead(bytes: Uint8Array, heads: HttpHead[]): Uint8Array | undefined {
    const whole = Buffer.concat([this.held, bytes]);
    // Line ends between messages are allowed and mean nothing.
    let begin = 0;
    while (whole[begin] === NEWLINE || whole[begin] === 13) begin++;
    const end = whole.indexOf('\r\n\r\n', begin);
    if ((end < 0 ? whole.length : end) > MAX_HEAD_BYTES) throw new ProtocolError('over-limit', this.at, 'a head without end');
    if (whole.length > begin && !looksLikeHttp(whole, begin, this.side)) throw new ProtocolError('malformed', this.at, 'no HTTP head');
    if (end < 0) {
      this.held = whole;
      return undefined;
    }
    const head = parseHead(whole.toString('latin1', begin, end), this.side, this.at);
    this.held = NOTHING;
    this.at += end + 4;
    heads.push(head);
    this.begin(head);
    return whole.subarray(end + 4);
  }

  private readLine(bytes: Uint8Array): Uint8Array | undefined {
    const whole = Buffer.concat([this.held, bytes]);
    const end = whole.indexOf(NEWLINE);
    if ((end < 0 ? whole.length : end) > MAX_CHUNK_LINE_BYTES) throw new ProtocolError('over-limit', this.at, 'a chunk line without end');
    if (end < 0) {
      this.held = whole;
      return undefined;
    }
    this.held = NOTHING;
    this.at += end + 1;
    this.chunkLine(whole.toString('latin1', 0, end).trim());
    return whole.subarray(end + 1);
  }

  /** A chunk's size, the empty line behind its data, or a trailer. */
  private chunkLine(text: string): void {
    if (this.state === 'trailer') {
      if (text === '') this.state = 'head';
      return;
    }
    if (text === '') return;
    const size = /^([0-9a-f]{1,12})(?:\s*;.*)?$/i.exec(text)?.[1];
    if (size === undefined) throw new ProtocolError('malformed', this.at, 'no chunk size');
    this.left = Number.parseInt(size, 16);
    this.state = this.left === 0 ? 'trailer' : 'chunk';
  }

  /** What follows a head. */
  private begin({ status, headers }: HttpHead): void {
    if (this.side === 'request') {
      if (isUpgrade(headers)) {
        this.state = 'upgraded';
        return;
      }
    } else if (status === 101) {
      this.waiting.shift();
      this.state = 'upgraded';
      return;
    } else {
      const method = status >= 100 && status < 200 ? 'HEAD' : this.waiting.shift();
      if (method === 'HEAD' || status === 204 || status === 304) return;
    }
    const length = headers.get('content-length');
    if (/\bchunked\b/i.test(headers.get('transfer-encoding') ?? '')) this.state = 'chunk-line';
    else if (length === undefined) this.state = this.side === 'request' ? 'head' : 'until-close';
    else {
      this.left = /^\d{1,15}$/.test(length) ? Number(length) : NaN;
      if (Number.isNaN(this.left)) throw new ProtocolError('bad-field', this.at, 'a content-length that is no number');
      if (this.left > 0) this.state = 'body';
    }
  }
}

/** Whether these headers ask for a WebSocket. */
export function isUpgrade(headers: ReadonlyMap<string, string>): boolean {
  return (headers.get('upgrade') ?? '').toLowerCase() === 'websocket' && /\bupgrade\b/i.test(headers.get('connection') ?? '');
}

function looksLikeHttp(bytes: Buffer, begin: number, side: 'request' | 'response'): boolean {
  const start = bytes.toString('latin1', begin, Math.min(bytes.length, begin + 12));
  return side === 'response' ? 'HTTP/1.'.startsWith(start.slice(0, 7)) : /^[A-Z]{1,12}$|^[A-Z]{1,11} /.test(start);
}

function parseHead(text: string, side: 'request' | 'response', offset: number): HttpHead {
  const [first = '', ...lines] = text.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new ProtocolError('malformed', offset, 'a header line without a name');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  if (side === 'response') {
    const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
    if (status === undefined) throw new ProtocolError('malformed', offset, 'no status line');
    return { method: '', target: '', status: Number(status), headers };
  }
  const request = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first);
  if (request === null) throw new ProtocolError('malformed', offset, 'no request line');
  return { method: request[1] ?? '', target: request[2] ?? '', status: 0, headers };
}
