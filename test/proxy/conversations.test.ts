/** The client side of recorded conversations, said to our relay: it must answer as the real one did. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/protocol/message.ts';
import { RELAYS } from '../../src/proxy/relay/sessions.ts';
import { startRelay, WireClient } from '../helpers/wire-client.ts';

interface Said {
  readonly party: string;
  readonly message: Readonly<Record<string, unknown>>;
}
interface Conversation {
  readonly parties: readonly string[];
  /** In the order in which the real relay took it. */
  readonly sent: readonly Said[];
  readonly received: readonly Said[];
}

/** Lengths become bytes again; content of access lists stands as it was. */
function asMessage(said: Said): Message {
  const entries = Object.entries(said.message).map(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [key, value];
    if ('bytes' in value) return [key, new Uint8Array(Number(value.bytes)).fill(7)];
    return [key, 'text' in value ? Buffer.from(String(value.text)) : value];
  });
  return Object.fromEntries(entries) as Message;
}

/** What must be equal: everything but ids that a relay makes up. Absent, nil and empty optional fields are the same to a reader. */
function shape(message: Readonly<Record<string, unknown>>): string {
  const isMadeUp = ['ACK', 'HOTLINK_REJECT', 'SYSTEM'].includes(String(message['type']));
  const fields = Object.entries(message).flatMap(([key, value]) => {
    if ((isMadeUp && key === 'id') || value == null || value === '' || (Array.isArray(value) && value.length === 0)) return [];
    const shown = value instanceof Uint8Array ? { bytes: value.length } : value;
    return [[key, shown] as const];
  });
  return JSON.stringify(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const COMPARED = /^HOTLINK_|^ACK$/;

describe.each([
  ['e3', 'S1', /hotlink data rejected \(not sender\)/, 6],
  ['p2p-e6', 'S2', /hotlink signal rejected \(not participant\)/, 3],
  ['ws-e6', 'S2', /rejected/, 0],
] as const)('%s', (name, version, complaint, complaints) => {
  it(`${version} answers as the recorded relay did`, async () => {
    const text = readFileSync(new URL(`../fixtures/conversations/${name}.json`, import.meta.url), 'utf8');
    const conversation = JSON.parse(text) as Conversation;
    const { relay, lines, logged } = await startRelay({ behaviour: RELAYS[version] });
    const clients = new Map<string, WireClient>();
    for (const party of conversation.parties) clients.set(party, await WireClient.connect(relay, party));
    for (const [index, said] of conversation.sent.entries()) {
      clients.get(said.party)?.say(asMessage(said));
      await logged(/server received websocket message/, index + 1);
    }
    const wanted = (party: string): string[] =>
      conversation.received
        .filter((m) => m.party === party && COMPARED.test(String(m.message['type'])))
        .map((m) => shape(m.message))
        .toSorted();
    for (const [party, client] of clients) {
      const all = wanted(party);
      await client.until(() => client.received.filter((m) => COMPARED.test(m.type)).length >= all.length, `${all.length} answers`);
      const got = client.received.filter((m) => COMPARED.test(m.type)).map((m) => shape({ ...m }));
      // A recording may end before the last acknowledgement; ours comes.
      expect(got.toSorted().filter((m) => !m.includes('"ACK"'))).toEqual(all.filter((m) => !m.includes('"ACK"')));
      expect(got).toEqual(expect.arrayContaining(all));
    }
    expect(lines.filter((line) => complaint.test(line))).toHaveLength(complaints);
    await relay.close();
  });
});
