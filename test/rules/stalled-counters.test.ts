import { stalledCounters } from '../../src/rules/stalled-counters.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { BASE_MS, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';
import { containerName, dockerStats, merged, PUBLISHED_799, PUBLISHED_970, telemetryAt } from '../helpers/tables.ts';

const quiet = (): Story => story().start().talk('client1', 'aggregator', 8, 100).end(20);
const done = { secure_aggregate: { status: 'completed', completedMs: 9000 } } as const;

testRule(stalledCounters, {
  found: {
    'nothing moves up to the end': {
      story: quiet,
      subject: 'run',
      severity: 'warning',
      message: /for the last (?:18|19|20) s/,
      decisive: /hotlink \| ↑tx|scan_remote|healthz|"updated_ms"/,
    },
    'two samples of telemetry and no log': {
      story: () => merged(telemetryAt(PUBLISHED_799, 0), telemetryAt(PUBLISHED_799, 60, '.1')),
      subject: 'run',
      message: /for the last 60 s/,
      // Half a minute before the second sample there is nothing to compare it with.
      decisive: new RegExp(`"updated_ms":${BASE_MS}`),
    },
    'with what the programs do': {
      story: () => quiet().file('stats.txt', dockerStats({ [containerName(RUN, 0)]: '0.00%', [containerName(RUN, 1)]: '0.10%' })),
      subject: 'run',
      severity: 'warning',
      message: /s of the evidence; aggregator and client1 are idle$/,
    },
  },
  clear: {
    growing: () => merged(telemetryAt(PUBLISHED_970, 0), telemetryAt(PUBLISHED_799, 60, '.1')),
    'a program computes': {
      story: () => quiet().file('stats.txt', dockerStats({ [containerName(RUN, 0)]: '0.00%', [containerName(RUN, 1)]: '99.00%' })),
      quietAt: 'info',
    },
    finished: () => quiet().progress('aggregator', done).progress('client1', done).progress('client2', done),
    pause: () => story().start().talk('client1', 'aggregator', 8).wait(15).talk('client1', 'aggregator', 100).end(4),
    'dead-writer': () =>
      story().start().talk('client1', 'aggregator', 8).wait(1).kill('aggregator').kill('client1').kill('client2').end(20),
  },
  insufficient: () => quiet().withoutLogs(),
});
