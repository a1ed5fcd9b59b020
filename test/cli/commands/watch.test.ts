/** `watch` beside systems that really run, and in a real pseudo terminal. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { watchEventSchema, type WatchEvent } from '../../../src/model/watch.ts';
import { runBin } from '../../helpers/bin.ts';
import { begin, liveUp, until, type Going } from '../../helpers/running.ts';
import { Terminal } from '../../helpers/terminal.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-watch-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const STALLED = 'samples/stall-e3-debug/sandbox';
const LOG = 'client1@sandbox.local/.syftbox/logs/syftbox.log';

/** Each line is one event of the published schema. */
function eventsOf(going: Going): WatchEvent[] {
  return going
    .out()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => watchEventSchema.parse(JSON.parse(line)));
}

function judged(input: string): Diagnosis {
  return JSON.parse(runBin(['analyze', input, '--format', 'json']).stdout) as Diagnosis;
}

/** Systems wait most of their time; beside each other they share it. */
describe.concurrent('beside a running system', { timeout: 240_000 }, () => {
  it('a run that stalls is suspected, then known to fail, and ends the watch with 1', async () => {
    const box = join(root, 'stall');
    const up = liveUp(box, '--era', 'E3', '--patience', '60');
    const watch = begin(['watch', box, '--until', 'stalled', '--no-docker']);
    expect(await watch.over, watch.errors()).toBe(1);
    up.child.kill('SIGINT');
    const events = eventsOf(watch);
    const causes = events.filter((one) => one.kind === 'cause' && one.cause.severity === 'error');
    // On a slow machine another failure of E3 may come first; what holds is what analyze says of the same files.
    const [first] = judged(box).causes;
    expect(first?.severity).toBe('error');
    expect(causes.map((one) => one.kind === 'cause' && `${one.what} ${one.cause.fingerprint}`)).toContain(
      `confirmed ${first?.fingerprint ?? ''}`,
    );
    expect(events.at(0)?.kind).toBe('start');
    expect(events.at(-1)).toMatchObject({ kind: 'end', why: 'stalled', verdict: 'failed', code: 1 });
    // A stall is never called one before it stood still for ten seconds.
    const standing = events.find((one) => one.kind === 'diagnosis' && one.state === 'standing');
    expect(standing?.kind === 'diagnosis' ? (standing.stoodStillMs ?? 0) : 0).toBeGreaterThanOrEqual(10_000);
    await up.over;
  });

  it('a healthy run raises no alarm from its first second on, and ends the watch with 0', async () => {
    const box = join(root, 'healthy');
    const up = liveUp(box, '--era', 'E5b', '--rounds', '40');
    const watch = begin(['watch', box, '--until', 'finished', '--until', 'stalled', '--no-docker']);
    expect(await watch.over, `${watch.errors()}${watch.out()}`).toBe(0);
    await up.over;
    const events = eventsOf(watch);
    expect(events.filter((one) => one.kind === 'cause' && one.cause.severity === 'error')).toEqual([]);
    const states = events.filter((one) => one.kind === 'state').map((one) => one.kind === 'state' && one.state);
    expect(states).not.toContain('standing');
    expect(states.at(-1)).toBe('finished');
    const praise = events.filter((one) => one.kind === 'diagnosis' && one.state !== 'finished' && one.finished === true);
    expect(praise).toEqual([]);
  });

  it('a restarted client truncates its log; the record has what was in it, and knows more than the sandbox', async () => {
    const box = join(root, 'restart');
    const record = join(root, 'restart-record');
    const up = liveUp(box, '--era', 'E5b', '--fault', 'restart-client:client1', '--patience', '60');
    const watch = begin(['watch', box, '--until', 'stalled', '--record', record, '--no-docker']);
    expect(await watch.over, watch.errors()).toBe(1);
    up.child.kill('SIGINT');
    await up.over;
    const truncated = eventsOf(watch).find((one) => one.kind === 'file' && one.what === 'truncated' && one.path === LOG);
    expect(truncated).toBeDefined();

    const lines = readFileSync(join(record, LOG), 'utf8').split('\n');
    const starts = lines.flatMap((line, index) => (line.includes('daemon start') ? [index + 1] : []));
    expect(starts).toHaveLength(2);
    expect(readFileSync(join(box, LOG), 'utf8').match(/daemon start/g)).toHaveLength(1);

    const [kept, left] = [judged(record), judged(box)];
    expect(kept.causes[0]).toMatchObject({ rule: 'client-restart', subject: { party: 'client1@sandbox.local' } });
    expect(kept.verdict).toBe('failed');
    expect(kept.contradictions).toEqual([]);
    // What client1 received before its restart is in the old log only.
    expect(kept.sequence.some((event) => event.source === LOG && event.line < (starts[1] ?? 0))).toBe(true);
    const received = ({ flows }: Diagnosis): number => {
      const { delivered } = flows.find((flow) => flow.from.startsWith('aggregator') && flow.to.startsWith('client1')) ?? {
        delivered: { min: 0, max: 0 },
      };
      return delivered.max - delivered.min;
    };
    expect(received(kept)).toBeLessThanOrEqual(received(left));
    expect(kept.accounting.sources.filter(({ kind }) => kind === 'unknown')).toEqual([]);
    expect(kept.timeline.counters.length).toBe(3);
  });

  it('a watch that is killed leaves a record that can be read, and no process', async () => {
    const box = join(root, 'killed');
    const record = join(root, 'killed-record');
    cpSync(STALLED, box, { recursive: true });
    const watch = begin(['watch', box, '--record', record, '--no-docker']);
    await until(() => watch.out().includes('"kind":"diagnosis"'));
    appendFileSync(join(box, LOG), 'time=2026-11-22T13:26:00.000Z level=INFO msg="half a li');
    await until(() => readFileSync(join(record, LOG), 'utf8').includes('half a li'));
    const judges = childrenOf(watch.child.pid ?? 0);
    expect(judges).toHaveLength(1);
    watch.child.kill('SIGKILL');
    await watch.over;
    await until(() => !judges.some((pid) => existsSync(`/proc/${pid}`)));
    expect(readFileSync(join(box, LOG), 'utf8')).toBe(readFileSync(join(record, LOG), 'utf8'));
    const [kept, whole] = [judged(record), judged(STALLED)];
    expect(kept.causes.map(({ fingerprint }) => fingerprint)).toEqual(whole.causes.map(({ fingerprint }) => fingerprint));
    expect(JSON.parse(readFileSync(join(record, '_collected/manifest.json'), 'utf8'))).not.toHaveProperty('endedAt');
  });

  it('docker is asked where it is there, its CPU is shown and kept in a form that ingest reads', async () => {
    const bin = join(root, 'docker-bin');
    mkdirSync(bin);
    const run = (JSON.parse(runBin(['analyze', STALLED, '--format', 'json']).stdout) as Diagnosis).run?.id ?? '';
    const name = `syqure-${run}-pid1`;
    const ps = JSON.stringify({ ID: '3f2a', Names: name, State: 'running', Status: 'Up 2 minutes', Command: 'x --token=topsecret' });
    const stats = JSON.stringify({ Name: name, CPUPerc: '99.12%', MemUsage: '1.2GiB / 15.5GiB' });
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\ncase "$1" in ps) echo '${ps}';; stats) sleep 1; echo '${stats}';; esac\n`);
    chmodSync(join(bin, 'docker'), 0o755);
    const record = join(root, 'docker-record');
    const watch = begin(['watch', STALLED, '--record', record, '--until', '8'], { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
    expect(await watch.over, watch.errors()).toBe(1);
    expect(eventsOf(watch)).toContainEqual(
      expect.objectContaining({ kind: 'containers', containers: [{ name, cpuPercent: 99.12, memory: '1.2GiB / 15.5GiB' }] }),
    );
    const kept = judged(record);
    const containers = kept.accounting.sources.filter(({ kind }) => kind === 'container');
    expect(containers.map(({ source, records }) => [source, records > 0])).toEqual([
      ['_collected/docker-ps.jsonl', true],
      ['_collected/docker-stats.jsonl', true],
    ]);
    expect(readFileSync(join(record, '_collected/docker-ps.jsonl'), 'utf8')).not.toContain('topsecret');
  });

  it('live attach is the same command; a run that was dead before is judged and called silent', async () => {
    const box = join(root, 'dead');
    cpSync(STALLED, box, { recursive: true });
    for (const name of readdirSync(box, { recursive: true, encoding: 'utf8' })) utimesSync(join(box, name), 1_795_353_924, 1_795_353_924);
    const watch = begin(['live', 'attach', box, '--until', 'stalled', '--no-docker']);
    expect(await watch.over, watch.errors()).toBe(1);
    const events = eventsOf(watch);
    expect(events.filter((one) => one.kind === 'state').map((one) => one.kind === 'state' && one.state)).toEqual(['silent']);
    expect(events.at(-1)).toMatchObject({ kind: 'end', state: 'silent', verdict: 'failed' });
  });

  it('a sandbox whose files went away ends in no error', async () => {
    const box = join(root, 'gone');
    cpSync(STALLED, box, { recursive: true });
    const watch = begin(['watch', box, '--until', '12', '--no-docker']);
    await until(() => watch.out().includes('"kind":"diagnosis"'));
    rmSync(box, { recursive: true });
    expect([1, 3]).toContain(await watch.over);
    expect(eventsOf(watch)).toContainEqual(expect.objectContaining({ kind: 'file', what: 'removed', path: LOG }));
    expect(watch.errors()).toBe('');
  });
});

function childrenOf(pid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid);
    } catch {
      return false;
    }
  });
}

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) process.stderr.write('SKIPPED: no script(1) here, so the screen is not tried in a pseudo terminal\n');

describe.runIf(hasScript)('in a terminal', { timeout: 120_000 }, () => {
  const shell = (width: number, height: number, args: string): Going =>
    begin(
      ['-qfec', `stty -echo rows ${height} cols ${width}; exec "$NODE" dist/cli/bin.js ${args}`, '/dev/null'],
      { NODE: process.execPath, TERM: 'xterm-256color' },
      ['script'],
    );

  it.each([
    [100, 30],
    [64, 12],
  ])('of %i × %i it draws one screen in place and leaves the terminal as it was, with Ctrl-C', async (width, height) => {
    const terminal = new Terminal(width, height);
    const going = shell(width, height, `watch ${STALLED} --no-docker`);
    going.child.stdout?.on('data', (text: string) => terminal.write(text));
    await expect.poll(() => terminal.screen.join('\n'), { timeout: 60_000 }).toContain('✗ FAILED');
    expect(terminal.isAlternate).toBe(true);
    expect(terminal.isCursorShown).toBe(false);
    expect(terminal.screen).toHaveLength(height);
    expect(terminal.screen.at(-1)).toContain('Ctrl-C ends');
    expect(terminal.screen.join('\n')).toContain('sender-lock-drop');
    going.child.stdin?.write('\u0003');
    expect(await going.over).toBe(130);
    expect(terminal).toMatchObject({ isAlternate: false, isCursorShown: true, entered: 1, unknown: [], tooLong: [] });
    expect(terminal.printed).toContain('✗ FAILED');
    expect(terminal.printed).toContain('Next: hotlink-doctor analyze');
  });

  it('gives lines of JSON there too when they are wanted, and no colour with NO_COLOR', async () => {
    const lines = shell(80, 24, `watch ${STALLED} --no-docker --until 3 --format ndjson`);
    expect(await lines.over).toBe(1);
    expect(
      lines
        .out()
        .trimEnd()
        .split('\r\n')
        .map((line) => (JSON.parse(line) as WatchEvent).kind)
        .at(-1),
    ).toBe('end');
    const plain = shell(80, 24, `watch ${STALLED} --no-docker --until 3 --no-color`);
    expect(await plain.over).toBe(1);
    // oxlint-disable-next-line no-control-regex -- that no colour is in it is what is tested
    expect(plain.out()).not.toMatch(/\u001B\[[0-9;]*m/);
  });
});

describe('what it refuses', () => {
  const full = join(root, 'full');

  it.each([
    [[join(root, 'nothing-here')], 'HLD_INPUT_NO_SUCH_PATH'],
    [['package.json'], 'HLD_WATCH_NOT_A_FOLDER'],
    [[STALLED, '--until', 'soon'], 'stalled, finished or seconds'],
    [[STALLED, '--interval', '0'], '0.25 to 3600'],
    [[STALLED, '--max-bytes', 'much'], 'a size of'],
    [[STALLED, '--max-bytes', '5k'], 'a size of'],
    [[STALLED, '--format', 'html'], 'text, ndjson'],
    [[STALLED, '--record', join(STALLED, 'record')], 'outside of the sandbox'],
    [[STALLED, '--record', 'samples'], 'outside of the sandbox'],
  ])('%j', (args, words) => {
    const refused = runBin(['watch', ...args]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });

  it('a record in a folder that holds something', () => {
    mkdirSync(full);
    writeFileSync(join(full, 'mine.txt'), 'mine');
    const refused = runBin(['watch', STALLED, '--record', full]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('not empty');
    expect(readdirSync(full)).toEqual(['mine.txt']);
  });

  it('a folder of several sandboxes, with the word that analyze has for it', () => {
    const several = join(root, 'several');
    for (const one of ['a', 'b']) cpSync(STALLED, join(several, one), { recursive: true });
    const refused = runBin(['watch', several, '--no-docker', '--until', '60']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('HLD_INPUT_SEVERAL_SANDBOXES');
  }, 60_000);
});
