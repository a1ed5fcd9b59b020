/** The HTTP side of the relay that a client touches besides the WebSocket (field guide 7.9). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Blobs } from './blobs.ts';
import type { Log } from './connection.ts';
import type { Files } from './files.ts';
import type { LogFields } from './log.ts';
import type { Rights } from './rights.ts';

/** Of one request. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;
/** Header values in the log: a client's own words, kept short. Secrets never. */
const SHOWN_HEADERS = ['accept', 'accept-encoding', 'user-agent', 'content-type', 'content-length'];
const LONGEST_SHOWN = 200;

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export interface HttpOptions {
  readonly blobs: Blobs;
  readonly files: Files;
  readonly rights: Rights;
  readonly log: Log;
  readonly now: () => number;
  /** Address under which clients reach this relay. */
  readonly base: () => string;
}

/** Who asks, in development mode: `?user=`, else the header `x-syft-from`; undefined when it is no address. */
export function userOf(request: IncomingMessage): string | undefined {
  const user = urlOf(request).searchParams.get('user') ?? '';
  const header = request.headers['x-syft-from'];
  const email = user !== '' ? user : typeof header === 'string' ? header : '';
  return EMAIL.test(email) ? email : undefined;
}

export function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://relay');
  } catch {
    return new URL('http://relay/');
  }
}

export interface Answered {
  readonly status: number;
  readonly requestId: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly bytes: number;
}

/** Fields of an `Incoming request` line, in the order of the real relay. */
export function requestFields(request: IncomingMessage, answered: Answered): LogFields {
  const url = urlOf(request);
  const headers = SHOWN_HEADERS.flatMap((name): LogFields => {
    const value = request.headers[name];
    const shown = Array.isArray(value) ? value.join(' ') : value;
    const title = name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
    return shown === undefined ? [] : [[`http.request.header.${title}`, { bare: `[${shown.slice(0, LONGEST_SHOWN)}]` }]];
  });
  const millis = Math.max(0, answered.endedMs - answered.startedMs);
  return [
    ['http.request.time', { bare: new Date(answered.startedMs).toISOString() }],
    ['http.request.method', request.method ?? ''],
    ['http.request.host', request.headers.host ?? ''],
    ['http.request.path', url.pathname],
    ['http.request.query', withoutSecrets(url)],
    ['http.request.params', { bare: 'map[]' }],
    ['http.request.route', url.pathname],
    ['http.request.ip', request.socket.remoteAddress ?? ''],
    ['http.request.referer', ''],
    ['http.request.length', Number(request.headers['content-length'] ?? 0) || 0],
    ...headers,
    ['http.response.time', { bare: new Date(answered.endedMs).toISOString() }],
    ['http.response.latency', { bare: `${millis}ms`, json: millis * 1_000_000 }],
    ['http.response.status', answered.status],
    ['http.response.length', answered.bytes],
    ['http.id', answered.requestId],
  ];
}

