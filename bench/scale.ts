/**
 * Where one relay ends: `npm run build && npx tsx bench/scale.ts [PART…]`, parts `sessions`, `load` and `parties`.
 *
 * The relay is a process started from the built command; this process is all its clients, each a real WebSocket. `sessions`: CONNECTIONS clients
 * open SESSIONS sessions to each other and accept them. `load`: frames on all of them for BENCH_MINUTES (1), as fast as BENCH_RATE (4000 a
 * second) asks; every frame must arrive once and in order, and the relay's memory is looked at all the while. `parties`: complete
 * systems of 3, 4 and 8 parties, where every party sends to every other. What is printed is processor time per session and per frame.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../src/protocol/message-codec.ts';
import type { Message } from '../src/protocol/message.ts';

const BIN = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const CONNECTIONS = Number(process.env['BENCH_CONNECTIONS'] ?? 300);
const SESSIONS = Number(process.env['BENCH_SESSIONS'] ?? 10_000);
const MINUTES = Number(process.env['BENCH_MINUTES'] ?? 1);
const RATE = Number(process.env['BENCH_RATE'] ?? 4000);
const FRAME_BYTES = 1024;
/** Frames are sent in bunches this far apart. */
const TICK_MS = 20;
const SAMPLE_MS = 5000;
const PATIENCE_MS = 120_000;
/** Of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;

const userOf = (n: number): string => `u${String(n).padStart(3, '0')}@scale.local`;

interface Session {
  readonly id: string;
  readonly path: string;
  readonly from: Client;
  sent: number;
  got: number;
  isOpen: boolean;
}

class Client {
  readonly user: string;
  private readonly socket: WebSocket;
  private readonly hear: (message: Message, client: Client) => void;

  private constructor(socket: WebSocket, user: string, hear: (message: Message, client: Client) => void) {
    this.user = user;
    this.socket = socket;
    this.hear = hear;
    socket.on('message', (data: Buffer) => this.hear(decodeMessage(data), this));
  }

  static async connect(url: string, user: string, hear: (message: Message, client: Client) => void): Promise<Client> {
    const address = `${url.replace('http', 'ws')}/api/v1/events?user=${encodeURIComponent(user)}`;
    const socket = new WebSocket(address, { headers: { 'x-syft-ws-encodings': 'msgpack' }, perMessageDeflate: false });
    const client = new Client(socket, user, hear);
    await once(socket, 'open');
    return client;
  }

  say(message: Message): void {
    this.socket.send(encodeMessage(message, 'msgpack'), { binary: true });
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Processor seconds and resident MB of a process. */
function usageOf(pid: number): { readonly cpu: number; readonly mb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const mb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, mb };
}

async function startRelay(folder: string): Promise<{ readonly url: string; readonly process: ChildProcess; readonly pid: number }> {
  const args = [BIN, 'live', 'relay', folder, '--order', 'connection', '--overflow', 'wait', '--attached'];
  const relay = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(relay.stdout), 'line')) as [string];
  const url = /http:\/\/\S+?:\d+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`the relay said ${line}`);
  return { url, process: relay, pid: relay.pid ?? 0 };
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isTrue(); await delay(10)) if (Date.now() > end) throw new Error(`never: ${what}`);
}

const grant = (user: string): Message => {
  const content = Buffer.from('rules:\n- pattern: "**"\n  access:\n    read: ["*"]\n');
  return { type: 'FILE_WRITE', id: user, path: `${user}/shared/syft.pub.yaml`, etag: '', length: content.length, content };
};

