import { portConflict } from '../../src/rules/port-conflict.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const taken = (): Story =>
  story()
    .startClients()
    .bindFailed('client1', 'client2')
    .connect('aggregator')
    .connect('client2')
    .connect('client1', 'aggregator')
    .talk('client1', 'aggregator', 13)
    .end(20);

testRule(portConflict, {
  found: {
    'a port that something else has': {
      story: taken,
      subject: 'client1 > client2',
      severity: 'error',
      message: /could not bind port 10003/,
      decisive: /bind failed/,
    },
    'given up after thirty seconds (E1b)': {
      story: () =>
        story({ era: 'E1b' })
          .startClients()
          .wait(30)
          .line('client1', 'hotlink tcp proxy: bind timeout 127.0.0.1:10003 after 30s: Address already in use (os error 98)', 'ERROR')
          .end(20),
      subject: 'client1 > client2',
      decisive: /bind timeout/,
    },
  },
  clear: {
    reconnect: () => story().start().talk('client1', 'aggregator', 13).cut('client1').end(20),
    'bound-later': () =>
      story({ era: 'E1b' })
        .startClients()
        .line('client1', 'hotlink tcp proxy: bind retry 127.0.0.1:10003: Address already in use (os error 98)')
        .wait(2)
        .connect('client1')
        .connect('client2')
        .talk('client1', 'client2', 13)
        .end(20),
    'older-marker': () => taken().staleMarkers('client1'),
  },
  insufficient: () => taken().withoutLogs(),
});
