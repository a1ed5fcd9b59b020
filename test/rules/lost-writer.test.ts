import { lostWriter } from '../../src/rules/lost-writer.ts';
import { goReceived, goSkipped, goSpoke, runsGo } from '../helpers/go-lines.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

/** Two Go clients; client2's program spoke, then a probe of its port closed and took the writer with it. `spoke`: at which second. */
function goProbe(spoke: number | null): Story {
  const s = story({ parties: ['client1', 'client2'] })
    .startRelay()
    .at(60);
  const path = s.path('client1', '0_to_1');
  runsGo(s, 'client1', [goSpoke(4, path, '0123456789abcdef')]);
  const own = spoke === null ? [] : [goSpoke(spoke, path, 'fedcba9876543210')];
  return runsGo(s, 'client2', [goReceived(4, 'HOTLINK_OPEN'), ...own, goReceived(6, 'HOTLINK_DATA'), goSkipped(36, path)]);
}

testRule(lostWriter, {
  found: {
    'a Go client whose program had spoken': {
      story: () => goProbe(5),
      subject: 'client1 > client2',
      severity: 'error',
      message: /client2's program had been connected, but client1's frames found no writer any more/,
      decisive: /write skipped/,
    },
    'frames that used to arrive meet no writer': {
      story: () => story({ era: 'E3' }).start().talk('client1', 'aggregator', 8, 1500).noWriter(8).end(10),
      subject: 'client1 > aggregator',
      message: /had been connected/,
      severity: 'error',
      decisive: /write skipped/,
    },
    'the first connection closes while the second was ignored': {
      story: () => {
        const s = story({ era: 'E3', debug: true }).start();
        const key = s.canonical('client1', 'aggregator');
        s.line('aggregator', `hotlink tcp proxy: accepted on 127.0.0.1:9001 for ${key} (outbound=${key})`);
        s.line(
          'aggregator',
          `hotlink tcp proxy: writer mapped keys channel=${key} local=Some("${key}") owner_from=Some("${key}") owner_to=Some("${key}") active=false`,
        );
        return s
          .wait(1)
          .line('aggregator', `hotlink tcp proxy: closed channel=${key}`)
          .open('client1', 'aggregator')
          .accept()
          .data(8)
          .noWriter(20)
          .end(10);
      },
      subject: 'client1 > aggregator',
      decisive: /write skipped/,
    },
    'a probe was connected first, and leaves when the program is there': {
      story: () => {
        const s = story({ era: 'E3', debug: true }).startClients();
        const key = s.canonical('client1', 'aggregator');
        const opened = `hotlink tcp proxy: accepted on 127.0.0.1:9001 for ${key} (outbound=${key})`;
        s.line('aggregator', opened).wait(1).line('aggregator', opened).wait(1);
        return s
          .line('aggregator', `hotlink tcp proxy: closed channel=${key}`)
          .connect('client1')
          .open('client1', 'aggregator')
          .accept()
          .data(8)
          .noWriter(20)
          .end(10);
      },
      subject: 'client1 > aggregator',
      message: /had been connected/,
      decisive: /write skipped/,
    },
    'a write into the socket fails': {
      story: () =>
        story()
          .start()
          .talk('client1', 'aggregator', 8)
          .arrive(500)
          .line('aggregator', 'hotlink tcp write failed: Broken pipe (os error 32)', 'ERROR')
          .end(20),
      subject: 'aggregator',
      message: /went away while bytes were being written/,
      decisive: /write failed/,
    },
  },
  clear: {
    'a Go client whose program had not spoken': () => goProbe(null),
    'probe-before': () => {
      const s = story({ debug: true }).startClients();
      const key = s.canonical('client1', 'aggregator');
      s.line('aggregator', `hotlink tcp proxy: accepted on 127.0.0.1:9001 for ${key} (outbound=${key})`)
        .line('aggregator', `hotlink tcp proxy: closed channel=${key}`)
        .wait(1);
      return s.connect('aggregator').connect('client1').talk('client1', 'aggregator', 8, 100).end(20);
    },
    'ordinary-close': () => {
      const s = story({ era: 'E5b', debug: true })
        .start()
        .talk('client1', 'aggregator', 8, 100)
        .talk('aggregator', 'client1', 50)
        .leave('aggregator')
        .leave('client1');
      return s.line('aggregator', `hotlink tcp writer promoted standby key=${s.canonical('client1', 'aggregator')}`).end(20);
    },
    'single-sample': () =>
      story().start().talk('client1', 'aggregator', 8, 100).talk('aggregator', 'client1', 50).leave('aggregator').end(4),
  },
  insufficient: () => story().start().talk('client1', 'aggregator', 8).end(20).withoutLogs(),
});
