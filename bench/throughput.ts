/**
 * How fast bytes get from one program's socket to another's through our relay and parties: `npm run build && npx tsx bench/throughput.ts`.
 *
 * Each way has its own processes on loopback, started from the built command; this process is both programs. The named peer is one
 * process that passes bytes from socket to socket, measured in turns with the others. Every byte that arrives is compared with what was sent.
 * Names of ways as arguments choose among them; `BENCH_MB` (300) and `BENCH_ROUNDS` (3) change the size,
 * `BENCH_SLOW_READER=0` leaves out what happens when nobody reads.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { partyEmails, portKey, runId, writeLayout } from '../src/proxy/lab/layout.ts';

const BIN = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));
const MB = 1e6;
const TOTAL = Number(process.env['BENCH_MB'] ?? 300) * MB;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const WRITE_BYTES = 61_440;
/** For the processes that are measured: `--cpu-prof`, say. */
const NODE_ARGS = (process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '');
const PINGS = 2000;
/** From here on a delay is one of acknowledgements (F-31). */
const DELAYED_MS = 37;
const SLOW_READER_MS = 8000;
const READY_MS = 15_000;
const END_MS = 5000;
/** For one round of one way. */
const PATIENCE_MS = 60_000;
/** Longer than a write and of odd length, so that bytes at a wrong place show. */
const PATTERN = randomBytes(3_999_971);

interface Way {
  readonly name: string;
  readonly start: () => Promise<Pair>;
}

/** Two programs' connections and the processes between them. */
interface Pair {
  readonly a: Socket;
  readonly b: Socket;
  readonly processes: ReadonlyMap<string, ChildProcess>;
  /** Bytes of log written so far. */
  readonly logBytes: () => number;
  readonly stop: () => Promise<void>;
}

interface Figures {
  readonly rates: number[];
  readonly medians: number[];
  readonly worst: number[];
  delayed: number;
  readonly notes: string[];
}

async function start(name: string, args: readonly string[], processes: Map<string, ChildProcess>): Promise<string> {
  const child = spawn(process.execPath, [...NODE_ARGS, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  processes.set(name, child);
  const lines = createInterface(child.stdout);
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

/** Each ends when its standard input does. */
async function endAll(processes: ReadonlyMap<string, ChildProcess>): Promise<void> {
  await Promise.all(
    [...processes.values()].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin?.end();
      if ((await Promise.race([gone, delay(END_MS, 'late')])) !== 'late') return;
      child.kill('SIGKILL');
      await gone;
    }),
  );
}

async function open(port: number): Promise<Socket> {
  for (const until = Date.now() + READY_MS; ; await delay(100)) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Peak memory in MB; NaN where the system does not tell. */
function peakOf(child: ChildProcess): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1] ?? NaN) / 1024;
  } catch {
    return NaN;
  }
}

