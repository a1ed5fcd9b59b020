/** The HTTP side of the relay that a client touches besides the WebSocket (field guide 7.9). */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Access } from './access-log.ts';
import { isKey, type Blobs } from './blobs.ts';
import type { Log } from './connection.ts';
import type { Files } from './files.ts';
import type { LogFields } from './log.ts';
import { isAclFile, type Rights } from './rights.ts';

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
  readonly accessed: (access: Access) => void;
}

/** Who asks, in development mode: `?user=`, else `?x-syft-from=`; undefined when it is no address. */
export function userOf(request: IncomingMessage): string | undefined {
  const { searchParams } = urlOf(request);
  const user = searchParams.get('user') ?? '';
  const email = user !== '' ? user : (searchParams.get('x-syft-from') ?? '');
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

/** The line of a request: what failed is a warning with the words of the failure, as in the real relay. */
export function logRequest(log: Log, request: IncomingMessage, answered: Answered, failure?: string): void {
  const { status } = answered;
  const failed = failure === undefined ? `HTTP error: ${status} ${(STATUS_CODES[status] ?? '').toLowerCase()}` : `Error #01: ${failure}`;
  const [level, message] = status < 400 ? (['INF', 'Incoming request'] as const) : ([status < 500 ? 'WRN' : 'ERR', failed] as const);
  log(level, 'slog-gin@v1.15.1/middleware.go:265', message, requestFields(request, answered));
}

/** Fields of a request's line, in the order of the real relay. */
function requestFields(request: IncomingMessage, answered: Answered): LogFields {
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

/** What the real relay calls a failure in its answers. */
type Code = 'E_INVALID_REQUEST' | 'E_DATASITE_INVALID_PATH' | 'E_ACCESS_DENIED' | 'E_BLOB_NOT_FOUND' | 'E_BLOB_PUT_OPERATION_FAILED';

class Refused extends Error {
  readonly status: number;
  readonly code: Code;
  constructor(status: number, code: Code, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const bad = (message: string): Refused => new Refused(400, 'E_INVALID_REQUEST', message);
const badPath = (key: string): Refused => new Refused(400, 'E_DATASITE_INVALID_PATH', `invalid key: ${key.slice(0, LONGEST_SHOWN)}`);

interface KeyError {
  readonly code: Code;
  readonly error: string;
  readonly key: string;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const OK = (body: unknown): Reply => ({ status: 200, body });

/** Names of folders that the relay keeps for itself. */
const RESERVED = new Set(['api', '.well-known', '_internal']);
/** Where files are fetched; a real client gets them from the object store, of whose requests the relay's log knows nothing. */
const STORE = '/blob/';

export class HttpSide {
  private readonly o: HttpOptions;

  constructor(options: HttpOptions) {
    this.o = options;
  }

  /** Answers a request; never throws for what a client did. */
  async answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const startedMs = this.o.now();
    let reply: Reply;
    let failure: string | undefined;
    try {
      reply = await this.reply(request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Of what nobody answers for there are no words, only the status.
      if (error.status !== 404) failure = error.message;
      reply = { status: error.status, body: { code: error.code, error: error.message } };
    }
    const isFile = reply.body instanceof Uint8Array;
    const bytes = reply.body instanceof Uint8Array ? reply.body : Buffer.from(`${JSON.stringify(reply.body)}\n`);
    response.writeHead(reply.status, {
      'Content-Type': isFile ? 'application/octet-stream' : 'application/json; charset=utf-8',
      'X-Request-Id': requestId,
      'Content-Length': bytes.length,
    });
    response.end(bytes);
    const { pathname } = urlOf(request);
    // As the real relay: ten lines a second of this would hide all else.
    if (pathname === '/api/v1/datasite/view' || pathname.startsWith(STORE)) return;
    const answered = { status: reply.status, requestId, startedMs, endedMs: this.o.now(), bytes: bytes.length };
    logRequest(this.o.log, request, answered, failure);
  }

  private async reply(request: IncomingMessage): Promise<Reply> {
    const url = urlOf(request);
    const route = `${request.method ?? ''} ${url.pathname}`;
    if (route === 'GET /healthz') return OK({ status: 'ok' });
    if (route.startsWith(`GET ${STORE}`)) return this.fetched(url.pathname.slice(STORE.length));
    const act = this.actionOf(route, url, request);
    if (act === undefined) throw new Refused(404, 'E_INVALID_REQUEST', 'not found');
    const user = userOf(request);
    if (user === undefined) throw new Refused(401, 'E_INVALID_REQUEST', 'invalid email');
    return act(user);
  }

  private actionOf(route: string, url: URL, request: IncomingMessage): ((user: string) => Reply | Promise<Reply>) | undefined {
    switch (route) {
      case 'GET /api/v1/events':
        return () => {
          throw new Refused(426, 'E_INVALID_REQUEST', 'this is a WebSocket');
        };
      case 'GET /api/v1/datasite/view':
        return (user) => this.view(user);
      case 'PUT /api/v1/blob/upload':
        return async (user) => this.upload(user, url.searchParams.get('key') ?? '', request);
      case 'POST /api/v1/blob/download':
        return async (user) => this.download(user, await keysOf(request), request);
      case 'POST /api/v1/blob/delete':
        return async (user) => this.delete(user, await keysOf(request));
      default:
        return undefined;
    }
  }

  private accessed(request: IncomingMessage, user: string, kind: 'read' | 'write', path: string, refused?: string): void {
    this.o.accessed({
      ms: this.o.now(),
      path,
      kind,
      user,
      ip: request.socket.remoteAddress ?? '',
      agent: (request.headers['user-agent'] ?? '').slice(0, LONGEST_SHOWN),
      method: request.method ?? '',
      refused,
    });
  }

  private view(user: string): Reply {
    const files = [...this.o.blobs.list()]
      .filter((blob) => this.o.rights.may(user, blob.key, 'read') === true)
      .map(({ key, etag, bytes, lastModified }) => ({ key, etag, size: bytes.length, lastModified }));
    return OK({ files });
  }

  private async upload(user: string, key: string, request: IncomingMessage): Promise<Reply> {
    if (key === '') throw bad('no key');
    if (!isKey(key)) throw badPath(key);
    const isAcl = isAclFile(key);
    if (!isAcl && key.split('/').some((part, index) => index > 0 && RESERVED.has(part.toLowerCase()))) throw badPath(key);
    const write = this.o.rights.may(user, key, 'write');
    if (!isAcl) this.accessed(request, user, 'write', key, write === true ? undefined : write);
    if (write !== true) {
      if (!isAcl) this.logRejected('upload', user, key, write);
      throw new Refused(403, 'E_ACCESS_DENIED', write);
    }
    const bytes = await partOf(request);
    if (bytes.length === 0) throw bad('the file is empty');
    const refused = await this.o.files.keep(user, key, bytes);
    if (refused !== undefined) throw new Refused(500, 'E_BLOB_PUT_OPERATION_FAILED', refused);
    if (isAcl && !(await this.o.files.loadAcl(key, bytes))) throw bad('the access list cannot be read');
    const blob = this.o.blobs.get(key);
    if (!isAcl && blob !== undefined) this.o.files.notify(blob);
    return OK({ key, version: '', etag: blob?.etag ?? '', size: bytes.length, lastModified: blob?.lastModified ?? '' });
  }

  private logRejected(what: 'upload' | 'download', user: string, key: string, reason: string): void {
    const place = what === 'upload' ? 'blob/blob_handler_upload.go:49' : 'blob/blob_handler_download_presigned.go:43';
    this.o.log('WRN', place, `blob_${what}_rejected`, [
      ['path', key],
      ['user', user],
      ['required_access', what === 'upload' ? 'write' : 'read'],
      ['error', reason],
      ['DEBUG_REJECTION_FROM', `server_checkPermissions_${what}`],
    ]);
  }

  private download(user: string, keys: readonly string[], request: IncomingMessage): Reply {
    const urls: { key: string; url: string }[] = [];
    const errors: KeyError[] = [];
    for (const key of keys) {
      const refused = this.refusedDownload(user, key, request);
      if (refused !== undefined) errors.push({ ...refused, key });
      else urls.push({ key, url: `${this.o.base()}${STORE}${this.o.blobs.link(key, this.o.now())}` });
    }
    return { status: errors.length === 0 ? 200 : urls.length === 0 ? 400 : 207, body: { urls, errors } };
  }

  private refusedDownload(user: string, key: string, request: IncomingMessage): Omit<KeyError, 'key'> | undefined {
    if (!isKey(key)) return { code: 'E_DATASITE_INVALID_PATH', error: 'invalid key' };
    const read = this.o.rights.may(user, key, 'read');
    this.accessed(request, user, 'read', key, read === true ? undefined : read);
    if (read !== true) {
      this.logRejected('download', user, key, read);
      return { code: 'E_ACCESS_DENIED', error: read };
    }
    return this.o.blobs.get(key) === undefined ? { code: 'E_BLOB_NOT_FOUND', error: 'no such file' } : undefined;
  }

  private fetched(token: string): Reply {
    const blob = this.o.blobs.linked(token, this.o.now());
    if (blob === undefined) throw new Refused(404, 'E_BLOB_NOT_FOUND', 'no such link');
    return OK(blob.bytes);
  }

  /** The status says several even of one: a real client reads the lists. */
  private delete(user: string, keys: readonly string[]): Reply {
    const deleted: string[] = [];
    const errors: KeyError[] = [];
    for (const key of keys) {
      const refused = isKey(key) ? this.o.files.remove(user, key) : undefined;
      if (!isKey(key)) errors.push({ code: 'E_DATASITE_INVALID_PATH', error: 'invalid key', key });
      else if (refused === undefined) deleted.push(key);
      else errors.push({ code: 'E_ACCESS_DENIED', error: refused, key });
    }
    return { status: 207, body: { deleted, errors } };
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BODY_BYTES) throw new Refused(413, 'E_INVALID_REQUEST', `more than ${MOST_BODY_BYTES} bytes`);
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
    throw bad('the body is no JSON');
  }
  const keys: unknown = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every((key) => typeof key === 'string')) throw bad('no list of keys');
  return keys;
}

/** The part `file` of a form. */
async function partOf(request: IncomingMessage): Promise<Uint8Array> {
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) throw bad('the body is no form');
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const file = form.get('file');
    if (file === null) throw bad('no part called file');
    return typeof file === 'string' ? Buffer.from(file) : new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw error instanceof Refused ? error : bad('the form cannot be read');
  }
}
