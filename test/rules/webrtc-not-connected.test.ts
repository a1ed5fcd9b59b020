import { webrtcNotConnected } from '../../src/rules/webrtc-not-connected.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(webrtcNotConnected, {
  found: {
    'an offer that leads to nothing': {
      story: () => story().start().open('client1', 'aggregator').accept().offer().data(13).end(20),
      subject: 'run',
      severity: 'warning',
      message: /1 session offered peer to peer and never connected \(aggregator offered\)/,
      decisive: /offer sent/,
    },
  },
  clear: {
    'answerer-line': () => story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(13).end(20),
    'off-state': () => story().start().talk('client1', 'aggregator', 13).end(20),
    'still-young': () => story().start().open('client1', 'aggregator').accept().offer().data(13).end(2),
  },
  insufficient: () => story().start().open('client1', 'aggregator').accept().offer().data(13).end(20).withoutLogs(),
});
