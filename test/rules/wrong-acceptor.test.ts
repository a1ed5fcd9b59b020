import { wrongAcceptor } from '../../src/rules/wrong-acceptor.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const wrong = (): Story =>
  story()
    .start()
    .open('client2', 'client1', { alsoTo: ['aggregator'] })
    .accept('aggregator')
    .accepting('client1')
    .reject('client1', 'already accepted')
    .lose(8, 100)
    .end(20);

testRule(wrongAcceptor, {
  found: {
    "the channel's own peer is turned away": {
      story: wrong,
      subject: 'client2 > client1',
      severity: 'error',
      message: /aggregator accepted client2's session for client1, and client1 was turned away/,
      decisive: /sending accept/,
    },
  },
  clear: {
    'right-one-won': {
      story: () =>
        story()
          .start()
          .open('client2', 'client1', { alsoTo: ['aggregator'] })
          .accept('client1')
          .accepting('aggregator')
          .reject('aggregator', 'already accepted')
          .data(8, 100)
          .end(20),
      quietAt: 'info',
    },
    'two-daemons': () => story().start().twin('client1').open('client2', 'client1').accept().accepting('client1').data(8).end(20),
    'pair-acl': () => story().start().talk('client2', 'client1', 8).end(20),
  },
  insufficient: () => wrong().withoutLogs(),
});
