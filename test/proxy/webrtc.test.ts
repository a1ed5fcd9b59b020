/** Real WebRTC on loopback: whole runs of the built command with `--transport webrtc`, judged like recordings of the real system. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runBin } from '../helpers/bin.ts';
import { firstCause, runLab, type LabRun } from '../helpers/lab-run.ts';
import { startRelay } from '../helpers/wire-client.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-webrtc-'));
const PARTIES = ['aggregator', 'client1', 'client2'] as const;
/** More than a message of a data channel takes. */
const LARGE = ['--chunk-bytes', '1048576', '--bytes', '400000'];
/** Seeds that are tried until chance lets an offer overtake its accept. */
const SEEDS = [2, 3, 4, 5, 6, 7];
/** Runs at once: a busy machine makes peers late, and late is what some of these runs may not be. */
const AT_ONCE = 2;
const places = Array.from({ length: AT_ONCE }, () => Promise.resolve());
let runs = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<LabRun> {
  const number = ++runs;
  const place = number % AT_ONCE;
  const running = (places[place] ?? Promise.resolve()).then(async () =>
    runLab(join(root, `run-${number}`, 'sandbox'), ['--transport', 'webrtc', ...args], env),
  );
  places[place] = running.then(
    () => undefined,
    () => undefined,
  );
  const done = await running;
  const { accounting } = done.diagnosis;
  // Telemetry is truncated, then written; a run can be stopped in between, as with the real client (field guide 5.3).
  if (PARTIES.some((party) => done.telemetryText(party) === '')) return run(args, env);
  // Whatever a run shows, it writes only what the real client writes.
  expect([accounting.total.rejected, accounting.unmatchedHotlink]).toEqual([0, 0]);
  return done;
}

const sum = (done: LabRun, of: 'tx_p2p_packets' | 'tx_ws_packets' | 'ws_fallbacks' | 'webrtc_connected'): number =>
  PARTIES.reduce((total, party) => total + done.telemetry(party)[of], 0);

