/**
 * Cuts the message fixtures: `tsx test/protocol/cut-messages.ts FOLDER…` with unpacked captures. Of each recording, way, type and set of
 * fields the first message, as base64 in one line of JSON.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Conversation, type Way, type WireItem } from '../../src/ingest/capture-conversation.ts';

const OUT = join(import.meta.dirname, 'fixtures', 'messages.jsonl');

interface Line {
  readonly connection: number;
  readonly way: Way;
  readonly bytes?: string;
}

const seen = new Set<string>();
const kept: string[] = [];

function keep(recording: string, item: WireItem): void {
  if (item.kind !== 'message') return;
  const { message, way, bytes } = item;
  const shape = Object.entries(message).map(([name, value]) => `${name}:${value === null ? 'nil' : typeof value}`);
  const key = [recording, way, message.type, ...shape].join(' ');
  if (seen.has(key)) return;
  seen.add(key);
  kept.push(JSON.stringify({ recording, way, bytes: Buffer.from(bytes).toString('base64') }));
}

for (const folder of process.argv.slice(2)) {
  for (const file of readdirSync(folder).toSorted()) {
    const connections = new Map<number, Conversation>();
    for (const text of readFileSync(join(folder, file), 'utf8').trim().split('\n')) {
      const line = JSON.parse(text) as Line;
      const conversation = connections.get(line.connection) ?? new Conversation();
      connections.set(line.connection, conversation);
      for (const item of conversation.push(line.way, Buffer.from(line.bytes ?? '', 'base64'))) keep(basename(join(folder, '..')), item);
    }
  }
}
writeFileSync(OUT, `${kept.join('\n')}\n`);
console.log(`${OUT}: ${kept.length} messages`);