/** Bytes that a socket gave, compared with the pattern. */
class Reader {
  received = 0;
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length;) {
        const from = (this.received + at) % PATTERN.length;
        const length = Math.min(data.length - at, PATTERN.length - from);
        if (PATTERN.compare(data, at, at + length, from, from + length) !== 0) throw new Error(`wrong bytes near ${this.received}`);
        at += length;
      }
      this.received += data.length;
      this.wake();
    });
    socket.on('close', () => this.wake());
  }

  async until(bytes: number): Promise<void> {
    while (this.received < bytes) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

/** Writes the pattern on from `sent`, as fast as the socket takes it; ends early when `goOn` says so. */
async function write(socket: Socket, sent: number, bytes: number, goOn: () => boolean = () => true): Promise<number> {
  let at = sent;
  while (at < sent + bytes && goOn()) {
    const from = at % PATTERN.length;
    const part = PATTERN.subarray(from, Math.min(from + WRITE_BYTES, PATTERN.length, from + sent + bytes - at));
    at += part.length;
    if (!socket.write(part)) await drained(socket, goOn);
  }
  return at;
}

async function drained(socket: Socket, goOn: () => boolean): Promise<void> {
  const stop = new AbortController();
  const drain = once(socket, 'drain', { signal: stop.signal }).catch(() => undefined);
  while (socket.writableNeedDrain && goOn())
    await Promise.race([drain, delay(100, undefined, { signal: stop.signal }).catch(() => undefined)]);
  stop.abort();
}

async function ping(a: Socket, b: Socket): Promise<{ median: number; worst: number; delayed: number }> {
  const message = Buffer.alloc(8, 7);
  const answer = (data: Buffer): void => void b.write(data);
  b.on('data', answer);
  const times: number[] = [];
  let wake: () => void = () => undefined;
  let got = 0;
  const count = (data: Buffer): void => {
    got += data.length;
    wake();
  };
  a.on('data', count);
  for (let n = 1; n <= PINGS; n++) {
    const begun = performance.now();
    a.write(message);
    while (got < n * message.length) await new Promise<void>((resolve) => (wake = resolve));
    // There and back: half of it is one way.
    times.push((performance.now() - begun) / 2);
  }
  a.off('data', count);
  b.off('data', answer);
  times.sort((x, y) => x - y);
  return { median: times[PINGS >> 1] ?? NaN, worst: times.at(-1) ?? NaN, delayed: times.filter((ms) => 2 * ms >= DELAYED_MS).length };
}

/** How much a way swallows while its reader does not read, and whether all of it arrives when it does again. */
async function slowReader(pair: Pair): Promise<string> {
  const before = new Map([...pair.processes].map(([name, child]) => [name, peakOf(child)]));
  pair.b.pause();
  const until = Date.now() + SLOW_READER_MS;
  const begun = performance.now();
  const sent = await write(pair.a, 0, 4000 * MB, () => Date.now() < until);
  const taken = sent - pair.a.writableLength;
  const seconds = (performance.now() - begun) / 1000;
  const memory = [...pair.processes]
    .map(([name, child]) => `${name} ${before.get(name)?.toFixed(0)}→${peakOf(child).toFixed(0)}`)
    .join(', ');
  const reader = new Reader(pair.b);
  pair.b.resume();
  const arrived = await Promise.race([reader.until(sent).then(() => true), delay(120_000, false)]);
  return `unread for ${seconds.toFixed(0)} s it took ${(taken / MB).toFixed(0)} MB (peak memory in MB: ${memory}); then ${arrived ? 'all' : `${(reader.received / MB).toFixed(0)} MB`} of it arrived`;
}

// ---- ways

function hop(): Way {
  return {
    name: 'raw',
    start: async () => {
      const processes = new Map<string, ChildProcess>();
      const line = await start('hop', [...process.execArgv, fileURLToPath(import.meta.url), 'be-the-hop'], processes);
      const port = Number(line);
      const [a, b] = [await open(port), await open(port)];
      return { a, b, processes, logBytes: () => 0, stop: async () => endAll(processes) };
    },
  };
}

/** The named peer: passes bytes between its first two connections. */
async function beTheHop(): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    const [a, b] = sockets;
    if (a === undefined || b === undefined) return;
    a.pipe(b);
    b.pipe(a);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
  process.stdin.on('end', () => process.exit(0)).resume();
}

