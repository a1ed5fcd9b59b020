import { relayStandstill } from '../../src/rules/relay-standstill.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const many = Array.from({ length: 260 }, () => 64);
const stuck = (): Story =>
  story({ era: 'E5b' })
    .start()
    .talk('client1', 'client2', 8, 500)
    .lose(...many)
    .end(20);

testRule(relayStandstill, {
  found: {
    "a queue's worth of frames was taken and never written": {
      story: stuck,
      subject: 'client2',
      severity: 'error',
      message: /took 260 frames that it never wrote/,
      decisive: /HOTLINK_DATA/,
    },
  },
  clear: {
    'sender-lock': () =>
      story({ era: 'E3' })
        .start()
        .talk('client1', 'aggregator', 13)
        .adopt(...many)
        .end(20),
    idle: () => story().start().talk('client1', 'client2', 8).end(20),
    'no-acceptor': () =>
      story({ era: 'E5b' })
        .start()
        .open('client1', 'client2', { heard: false })
        .timeout()
        .lose(...many)
        .end(20),
  },
  insufficient: () => stuck().file('relay/server/logs/server.log', null),
});
