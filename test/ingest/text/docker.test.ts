import { describe, expect, it } from 'vitest';
import { readInspect } from '../../../src/ingest/files/docker.ts';
import type { TableRow } from '../../../src/ingest/files/file-rows.ts';
import { DockerHandler } from '../../../src/ingest/text/docker.ts';

const RUN = '29509970-8e9bf03c1ac4';
const OLD = '29509961-7490556cde56';
const ID = '3f2a9c01b7de';

function rows(text: string): TableRow[] {
  const handler = new DockerHandler();
  return text.split('\n').flatMap((line, i) => {
    const answer = handler.read({ sourceId: 1, path: 'console.txt', lineNo: i + 1, tsUs: null, text: line, party: null });
    return Array.isArray(answer) ? answer : [];
  });
}

const containers = (text: string): unknown[] =>
  rows(text)
    .filter((r) => r.table === 'container')
    .map(({ values: v }) => ({
      line: v[1],
      name: v[3],
      id: v[4],
      image: v[5],
      run: v[6],
      index: v[7],
      state: v[8],
      status: v[9],
      exit: v[12],
      ports: v[15],
    }));
const loads = (text: string): unknown[] =>
  rows(text)
    .filter((r) => r.table === 'container_load')
    .map(({ values: v }) => [v[1], v[3], v[4], v[5], v[6], v[8], v[9]]);

const PS = [
  'CONTAINER ID   IMAGE                             COMMAND                  CREATED          STATUS                       PORTS                    NAMES',
  `${ID}   ghcr.io/openmined/syqure:latest   "/usr/bin/tini -- sh…"   18 minutes ago   Up 17 minutes                                         syqure-${RUN}-pid0`,
  `1b2a9c01b7de   ghcr.io/openmined/syqure:latest   "/usr/bin/tini -- sh…"   2 hours ago      Exited (137) 2 minutes ago                            syqure-${RUN}-pid1`,
  'aa2a9c01b7de   redis:7                           "docker-entrypoint.s…"   2 hours ago      Up 2 hours (healthy)         0.0.0.0:6379->6379/tcp   cache',
].join('\n');

describe('docker ps', () => {
  it('a table', () => {
    expect(containers(PS)).toEqual([
      {
        line: 2,
        name: `syqure-${RUN}-pid0`,
        id: ID,
        image: 'ghcr.io/openmined/syqure:latest',
        run: RUN,
        index: 0,
        state: 'running',
        status: 'Up 17 minutes',
        exit: null,
        ports: null,
      },
      {
        line: 3,
        name: `syqure-${RUN}-pid1`,
        id: '1b2a9c01b7de',
        image: 'ghcr.io/openmined/syqure:latest',
        run: RUN,
        index: 1,
        state: 'exited',
        status: 'Exited (137) 2 minutes ago',
        exit: 137,
        ports: null,
      },
      {
        line: 4,
        name: 'cache',
        id: 'aa2a9c01b7de',
        image: 'redis:7',
        run: null,
        index: null,
        state: 'running',
        status: 'Up 2 hours (healthy)',
        exit: null,
        ports: '0.0.0.0:6379->6379/tcp',
      },
    ]);
  });
  it('the same table squeezed by a paste, and with whole ids', () => {
    const squeezed = PS.replaceAll(/ {2,}/g, ' ');
    expect(containers(squeezed)).toMatchObject([
      { name: `syqure-${RUN}-pid0`, state: 'running' },
      { name: `syqure-${RUN}-pid1`, state: 'exited', exit: 137 },
      { name: 'cache', ports: '0.0.0.0:6379->6379/tcp' },
    ]);
    const whole = PS.replace('CONTAINER ID   ', `CONTAINER ID${' '.repeat(55)}`).replaceAll(
      /^([0-9a-f]{12}) {3}/gm,
      `$1${'0'.repeat(52)}   `,
    );
    expect(containers(whole)).toMatchObject([{ name: `syqure-${RUN}-pid0` }, { exit: 137 }, { name: 'cache' }]);
  });
  it('formats of the user', () => {
    expect(containers(`NAMES                               STATUS\nsyqure-${OLD}-pid0   Up About an hour`)).toMatchObject([
      { run: OLD, state: 'running' },
    ]);
    expect(containers(`syqure-${OLD}-pid2 Up 3 hours`)).toMatchObject([{ run: OLD, index: 2, state: 'running', status: 'Up 3 hours' }]);
    expect(containers(`syqure-${OLD}-pid2|Exited (0) 5 seconds ago|image`)).toMatchObject([{ state: 'exited', exit: 0 }]);
    expect(
      containers(
        `{"ID":"${ID}","Names":"syqure-${OLD}-pid1","State":"running","Status":"Up 2 hours","Ports":"","Command":"sh -c TOKEN=abc"}`,
      ),
    ).toMatchObject([{ line: 1, run: OLD, index: 1, state: 'running' }]);
  });
  it.each([
    `- Removed stuck containers: syqure-${RUN}-pid0`,
    `  - \`syqure-${RUN}-pid0\``,
    `the container syqure-${RUN}-pid0 was Created by the old runner`,
    'syqure containers remain `Up` for many minutes',
    'STATUS NAMES of all',
    '{"Names": 3',
  ])('is no row: %s', (line) => {
    expect(rows(line)).toEqual([]);
  });
});

