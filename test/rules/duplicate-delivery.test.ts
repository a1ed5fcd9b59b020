import { duplicateDelivery } from '../../src/rules/duplicate-delivery.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(duplicateDelivery, {
  found: {
    'the relay writes each frame to two connections': {
      story: () => story().start().twin('client2').open('client1', 'client2').accept().copied(8).copied(100).end(20),
      subject: 'client1 > client2',
      severity: 'warning',
      message: /2 frames of client1 to 2 connections of client2/,
      decisive: /HOTLINK_DATA/,
    },
    'one number is decoded twice': {
      story: () => story({ relay: false }).start().talk('client1', 'client2', 8, 100).decode(2, 100).end(20),
      subject: 'client1 > client2',
      message: /decoded 1 frames? of session \w+ twice/,
      decisive: /type=HotlinkData/,
    },
    'one frame goes to two parties that both accepted (before S2)': {
      story: () =>
        story({ era: 'E3' })
          .start()
          .open('client2', 'client1', { alsoTo: ['aggregator'] })
          .accept()
          .accept('aggregator')
          .fanOut('aggregator', 8, 100)
          .end(20),
      subject: 'client2',
      severity: 'warning',
      message: /wrote 2 frames of client2 to aggregator and client1 at once/,
      decisive: /HOTLINK_DATA/,
    },
    'more received than sent': {
      story: () => story().start().talk('client1', 'client2', 8, 100).end(20).patch('client2', { rx_bytes: 208, rx_packets: 3 }),
      subject: 'run',
      message: /together received 208 bytes, 100 more than they sent/,
      decisive: /"rx_bytes"/,
    },
  },
  clear: {
    'flush-skew': () => story().start().talk('client1', 'client2', 8, 100).end(4).patch('client2', { rx_bytes: 208, rx_packets: 3 }),
    'large-receiver': () => story().start().talk('client2', 'client1', 5000, 5000, 5000).talk('client1', 'client2', 8).end(20),
    'two-sessions': () => story().start().talk('client1', 'client2', 8, 100).open('client1', 'client2').accept().data(8, 100).end(20),
  },
  insufficient: () => story({ relay: false }).start().end(20).withoutLogs(),
});
