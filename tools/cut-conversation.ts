/**
 * Cuts a recorded conversation of clients and relay down to what a replay needs:
 * `npx tsx tools/cut-conversation.ts WIRE_DIRECTORY SERVER_LOG OUT.json`.
 *
 * What clients sent stands in the order in which the relay took it (its own log); payloads become their lengths.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMessage } from '../src/protocol/message-codec.ts';
import type { Message } from '../src/protocol/message.ts';
import { WebSocketReader } from '../src/protocol/websocket.ts';

interface Piece {
  readonly t: number;
  readonly connection: number;
  readonly way: 'to_relay' | 'to_client';
  readonly bytes?: string;
}

interface Said {
  readonly party: string;
  readonly message: Record<string, unknown>;
}

function short(message: Message): Record<string, unknown> {
  const bytes = (value: unknown): unknown => (value instanceof Uint8Array ? { bytes: value.length } : value);
  const isAcl = message.type === 'FILE_WRITE' && message.path.endsWith('syft.pub.yaml');
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      if (isAcl && key === 'content') return [key, { text: Buffer.from(value as Uint8Array).toString('utf8') }];
      return [key, key === 'token' && typeof value === 'string' ? `token of ${value.length}` : bytes(value)];
    }),
  );
}

function messagesOf(file: string): { user: string; sent: Message[]; received: Message[] } {
  const streams = new Map<string, Buffer[]>();
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { connection, way, bytes } = JSON.parse(line) as Piece;
    if (bytes === undefined) continue;
    const key = `${connection} ${way}`;
    streams.set(key, [...(streams.get(key) ?? []), Buffer.from(bytes, 'base64')]);
  }
  const out = { user: '', sent: [] as Message[], received: [] as Message[] };
  for (const [key, parts] of streams) {
    const all = Buffer.concat(parts);
    const head = all.indexOf('\r\n\r\n') + 4;
    const start = all.toString('latin1', 0, head);
    const isSent = key.endsWith('to_relay');
    if (!(isSent ? /^GET \/api\/v1\/events/ : /^HTTP\/1.1 101/).test(start)) continue;
    if (isSent) out.user = decodeURIComponent(/user=([^ &]+)/.exec(start)?.[1] ?? '');
    for (const item of new WebSocketReader().push(all.subarray(head)))
      if (item.kind === 'binary' || item.kind === 'text') (isSent ? out.sent : out.received).push(decodeMessage(item.payload));
  }
  return out;
}

const [directory = '', log = '', target = ''] = process.argv.slice(2);
const taken = [
  ...readFileSync(log, 'utf8')
    .replaceAll(/\x1b\[[0-9;]*m/g, '')
    .matchAll(/server received websocket message msgType=\S+ msgId='([^']+)'/g),
].map((m) => m[1]);
const place = new Map(taken.map((id, index) => [id, index]));
const parties = readdirSync(directory)
  .toSorted()
  .map((name) => messagesOf(join(directory, name)));
const sent: Said[] = parties
  .flatMap(({ user, sent }) => sent.map((message) => ({ party: user, message })))
  .toSorted((a, b) => (place.get(a.message.id) ?? Infinity) - (place.get(b.message.id) ?? Infinity))
  .map(({ party, message }) => ({ party, message: short(message) }));
const received: Said[] = parties.flatMap(({ user, received }) => received.map((message) => ({ party: user, message: short(message) })));
writeFileSync(target, `${JSON.stringify({ parties: parties.map((p) => p.user), sent, received })}\n`);
