import { stalledCounters } from '../../src/rules/stalled-counters.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

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
  },
  clear: {
    finished: () => quiet().progress('aggregator', done).progress('client1', done).progress('client2', done),
    pause: () => story().start().talk('client1', 'aggregator', 8).wait(15).talk('client1', 'aggregator', 100).end(4),
    'dead-writer': () =>
      story().start().talk('client1', 'aggregator', 8).wait(1).kill('aggregator').kill('client1').kill('client2').end(20),
  },
  insufficient: () => quiet().withoutLogs(),
});
