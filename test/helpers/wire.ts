/** Recorded and made captures for tests: where they lie, and WebSocket frames as a client or a relay writes them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CORPUS = join('..', 'shared', 'corpus');

export interface WireCase {
  readonly name: string;
  /** Folder of one capture per party. */
  readonly wire: string;
  readonly sandbox: string;
  readonly directions: Readonly<Record<string, { readonly app_sent: number; readonly app_received: number; readonly delivered: number }>>;
}

/** Recordings with captures, with HLD_CORPUS=all where the corpus is there. */
export function wireCases(): WireCase[] {
  if (!existsSync(CORPUS) || process.env['HLD_CORPUS'] !== 'all') return [];
  return readdirSync(CORPUS)
    .filter((n) => existsSync(join(CORPUS, n, 'wire.tar.gz')))
    .toSorted()
    .map((name) => {
      const { directions } = JSON.parse(readFileSync(join(CORPUS, name, 'truth.json'), 'utf8')) as Pick<WireCase, 'directions'>;
      const wire = join(unpack(join(CORPUS, name, 'wire.tar.gz')), 'wire');
      return { name, wire, sandbox: join(unpack(join(CORPUS, name, 'sandbox.tar.gz')), 'sandbox'), directions };
    });
}

function unpack(archive: string): string {
  const target = join(tmpdir(), 'hotlink-doctor-cases', createHash('sha1').update(readFileSync(archive)).digest('hex').slice(0, 12));
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true });
    spawnSync('tar', ['xzf', archive, '-C', target], { stdio: 'inherit' });
  }
  return target;
}

const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** One WebSocket frame. */
export function webSocketFrame(opcode: number, payload: Uint8Array, options: { mask?: Uint8Array; final?: boolean } = {}): Uint8Array {
  const { mask, final = true } = options;
  const n = payload.length;
  const size = n < LENGTH_16 ? 0 : n < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) | (size === 0 ? n : size === 2 ? LENGTH_16 : LENGTH_64);
  if (size === 2) head.writeUInt16BE(n, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(n), 2);
  if (mask === undefined) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** One line of a capture. */
export function captureLine(t: number, connection: number, way: 'to_relay' | 'to_client', bytes: Uint8Array | string): string {
  return `${JSON.stringify({ t, connection, way, bytes: Buffer.from(bytes).toString('base64') })}\n`;
}
