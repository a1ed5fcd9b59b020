import { graceTax } from '../../src/rules/grace-tax.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(graceTax, {
  found: {
    'the first frame waits a second and a half': {
      story: () => story().start().talk('client1', 'aggregator', 13).end(20),
      subject: 'run',
      severity: 'info',
      message: /1 session waited 1\.5 s/,
      decisive: /using ws fallback/,
    },
  },
  clear: {
    stall: () => story().start().open('client1', 'aggregator').accept().end(20),
    'earlier-era': () => story({ era: 'E5b' }).start().talk('client1', 'aggregator', 13).end(20),
  },
  insufficient: () => story().start().talk('client1', 'aggregator', 13).end(20).withoutLogs(),
});
