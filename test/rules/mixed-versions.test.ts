import { mixedVersions } from '../../src/rules/mixed-versions.ts';
import { goSkipped, runsGo } from '../helpers/go-lines.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const mixed = (): Story =>
  story({ eras: { client1: 'E3' } })
    .start()
    .talk('aggregator', 'client1', 8)
    .open('client2', 'client1')
    .accept()
    .noWriter(8)
    .end(10);

testRule(mixedVersions, {
  found: {
    'a Go client does not map what a Rust client sends on': {
      story: () => {
        const s = story({ era: 'E1b', parties: ['client1', 'client2'], layout: 'shared-dir' })
          .start()
          .talk('client1', 'client2', 8)
          .end(40);
        return runsGo(s, 'client2', [goSkipped(34, s.outbound('client1', 'client2'))]);
      },
      subject: 'client1 > client2',
      severity: 'error',
      message: /client2 \(Go\) does not map the path that client1 \(E1\) sends on/,
      decisive: /write skipped|hotlink config|"quic_offers"/,
    },
    'an older party cannot map the path of a newer one': {
      story: mixed,
      subject: 'client2 > client1',
      severity: 'error',
      message: /client1 \(E3\) does not map the path that client2 \(E6\) sends on/,
      decisive: /write skipped|"bench_strict"|type=HotlinkOpen/,
    },
    'two versions that meet': {
      story: () =>
        story({ eras: { client2: 'E3' } })
          .start()
          .talk('client1', 'client2', 8)
          .end(20),
      subject: 'run',
      severity: 'info',
      decisive: /"bench_strict"|using ws fallback|type=HotlinkOpen/,
    },
  },
  clear: {
    'unknown-era': () =>
      story({ relay: false }).start().talk('aggregator', 'client1', 8).end(20).withoutLogs('client2').withoutTelemetry('client2'),
    'same-family': () => {
      const s = story({ era: 'E5b' }).start().talk('client1', 'aggregator', 8).talk('client2', 'client1', 8);
      const key = s.canonical('client1', 'client2');
      return s
        .line(
          'client1',
          `hotlink tcp proxy: writer mapped keys channel=${key} local=Some("${key}") owner_from=Some("${key}") owner_to=Some("${key}") peer_inbound=Some("${key}") active(ch/loc/from/to/peer)=true/false/false/true/true`,
        )
        .end(20);
    },
    'shared-paths': {
      story: () =>
        story({ eras: { client2: 'E3' } })
          .start()
          .talk('client1', 'client2', 8)
          .talk('aggregator', 'client2', 8)
          .end(20),
      quietAt: 'info',
    },
  },
  insufficient: () => mixed().withoutLogs(),
});
