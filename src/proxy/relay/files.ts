/** Files that clients send over the WebSocket: kept, told to everybody who may read them, acknowledged (field guide 6.3, 7.8). */
import { createHash } from 'node:crypto';
import type { FileMessage, Message, OpaqueMessage } from '../../protocol/message.ts';
import { isKey, type Blob, type Blobs } from './blobs.ts';
import { typeField, type Connection, type Log } from './connection.ts';
import type { LogFields } from './log.ts';
import { placeOf } from './places.ts';
import { ACL_FILE, isAclFile, type Rights } from './rights.ts';

const FORBIDDEN = 403;
/** Id of the messages that tell of an upload. */
const NOTIFY_ID = 'srv';
const HASH_DIGITS = 16;
const TO_ALL = 'public';

export interface FilesOptions {
  readonly blobs: Blobs;
  readonly rights: Rights;
  readonly log: Log;
  readonly version: string;
  readonly now: () => number;
  readonly newId: () => string;
  readonly connections: () => Iterable<Connection>;
}

type Place = Parameters<typeof placeOf>[0];

export class Files {
  private readonly o: FilesOptions;
  private versions = new Map<string, number>();

  constructor(options: FilesOptions) {
    this.o = options;
  }

  private at(what: Place): string {
    return placeOf(what, this.o.version);
  }

  /** Keeps a file, over whichever way it came; the words of the refusal, else undefined. An access list holds once it is loaded. */
  async keep(user: string, key: string, bytes: Uint8Array): Promise<string | undefined> {
    const { blobs, rights, log, now } = this.o;
    const write = rights.may(user, key, 'write');
    if (write !== true) return write;
    if (!isKey(key)) return `invalid path '${key}'`;
    if (blobs.put(key, bytes, now()) === undefined) return 'the store is full';
    log('INF', 'blob/blob.go:110', 'update index', [
      ['hook', 'PutObject'],
      ['key', key],
    ]);
    return undefined;
  }

  /** False when it cannot be read: the list before it stays in force. */
  async loadAcl(key: string, bytes: Uint8Array): Promise<boolean> {
    if (!(await this.o.rights.load(key, Buffer.from(bytes).toString('utf8')))) return false;
    const path = key.slice(0, -ACL_FILE.length - 1);
    const version = (this.versions.get(path) ?? 0) + 1;
    this.versions.set(path, version);
    this.o.log('DBG', 'acl/acl.go:82', 'updated rule set', [
      ['path', path],
      ['version', version],
      ['cache.deleted', 0],
      ['cache.count', 0],
      ['blob.count', this.o.blobs.size],
    ]);
    return true;
  }

  /** Tells clients that named their version of an upload; rights are not asked, the content is not sent. */
  notify(blob: Blob): void {
    const message: Message = {
      type: 'FILE_NOTIFY',
      id: NOTIFY_ID,
      path: blob.key,
      etag: blob.etag,
      length: blob.bytes.length,
      content: null,
    };
    for (const other of this.o.connections()) if (other.hasVersion) other.broadcast(message);
    this.o.log('DBG', 'blob/blob_handler.go:58', 'broadcasted file notify to new clients', [
      ['path', blob.key],
      ['etag', blob.etag],
      ['size', blob.bytes.length],
    ]);
  }

  async written(message: FileMessage, from: Connection): Promise<void> {
    const { log, rights } = this.o;
    const { path } = message;
    const content = message.content ?? new Uint8Array();
    const group = this.group(message, from, content.length);
    const allowed = rights.may(from.user, path, 'write');
    const refused = allowed !== true ? allowed : isKey(path) ? undefined : `invalid path '${path}'`;
    if (refused !== undefined) {
      log('ERR', this.at('file-denied'), 'wsmsg handler permission denied', [...group, ['error', { error: refused }]]);
      await from.send({ type: 'ERROR', id: this.o.newId(), code: FORBIDDEN, path, message: 'no right to write' });
      return;
    }
    log('INF', this.at('file-received'), 'wsmsg handler recieved', group);
    const failed = await this.keep(from.user, path, content);
    if (failed !== undefined) {
      await from.send({ type: 'NACK', id: this.o.newId(), originalId: message.id, error: failed });
      return;
    }
    const isAcl = isAclFile(path);
    if (isAcl) await this.takeOver(path, content, group);
    await from.send({ type: 'ACK', id: this.o.newId(), originalId: message.id });
    for (const other of this.o.connections()) this.tell(other, message, from, group, isAcl || rights.may(other.user, path, 'read'));
  }

