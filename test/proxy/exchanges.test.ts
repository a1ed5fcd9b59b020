/**
 * One script of requests and messages, said to the real relay once and written down with its answers (docs/real-system.md): ours must answer the
 * same, over HTTP and over the WebSocket, and log the same messages at the same places.
 */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage, type Encoding } from '../../src/protocol/message-codec.ts';
import type { Message } from '../../src/protocol/message.ts';
import { RELAYS } from '../../src/proxy/relay/sessions.ts';
import { startRelay, type StartedRelay } from '../helpers/wire-client.ts';

type Shown = Readonly<Record<string, unknown>>;

interface HttpStep {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly file?: string;
  readonly upgrade?: true;
}

interface Step {
  readonly http?: HttpStep;
  readonly fetch?: { readonly as: string; readonly key: string };
  readonly join?: {
    readonly party: string;
    readonly encoding?: Encoding;
    readonly headers?: Record<string, string>;
    readonly name?: string;
  };
  readonly say?: { readonly party: string; readonly message: Shown };
  /** As it stands: text, bytes in hex, or so many zeros. */
  readonly raw?: { readonly party: string; readonly text?: string; readonly hex?: string; readonly big?: number };
  readonly leave?: { readonly party: string };
  readonly answer: Answer;
}

interface Answer {
  readonly status?: number;
  readonly type?: string | null;
  readonly body?: unknown;
  readonly text?: string;
  /** Of a second request for the same link. */
  readonly again?: number;
  readonly headers?: readonly string[];
  readonly received?: readonly Shown[];
  /** Level, place and message of what the relay logged meanwhile, without debug lines. */
  readonly log?: readonly string[];
}

/** A party of the script: what came to it, in order. */
interface Client {
  readonly socket: WebSocket;
  readonly encoding: Encoding;
  readonly got: Shown[];
}

const PATIENCE_MS = 5000;

/** What did not come in time is missing in the answer. */
async function until(fits: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!fits() && Date.now() < end) await delay(2);
}

let started: StartedRelay | undefined;

afterEach(async () => {
  await started?.relay.kill();
  started = undefined;
});

/** What the relay makes up itself has no value here. */
function shown(message: Message): Shown {
  const isMadeUp = /^[0-9a-f]{6}$/.test(message.id) && /^(ACK|NACK|ERROR|SYSTEM|HOTLINK_REJECT|HOTLINK_SIGNAL)$/.test(message.type);
  const entries = Object.entries(message).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (value instanceof Uint8Array)
      return [[key, key === 'content' ? { text: Buffer.from(value).toString('utf8') } : { bytes: value.length }]];
    if (key === 'id' && isMadeUp) return [[key, 'made up']];
    if (message.type === 'SYSTEM' && key === 'version') return [[key, 'v']];
    if (message.type === 'ERROR' && key === 'message') return [[key, 'text']];
    if (message.type === 'ACL_MANIFEST' && key === 'data') return [[key, { keys: Object.keys(value as object).length }]];
    return [[key, value]];
  });
  return Object.fromEntries(entries) as Shown;
}

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

/** A body without its moments, links and words; lists of files by their keys. */
function bodyShown(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => bodyShown(item));
    const keyOf = (item: unknown): string => String((item as Shown)['key']);
    return items.every((item) => typeof item === 'object' && item !== null && 'key' in item)
      ? items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (key === 'lastModified') return [key, SECONDS.test(String(item)) ? 'seconds' : `other ${String(item)}`];
      if (key === 'url') return [key, 'url'];
      return [key, key === 'error' && typeof item === 'string' ? 'text' : bodyShown(item)];
    }),
  );
}

function messageOf(written: Shown): Message {
  const entries = Object.entries(written).map(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [key, value];
    if ('bytes' in value) return [key, new Uint8Array(Number(value.bytes)).fill(7)];
    return [key, 'text' in value ? Buffer.from(String(value.text)) : value];
  });
  return Object.fromEntries(entries) as Message;
}

class Play {
  private readonly parties = new Map<string, Client>();
  private readonly relay: StartedRelay;
  private readonly wsUrl: string;
  private taken = 0;
  private logAt: number;

  constructor(relay: StartedRelay) {
    this.relay = relay;
    this.wsUrl = relay.relay.url.replace('http', 'ws');
    this.logAt = relay.lines.length;
  }

  async step(step: Step): Promise<Answer> {
    const answer = await this.act(step);
    const wanted = step.answer.received ?? [];
    const received: Shown[] = [];
    for (const [at, client] of this.parties) {
      const count = wanted.filter((message) => message['at'] === at).length;
      await until(() => client.got.length >= count);
    }
    const lines = step.answer.log?.length ?? 0;
    await until(() => this.logged().length >= lines);
    for (const [at, client] of this.parties) received.push(...client.got.splice(0).map((message) => ({ at, ...message })));
    const log = this.logged().toSorted();
    this.logAt = this.relay.lines.length;
    return { ...answer, ...(received.length > 0 && { received }), ...(log.length > 0 && { log }) };
  }

