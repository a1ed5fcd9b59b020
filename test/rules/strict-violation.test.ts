import { strictViolation } from '../../src/rules/strict-violation.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(strictViolation, {
  found: {
    'strict mode refuses a frame': {
      story: () => story().start().open('client1', 'aggregator').accept().turnMissing().wait(1.5).strictRefusal().end(20),
      subject: 'client1 > aggregator',
      severity: 'error',
      message: /refused 1 send/,
      decisive: /strict/,
    },
    'counted in telemetry only': {
      story: () => story().start().open('client1', 'aggregator').accept().strictRefusal().end(20).withoutLogs(),
      subject: 'client1',
      decisive: /"strict_violations":1/,
    },
    'p2p-only drops a packet (E3 to E5b)': {
      story: () =>
        story({ era: 'E5b' })
          .start()
          .open('client1', 'aggregator')
          .accept()
          .line('client1', 'hotlink p2p_only: dropping packet seq=1 (webrtc not ready after wait)')
          .end(20),
      subject: 'client1',
      decisive: /p2p_only/,
    },
    "the scenario's own check": {
      story: () => new Map([['console.txt', 'P2P-only violation: ws_tx=12 ws_fallbacks=3\n']]),
      subject: 'run',
      severity: 'warning',
      message: /failed its check: 3 fallbacks to the WebSocket/,
      decisive: /P2P-only/,
    },
    'no data channel, by the scenario': {
      story: () => new Map([['console.txt', 'Error: client1: no active webrtc dataplane\n']]),
      subject: 'run',
      message: /no data channel was up/,
      decisive: /dataplane/,
    },
  },
  clear: {
    'mode-alone': () =>
      story()
        .start()
        .open('client1', 'aggregator')
        .accept()
        .offer()
        .channelOpen()
        .p2p(8, 100)
        .end(20)
        .patch('client1', { mode: 'hotlink_p2p_strict', bench_strict: true }),
    'connected-once': () =>
      story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8).talk('aggregator', 'client1', 20).end(20),
    'ordinary-fallback': () => story().start().talk('client1', 'aggregator', 8).end(20),
  },
  insufficient: () => story().start().end(20).withoutLogs().withoutTelemetry(),
});
