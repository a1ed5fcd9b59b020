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
  },
  clear: {
    'large-receiver': () => story().start().talk('client2', 'client1', 5000, 5000, 5000).talk('client1', 'client2', 8).end(20),
    'two-sessions': () => story().start().talk('client1', 'client2', 8, 100).open('client1', 'client2').accept().data(8, 100).end(20),
  },
  insufficient: () => story({ relay: false }).start().end(20).withoutLogs(),
});
