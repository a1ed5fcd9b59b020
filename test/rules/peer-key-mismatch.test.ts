import { peerKeyMismatch } from '../../src/rules/peer-key-mismatch.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(peerKeyMismatch, {
  found: {
    'the flags of the mapping line say E5a': {
      story: () => story({ era: 'E5a', debug: true }).start().open('client1', 'aggregator').accept().noWriter(13).end(10),
      subject: 'client1 > aggregator',
      severity: 'error',
      message: /looks for client1's frames under another path/,
      decisive: /write skipped/,
    },
    'without debug: the program had spoken before': {
      story: () =>
        story({ era: 'E5a' }).start().talk('aggregator', 'client1', 8).open('client1', 'aggregator').accept().noWriter(13).end(10),
      subject: 'client1 > aggregator',
      decisive: /write skipped/,
    },
    'both channels into the aggregator': {
      story: () =>
        story({ era: 'E5a' })
          .start()
          .open('client1', 'aggregator')
          .accept()
          .noWriter(13)
          .open('client2', 'aggregator')
          .accept()
          .noWriter(13)
          .end(10),
      subject: 'client2 > aggregator',
    },
  },
  clear: {
    'late-program': () =>
      story()
        .startClients()
        .connect('client1')
        .connect('client2')
        .open('client2', 'aggregator')
        .accept()
        .noWriter(8)
        .connect('aggregator')
        .end(10),
    'older-peer': () =>
      story({ eras: { client1: 'E3' } })
        .start()
        .open('client2', 'client1')
        .accept()
        .noWriter(8)
        .end(10),
    'shared-directory': () =>
      story({ era: 'E5b', parties: ['client1', 'client2'], layout: 'shared-dir' })
        .startClients()
        .connect('client2')
        .open('client2', 'client1')
        .accept()
        .noWriter(8)
        .connect('client1')
        .end(10),
  },
  insufficient: () => story({ era: 'E5a' }).start().talk('aggregator', 'client1', 8).end(10).withoutLogs(),
});
