/**
 * What a capture must not hold of an HTTP head, taken out in place: the copy has the same length, so that bytes and counts of the
 * connection stay what they were (field guide 6.1). Kept are values of a list of harmless names; everything else is filled.
 */

const FILL = 'x';

/** Headers whose values say how the connection is spoken, or who speaks. All others are filled: tokens, cookies, keys, passwords. */
const KEPT = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'server',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'vary',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-version',
  'x-request-id',
  'x-syft-from',
  'x-syft-hotlink-ice-servers',
  'x-syft-user',
  'x-syft-version',
  'x-syft-ws-encoding',
  'x-syft-ws-encodings',
]);
/** Parameters of a request that name a party or a file. */
const KEPT_PARAMETERS = new Set(['user', 'key']);
const LONGEST_KEPT = 1024;

/** A whole head, line ends included. */
export function blankHead(head: Uint8Array): Buffer {
  const lines = Buffer.from(head).toString('latin1').split('\r\n');
  let isFirst = true;
  const out = lines.map((line) => {
    if (line === '') return line;
    const blanked = isFirst ? blankFirst(line) : blankHeader(line);
    isFirst = false;
    return blanked;
  });
  return Buffer.from(out.join('\r\n'), 'latin1');
}

/** Bytes of which nothing may stay: bodies, and what cannot be read. */
export function blankAll(bytes: Uint8Array): Buffer {
  return Buffer.alloc(bytes.length, FILL);
}

function fill(text: string): string {
  return FILL.repeat(text.length);
}

function blankFirst(line: string): string {
  const request = /^([A-Z]+ )(\S+)( HTTP\/1\.[01])$/.exec(line);
  if (request === null) return line;
  const [, method = '', target = '', version = ''] = request;
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  // What is no interface of the relay may be a link that is itself the right to read.
  const shown = /^\/(?:api\/|healthz$)/.test(path) ? path : path.replaceAll(/[^/]/g, FILL);
  if (query < 0) return `${method}${shown}${version}`;
  const parameters = target
    .slice(query + 1)
    .split('&')
    .map(blankParameter);
  return `${method}${shown}?${parameters.join('&')}${version}`;
}

function blankParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return fill(parameter);
  const name = parameter.slice(0, equals);
  return KEPT_PARAMETERS.has(name) ? parameter : `${name}=${fill(parameter.slice(equals + 1))}`;
}

function blankHeader(line: string): string {
  const colon = line.indexOf(':');
  if (colon < 0) return fill(line);
  const name = line.slice(0, colon).trim().toLowerCase();
  const value = line.slice(colon + 1);
  const head = line.slice(0, colon + 1);
  if (name === 'authorization') return `${head}${blankAuthorization(value)}`;
  if (!KEPT.has(name) || value.length > LONGEST_KEPT) return `${head}${value.replaceAll(/\S/g, FILL)}`;
  if (name === 'x-syft-hotlink-ice-servers') return `${head}${withoutPasswords(value)}`;
  return `${head}${value}`;
}

/** `turn:user:password@host`: both are filled. */
function withoutPasswords(value: string): string {
  return value.replaceAll(/(\b[a-z]+:(?:\/\/)?)([^\s,@]+)@/gi, (_whole, scheme: string, secret: string) => `${scheme}${fill(secret)}@`);
}

/**
 * A bearer token names its party by its subject, which a reader of the capture needs where nothing else names it. So the token is
 * replaced by one of the same length that says the subject and nothing else; it opens nothing.
 */
function blankAuthorization(value: string): string {
  const token = /^(\s*bearer\s+)([\w-]+)\.([\w-]+)\.([\w-]*)(.*)$/i.exec(value);
  if (token === null) return value.replaceAll(/\S/g, FILL);
  const [, scheme = '', head = '', claims = '', signature = '', rest = ''] = token;
  return `${scheme}${fill(head)}.${onlySubject(claims)}.${fill(signature)}${fill(rest)}`;
}

function onlySubject(claims: string): string {
  const subject = subjectOf(claims);
  const bytes = Math.floor((claims.length * 3) / 4);
  const text = subject === undefined ? undefined : JSON.stringify({ sub: subject });
  if (text === undefined || Buffer.byteLength(text) > bytes) return fill(claims);
  const padded = Buffer.alloc(bytes, ' ');
  padded.write(text);
  const encoded = padded.toString('base64url');
  return encoded.length === claims.length ? encoded : fill(claims);
}

/** Subject of a token's claims, if they can be read. */
function subjectOf(claims: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    const subject = typeof value === 'object' && value !== null && 'sub' in value ? value.sub : undefined;
    return typeof subject === 'string' ? subject : undefined;
  } catch {
    return undefined;
  }
}

const ADDRESS = /^[^\s@/\\\p{Cc}]+@[^\s@/\\\p{Cc}]+\.[^\s@/\\\p{Cc}]+$/u;
const LONGEST_ADDRESS = 254;

/** Who a request says it is from: the query, a header, or the subject of its token (field guide 6.1). */
export function partyOf(target: string, headers: ReadonlyMap<string, string>): string | undefined {
  const query = target.indexOf('?');
  const named = query < 0 ? undefined : (new URLSearchParams(target.slice(query + 1)).get('user') ?? undefined);
  const claims = /^bearer [\w-]+\.([\w-]+)\./i.exec(headers.get('authorization') ?? '')?.[1];
  const candidates = [named, headers.get('x-syft-from'), headers.get('x-syft-user'), claims === undefined ? undefined : subjectOf(claims)];
  return candidates.find((text) => text !== undefined && text.length <= LONGEST_ADDRESS && ADDRESS.test(text));
}
