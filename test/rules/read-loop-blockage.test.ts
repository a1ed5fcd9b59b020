import { readLoopBlockage } from '../../src/rules/read-loop-blockage.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const blocked = (): Story => story().startClients().connect('client1').open('client1', 'aggregator').accept().noWriter(8).end(10);

testRule(readLoopBlockage, {
  found: {
    'a frame waits for a writer and then for a reader': {
      story: blocked,
      subject: 'aggregator',
      severity: 'info',
      message: /and then for a local reader/,
      decisive: /write skipped/,
    },
  },
  clear: {
    'quiet-client': () => story().start().talk('client1', 'aggregator', 8).end(20),
    'frozen-link': () => story().start().talk('client1', 'aggregator', 8).wait(3).freeze('aggregator').end(20),
  },
  insufficient: () => blocked().withoutLogs(),
});
