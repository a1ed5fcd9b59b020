import { absentApplication } from '../../src/rules/absent-application.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const absent = (): Story =>
  story()
    .startClients()
    .connect('aggregator')
    .connect('client1')
    .talk('client1', 'aggregator', 13)
    .talk('aggregator', 'client1', 100)
    .end(20);

testRule(absentApplication, {
  found: {
    'one party has no program': {
      story: absent,
      subject: 'client2',
      message: /no program ever connected to client2's proxies, while aggregator and client1 sent and wait/,
      decisive: /"proxies"/,
    },
    'and a frame for it was dropped': {
      story: () => story().startClients().connect('aggregator').connect('client1').open('client1', 'client2').accept().noWriter(8).end(10),
      subject: 'client2',
      severity: 'error',
      decisive: /"proxies"/,
    },
  },
  clear: {
    'not-begun': () => story().startClients().end(20),
    'went-away': () => story().start().talk('client2', 'aggregator', 13).talk('client1', 'client2', 8).leave('client2').end(20),
    'locked-sample': () => story().start().talk('client2', 'aggregator', 13).leave('client2').talk('client1', 'aggregator', 8).end(4),
  },
  insufficient: () => absent().withoutLogs().withoutTelemetry(),
});
