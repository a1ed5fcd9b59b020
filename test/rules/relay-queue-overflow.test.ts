import { relayQueueOverflow } from '../../src/rules/relay-queue-overflow.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const full = (): Story =>
  story().start().talk('client1', 'client2', 8, 500).queueFull('client1').queueFull('client1').lose(100, 100).arrive(100).end(20);

testRule(relayQueueOverflow, {
  found: {
    'messages of one connection are dropped': {
      story: full,
      subject: 'client1',
      message: /dropped 2 messages of client1's connection/,
      decisive: /buffer full/,
    },
    'a broadcast for one client': {
      story: () => {
        const s = story().start().open('client1', 'client2', { heard: false });
        return s
          .relay('WRN', 'ws/ws_hub.go:95', 'wshub send buffer full', { connId: '39227ece', user: s.email('client2') })
          .timeout()
          .lose(8)
          .end(20);
      },
      subject: 'client2',
      severity: 'error',
      decisive: /buffer full/,
    },
  },
  clear: {
    'slow-client': () => story().start().talk('client1', 'client2', 5000, 5000).wait(3).data(5000).end(20),
    'written-lines': () => story().start().talk('client1', 'client2', 8).talk('client2', 'client1', 8).end(20),
  },
  insufficient: () => full().file('relay/server/logs/server.log', null),
});
