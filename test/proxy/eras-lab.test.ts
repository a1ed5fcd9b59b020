/** Whole runs of the first versions and of patches: what `analyze` says of them, and that the tables of docs/live.md are true. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runBin } from '../helpers/bin.ts';
import { firstCause, runLab, type LabRun } from '../helpers/lab-run.ts';
import { limiter } from '../helpers/limiter.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-eras-'));
const PAGE = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8');
const PARTIES = ['aggregator', 'client1', 'client2'] as const;
/** A machine that is busy with other tests answers late, and E1 waits for an accept once. */
const PATIENT = ['--switch', 'accept-wait-ms=60000'];
const SEED = ['--scenario', 'seed-29509799'];
/** Runs at once: what a program writes in pieces must be read in pieces. */
const AT_ONCE = 2;
const MOST_SEEDS = 6;
let runs = 0;
const slot = limiter(AT_ONCE);

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(args: readonly string[]): Promise<LabRun> {
  const done = await slot(async () => runLab(join(root, `run-${++runs}`, 'sandbox'), args));
  const { accounting } = done.diagnosis;
  // Whatever a run shows, it writes only what the real client writes.
  expect([accounting.total.rejected, accounting.unmatchedHotlink]).toEqual([0, 0]);
  return done;
}

/** Cells of the rows of the page's table that begins with these words. */
function table(head: string): string[][] {
  const lines = PAGE.slice(PAGE.search(new RegExp(`^\\| ${head} +\\|`, 'm'))).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

function counters(done: LabRun, party: (typeof PARTIES)[number]): Record<string, number> {
  return done.telemetry(party) as unknown as Record<string, number>;
}

describe.concurrent('live up', { timeout: 600_000 }, () => {
  it('E1b: completes, is recognised, and is judged like the recording of one: offers race, the rest is not known', async () => {
    const args = ['--era', 'E1b', '--relay-version', 'S1', '--debug', '--overtaking', '0.2', '--late-ms', '30', ...PATIENT];
    let done = await run([...args, '--seed', '1']);
    // Chance decides whether an offer overtakes its accept.
    for (let seed = 2; seed <= MOST_SEEDS && !firstCause(done.diagnosis).startsWith('offer-race '); seed++) {
      expect(firstCause(done.diagnosis)).toBe('websocket-fallback run');
      done = await run([...args, '--seed', String(seed)]);
    }
    expect([done.completed, done.diagnosis.verdict]).toEqual([true, 'inconclusive']);
    expect(done.diagnosis.parties.map(({ era }) => era?.value)).toEqual(['E1', 'E1', 'E1']);
    expect(firstCause(done.diagnosis)).toMatch(/^offer-race /);
    for (const party of PARTIES) {
      const log = done.log(party);
      expect(log).toContain('hotlink config: socket_only=true quic_enabled=true quic_only=false tcp_proxy=true');
      expect(log).toMatch(/writer mapped canonical=\S+ local=\S+ active=true keys=\[/);
      expect(log).toMatch(/quic not ready, using ws fallback/);
      expect(log).not.toMatch(/hotlink \||session new|webrtc|p2p/);
      expect(counters(done, party)).toMatchObject({ mode: 'hotlink_quic_pref', tx_quic_packets: 0 });
      expect(counters(done, party)).not.toHaveProperty('live');
    }
  });

  it('E1 without QUIC: nothing is offered', async () => {
    const done = await run(['--era', 'E1', '--switch', 'quic=off', '--rounds', '2', ...PATIENT]);
    expect(done.completed).toBe(true);
    for (const party of PARTIES) {
      expect(counters(done, party)).toMatchObject({ mode: 'hotlink_ws_only', quic_offers: 0 });
      expect(done.log(party)).not.toMatch(/hotlink quic/);
    }
  });

  it('F-8: one program that does not read stops all channels into a client of E1b', async () => {
    const done = await run(['--scenario', 'reorder-lock', ...PATIENT]);
    expect([done.completed, done.diagnosis.verdict]).toEqual([false, 'failed']);
    expect(firstCause(done.diagnosis)).toBe('reorder-lock-blockage client1');
  });

  it('the published run comes out to the byte and the packet', async () => {
    const done = await run(SEED);
    const rows = table(' ').filter(([party]) => PARTIES.some((one) => one === party));
    expect(rows).toHaveLength(3);
    const got = PARTIES.map((party) => {
      const t = counters(done, party);
      return [party, t['tx_bytes'], t['tx_packets'], t['rx_bytes'], t['rx_packets'], t['ws_fallbacks'], t['webrtc_connected']].map(String);
    });
    expect(got).toEqual(rows);
    expect(got).toEqual([
      ['aggregator', '0', '0', '1572924', '110', '0', '0'],
      ['client1', '3145848', '221', '1572924', '112', '3', '0'],
      ['client2', '1572924', '112', '1572916', '110', '1', '0'],
    ]);
    expect([done.diagnosis.verdict, firstCause(done.diagnosis)]).toEqual(['failed', 'sender-lock-drop client1>client2']);
  });

  it.each(['E3+B', 'E3+D', 'E3+E', 'E3+C+D+E'])('the published run, %s: as the page says', async (client) => {
    const row = table('client').find(([name]) => name === client);
    const done = await run([...SEED, '--era', `${client}/burst-ms=1000`, '--patience', '10']);
    const ends = done.completed ? 'done' : 'stalls';
    const cause = done.completed ? '' : firstCause(done.diagnosis).split(' ')[0];
    // A completed run goes on behind the published part; what client2 had of client1 is the first u.
    const received = done.completed ? 1_572_924 : counters(done, 'client2')['rx_bytes'];
    expect([client, String(received), cause, ends]).toEqual(row);
  });
});

describe('what a user may name', () => {
  it.each([
    [['live', 'up', 'x', '--era', 'E3+Z'], 'a patch of B, C, D'],
    [['live', 'up', 'x', '--switch', 'adopton=never'], 'did you mean adoption?'],
    [['live', 'up', 'x', '--switch', 'client9:adoption=never'], 'PARTY:NAME=VALUE'],
    [['live', 'up', 'x', '--relay-version', 'S1+X'], 'a patch of F, G, frm'],
    [['live', 'party', 'x', 'a@b.c', '--relay', 'http://127.0.0.1:1', '--era', 'E1', '--p2p-only'], 'E3 or later'],
    [['live', 'party', 'x', 'a@b.c', '--relay', 'http://127.0.0.1:1', '--switch', 'writers=newst'], 'did you mean newest?'],
  ])('%j is refused', (args, words) => {
    const refused = runBin(args);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('is listed by --help', () => {
    expect(runBin(['live', 'party', '--help']).stdout).toMatch(/reorder-lock +one lock .*: yes, no/);
  });
});
