/** Whole runs of the built command through a tap: what its faults leave is diagnosed as what was done, and its processes end. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { runBin } from '../../helpers/bin.ts';

const BIN = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-tap-lab-'));
let runs = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs wait for nothing most of their time; more than two at once are late for want of processors, which is another failure. */
const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

async function runLab(args: readonly string[]): Promise<string> {
  runs++;
  const lane = runs % lanes.length;
  const sandbox = join(root, `run-${runs}`, 'sandbox');
  const mine = (lanes[lane] ?? Promise.resolve()).then(async () => runOnce(sandbox, args));
  lanes[lane] = mine;
  await mine;
  return sandbox;
}

async function runOnce(sandbox: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--format', 'json', '--patience', '15', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
}

function analyze(...args: readonly string[]): Diagnosis {
  return JSON.parse(runBin(['analyze', ...args, '--format', 'json']).stdout) as Diagnosis;
}

const short = (email: string | undefined): string => (email ?? '').split('@')[0] ?? '';

function causesOf({ causes }: Diagnosis): string[] {
  return causes.map(({ rule, subject: { party, from, to } }) => {
    return `${rule} ${party !== undefined ? short(party) : from !== undefined ? `${short(from)}>${short(to)}` : 'run'}`;
  });
}

/** Frames of 60 kB, so that a lost one has others behind it. */
const LONG = ['--bytes', '200000', '--rounds', '3'];

