import { selfRoute } from '../../src/rules/self-route.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(selfRoute, {
  found: {
    'an open that comes back to its opener': {
      story: () =>
        story()
          .start()
          .open('client1', 'aggregator', { alsoTo: ['client1'] })
          .accept()
          .data(8)
          .end(20),
      subject: 'client1',
      message: /received its own open/,
      decisive: /type=HotlinkOpen/,
    },
  },
  clear: {
    'peer-is-self': () => story({ era: 'E3' }).start().talk('client1', 'aggregator', 13).talk('client2', 'client1', 8).end(20),
    adoption: () => story({ era: 'E3', debug: true }).start().talk('client1', 'aggregator', 13).adopt(12_021).end(20),
    'guard-line': () => {
      const s = story({ era: 'E4', debug: true }).start().talk('client1', 'aggregator', 13).adopt(100);
      return s
        .line(
          'aggregator',
          `hotlink tcp self-route guard: discarding existing self session=${s.idOf('client1', 'aggregator').slice(0, 8)} path=${s.canonical('client1', 'aggregator')}`,
        )
        .end(20);
    },
  },
  insufficient: () => story().start().talk('client1', 'aggregator', 13).end().withoutLogs().withoutTelemetry(),
});
