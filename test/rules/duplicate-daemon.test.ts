import { duplicateDaemon } from '../../src/rules/duplicate-daemon.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const twins = (): Story => story().start().twin('client2').open('client1', 'client2').accept().copied(8).copied(100).end(20);

testRule(duplicateDaemon, {
  found: {
    'two connections of one user': {
      story: twins,
      subject: 'client2',
      severity: 'warning',
      message: /two connections of client2 at the same time/,
      decisive: /wshub registered/,
    },
    'a second client in the same folder, which found the ports taken': {
      story: () =>
        story()
          .startClients()
          .twin('client1')
          .bindFailed('client1', 'aggregator')
          .bindFailed('client1', 'client2')
          .connect('aggregator')
          .connect('client2')
          .talk('client2', 'aggregator', 13)
          .end(20),
      subject: 'client1',
      severity: 'error',
      decisive: /wshub registered/,
    },
  },
  clear: {
    reconnect: () => story().start().talk('client1', 'client2', 8).wait(3).cut('client2').end(20),
    restart: () => story().start().talk('client1', 'client2', 8).wait(3).kill('client2').wait(1).restart('client2').end(20),
    'two-acceptors': () =>
      story()
        .start()
        .open('client2', 'client1', { alsoTo: ['aggregator'] })
        .accept('client1')
        .accepting('aggregator')
        .reject('aggregator', 'already accepted')
        .data(8)
        .end(20),
  },
  insufficient: () => twins().file('relay/server/logs/server.log', null),
});
