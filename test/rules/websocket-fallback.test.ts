import { websocketFallback } from '../../src/rules/websocket-fallback.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(websocketFallback, {
  found: {
    'a session falls back': {
      story: () => story().start().talk('client1', 'aggregator', 13).end(20),
      subject: 'run',
      severity: 'warning',
      message: /1 session of client1 used the WebSocket/,
      decisive: /using ws fallback|"ws_fallbacks"/,
    },
    'counted in telemetry only': {
      story: () => story({ relay: false }).start().talk('client1', 'aggregator', 13).end(20).withoutLogs(),
      subject: 'run',
      decisive: /"ws_fallbacks"/,
    },
  },
  clear: {
    'no-traffic': () => story().start().end(20),
    'websocket-only': () =>
      story({ era: 'E1b' })
        .start()
        .open('client1', 'aggregator')
        .accept()
        .noFallback()
        .data(13)
        .end(20)
        .patch('client1', { mode: 'hotlink_ws_only' }),
    'other-direction': () =>
      story()
        .start()
        .open('client1', 'aggregator')
        .accept()
        .offer()
        .channelOpen()
        .p2p(8)
        .open('aggregator', 'client1')
        .accept()
        .offer()
        .channelOpen()
        .p2p(8)
        .end(20),
  },
  insufficient: () => story({ relay: false }).start().end(20).withoutLogs().withoutTelemetry(),
});
