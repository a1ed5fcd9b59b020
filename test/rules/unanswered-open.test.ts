import { unansweredOpen } from '../../src/rules/unanswered-open.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(unansweredOpen, {
  found: {
    'nobody accepts': {
      story: () => story().start().open('client1', 'aggregator').timeout().lose(8, 100).end(20),
      subject: 'client1 > aggregator',
      severity: 'error',
      message: /was never accepted/,
      decisive: /accept timeout|"sessions_out"/,
    },
    'accepted too late': {
      story: () => story().start().open('client1', 'aggregator').timeout().lose(8).wait(3).accept(undefined, true).arrive(100).end(20),
      subject: 'client1 > aggregator',
      message: /was accepted too late/,
      decisive: /accept timeout|"sessions_out"/,
    },
    'lost before the relay, which therefore knows no session': {
      story: () =>
        story().start().open('client1', 'aggregator', { heard: false }).timeout().lose(8).reject('client1', 'unknown session').end(20),
      subject: 'client1 > aggregator',
      message: /was never accepted/,
      decisive: /accept timeout|"sessions_out"/,
    },
    'five seconds before E6': {
      story: () => story({ era: 'E5b' }).start().open('client2', 'client1').timeout().lose(8).end(20),
      subject: 'client2 > client1',
      decisive: /accept timeout|"sessions_out"/,
    },
  },
  clear: {
    'printed-seconds': () => story().start().open('client1', 'aggregator').wait(1.4).accept().data(8).end(20),
    'rejected-open': () => story({ era: 'E4' }).start().open('client2', 'client1', { heard: false }).denied().lose(8).end(20),
    'first-frame-direct': () =>
      story().start().open('client1', 'aggregator').timeout().accept(undefined, true).offer().channelOpen().p2p(8, 500).end(20),
  },
  insufficient: () => story().start().talk('client1', 'aggregator', 8).end(20).withoutLogs(),
});
