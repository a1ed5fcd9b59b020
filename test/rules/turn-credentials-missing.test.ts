import { turnCredentialsMissing } from '../../src/rules/turn-credentials-missing.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const ICE = 'hotlink ICE servers from server: turns:127.0.0.1:5349?transport=tcp';
const missing = (): Story =>
  story().startRelay().line('aggregator', ICE).start().open('client1', 'aggregator').accept().turnMissing().data(13).end(20);

testRule(turnCredentialsMissing, {
  found: {
    'the library refuses the configuration': {
      story: missing,
      subject: 'run',
      severity: 'warning',
      message: /could be built at aggregator/,
      decisive: /credentials required/,
    },
    'and strict mode allows nothing else': {
      story: () => story().start().open('client1', 'aggregator').accept().turnMissing().wait(1.5).strictRefusal().end(20),
      subject: 'run',
      severity: 'error',
      decisive: /credentials required/,
    },
  },
  clear: {
    'own-servers': () => story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(13).end(20),
    'older-relay': () => story({ era: 'E3' }).start().talk('client1', 'aggregator', 13).end(20),
    'failed-later': () =>
      story().startRelay().line('aggregator', ICE).start().open('client1', 'aggregator').accept().offer().data(13).end(20),
  },
  insufficient: () => missing().withoutLogs(),
});
