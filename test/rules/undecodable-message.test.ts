import { undecodableMessage } from '../../src/rules/undecodable-message.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const atRelay = (): Story => story().start().talk('client1', 'client2', 8, 500).undecodable('client1').skipped(100).arrive(100).end(20);
const CUT = 'ws decode error: neither an SB envelope nor JSON';

testRule(undecodableMessage, {
  found: {
    'the relay drops what a client sent': {
      story: atRelay,
      subject: 'client1',
      severity: 'error',
      message: /the relay could not decode 1 message of client1 and dropped it/,
      decisive: /reader decode/,
    },
    'a client drops what the relay sent': {
      story: () => story().start().talk('client1', 'client2', 8, 500).unread(100).line('client2', CUT, 'ERROR').arrive(100).end(20),
      subject: 'client2',
      severity: 'error',
      message: /client2 could not decode 1 message of the relay and dropped it/,
      decisive: /ws decode error/,
    },
    'of no consequence where nothing is missing': {
      story: () => story().start().talk('client1', 'client2', 8, 500).undecodable('client1').data(100).end(20),
      subject: 'client1',
      severity: 'info',
      decisive: /reader decode/,
    },
  },
  clear: {
    decoded: () => story().start().talk('client1', 'client2', 8, 500).end(20),
    'queue-full': () => story().start().talk('client1', 'client2', 8, 500).queueFull('client1').lose(100).arrive(100).end(20),
  },
  insufficient: () => atRelay().withoutLogs().file('relay/server/logs/server.log', null),
});
