import { lateClient } from '../../src/rules/late-client.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const late = (): Story =>
  story()
    .start('aggregator', 'client1')
    .open('client1', 'client2', { heard: false })
    .timeout()
    .lose(8, 100)
    .wait(3)
    .start('client2')
    .end(20);

testRule(lateClient, {
  found: {
    'a session was opened before it came': {
      story: late,
      subject: 'client2',
      severity: 'error',
      message: /came up after a session had been opened for it/,
      decisive: /session new/,
    },
  },
  clear: {
    'nobody-waited': () =>
      story()
        .start('aggregator', 'client1')
        .talk('client1', 'aggregator', 8)
        .wait(5)
        .start('client2')
        .talk('client2', 'aggregator', 8)
        .talk('aggregator', 'client2', 8)
        .end(20),
    restarted: () =>
      story()
        .start()
        .talk('client1', 'client2', 8)
        .wait(3)
        .kill('client2')
        .open('client1', 'client2', { heard: false })
        .timeout()
        .wait(1)
        .restart('client2')
        .end(20),
    'slow-start': () => story().start('aggregator', 'client1').wait(4).start('client2').talk('client1', 'client2', 8).end(20),
  },
  insufficient: () => late().withoutLogs(),
});
