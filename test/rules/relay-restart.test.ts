import { relayRestart } from '../../src/rules/relay-restart.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const begun = (): Story => story().start().talk('client1', 'client2', 8, 500).talk('client2', 'client1', 8).wait(4);

testRule(relayRestart, {
  found: {
    'the relay starts anew under three clients': {
      story: () => begun().restartRelay().end(20),
      subject: 'run',
      severity: 'error',
      message: /went away under 3 clients/,
      decisive: /server config|ConnectionRefused/,
    },
    "without the relay's log: everybody was refused": {
      story: () => begun().restartRelay().end(20).file('relay/server/logs/server.log', null),
      subject: 'run',
      decisive: /ConnectionRefused/,
    },
    'peer to peer, where everything arrived all the same': {
      story: () => story().start().open('client1', 'client2').accept().offer().channelOpen().p2p(8, 500).wait(4).restartRelay().end(2),
      subject: 'run',
      severity: 'warning',
    },
  },
  clear: {
    'one-client': () => begun().cut('client1', 2).end(20),
    'all-cut': () => begun().cut('aggregator').cut('client1').cut('client2').end(20),
    'later-start': () => story().startRelay().wait(1).start().talk('client1', 'client2', 8).end(20),
  },
  insufficient: () => begun().restartRelay().end(20).withoutLogs(),
});