async function relayAlone(withLoad: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-scale-'));
  const relay = await startRelay(folder);
  const sessions = new Map<string, Session>();
  const wrong: string[] = [];
  let acknowledged = 0;
  let got = 0;
  const hear = (message: Message, client: Client): void => {
    if (message.type === 'ACK') acknowledged++;
    else if (message.type === 'HOTLINK_OPEN') client.say({ type: 'HOTLINK_ACCEPT', id: message.id, session: message.session });
    else if (message.type === 'HOTLINK_ACCEPT') {
      const session = sessions.get(message.session);
      if (session !== undefined) session.isOpen = true;
    } else if (message.type === 'HOTLINK_DATA') {
      const session = sessions.get(message.session);
      if (session === undefined || message.seq !== session.got + 1) wrong.push(`${message.session} ${message.seq}`);
      else session.got = message.seq;
      got++;
    }
  };
  const empty = usageOf(relay.pid);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, async (_, n) => Client.connect(relay.url, userOf(n), hear)));
  for (const client of clients) client.say(grant(client.user));
  await until(() => acknowledged === CONNECTIONS, 'all access lists are acknowledged');
  const connected = usageOf(relay.pid);
  const [begun, names] = [performance.now(), Array.from({ length: SESSIONS }, (_, n) => n)];
  for (const n of names) {
    const from = clients[n % CONNECTIONS];
    const to = userOf((n + 1 + Math.floor(n / CONNECTIONS)) % CONNECTIONS);
    if (from === undefined) continue;
    const id = `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const path = `${from.user}/shared/flow/${n % CONNECTIONS}_to_${to.slice(1, 4)}/stream.tcp.request`;
    sessions.set(id, { id, path, from, sent: 0, got: 0, isOpen: false });
    from.say({ type: 'HOTLINK_OPEN', id: `${n}`, session: id, path, to });
    if (n % 500 === 499) await delay(1);
  }
  await until(() => [...sessions.values()].every(({ isOpen }) => isOpen), 'all sessions are open');
  const seconds = (performance.now() - begun) / 1000;
  const open = usageOf(relay.pid);
  console.log(`\n| one relay | |\n| --- | --- |`);
  const row = (what: string, value: string): void => console.log(`| ${what} | ${value} |`);
  row('relay, empty', `${empty.mb.toFixed(0)} MB`);
  row(
    `${CONNECTIONS} connections`,
    `${connected.mb.toFixed(0)} MB, ${(((connected.cpu - empty.cpu) * 1000) / CONNECTIONS).toFixed(2)} ms each`,
  );
  const perSession = ((open.cpu - connected.cpu) * 1e6) / SESSIONS;
  row(
    `${SESSIONS} sessions opened and accepted`,
    `${open.mb.toFixed(0)} MB, ${perSession.toFixed(0)} µs each, ${(SESSIONS / seconds).toFixed(0)}/s`,
  );
  if (withLoad) await load([...sessions.values()], relay.pid, () => got, row);
  if (wrong.length > 0) throw new Error(`${wrong.length} frames were lost, doubled or out of order, the first: ${wrong[0] ?? ''}`);
  for (const client of clients) client.close();
  await delay(2000);
  row('after all have gone', `${usageOf(relay.pid).mb.toFixed(0)} MB`);
  relay.process.stdin?.end();
  await once(relay.process, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

/** Frames on all sessions in turns; samples of memory on the way. */
async function load(
  sessions: readonly Session[],
  pid: number,
  got: () => number,
  row: (what: string, value: string) => void,
): Promise<void> {
  const payload = Buffer.alloc(FRAME_BYTES, 7);
  const before = usageOf(pid);
  const samples: number[] = [];
  let sent = 0;
  const begun = performance.now();
  let sampled = begun;
  for (let now = begun; now - begun < MINUTES * 60_000; now = performance.now()) {
    const due = Math.floor(((now - begun) / 1000) * RATE);
    // Whoever is behind does not queue without end.
    for (; sent < due && sent - got() < RATE; sent++) {
      const session = sessions[sent % sessions.length];
      session?.from.say({ type: 'HOTLINK_DATA', id: `d${sent}`, session: session.id, seq: ++session.sent, path: session.path, payload });
    }
    if (now - sampled > SAMPLE_MS) {
      samples.push(usageOf(pid).mb);
      sampled = now;
    }
    await delay(TICK_MS);
  }
  await until(() => got() === sent, `all ${sent} frames arrive`);
  const seconds = (performance.now() - begun) / 1000;
  const after = usageOf(pid);
  row(
    `${sent} frames of ${FRAME_BYTES} bytes in ${seconds.toFixed(0)} s, each once and in order`,
    `${(((after.cpu - before.cpu) * 1e6) / sent).toFixed(0)} µs each, ${(sent / seconds).toFixed(0)}/s`,
  );
  const third = Math.max(1, Math.floor(samples.length / 3));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  row(
    'memory in the first, middle and last third',
    [samples.slice(0, third), samples.slice(third, -third), samples.slice(-third)].map((part) => `${mean(part).toFixed(0)} MB`).join(', '),
  );
}

/** Systems whose every party sends to every other. */
function parties(): void {
  console.log(`\n| parties | seconds | processor s, all | bytes received | CPU ms per MB |\n| --- | --- | --- | --- | --- |`);
  for (const count of [3, 4, 8]) {
    const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-scale-'));
    // What is asked here is the cost, not what a busy machine does to a client's limits.
    const patient = ['--switch', 'accept-wait-ms=60000', '--switch', 'writer-wait-ms=60000'];
    const args = [
      'live',
      'up',
      join(folder, 's'),
      '--parties',
      `${count}`,
      '--workload',
      'mesh',
      '--rounds',
      '20',
      '--era',
      'E5b',
      ...patient,
    ];
    const begun = performance.now();
    const done = spawnSync('/usr/bin/time', ['-f', '@ %U %S', process.execPath, BIN, ...args, '--format', 'json'], { encoding: 'utf8' });
    const seconds = (performance.now() - begun) / 1000;
    const [, user, system] = /@ ([\d.]+) ([\d.]+)/.exec(done.stderr) ?? [];
    const result = JSON.parse(done.stdout) as { completed: boolean; programs: readonly { received: Readonly<Record<string, number>> }[] };
    if (!result.completed) throw new Error(`${count} parties did not come to their end: ${done.stdout.slice(0, 400)}`);
    const mb = result.programs.flatMap(({ received }) => Object.values(received)).reduce((sum, n) => sum + n, 0) / 1e6;
    const cpu = Number(user) + Number(system);
    console.log(`| ${count} | ${seconds.toFixed(1)} | ${cpu.toFixed(1)} | ${mb.toFixed(1)} MB | ${((cpu * 1000) / mb).toFixed(0)} |`);
    rmSync(folder, { recursive: true, force: true });
  }
}

const parts = process.argv.slice(2);
const has = (part: string): boolean => parts.length === 0 || parts.includes(part);
if (has('sessions') || has('load')) await relayAlone(has('load'));
if (has('parties')) parties();