describe.concurrent('live up through a tap', { timeout: 400_000 }, () => {
  it.each([
    ['a frozen link, as in its recording', ['--era', 'E6', '--frame-fault', 'freeze:client2@4'], /^frozen-link client2$/, 'failed'],
    ['a lost frame', ['--era', 'E5b', ...LONG, '--frame-fault', 'drop:data:6:client1'], /^sequence-gap client1>/, 'failed'],
    ['a lost open', ['--era', 'E5b', '--frame-fault', 'drop:open:1:client1'], /^unanswered-open client1>/, 'failed'],
    ['a frame that cannot be read', ['--era', 'E5b', '--frame-fault', 'corrupt:data:6:client1'], /^undecodable-message client1$/, 'failed'],
    ['a cut in the middle of a message', ['--era', 'E5b', '--frame-fault', 'cut:data:6:client1'], /^split-client client1$/, 'failed'],
    ['a frame that comes twice', ['--era', 'E5b', '--frame-fault', 'duplicate:data:6:client1'], /^duplicate-delivery client1>/, 'degraded'],
  ] as const)('%s', async (_, args, cause, verdict) => {
    const diagnosis = analyze(await runLab(args));
    const causes = causesOf(diagnosis).filter((name) => name !== 'turn-credentials-missing run');
    expect(causes[0]).toMatch(cause);
    expect(diagnosis.verdict).toBe(verdict);
  });

  it('reordered and late frames on a slow line do no harm', async () => {
    const faults = ['reorder:data:/7:client1', 'delay:data:9:client1:1500', 'rate:client1:200000', 'latency:client2:20'];
    const diagnosis = analyze(await runLab(['--era', 'E5b', ...LONG, ...faults.flatMap((fault) => ['--frame-fault', fault])]));
    expect(diagnosis.verdict).toBe('degraded');
    const rules = diagnosis.findings.map((f) => f.rule);
    expect(rules).toContain('reordered-frames');
    expect(rules.filter((rule) => ['sequence-gap', 'asymmetric-growth', 'duplicate-delivery'].includes(rule))).toEqual([]);
  });

  it('a tap changes nothing; its captures are sources beside the logs, and can be read alone', async () => {
    const sandbox = await runLab(['--era', 'E3', '--tap']);
    const captures = join(sandbox, 'relay/captures');
    const whole = analyze(sandbox);
    expect(causesOf(whole)[0]).toBe('sender-lock-drop aggregator');
    expect(whole.accounting.sources.filter((s) => s.kind === 'capture').map((s) => s.rejected)).toEqual([0, 0, 0]);
    const elsewhere = join(sandbox, '../elsewhere');
    cpSync(captures, elsewhere, { recursive: true });
    rmSync(captures, { recursive: true });
    const without = analyze(sandbox);
    const also = analyze(sandbox, '--also', elsewhere);
    expect([whole.verdict, also.verdict]).toEqual([without.verdict, without.verdict]);
    // The captures know more: never less, and never anything else.
    for (const known of [whole, also]) {
      const outside = known.flows.filter((flow) => {
        const before = without.flows.find((one) => one.from === flow.from && one.to === flow.to);
        return (
          before === undefined || flow.sent.min < before.sent.min || flow.sent.max > before.sent.max || flow.lost.max > before.lost.max
        );
      });
      expect(outside).toEqual([]);
    }
    expect(causesOf(also)).toEqual(causesOf(without));
    const alone = analyze(elsewhere);
    expect(causesOf(alone)[0]).toBe('sender-lock-drop aggregator');
    expect(alone.flows.map((f) => `${short(f.from)}>${short(f.to)}`)).toEqual(without.flows.map((f) => `${short(f.from)}>${short(f.to)}`));
    const one = join(elsewhere, readdirSync(elsewhere)[0] ?? '');
    expect(analyze(one).accounting.total.rejected).toBe(0);
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface(child.stdout!);
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    () => true,
    (error: { cause?: { code?: string } }) => error.cause?.code !== 'ECONNREFUSED',
  );
}

/** Command lines of running processes that name this sandbox. */
function processesOf(sandbox: string): string[] {
  return spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(sandbox) && line.includes(' live '));
}

const urlOf = (line: string): string => /http:\S+?(?=,)/.exec(line)?.[0] ?? '';

describe('its process', { timeout: 60_000 }, () => {
  const start = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [BIN, 'live', 'tap', 'http://127.0.0.1:1', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });

  it('ends at Ctrl-C and frees its port', async () => {
    const child = start();
    const url = urlOf(await firstLine(child));
    child.kill('SIGINT');
    expect(((await once(child, 'exit')) as [number])[0]).toBe(130);
    expect(await answers(url)).toBe(false);
  });

  it('ends also while connections are half closed at both sides', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [BIN, 'live', 'tap', `http://127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    const url = urlOf(await firstLine(child));
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      socket.end('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n');
      return socket;
    });
    await Promise.all(sockets.map(async (socket) => once(socket, 'readable')));
    child.kill('SIGINT');
    expect(((await once(child, 'exit')) as [number])[0]).toBe(130);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('ends with its parent where it belongs to one', async () => {
    const child = start('--attached');
    const url = urlOf(await firstLine(child));
    child.stdin?.end();
    expect(((await once(child, 'exit')) as [number])[0]).toBe(0);
    expect(await answers(url)).toBe(false);
  });

  it('does not start on a port that is taken, and leaves that alone', async () => {
    const child = start();
    const url = urlOf(await firstLine(child));
    const refused = runBin(['live', 'tap', 'http://127.0.0.1:1', '--port', new URL(url).port]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('HLD_LIVE_CANNOT_LISTEN');
    child.kill('SIGINT');
    await once(child, 'exit');
  });

  it('takes faults while it runs, and says what it did not understand', async () => {
    const child = start('--attached');
    const lines: string[] = [];
    createInterface(child.stdout!).on('line', (line) => lines.push(line));
    await expect.poll(() => lines.length).toBe(1);
    child.stdin?.write(
      'fault add drop:data:3:client1\nfault add freeze:client2\nfault list\nfault add nonsense\nfault clear\nfault list\nhello\n',
    );
    await expect.poll(() => lines.length).toBe(9);
    expect(lines.slice(1)).toEqual([
      'fault drop:data:3:client1 is set',
      'fault freeze:client2 is set',
      'fault drop:data:3:client1: seen 0, struck 0',
      'fault freeze:client2, frozen',
      expect.stringMatching(/^not set: fault add cannot be 'nonsense'/),
      'no faults',
      'no faults',
      'not understood: fault add FAULT, fault clear, or fault list',
    ]);
    child.stdin?.end();
    await once(child, 'exit');
  });

  it('is gone when the lab that started it is killed', async () => {
    const sandbox = join(root, 'killed');
    const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--tap', '--fault', 'no-app:client1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await firstLine(child);
    // A client's configuration names the tap.
    const config = join(sandbox, 'client2@sandbox.local/.syftbox/config.json');
    await expect.poll(() => existsSync(config), { timeout: 20_000 }).toBe(true);
    const { server_url: url } = JSON.parse(readFileSync(config, 'utf8')) as { server_url: string };
    expect(await answers(url)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(async () => answers(url), { timeout: 20_000 }).toBe(false);
    // Not only its port: the process too.
    await expect.poll(() => processesOf(sandbox), { timeout: 20_000 }).toEqual([]);
  });

  it.each([
    [['--frame-fault', 'drip:data:3'], 'drop?'],
    [['--frame-fault', 'drop:data:3:client1>client2>client3'], 'WHERE'],
  ])('live up refuses %j', (args, words) => {
    const refused = runBin(['live', 'up', join(root, 'refused'), ...args]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });
});