function withoutSecrets(url: URL): string {
  const kept = new URLSearchParams([...url.searchParams].filter(([key]) => key === 'user' || key === 'key'));
  return kept.toString();
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const OK = (body: unknown): Reply => ({ status: 200, body });

export class HttpSide {
  private readonly o: HttpOptions;

  constructor(options: HttpOptions) {
    this.o = options;
  }

  /** Answers a request; never throws for what a client did. */
  async answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const startedMs = this.o.now();
    let reply: Reply;
    try {
      reply = await this.reply(request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reply = { status: error.status, body: { error: error.message } };
    }
    const isFile = reply.body instanceof Uint8Array;
    const bytes = reply.body instanceof Uint8Array ? reply.body : Buffer.from(JSON.stringify(reply.body));
    response.writeHead(reply.status, {
      'Content-Type': isFile ? 'application/octet-stream' : 'application/json; charset=utf-8',
      'X-Request-Id': requestId,
      'Content-Length': bytes.length,
    });
    response.end(bytes);
    // As the real relay: ten lines a second of this would hide all else.
    if (urlOf(request).pathname === '/api/v1/datasite/view') return;
    const answered = { status: reply.status, requestId, startedMs, endedMs: this.o.now(), bytes: bytes.length };
    this.o.log('INF', 'slog-gin@v1.15.1/middleware.go:265', 'Incoming request', requestFields(request, answered));
  }

  private async reply(request: IncomingMessage): Promise<Reply> {
    const url = urlOf(request);
    const route = `${request.method ?? ''} ${url.pathname}`;
    if (route === 'GET /healthz') return OK({ status: 'ok' });
    if (route.startsWith('GET /blob/')) return this.fetched(url.pathname.slice('/blob/'.length));
    const user = userOf(request);
    if (user === undefined) throw new Refused(401, 'no valid user');
    switch (route) {
      case 'GET /api/v1/datasite/view':
        return this.view(user);
      case 'PUT /api/v1/blob/upload':
        return this.upload(user, url, request);
      case 'POST /api/v1/blob/download':
        return this.download(user, await keysOf(request));
      case 'POST /api/v1/blob/delete':
        return this.delete(user, await keysOf(request));
      default:
        throw new Refused(404, 'no such endpoint');
    }
  }

  private view(user: string): Reply {
    const files = [...this.o.blobs.list()]
      .filter((blob) => this.o.rights.may(user, blob.key, 'read') === true)
      .map(({ key, etag, bytes, lastModified }) => ({ key, etag, size: bytes.length, lastModified }));
    return OK({ files });
  }

  private async upload(user: string, url: URL, request: IncomingMessage): Promise<Reply> {
    const key = url.searchParams.get('key') ?? '';
    const bytes = await partOf(request);
    const refused = await this.o.files.keep(user, key, bytes);
    if (refused !== undefined) throw new Refused(403, refused);
    const blob = this.o.blobs.get(key);
    return OK({ key, version: '', etag: blob?.etag ?? '', size: bytes.length, lastModified: blob?.lastModified ?? '' });
  }

  private download(user: string, keys: readonly string[]): Reply {
    const urls: unknown[] = [];
    const errors: unknown[] = [];
    for (const key of keys) {
      const read = this.o.rights.may(user, key, 'read');
      if (read !== true) {
        this.o.log('WRN', 'blob/blob_handler.go:95', 'blob_download_rejected', [
          ['path', key],
          ['user', user],
          ['required_access', 'read'],
          ['error', { error: read }],
        ]);
        errors.push({ key, error: read });
      } else if (this.o.blobs.get(key) === undefined) errors.push({ key, error: 'no such file' });
      else urls.push({ key, url: `${this.o.base()}/blob/${this.o.blobs.link(key)}` });
    }
    return OK({ urls, errors });
  }

  private fetched(token: string): Reply {
    const blob = this.o.blobs.linked(token);
    if (blob === undefined) throw new Refused(404, 'no such link');
    return OK(blob.bytes);
  }

  private delete(user: string, keys: readonly string[]): Reply {
    const deleted: string[] = [];
    const errors: unknown[] = [];
    for (const key of keys) {
      const refused = this.o.files.remove(user, key);
      if (refused === undefined) deleted.push(key);
      else errors.push({ key, error: refused });
    }
    return OK({ deleted, errors });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BODY_BYTES) throw new Refused(413, `more than ${MOST_BODY_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** `{"keys":[…]}`. */
async function keysOf(request: IncomingMessage): Promise<readonly string[]> {
  let body: unknown;
  try {
    body = JSON.parse((await bodyOf(request)).toString('utf8'));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(400, 'the body is no JSON');
  }
  const keys: unknown = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : undefined;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) throw new Refused(400, 'no list of keys');
  return keys;
}

/** The part `file` of a form, or the body itself when it is none. */
async function partOf(request: IncomingMessage): Promise<Uint8Array> {
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return body;
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const file = form.get('file');
    if (file === null) throw new Refused(400, 'no part called file');
    return typeof file === 'string' ? Buffer.from(file) : new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(400, 'the form cannot be read');
  }
}