  private logged(): string[] {
    return this.relay.lines.slice(this.logAt).flatMap((line) => {
      const [, level, place, message = ''] = /^\S+ \S+ (INF|WRN|ERR) (\S+) (.*?)(?= \S+=|$)/.exec(line) ?? [];
      return level === undefined ? [] : [`${level} ${place} ${message.replace(/^(Error #01|HTTP error): .*/, '$1')}`];
    });
  }

  private async act(step: Step): Promise<Answer> {
    if (step.http !== undefined) return step.http.upgrade === true ? this.upgrade(step.http) : this.request(step.http);
    if (step.fetch !== undefined) return this.fetched(step.fetch);
    if (step.join !== undefined) return this.join(step.join);
    const { party = '' } = step.say ?? step.raw ?? step.leave ?? {};
    const client = this.parties.get(party);
    if (client === undefined) throw new Error(`${party} has not joined`);
    if (step.leave !== undefined) {
      client.socket.terminate();
      await this.relay.logged(/wshub removed/);
      return {};
    }
    const { say, raw } = step;
    if (say !== undefined)
      client.socket.send(encodeMessage(messageOf(say.message), client.encoding), { binary: client.encoding === 'msgpack' });
    else if (raw?.text !== undefined) client.socket.send(raw.text);
    else client.socket.send(raw?.hex === undefined ? Buffer.alloc(raw?.big ?? 0) : Buffer.from(raw.hex, 'hex'));
    this.taken++;
    await this.relay.logged(/server received websocket message|wsclient reader /, this.taken);
    return {};
  }

  private async request({ method, path, headers = {}, json, text, file }: HttpStep): Promise<Answer> {
    const form = new FormData();
    if (file !== undefined) form.set('file', new Blob([file]), 'x');
    const body = json !== undefined ? JSON.stringify(json) : file !== undefined ? form : text;
    const response = await fetch(`${this.relay.relay.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
    const all = { status: response.status, type: response.headers.get('content-type')?.split(';')[0] ?? null };
    return { ...all, body: bodyShown(await response.json()) };
  }

  private async upgrade({ path }: HttpStep): Promise<Answer> {
    const socket = new WebSocket(`${this.wsUrl}${path}`);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    return { status: response.statusCode };
  }

  private async fetched({ as, key }: { as: string; key: string }): Promise<Answer> {
    const url = `${this.relay.relay.url}/api/v1/blob/download?user=${encodeURIComponent(as)}`;
    const links = (await (await fetch(url, { method: 'POST', body: JSON.stringify({ keys: [key] }) })).json()) as {
      urls: { url: string }[];
    };
    const link = links.urls[0]?.url ?? '';
    const first = await fetch(link);
    return { status: first.status, text: await first.text(), again: (await fetch(link)).status };
  }

  private async join({ party, encoding = 'msgpack', headers = {}, name = party }: NonNullable<Step['join']>): Promise<Answer> {
    const url = `${this.wsUrl}/api/v1/events?user=${encodeURIComponent(party)}`;
    const socket = new WebSocket(url, { headers: { 'x-syft-ws-encodings': encoding, ...headers }, perMessageDeflate: false });
    const client: Client = { socket, encoding, got: [] };
    socket.on('message', (data: Buffer) => client.got.push(shown(decodeMessage(data))));
    socket.on('close', (code) => client.got.push({ closed: code }));
    socket.on('error', () => undefined);
    const [response] = (await once(socket, 'upgrade')) as [{ headers: object }];
    if (socket.readyState !== socket.OPEN) await once(socket, 'open');
    this.parties.set(name, client);
    return {
      headers: Object.keys(response.headers)
        .filter((key) => key.startsWith('x-syft'))
        .toSorted(),
    };
  }
}

/** In any order: the messages of several parties come side by side. */
function sorted(answer: Answer): Answer {
  if (answer.received === undefined) return answer;
  return { ...answer, received: answer.received.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

describe.each(['S1', 'S2'] as const)('%s', (version) => {
  const file = new URL(`../fixtures/exchanges/${version.toLowerCase()}.jsonl`, import.meta.url);
  const steps = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Step);

  it('answers each step as the real relay did', { timeout: 60_000 }, async () => {
    started = await startRelay({ behaviour: RELAYS[version] });
    const play = new Play(started);
    for (const [index, step] of steps.entries()) {
      const answer = await play.step(step);
      const said = `step ${index + 1}: ${JSON.stringify({ ...step, answer: undefined }).slice(0, 300)}`;
      // Of an answer that is no JSON only the status counts.
      expect({ said, ...sorted(step.answer.body === undefined ? { ...answer, body: undefined } : answer) }).toEqual({
        said,
        ...sorted(step.answer),
      });
    }
  });
});
