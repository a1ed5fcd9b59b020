import { describe, expect, it } from 'vitest';
import { sql } from '../../src/store/sql.ts';
import { withStore } from '../helpers/judge.ts';
import { RUN } from '../helpers/story-lines.ts';
import { containerName, dockerPs, dockerStats } from '../helpers/tables.ts';

const NAME = containerName(RUN, 1);
const PS_LINE = JSON.stringify({
  Command: '"sh -c x"',
  ID: '3f2a9c01b7de',
  Image: 'syqure',
  Names: NAME,
  State: 'running',
  Status: 'Up 2 hours',
  Ports: '',
});
const STATS_LINE = JSON.stringify({
  BlockIO: '0B / 0B',
  CPUPerc: '12.50%',
  Container: '3f2a9c01b7de',
  ID: '3f2a9c01b7de',
  MemUsage: '1MiB / 2MiB',
  Name: NAME,
});
const INSPECTED = {
  Id: '3f2a9c01b7de'.repeat(5),
  Name: `/${NAME}`,
  State: {
    Status: 'running',
    Running: true,
    ExitCode: 0,
    OOMKilled: false,
    StartedAt: '2026-02-09T03:00:00.1Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Config: { Env: ['SYFTBOX_TOKEN=open-sesame', 'SEQURE_TCP_PROXY=1'], Image: 'syqure' },
};
const HEADER = 'CONTAINER ID   NAME                              CPU %     MEM USAGE / LIMIT';
const SCREEN = (start: string, cpu: string): string =>
  `${start}${HEADER}\u001B[K\n3f2a9c01b7de   ${NAME}   ${cpu}     1MiB / 2MiB\u001B[K\n`;

async function load(
  path: string,
  text: string,
): Promise<{ kind: unknown; containers: readonly unknown[]; loads: readonly unknown[]; lost: unknown; dump: string }> {
  return withStore(new Map([[path, text]]), async (store) => {
    const [source] = await store.query(sql`SELECT kind, lines - records - continuation - ignored - rejected AS lost FROM source`);
    const containers = await store.query(sql`SELECT * FROM container ORDER BY line_no`);
    const loads = await store.query(sql`SELECT name, ordinal, cpu_percent FROM container_load ORDER BY ordinal`);
    return {
      kind: source?.['kind'],
      lost: source?.['lost'],
      containers,
      loads: loads.map((l) => Object.values(l)),
      dump: JSON.stringify([containers, loads]),
    };
  });
}

describe('what docker printed, whatever the file is called', () => {
  it.each([
    ['state.json', JSON.stringify([INSPECTED], null, 4)],
    ['x/y.dat', JSON.stringify([INSPECTED])],
    ['one.json', `${JSON.stringify(INSPECTED, null, 2)}\n`],
    ['lines', `${JSON.stringify(INSPECTED)}\n${JSON.stringify({ ...INSPECTED, Name: '/other' })}\n`],
  ])('inspect: %s', async (path, text) => {
    const found = await load(path, text);
    expect(found).toMatchObject({ kind: 'container', lost: 0 });
    expect(found.containers[0]).toMatchObject({
      name: NAME,
      run: RUN,
      party_index: 1,
      state: 'running',
      exit_code: 0,
      oom_killed: false,
      ended_us: null,
    });
    expect(found.dump).not.toMatch(/sesame|SEQURE/);
  });
  it('a list that is longer than what is looked at first', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({ ...INSPECTED, Name: `/c${i}`, Padding: 'x'.repeat(2000) }));
    expect((await load('many.json', JSON.stringify(many, null, 1))).containers).toHaveLength(60);
  });
  it('ps and stats as objects', async () => {
    expect((await load('ps.json', `${PS_LINE}\n`)).containers).toMatchObject([{ name: NAME, state: 'running', line_no: 1 }]);
    expect((await load('stats.jsonl', `${STATS_LINE}\n${STATS_LINE}\n`)).loads).toEqual([
      [NAME, 1, 12.5],
      [NAME, 2, 12.5],
    ]);
    expect((await load('console.txt', `$ docker ps --format json\n${PS_LINE}\n`)).containers).toMatchObject([{ line_no: 2 }]);
  });
  it('screens of stats that repeat', async () => {
    const found = await load('typescript', SCREEN('\u001B[2J\u001B[H', '0.00%') + SCREEN('\u001B[H', '3.10%'));
    expect(found.lost).toBe(0);
    expect(found.loads).toEqual([
      [NAME, 1, 0],
      [NAME, 2, 3.1],
    ]);
  });
  it('tables and bare lines behind the times of CI', async () => {
    const table = dockerPs({ [NAME]: 'Exited (137) 2 minutes ago' }) + dockerStats({ [NAME]: '7.00%' });
    const stamped = table.replaceAll(/^(?=.)/gm, '2026-02-09T03:14:15.1234567Z ');
    const found = await load('ci.log', stamped);
    expect(found.containers).toMatchObject([{ name: NAME, exit_code: 137, state: 'exited' }]);
    expect(found.loads).toEqual([[NAME, 1, 7]]);
  });
  it('other JSON is left alone', async () => {
    expect((await load('other.json', '[{"Id":"abc","State":"x"}]')).containers).toEqual([]);
    expect((await load('other.json', '{"Names":"x"}\n')).kind).toBe('unknown');
  });
});
