/** What the machine and docker say, as far as it may be kept. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askDocker, containersOf, DockerProbe, reduceInspect, reduceLines, type DockerAnswer } from '../../src/live/docker.ts';
import { processes, shortenArgs, sockets, socketsOfTable, systemFacts } from '../../src/live/machine.ts';
import { runTool } from '../../src/live/tool.ts';
import { isDockerLine, isInspected } from '../../src/ingest/files/docker.ts';

const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-machine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that prints what it is told. */
function program(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a program of the system', () => {
  it('gives its output and its code', async () => {
    expect(await runTool('sh', ['-c', 'echo out; echo bad >&2; exit 3'], 5000)).toEqual({
      code: 3,
      out: 'out\n',
      problem: 'bad',
      isMissing: false,
    });
  });

  it('that is not there, hangs, prints without end or is called off never holds anything up', async () => {
    expect(await runTool('no-such-program-here', [], 5000)).toMatchObject({ code: null, isMissing: true });
    expect(await runTool('sleep', ['600'], 100)).toMatchObject({ code: null, problem: 'timeout', isMissing: false });
    // The shell's own child holds the pipe open.
    expect(await runTool('sh', ['-c', 'sleep 600 & wait'], 100)).toMatchObject({ code: null, problem: 'timeout' });
    expect(await runTool('yes', [], 20_000)).toMatchObject({ code: null, problem: 'too-long' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect(await runTool('sleep', ['600'], 60_000, stop.signal)).toMatchObject({ code: null, problem: 'interrupted' });
  });
});

const PS = {
  ID: '3f2a',
  Names: 'syqure-29510841-3a82b861f31a-pid1',
  State: 'running',
  Status: 'Up 2 minutes',
  Command: 'run --token=abc',
  Labels: 'k=secret',
};
const STATS = {
  Container: '3f2a',
  Name: 'syqure-29510841-3a82b861f31a-pid1',
  CPUPerc: '99.12%',
  MemUsage: '1.2GiB / 15.5GiB',
  BlockIO: '0B / 0B',
};

describe('docker', () => {
  const fake = program(
    'docker-fake',
    `case "$1" in ps) echo '${JSON.stringify(PS)}';; stats) echo '${JSON.stringify(STATS)}'; echo 'WARNING: noise';; esac`,
  );

  it('is asked for containers, and what ingest reads of the answers is kept and nothing else', async () => {
    const answer = (await askDocker(fake)) as DockerAnswer;
    expect(answer.ps.map((one) => JSON.parse(one) as unknown)).toEqual([
      { ID: '3f2a', Names: PS.Names, State: 'running', Status: 'Up 2 minutes' },
    ]);
    expect(isDockerLine(JSON.parse(answer.ps[0] ?? ''))).toBe(true);
    expect(isDockerLine(JSON.parse(answer.stats[0] ?? ''))).toBe(true);
    expect(containersOf(answer.stats)).toEqual([{ name: PS.Names, cpuPercent: 99.12, memory: '1.2GiB / 15.5GiB' }]);
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('that prints nonsense gives nothing', () => {
    expect(reduceLines('not json\n[1]\n"x"\n{"Names":5}\n', ['Names'])).toEqual([]);
    expect(containersOf(['{"Name":"x","CPUPerc":"--"}'])).toEqual([{ name: 'x', cpuPercent: null, memory: null }]);
    expect(reduceInspect('Error: no such object')).toBeUndefined();
  });

  it('inspects containers without their environment, command and labels', () => {
    const inspected = {
      Id: 'a'.repeat(64),
      Name: '/syqure-29510841-3a82b861f31a-pid1',
      State: { Status: 'exited', Running: false, ExitCode: 137, OOMKilled: true, Health: { Log: ['password=abc'] } },
      Config: { Image: 'syqure', Env: ['TOKEN=topsecret'], Cmd: ['run', '--key=topsecret'], Labels: { a: 'topsecret' } },
      Args: ['topsecret'],
      Mounts: [{ Source: '/a', Destination: '/b', Driver: 'topsecret' }],
      NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2', DNSNames: ['topsecret'] } }, Ports: { '9001/tcp': null } },
    };
    const text = reduceInspect(JSON.stringify([inspected])) ?? '';
    expect(text).not.toContain('topsecret');
    expect(text).not.toContain('password');
    const [one] = JSON.parse(text) as unknown[];
    expect(isInspected(one)).toBe(true);
    expect(one).toMatchObject({ State: { ExitCode: 137, OOMKilled: true }, Mounts: [{ Source: '/a', Destination: '/b' }] });
  });

  it('is asked one question at a time, without waiting, and not again when it is not there', async () => {
    let now = 0;
    const answers: DockerAnswer[] = [];
    const complaints: string[] = [];
    const probe = new DockerProbe(fake, 1000, () => now);
    const tick = (): void =>
      probe.tick(
        (answer) => answers.push(answer),
        (why) => complaints.push(why),
      );
    for (let i = 0; i < 50; i++) tick();
    await expect.poll(() => answers.length, { timeout: 10_000 }).toBe(1);
    tick();
    now = 1500;
    tick();
    await expect.poll(() => answers.length, { timeout: 10_000 }).toBe(2);
    await probe.stop();
    const none = new DockerProbe(join(folder, 'not-there'), 1000, () => now);
    none.tick(
      () => undefined,
      (why, isMissing) => complaints.push(`${why} ${String(isMissing)}`),
    );
    await expect.poll(() => complaints).toEqual(['ENOENT true']);
    now = 1e9;
    none.tick(
      () => undefined,
      () => complaints.push('again'),
    );
    await none.stop();
    expect(complaints).toHaveLength(1);
  });
});

describe('processes', () => {
  const isOurs = (args: string): boolean => args.includes('/my/sandbox/');

  it('keep the command line of those with a part in a run, masked, and the program of others', () => {
    const lines = shortenArgs(
      [
        '  PID  PPID USER     STAT     ELAPSED     TIME %CPU   RSS COMMAND',
        '    1     0 root     Ss    08:22:46 00:01:32  0.3 24836 /sbin/init splash',
        '   12     1 user     Sl       10:00 00:00:01  2.0   100 /usr/bin/syftboxd --token=abcdefgh12345678 --home /x',
        '   13     1 user     Sl       10:00 00:00:01  2.0   100 psql postgres://me:pw@host/db',
        '   14     1 user     Sl       10:00 00:00:01  2.0   100 tail -f /my/sandbox/relay/server.log',
        '   15     2 root     I<       10:00 00:00:00  0.0     0 [kworker/0:1 events]',
        '',
      ].join('\n'),
      isOurs,
    );
    expect(lines[0]).toContain('COMMAND');
    expect(lines[1]).toMatch(/24836 \/sbin\/init$/);
    expect(lines[2]).toMatch(/syftboxd --token=\*\*\* --home \/x$/);
    expect(lines[3]).toMatch(/psql$/);
    expect(lines[4]).toContain('/my/sandbox/relay/server.log');
    expect(lines[5]).toContain('[kworker/0:1 events]');
  });

  it('are those of this machine', async () => {
    const { text } = await processes((args) => args.includes('vitest'));
    expect(text).toContain(` ${process.pid} `);
  });
});

describe('sockets', () => {
  it('of the kernel are told in words', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2612 1 0000 100 0 0 10 0',
      '   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 02:000004A9 00000000  1000        0 4711 2 0000 20 4 30 10 -1',
      '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 99 1',
      'nonsense',
    ].join('\n');
    expect(socketsOfTable(table)).toEqual([
      'LISTEN 127.0.0.1:8080 0.0.0.0:0 2612',
      'ESTAB 127.0.0.1:50000 127.0.0.1:8080 4711',
      'LISTEN [0:0:0:0:0:0:0:1]:80 [0:0:0:0:0:0:0:0]:0 99',
    ]);
  });

  it('of this machine show a port that somebody listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { text } = await sockets();
    server.close();
    expect(text).toContain(`127.0.0.1:${port}`);
  });
});

it('facts of the system are JSON', () => {
  const facts = systemFacts(folder);
  expect(JSON.parse(JSON.stringify(facts))).toMatchObject({ platform: process.platform, arch: process.arch });
});