  private async takeOver(path: string, content: Uint8Array, group: LogFields): Promise<void> {
    const { log } = this.o;
    const directory = path.slice(0, path.lastIndexOf('/') + 1);
    if (await this.loadAcl(path, content))
      log('INF', this.at('acl-loaded'), 'ws file write ACL loaded synchronously', [...group, ['path', directory]]);
    else log('ERR', this.at('acl-unreadable'), 'ws file write ACL parse error', [...group, ['error', { error: 'not an access list' }]]);
  }

  private tell(other: Connection, message: FileMessage, from: Connection, group: LogFields, read: true | string): void {
    const { log } = this.o;
    // By user, not by connection: a second client of the sender hears nothing either.
    if (other.user === from.user) return log('DBG', this.at('file-own'), 'wsmsg handler skip self', group);
    if (read !== true) {
      const fields: LogFields = [...group, ['to', other.user], ['error', { error: read }]];
      return log('WRN', this.at('file-kept-back'), 'wsmsg handler permission denied', fields);
    }
    if (isAclFile(message.path)) {
      const fields: LogFields = [...group, ['to', other.user], ['reason', 'ACL metadata file']];
      log('INF', this.at('acl-to-all'), 'wsmsg handler ACL bypass', fields);
    }
    log('INF', this.at('file-sent'), 'wsmsg handler broadcast', [...group, ['to', other.user]]);
    other.broadcast(message);
  }

  /** A list of somebody's access lists for one user or for all; only their owner may send it. */
  manifest(message: OpaqueMessage, from: Connection): void {
    const { log } = this.o;
    const [datasite, forWhom, forHash] = [
      textOf(message.data, 'datasite', 'Datasite'),
      textOf(message.data, 'for', 'For'),
      textOf(message.data, 'for_hash', 'ForHash'),
    ];
    const group: LogFields = [
      ['wsmsg.id', message.id],
      ['wsmsg.type', typeField(message)],
      ['wsmsg.connId', from.id],
      ['wsmsg.from', from.user],
      ['wsmsg.datasite', datasite],
      ['wsmsg.for', forWhom],
      ['wsmsg.forHash', forHash],
    ];
    if (datasite !== from.user) return log('WRN', this.at('manifest-refused'), 'wsmsg manifest rejected - not owner', group);
    log('INF', this.at('manifest-stored'), 'wsmsg manifest stored', group);
    for (const other of this.o.connections()) {
      if (other.user === from.user || (forHash !== TO_ALL && forHash !== hashOf(other.user))) continue;
      log('INF', this.at('manifest-routed'), 'wsmsg manifest routed', [...group, ['to', other.user]]);
      other.broadcast(message);
    }
  }

  remove(user: string, key: string): string | undefined {
    const write = this.o.rights.may(user, key, 'write');
    if (write !== true) return write;
    this.o.blobs.delete(key);
    this.o.log('INF', 'blob/blob.go:121', 'update index', [
      ['hook', 'DeleteObject'],
      ['key', key],
    ]);
    if (isAclFile(key) && this.o.rights.drop(key))
      this.o.log('DBG', 'acl/acl.go:99', 'removed rule set', [['path', key.slice(0, -ACL_FILE.length)]]);
    return undefined;
  }

  private group(message: FileMessage, from: Connection, size: number): LogFields {
    return [
      ['wsmsg.id', message.id],
      ['wsmsg.type', typeField(message)],
      ['wsmsg.connId', from.id],
      ['wsmsg.from', from.user],
      ['wsmsg.path', message.path],
      ['wsmsg.size', size],
    ];
  }
}

function hashOf(user: string): string {
  return createHash('sha256').update(user).digest('hex').slice(0, HASH_DIGITS);
}

/** Fields have one name in JSON and another in msgpack. */
function textOf(data: unknown, json: string, msgpack: string): string {
  const document = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const value = document[json] ?? document[msgpack];
  return typeof value === 'string' ? value : '';
}
