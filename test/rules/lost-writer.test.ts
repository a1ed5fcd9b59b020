import { lostWriter } from '../../src/rules/lost-writer.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(lostWriter, {
  found: {
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
