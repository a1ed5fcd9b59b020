/** `collect`: what it froze is judged as what it was taken of, whatever happens to the system or to itself meanwhile. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { runBin } from '../../helpers/bin.ts';
import { begin, liveUp, until } from '../../helpers/running.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-collect-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const STALLED = 'samples/stall-e3-debug/sandbox';
const OWN = /^_collected\//;

function judged(input: string): Diagnosis {
  const ran = runBin(['analyze', input, '--format', 'json']);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as Diagnosis;
}

/** Unpacks an archive and gives the folder of the sandbox in it. */
function unpacked(archive: string, top = 'sandbox'): string {
  const folder = mkdtempSync(join(root, 'unpacked-'));
  expect(spawnSync('tar', ['xzf', archive, '-C', folder]).status).toBe(0);
  return join(folder, top);
}

interface Manifest {
  readonly interrupted: boolean;
  readonly problems: readonly string[];
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, '_collected/manifest.json'), 'utf8')) as Manifest;

describe.concurrent('a collection', { timeout: 240_000 }, () => {
  it.each(['stall-e3-debug', 'healthy', 'late-application', 'stale-containers', 'wire-stall', 'published-29509799'])(
    'of %s gives the same diagnosis as the folder',
    (sample) => {
      const archive = join(root, `${sample}.tar.gz`);
      const folder = `samples/${sample}/sandbox`;
      const ran = runBin(['collect', folder, '-o', archive, '--seconds', '0', '--no-docker']);
      expect(ran.code, ran.stderr).toBe(0);
      const [kept, whole] = [judged(archive), judged(folder)];
      const secret = /(?:config\.(?:json|yaml)|state\.json)$/;
      const evidence = ({ accounting }: Diagnosis) =>
        accounting.sources.filter(({ source }) => !OWN.test(source)).map((one) => (secret.test(one.source) ? one.source : one));
      const known = new Set(kept.accounting.sources.map(({ source }) => source));
      // Files that are not recognised stay where they are, and are named.
      const left = whole.accounting.sources.filter(({ source }) => !known.has(source)).map(({ source }) => source);
      expect(manifestOf(unpacked(archive)).leftOut.map(({ path }) => path)).toEqual(left);
      expect(evidence(kept)).toEqual(evidence(whole).filter((one) => !left.includes(typeof one === 'string' ? one : one.source)));
      expect({ ...kept, accounting: null }).toEqual({ ...whole, accounting: null });
      expect(kept.accounting.sources.filter(({ source }) => OWN.test(source)).map(({ kind, rejected }) => [kind, rejected])).toEqual(
        Array.from({ length: 4 }, () => ['collected', 0]),
      );
    },
  );

  it('of a stalled run that is killed and deleted a moment later names the cause', async () => {
    const box = join(root, 'killed/sandbox');
    const archive = join(root, 'killed.tar.gz');
    const up = liveUp(box, '--era', 'E3', '--patience', '120');
    // Programs have spoken, and nothing moves any more.
    await until(() => runBin(['analyze', box, '--format', 'json', '--fail-on', 'error']).code === 1);
    const collecting = begin(['collect', box, '-o', archive, '--no-docker']);
    // All copies are made in the first moment; then everything goes, while the series is still being taken.
    await until(() => partial(root, 'killed.tar.gz').some((folder) => existsSync(join(folder, 'sandbox/_collected/processes.txt'))));
    const before = judged(box);
    up.child.kill('SIGKILL');
    await up.over;
    rmSync(box, { recursive: true, force: true, maxRetries: 10 });
    expect(await collecting.over, collecting.errors()).toBe(0);
    const kept = judged(archive);
    expect(kept.verdict).toBe('failed');
    expect(kept.causes[0]?.fingerprint).toBe(before.causes[0]?.fingerprint);
    expect(kept.parties.map(({ email }) => email)).toEqual(before.parties.map(({ email }) => email));
    const folder = unpacked(archive);
    // The clients were running: ps saw them, ss saw their ports, and their command lines are those of a run.
    expect(readFileSync(join(folder, '_collected/processes.txt'), 'utf8')).toContain('client1@sandbox.local');
    expect(partial(root, 'killed.tar.gz')).toEqual([]);
  });

  it('that is interrupted packs what is there and says so', async () => {
    const archive = join(root, 'interrupted.tar.gz');
    const collecting = begin(['collect', STALLED, '-o', archive, '--seconds', '600', '--no-docker']);
    await until(() => partial(root, 'interrupted.tar.gz').some((folder) => existsSync(join(folder, 'sandbox/_collected/system.json'))));
    collecting.child.kill('SIGINT');
    expect(await collecting.over, collecting.errors()).toBe(130);
    expect(collecting.out()).toContain('interrupted');
    expect(judged(archive).causes[0]?.rule).toBe('sender-lock-drop');
    expect(manifestOf(unpacked(archive)).interrupted).toBe(true);
    expect(partial(root, 'interrupted.tar.gz')).toEqual([]);
  });

  it('that is killed leaves a folder that analyze reads', async () => {
    const archive = join(root, 'shot.tar.gz');
    const collecting = begin(['collect', STALLED, '-o', archive, '--seconds', '600', '--no-docker']);
    await until(() => partial(root, 'shot.tar.gz').some((folder) => existsSync(join(folder, 'sandbox/_collected/system.json'))));
    collecting.child.kill('SIGKILL');
    await collecting.over;
    expect(existsSync(archive)).toBe(false);
    const [left = ''] = partial(root, 'shot.tar.gz');
    expect(judged(join(left, 'sandbox')).causes).toEqual(judged(STALLED).causes);
  });

  it('takes each flush of the telemetry while it goes on, and each log before it is truncated', async () => {
    const box = join(root, 'series/sandbox');
    cpSync(STALLED, box, { recursive: true });
    const archive = join(root, 'series.tar.gz');
    const telemetry = 'client1@sandbox.local/datasites/client1@sandbox.local/.syftbox/hotlink_telemetry.json';
    const log = 'client1@sandbox.local/.syftbox/logs/syftbox.log';
    const whole = readFileSync(join(box, log), 'utf8');
    const collecting = begin(['collect', box, '-o', archive, '--seconds', '600', '--no-docker']);
    await until(() => partial(root, 'series.tar.gz').some((folder) => existsSync(join(folder, 'sandbox', log))));
    const counters = JSON.parse(readFileSync(join(box, telemetry), 'utf8')) as { updated_ms: number; tx_bytes: number };
    counters.updated_ms += 3000;
    counters.tx_bytes += 1;
    writeFileSync(join(box, telemetry), JSON.stringify(counters));
    writeFileSync(join(box, log), 'time=2026-11-22T13:30:00.000Z level=INFO msg="daemon start version=0.1.0"\n');
    const stage = join(partial(root, 'series.tar.gz')[0] ?? '', 'sandbox');
    await until(
      () =>
        readFileSync(join(stage, log), 'utf8').includes('13:30:00') &&
        readFileSync(join(stage, telemetry), 'utf8').includes(String(counters.updated_ms)),
    );
    collecting.child.kill('SIGINT');
    expect(await collecting.over, collecting.errors()).toBe(130);
    expect(collecting.out()).toContain('1 earlier flush of telemetry');
    const folder = unpacked(archive);
    expect(readFileSync(join(folder, log), 'utf8')).toBe(
      `${whole}time=2026-11-22T13:30:00.000Z level=INFO msg="daemon start version=0.1.0"\n`,
    );
    expect(readFileSync(join(folder, telemetry), 'utf8')).toBe(JSON.stringify(counters));
  });

  it('has an account of every file, and none of the secrets of a configuration', () => {
    const box = join(root, 'secrets/sandbox');
    cpSync(STALLED, box, { recursive: true });
    writeFileSync(
      join(box, 'client1@sandbox.local/.syftbox/config.json'),
      '{"email":"client1@sandbox.local","client_token":"c66fe0c94c07263e39314d98227356f9"}',
    );
    writeFileSync(join(box, 'genomes.csv'), 'rs1,AA\n');
    mkdirSync(join(box, 'relay/minio/data'), { recursive: true });
    writeFileSync(join(box, 'relay/minio/data/object'), 'object');
    writeFileSync(join(box, 'empty.log'), '');
    const archive = join(root, 'secrets.tar.gz');
    const ran = runBin(['collect', box, '-o', archive, '--seconds', '0', '--no-docker']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('left out: genomes.csv: not recognised');
    expect(statSync(archive).mode & 0o077).toBe(0);
    const folder = unpacked(archive);
    expect(readFileSync(join(folder, 'client1@sandbox.local/.syftbox/config.json'), 'utf8')).not.toContain('c66fe0c9');
    const { files, leftOut } = manifestOf(folder);
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
    expect(files.map(({ path }) => path).toSorted()).toEqual(names.filter((name) => name !== '_collected/manifest.json').toSorted());
    for (const { path, bytes, sha256 } of files) {
      const content = readFileSync(join(folder, path));
      expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([path, bytes, sha256]);
    }
    expect(leftOut.map(({ path, why }) => `${path}: ${why}`)).toEqual([
      'genomes.csv: not recognised; --all takes it along',
      "relay/minio: the relay's object store",
    ]);
    expect(names).toContain('empty.log');
    const all = join(root, 'secrets-all.tar.gz');
    expect(runBin(['collect', box, '-o', all, '--seconds', '0', '--no-docker', '--all']).code).toBe(0);
    expect(existsSync(join(unpacked(all), 'genomes.csv'))).toBe(true);
  });

  it('of one party only still says whose it is, however deep the folder', () => {
    for (const [below, top] of [
      ['client1@sandbox.local', 'client1@sandbox.local'],
      ['client1@sandbox.local/.syftbox', 'client1@sandbox.local'],
    ] as const) {
      const archive = join(root, `party-${below.length}.tar.gz`);
      expect(runBin(['collect', join(STALLED, below), '-o', archive, '--seconds', '0', '--no-docker']).code).toBe(0);
      const kept = judged(archive);
      const logs = kept.accounting.sources.filter(({ kind }) => kind === 'client-log');
      expect(logs.length).toBeGreaterThan(0);
      expect(new Set(logs.map(({ party }) => party))).toEqual(new Set(['client1@sandbox.local']));
      expect(existsSync(unpacked(archive, top))).toBe(true);
    }
  });

  it('asks docker where it is there: containers of runs with their logs, without their environment', () => {
    const bin = join(root, 'docker-bin');
    mkdirSync(bin);
    const name = 'syqure-29510841-3a82b861f31a-pid1';
    const ps = [
      { ID: '3f2a', Names: name, State: 'exited', Status: 'Exited (137) 2 minutes ago' },
      { ID: '4f2a', Names: 'postgres', State: 'running', Status: 'Up 3 days' },
    ];
    const inspect = [
      {
        Id: 'a'.repeat(64),
        Name: `/${name}`,
        State: { Status: 'exited', Running: false, ExitCode: 137, OOMKilled: true },
        Config: { Env: ['K=topsecret'] },
      },
    ];
    writeFileSync(
      join(bin, 'docker'),
      `#!/bin/sh\necho "$@" >> ${join(root, 'docker-calls')}\ncase "$1" in\nps) ${ps.map((one) => `echo '${JSON.stringify(one)}'`).join('; ')};;\nstats) ;;\ninspect) echo '${JSON.stringify(inspect)}';;\nlogs) echo out; echo err >&2;;\nesac\n`,
    );
    chmodSync(join(bin, 'docker'), 0o755);
    const archive = join(root, 'docker.tar.gz');
    const ran = runBin(['collect', STALLED, '-o', archive, '--seconds', '0'], { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
    expect(ran.code, ran.stderr).toBe(0);
    const folder = join(unpacked(archive), '_collected');
    expect(readFileSync(join(folder, 'docker-inspect.json'), 'utf8')).not.toContain('topsecret');
    expect(
      readFileSync(join(folder, `docker-logs-${name}.log`), 'utf8')
        .split('\n')
        .toSorted(),
    ).toEqual(['', 'err', 'out']);
    expect(readFileSync(join(root, 'docker-calls'), 'utf8')).not.toContain('postgres');
    const containers = judged(archive).accounting.sources.filter(({ kind }) => kind === 'container');
    expect(containers.map(({ source, rejected }) => [source, rejected])).toEqual([
      ['_collected/docker-inspect.json', 0],
      ['_collected/docker-ps.jsonl', 0],
    ]);
  });

  it('may be written into the sandbox, and does not hold itself', () => {
    const box = join(root, 'inside/sandbox');
    cpSync(STALLED, box, { recursive: true });
    const archive = join(box, 'case.tar.gz');
    expect(runBin(['collect', box, '-o', archive, '--seconds', '1', '--no-docker']).code).toBe(0);
    const folder = unpacked(archive);
    expect(existsSync(join(folder, 'case.tar.gz'))).toBe(false);
    expect(readdirSync(box).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('overwrites nothing, and wants a folder', () => {
    const taken = join(root, 'taken.tar.gz');
    writeFileSync(taken, 'mine');
    const refused = runBin(['collect', STALLED, '-o', taken, '--seconds', '0']);
    expect([refused.code, readFileSync(taken, 'utf8')]).toEqual([2, 'mine']);
    expect(refused.stderr).toContain('HLD_CLI_UNWRITABLE_OUTPUT');
    expect(runBin(['collect', 'package.json']).stderr).toContain('HLD_WATCH_NOT_A_FOLDER');
    expect(runBin(['collect', STALLED, '-o', join(root, 'no/such/folder.tar.gz')]).stderr).toContain('HLD_CLI_UNWRITABLE_OUTPUT');
    expect(runBin(['collect', STALLED, '--seconds', 'long']).stderr).toContain('seconds from 0');
  });
});

/** Folders that a collection is filling, or left behind. */
function partial(folder: string, archive: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${archive}.partial-`))
    .map((name) => join(folder, name));
}
