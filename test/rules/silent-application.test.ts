import { silentApplication } from '../../src/rules/silent-application.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';
import { containerName, dockerStats, PUBLISHED_799, statusLine } from '../helpers/tables.ts';

const RING = [
  ['aggregator', 'client1'],
  ['client1', 'client2'],
  ['client2', 'aggregator'],
] as const;
/** Four whole rounds and two thirds of the fifth: client2 has everything that used to make it send. */
const hang = (): Story => story({ era: 'E5b' }).start().rounds(4, RING).rounds(1, RING.slice(0, 2)).end(20);
/** Everything arrived, too few rounds to read. */
const balanced = (): Story => story({ era: 'E5b' }).start().rounds(1, RING).end(20);
const cpu = (...percent: string[]): string => dockerStats(Object.fromEntries(percent.map((p, i) => [containerName(RUN, i), p])));
const working = { secure_aggregate: { status: 'in_progress' } } as const;
const done = { secure_aggregate: { status: 'completed', completedMs: 9000 } } as const;

testRule(silentApplication, {
  found: {
    'a break in the rounds': {
      story: hang,
      subject: 'client2',
      severity: 'warning',
      message:
        /client2's program received everything that made it send in the 3 earlier rounds and has been silent for \d+ s; whether it computes or hangs no CPU figure tells; aggregator waits for it$/,
      decisive: /type=HotlinkData/,
    },
    'with an unfinished step': {
      story: () => hang().progress('client2', working),
      subject: 'client2',
      severity: 'error',
      decisive: /type=HotlinkData/,
    },
    'its program is idle, as are the others': {
      story: () => hang().file('stats.txt', cpu('0.02%', '0.00%', '0.01%')),
      subject: 'client2',
      severity: 'error',
      message: /has been silent for \d+ s with its CPU at 0\.01 %: it hangs or waits for something else; aggregator waits for it$/,
      decisive: /^syqure-.*pid2|type=HotlinkData/,
    },
    'its program is idle while another computes': {
      story: () => hang().file('stats.txt', cpu('0.02%', '98.50%', '0.01%')),
      subject: 'client2',
      severity: 'warning',
      message: /with its CPU at 0\.01 %.*, while client1 computes \(CPU 98\.5 %\); aggregator waits/,
      decisive: /type=HotlinkData/,
    },
    'no rounds to read, and every program is up and idle': {
      story: () => balanced().file('stats.txt', cpu('0.02%', '0.00%', '0.01%')),
      subject: 'run',
      severity: 'warning',
      message: /all programs are up and idle \(CPU at most 0\.02 %\)/,
      decisive: /^syqure-/,
    },
    'two parties that take turns': {
      story: () =>
        story({ era: 'E5b', parties: ['client1', 'client2'], layout: 'shared-dir' })
          .start()
          .rounds(4, [
            ['client1', 'client2'],
            ['client2', 'client1'],
          ])
          .talk('client1', 'client2', 64)
          .end(20)
          .progress('client2', working),
      subject: 'client2',
    },
  },
  clear: {
    'last-receiver': () => story({ era: 'E5b' }).start().rounds(4, RING).leave('aggregator').leave('client1').leave('client2').end(20),
    finished: () =>
      story({ era: 'E5b' })
        .start()
        .rounds(4, RING)
        .end(20)
        .progress('aggregator', done)
        .progress('client1', done)
        .progress('client2', done),
    pause: () => story({ era: 'E5b' }).start().rounds(3, RING).wait(15).rounds(2, RING).end(4),
    computing: { story: () => hang().file('stats.txt', cpu('0.02%', '0.00%', '99.01%')), quietAt: 'info' },
    'computing without readable rounds': { story: () => balanced().file('stats.txt', cpu('0.02%', '87.00%', '0.01%')), quietAt: 'info' },
    'bytes are missing from the totals': () =>
      new Map([
        ['console.txt', statusLine(PUBLISHED_799, { aggregator: 300, client1: 300, client2: 300 })],
        ['stats.txt', dockerStats(Object.fromEntries([0, 1, 2].map((i) => [containerName('29509799-05d14e57483d', i), '99.00%'])))],
      ]),
    'a run of which only one program was measured': () => balanced().file('stats.txt', `${containerName(RUN, 0)} 0.00% 1MiB / 2MiB\n`),
    'grace-waits': () =>
      story().start().talk('aggregator', 'client1', 8).talk('client1', 'client2', 8).talk('client2', 'aggregator', 8).end(3),
  },
  insufficient: () => hang().withoutLogs(),
});
