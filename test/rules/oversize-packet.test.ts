import { oversizePacket } from '../../src/rules/oversize-packet.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(oversizePacket, {
  found: {
    'frames above the limit take the WebSocket': {
      story: () => story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8).data(70_000, 70_000).end(20),
      subject: 'run',
      severity: 'info',
      message: /1 direction used chunks above/,
      decisive: /data channel open/,
    },
    'strict mode halves the chunk': {
      story: () => {
        const s = story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8);
        const sid = s.idOf('client1', 'aggregator').slice(0, 8);
        s.line(
          'client1',
          `hotlink strict: websocket fallback attempted after webrtc error session=${sid} path=${s.outbound('client1', 'aggregator')} seq=2 err=outbound packet larger than maximum message size`,
          'ERROR',
        );
        return s.line('client1', 'hotlink tcp proxy: reducing send chunk size to 131072 after oversized packet error').end(20);
      },
      subject: 'client1 > aggregator',
      severity: 'error',
      message: /refused after their numbers were taken/,
      decisive: /larger than|oversized/,
    },
    'p2p-only mode refuses it with a text that blames the connection': {
      story: () => story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8, 500).p2pRefusal().end(20),
      subject: 'client1 > aggregator',
      severity: 'error',
      message: /over an open data channel: the line blames the connection/,
      decisive: /p2p_only/,
    },
  },
  clear: {
    'websocket-run': () => story().start().talk('client1', 'aggregator', 70_000).end(20),
    'below-limit': () => story().start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8).data(61_440).end(20),
    'not-ready': () => {
      const s = story().start().open('client1', 'aggregator').accept();
      return s
        .line(
          'client1',
          `hotlink p2p_only send failed: webrtc not ready after wait session=${s.idOf('client1', 'aggregator').slice(0, 8)} path=${s.outbound('client1', 'aggregator')} seq=1`,
          'ERROR',
        )
        .end(20);
    },
  },
  insufficient: () => story().start().end(20).withoutLogs(),
});