/** Runs wait for nothing most of their time; in parallel they share it. */
describe.concurrent('live up --transport webrtc', { timeout: 600_000 }, () => {
  it('E6: everything goes peer to peer, and the counters count as those of real clients', async () => {
    const done = await run(['--order', 'connection', '--rounds', '12', '--debug', '--grace-ms', '10000']);
    expect([done.completed, done.diagnosis.verdict, firstCause(done.diagnosis)]).toEqual([true, 'healthy', 'none']);
    expect([sum(done, 'tx_ws_packets'), sum(done, 'ws_fallbacks')]).toEqual([0, 0]);
    for (const party of PARTIES) {
      const { p2p_offers, p2p_answers_ok, webrtc_connected, tx_packets, tx_p2p_packets, live } = done.telemetry(party);
      // Two sessions each way: an offer for each that it accepted; an answer counts twice at its sender and once at its receiver.
      expect([p2p_offers, p2p_answers_ok, webrtc_connected]).toEqual([2, 6, 4]);
      expect(tx_p2p_packets).toBe(tx_packets);
      expect(live.sessions_out.map((s) => s.webrtc)).toEqual(['connected', 'connected']);
      expect(live.sessions_out.reduce((seqs, s) => seqs + s.seq, 0)).toBe(tx_packets);
      expect(done.log(party)).toMatch(/p2p:UP\(4\)/);
      expect(done.log(party)).toMatch(/hotlink send data: path=\S+ session=[0-9a-f]{8} seq=1 bytes=/);
      expect(done.log(party)).not.toMatch(/type=HotlinkData/);
    }
    expect(done.diagnosis.run?.transport).toBe('p2p');
  });

  it.each([
    ['strict', ['--strict', '--grace-ms', '10000'], 'hotlink_p2p_strict'],
    ['p2p-only', ['--p2p-only'], 'hotlink_p2p'],
    ['p2p-only of E5b', ['--p2p-only', '--era', 'E5b'], 'hotlink_p2p'],
    ['p2p-only of E3, where both directions share a channel', ['--p2p-only', '--era', 'E3'], 'hotlink_p2p'],
    ['p2p-only of E4, which uses sessions of its peers', ['--p2p-only', '--era', 'E4'], 'hotlink_p2p'],
  ] as const)('%s: healthy', async (_name, args, mode) => {
    const done = await run(['--order', 'connection', ...args]);
    expect([done.completed, done.diagnosis.verdict, firstCause(done.diagnosis)]).toEqual([true, 'healthy', 'none']);
    expect(sum(done, 'tx_ws_packets')).toBe(0);
    expect(PARTIES.map((party) => done.telemetry(party).mode)).toEqual([mode, mode, mode]);
  });

  it('E5b does not wait for peer to peer: the first frames go over the relay, later ones direct', async () => {
    const done = await run(['--order', 'connection', '--era', 'E5b']);
    expect([done.completed, done.diagnosis.verdict]).toEqual([true, 'degraded']);
    expect(firstCause(done.diagnosis)).toBe('websocket-fallback run');
    expect(sum(done, 'tx_p2p_packets')).toBeGreaterThan(0);
    expect(sum(done, 'tx_ws_packets')).toBeGreaterThan(0);
  });

  it('chunks above the message limit take the WebSocket under the same number, and nothing is lost', async () => {
    const done = await run(['--order', 'connection', ...LARGE]);
    expect([done.completed, done.diagnosis.verdict]).toEqual([true, 'degraded']);
    expect(firstCause(done.diagnosis)).toBe('websocket-fallback run');
    expect(done.diagnosis.findings.map((f) => f.rule)).toContain('oversize-packet');
    expect(sum(done, 'tx_p2p_packets')).toBeGreaterThan(0);
  });

  it.each([
    ['strict', ['--strict'], /reducing send chunk size to 524288 after oversized packet error/],
    ['p2p-only', ['--p2p-only', '--debug'], /p2p_only send failed: webrtc not ready after wait session=[0-9a-f]{8} path=\S+ seq=/],
  ] as const)('%s: a chunk above the limit takes its number with it', async (_name, args, line) => {
    const done = await run(['--order', 'connection', ...LARGE, ...args]);
    expect([done.completed, done.diagnosis.verdict]).toEqual([false, 'failed']);
    expect(firstCause(done.diagnosis)).toMatch(/^oversize-packet aggregator/);
    expect(done.log('aggregator')).toMatch(line);
    const { live, tx_packets } = done.telemetry('aggregator');
    expect(live.sessions_out.reduce((seqs, s) => seqs + s.seq, 0)).toBeGreaterThan(tx_packets);
  });

  it('takes the chunk size from the environment, as E6 does', async () => {
    const done = await run(['--order', 'connection', '--bytes', '400000', '--strict'], {
      SYFTBOX_HOTLINK_TCP_PROXY_CHUNK_SIZE: '1048576',
    });
    expect(firstCause(done.diagnosis)).toMatch(/^oversize-packet/);
  });

  it('an offer that overtakes its accept in the relay is dropped, and named', async () => {
    for (const seed of SEEDS) {
      const done = await run(['--overtaking', '0.4', '--late-ms', '30', '--rounds', '2', '--seed', String(seed)]);
      expect(done.completed).toBe(true);
      if (!done.relayLog().includes('hotlink signal rejected (not participant)')) continue;
      expect(done.diagnosis.verdict).toBe('degraded');
      expect(firstCause(done.diagnosis)).toMatch(/^offer-race /);
      return;
    }
    throw new Error('no offer overtook its accept');
  });

  it('a party without WebRTC: its channels fall back, the others are direct', async () => {
    const done = await run(['--order', 'connection', '--party-transport', 'client1=websocket', '--grace-ms', '200']);
    expect([done.completed, done.diagnosis.verdict]).toEqual([true, 'degraded']);
    expect(firstCause(done.diagnosis)).toBe('turn-credentials-missing run');
    expect(done.telemetry('client1').tx_p2p_packets).toBe(0);
    expect(done.telemetry('client2').webrtc_connected).toBe(2);
    expect(done.telemetry('aggregator').tx_p2p_packets).toBeGreaterThan(0);
  });

  it('a client that is killed: the others live on and its death is the cause', async () => {
    const done = await run(['--order', 'connection', '--fault', 'kill-client:client1']);
    expect(done.completed).toBe(false);
    // Its last counters are up to 3 s older than its last frames, which leave no line at who gets them: then the totals may contradict.
    expect(['failed', 'inconclusive']).toContain(done.diagnosis.verdict);
    for (const party of ['aggregator', 'client2']) expect(done.log(party).trimEnd().split('\n').at(-1)).not.toMatch(/ERROR/);
    expect(firstCause(done.diagnosis)).toBe('dead-client client1');
  });
});

describe('live party', () => {
  it('without the library says so and goes on over the WebSocket', async () => {
    const { relay } = await startRelay();
    const hooks = join(root, 'hooks.mjs');
    const deny = join(root, 'deny.mjs');
    writeFileSync(
      hooks,
      `export async function resolve(name, context, next) {
        if (name === 'node-datachannel') throw new Error('Cannot find package node-datachannel');
        return next(name, context);
      }`,
    );
    writeFileSync(deny, `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(hooks).href)});`);
    const email = 'client1@sandbox.local';
    const child = spawn(
      process.execPath,
      ['--import', deny, BIN, 'live', 'party', join(root, 'alone'), email, '--relay', relay.url, '--transport', 'webrtc', '--attached'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(line).toMatch(/^party client1@sandbox\.local acts as E6, WITHOUT peer to peer: node-datachannel cannot be loaded \(.+\)$/);
    child.stdin.end();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await relay.close();
  }, 60_000);

  it.each([
    [['--transport', 'pigeon'], 'websocket, webrtc'],
    [['--chunk-bytes', '100'], 'a number from 4096 to 1048576'],
  ])('refuses %j', (args, words) => {
    const refused = runBin(['live', 'party', root, 'a@b.c', '--relay', 'http://127.0.0.1:1', ...args]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });

  it('live up refuses a transport for a party that is not there', () => {
    const refused = runBin(['live', 'up', join(root, 'refused'), '--party-transport', 'nobody=webrtc']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('PARTY=TRANSPORT');
  });
});