describe('docker stats', () => {
  const SCREEN = [
    'CONTAINER ID   NAME                                CPU %     MEM USAGE / LIMIT     MEM %     NET I/O           BLOCK I/O   PIDS',
    `${ID}   syqure-${RUN}-pid0   0.00%     1.211GiB / 15.5GiB    7.81%     4.51MB / 1.6MB    0B / 0B     12`,
    `1b2a9c01b7de   syqure-${RUN}-pid1   101.33%   812.5MiB / 15.5GiB    5.12%     4.51MB / 1.6MB    0B / 0B     12`,
    `2b2a9c01b7de   syqure-${RUN}-pid2   --        -- / --               --        --                --          --`,
  ];
  it('a table, and screens that repeat', () => {
    const first = [`syqure-${RUN}-pid0`, RUN, 0];
    expect(loads(SCREEN.join('\n'))).toEqual([
      [2, ...first, 1, 0, '1.211GiB / 15.5GiB'],
      [3, `syqure-${RUN}-pid1`, RUN, 1, 1, 101.33, '812.5MiB / 15.5GiB'],
      [4, `syqure-${RUN}-pid2`, RUN, 2, 1, null, '-- / --'],
    ]);
    const twice = [
      `\u001B[2J\u001B[H${SCREEN[0] ?? ''}`,
      ...SCREEN.slice(1),
      `\u001B[H${SCREEN[0] ?? ''}\u001B[K`,
      ...SCREEN.slice(1).map((l) => `${l}\u001B[K`),
    ];
    expect(loads(twice.join('\n')).map((r) => (r as unknown[])[4])).toEqual([1, 1, 1, 2, 2, 2]);
  });
  it('bare lines, as the notes take them, and objects', () => {
    const bare = `syqure-${RUN}-pid0 0.00% 1.211GiB / 15.5GiB\nsyqure-${RUN}-pid1 99.10% 8MiB / 15.5GiB\nsyqure-${RUN}-pid0 0.02% 1.211GiB / 15.5GiB`;
    expect(loads(bare).map((r) => (r as unknown[]).slice(3, 6))).toEqual([
      [0, 1, 0],
      [1, 1, 99.1],
      [0, 2, 0.02],
    ]);
    expect(loads(`{"CPUPerc":"12.50%","Name":"syqure-${RUN}-pid1","MemUsage":"1MiB / 2MiB"}`)).toEqual([
      [1, `syqure-${RUN}-pid1`, RUN, 1, 1, 12.5, '1MiB / 2MiB'],
    ]);
  });
});

describe('docker inspect', () => {
  it('gives the state and never the environment', () => {
    const text = JSON.stringify(
      [
        {
          Id: ID,
          Name: `/syqure-${RUN}-pid1`,
          Path: 'sh',
          Args: ['-c', 'export TOKEN=sesame'],
          State: {
            Status: 'exited',
            Running: false,
            OOMKilled: true,
            ExitCode: 137,
            Error: '',
            StartedAt: '2026-02-09T00:50:10.5Z',
            FinishedAt: '0001-01-01T00:00:00Z',
          },
          Config: { Image: 'syqure:latest', Env: ['SYFTBOX_TOKEN=sesame', 'PATH=/bin'], Labels: { key: 'sesame' } },
          Mounts: [{ Source: '/a', Destination: '/b' }],
          NetworkSettings: {
            Ports: { '9001/tcp': [{ HostIp: '0.0.0.0', HostPort: '9001' }], '80/tcp': null },
            Networks: { bridge: { IPAddress: '172.17.0.2' } },
          },
        },
      ],
      null,
      2,
    );
    const read = readInspect(text, { sourceId: 1, party: '', path: 'x' });
    expect(read.records + read.continuation).toBe(text.split('\n').length);
    expect(JSON.stringify(read.rows)).not.toContain('sesame');
    expect(read.rows[0]?.values.slice(2)).toEqual([
      '/0',
      `syqure-${RUN}-pid1`,
      ID,
      'syqure:latest',
      RUN,
      1,
      'exited',
      null,
      Date.parse('2026-02-09T00:50:10.5Z') * 1000,
      null,
      137,
      true,
      null,
      '0.0.0.0:9001->9001/tcp, 80/tcp',
      '/a:/b',
      'bridge 172.17.0.2',
    ]);
  });
});
