/** Files that clients send over the WebSocket: kept, told to everybody who may read them, acknowledged (field guide 6.3, 7.8). */
import type { FileDeleteMessage, FileMessage, Message } from '../../protocol/message.ts';
import { isKey, type Blobs } from './blobs.ts';
import { typeField, type Connection, type Log } from './connection.ts';
import type { LogFields } from './log.ts';
import { ACL_FILE, type Rights } from './rights.ts';

export interface FilesOptions {
  readonly blobs: Blobs;
  readonly rights: Rights;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
  readonly connections: () => Iterable<Connection>;
}

export class Files {
  private readonly o: FilesOptions;
  private versions = new Map<string, number>();

  constructor(options: FilesOptions) {
    this.o = options;
  }

  /** Keeps a file, over whichever way it came; the words of the refusal, else undefined. */
  async keep(user: string, key: string, bytes: Uint8Array): Promise<string | undefined> {
    const { blobs, rights, log, now } = this.o;
    if (!isKey(key)) return `invalid path '${key}'`;
    const write = rights.may(user, key, 'write');
    if (write !== true) return write;
    const blob = blobs.put(key, bytes, now());
    if (blob === undefined) return 'the store is full';
    const fields: LogFields = [
      ['hook', 'PutObject'],
      ['key', key],
    ];
    log('INF', 'blob/blob.go:110', 'update index', fields);
    if (key.endsWith(`/${ACL_FILE}`)) await this.loadAcl(key, bytes);
    return undefined;
  }

  private async loadAcl(key: string, bytes: Uint8Array): Promise<void> {
    if (!(await this.o.rights.load(key, Buffer.from(bytes).toString('utf8')))) return;
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
  }

  async written(message: FileMessage, from: Connection): Promise<void> {
    const { log, rights } = this.o;
    const content = message.content ?? new Uint8Array();
    const group = this.group(message, from, content.length);
    log('INF', 'server/server.go:256', 'wsmsg handler recieved', group);
    const refused = await this.keep(from.user, message.path, content);
    if (refused !== undefined) {
      log('ERR', 'server/server.go:272', 'wsmsg handler permission denied', [...group, ['error', { error: refused }]]);
      await from.send({ type: 'NACK', id: this.o.newId(), originalId: message.id, error: refused });
      return;
    }
    const isAcl = message.path.endsWith(`/${ACL_FILE}`);
    const directory = message.path.slice(0, message.path.lastIndexOf('/') + 1);
    if (isAcl) log('INF', 'server/server.go:298', 'ws file write ACL loaded synchronously', [...group, ['path', directory]]);
    for (const other of this.o.connections())
      this.tell(other, message, from, group, isAcl ? true : rights.may(other.user, message.path, 'read'));
    await from.send({ type: 'ACK', id: this.o.newId(), originalId: message.id });
  }

  private tell(other: Connection, message: Message, from: Connection, group: LogFields, read: true | string): void {
    const { log } = this.o;
    if (other === from) return log('DBG', 'server/server.go:325', 'wsmsg handler skip self', group);
    if (read !== true) {
      const fields: LogFields = [...group, ['to', other.user], ['error', { error: read }]];
      return log('WRN', 'server/server.go:338', 'wsmsg handler permission denied', fields);
    }
    if (message.type === 'FILE_WRITE' && message.path.endsWith(`/${ACL_FILE}`)) {
      const fields: LogFields = [...group, ['to', other.user], ['reason', 'ACL metadata file']];
      log('INF', 'server/server.go:334', 'wsmsg handler ACL bypass', fields);
    }
    log('INF', 'server/server.go:345', 'wsmsg handler broadcast', [...group, ['to', other.user]]);
    other.broadcast(message);
  }

  async deleted(message: FileDeleteMessage, from: Connection): Promise<void> {
    const refused = this.remove(from.user, message.path);
    if (refused !== undefined) {
      await from.send({ type: 'NACK', id: this.o.newId(), originalId: message.id, error: refused });
      return;
    }
    const group = this.group(message, from, 0);
    for (const other of this.o.connections()) this.tell(other, message, from, group, this.o.rights.may(other.user, message.path, 'read'));
    await from.send({ type: 'ACK', id: this.o.newId(), originalId: message.id });
  }

  remove(user: string, key: string): string | undefined {
    const write = this.o.rights.may(user, key, 'write');
    if (write !== true) return write;
    this.o.blobs.delete(key);
    if (key.endsWith(`/${ACL_FILE}`)) this.o.rights.drop(key);
    return undefined;
  }

  private group(message: FileMessage | FileDeleteMessage, from: Connection, size: number): LogFields {
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