function hotlink(name: string, relayArgs: readonly string[], partyArgs: readonly string[]): Way {
  return {
    name,
    start: async () => {
      const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-bench-'));
      const emails = partyEmails(2);
      const [first, second] = [await freePort(), await freePort()];
      const layout = {
        sandbox: root,
        emails,
        run: runId(emails, Date.now()),
        ports: new Map([
          [portKey(0, 1), first],
          [portKey(1, 0), second],
        ]),
      };
      writeLayout(layout, { markers: new Map(), acls: new Map() });
      const processes = new Map<string, ChildProcess>();
      const url =
        /http:\S+(?=,)/.exec(await start('relay', [BIN, 'live', 'relay', root, '--attached', ...relayArgs], processes))?.[0] ?? '';
      for (const [index, email] of emails.entries()) {
        await start(
          index === 0 ? 'sender' : 'receiver',
          [BIN, 'live', 'party', root, email, '--relay', url, '--attached', ...partyArgs],
          processes,
        );
      }
      // Access lists have to be at the relay before the first open.
      await delay(1500);
      return {
        a: await open(first),
        b: await open(second),
        processes,
        logBytes: () => filesBelow(root).reduce((sum, file) => sum + (file.endsWith('.log') ? statSync(file).size : 0), 0),
        stop: async () => {
          await endAll(processes);
          rmSync(root, { recursive: true, force: true });
        },
      };
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

async function measure(way: Way, figures: Figures): Promise<void> {
  const pair = await way.start();
  try {
    const { a, b } = pair;
    // The first frames of a session set up its channel; what comes after is measured.
    await ping(a, b);
    const latency = await ping(a, b);
    figures.medians.push(latency.median);
    figures.worst.push(latency.worst);
    figures.delayed += latency.delayed;
    const logged = pair.logBytes();
    const cpu = cpuOf(pair);
    const reader = new Reader(b);
    const begun = performance.now();
    const patience = delay(PATIENCE_MS).then(() => Promise.reject(new Error(`${way.name}: ${reader.received} of ${TOTAL} bytes arrived`)));
    await Promise.race([Promise.all([write(a, 0, TOTAL), reader.until(TOTAL)]), patience]);
    const seconds = (performance.now() - begun) / 1000;
    figures.rates.push(TOTAL / MB / seconds);
    const peaks = [...pair.processes].map(([name, child]) => `${name} ${peakOf(child).toFixed(0)} MB`).join(', ');
    const spent = [...cpuOf(pair)]
      .map(([name, s]) => `${name} ${(((s - (cpu.get(name) ?? 0)) * 1000 * MB) / TOTAL).toFixed(1)}`)
      .join(', ');
    await delay(300);
    figures.notes.push(`peak ${peaks}; CPU s per GB: ${spent}; log ${((pair.logBytes() - logged) / TOTAL).toFixed(2)} bytes per byte`);
  } finally {
    await pair.stop();
  }
}

/** User and system seconds of each process. */
function cpuOf({ processes }: Pair): Map<string, number> {
  return new Map(
    [...processes].map(([name, child]) => {
      try {
        const fields =
          readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
            .split(') ')[1]
            ?.split(' ') ?? [];
        return [name, (Number(fields[11]) + Number(fields[12])) / 100];
      } catch {
        return [name, NaN];
      }
    }),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1] ?? NaN;
}

const WAYS: readonly Way[] = [
  hop(),
  hotlink('websocket', ['--overflow', 'wait'], ['--grace-ms', '0']),
  hotlink('websocket-one-log', ['--overflow', 'wait'], ['--grace-ms', '0', '--no-daemon-log']),
  hotlink('websocket-lean', ['--overflow', 'wait'], ['--grace-ms', '0', '--no-daemon-log', '--log-payload', 'zeros']),
  hotlink('webrtc', [], ['--transport', 'webrtc', '--grace-ms', '10000']),
];

async function main(names: readonly string[]): Promise<void> {
  const chosen = WAYS.filter(({ name }) => names.length === 0 || names.includes(name) || name === 'raw');
  const all = new Map<string, Figures>(chosen.map(({ name }) => [name, { rates: [], medians: [], worst: [], delayed: 0, notes: [] }]));
  for (let round = 0; round < ROUNDS; round++)
    for (const way of chosen) {
      const figures = all.get(way.name);
      if (figures !== undefined) await measure(way, figures);
    }
  const raw = median(all.get('raw')?.rates ?? []);
  for (const [name, { rates, medians, worst, delayed, notes }] of all) {
    const rate = median(rates);
    console.log(
      `${name.padEnd(22)} ${rate.toFixed(0).padStart(5)} MB/s (${rates.map((r) => r.toFixed(0)).join(', ')}), ${(rate / raw).toFixed(3)} of raw; 8 bytes one way ${median(medians).toFixed(2)} ms median, ${Math.max(...worst).toFixed(1)} worst, ${delayed} of ${PINGS * ROUNDS} delayed`,
    );
    console.log(`  ${notes.at(-1) ?? ''}`);
  }
  if (process.env['BENCH_SLOW_READER'] === '0') return;
  for (const way of chosen) {
    const pair = await way.start();
    try {
      console.log(`${way.name}: ${await slowReader(pair)}`);
    } finally {
      await pair.stop();
    }
  }
}

const args = process.argv.slice(2);
if (args[0] === 'be-the-hop') await beTheHop();
else {
  await main(args);
  process.exit(0);
}
