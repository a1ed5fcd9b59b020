import { peerKeyMismatch } from '../../src/rules/peer-key-mismatch.ts';
import { goReceived, goSkipped, goSpoke, runsGo } from '../helpers/go-lines.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

/** Two Go clients, each of which takes its own namespace for their common directory; nobody prints an open. */
function goPair(layout: 'shared-dir' | 'directed'): Story {
  const s = story({ parties: ['client1', 'client2'], layout })
    .startRelay()
    .at(60);
  const path = s.path('client1', '0_to_1');
  runsGo(s, 'client1', [goSpoke(4, path, '0123456789abcdef')]);
  return runsGo(s, 'client2', [goReceived(4, 'HOTLINK_OPEN'), goReceived(4, 'HOTLINK_DATA'), goSkipped(34, path)]);
}

testRule(peerKeyMismatch, {
  found: {
    'two Go clients in one directory': {
      story: () => goPair('shared-dir'),
      subject: 'client1 > client2',
      severity: 'error',
      message: /client2 looks for client1's frames under another path/,
      decisive: /write skipped/,
    },
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
    'two Go clients, a directory for each direction': () => goPair('directed'),
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
