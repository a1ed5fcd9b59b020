import { hotlinkDisabled } from '../../src/rules/hotlink-disabled.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { logPath } from '../helpers/story-files.ts';
import { story, type Story } from '../helpers/story.ts';

const off = (): Story =>
  story().hotlinkOff('client2').start().talk('client1', 'aggregator', 13).open('client1', 'client2').timeout().lose(8).end(20);

testRule(hotlinkDisabled, {
  found: {
    'a client without hotlink': {
      story: off,
      subject: 'client2',
      severity: 'error',
      message: /runs with hotlink off/,
      decisive: /daemon start/,
    },
    'which prints the ICE line all the same': {
      story: () =>
        story()
          .hotlinkOff('client2')
          .startRelay()
          .line('client2', 'hotlink ICE servers from server: turns:127.0.0.1:5349?transport=tcp')
          .start()
          .talk('client1', 'aggregator', 13)
          .end(20),
      subject: 'client2',
    },
  },
  clear: {
    'go-client': () => {
      const lines = [
        'msg=syftbox version=0.5.0-dev revision=HEAD build=2026-02-09T03:00:00Z',
        'msg="client daemon start"',
        'msg="hotlink config" socket_only=true tcp_proxy=true quic_enabled=true quic_only=false',
      ];
      const text = lines.map((l, i) => `line=${i + 1} time=2026-02-09T13:00:00+10:00 level=INFO ${l}\n`).join('');
      const s = story().hotlinkOff('client2').start().talk('client1', 'aggregator', 13).end(20);
      return s.file(logPath(s.email('client2')), text);
    },
    'log-begins-later': () => {
      const files = off().files();
      return new Map(
        [...files].map(([path, text]) => [
          path,
          path.startsWith('client2@') && path.endsWith('.log') ? text.split('\n').slice(3).join('\n') : text,
        ]),
      );
    },
    'ice-line': () =>
      story()
        .startRelay()
        .line('client2', 'hotlink ICE servers from server: turns:127.0.0.1:5349?transport=tcp')
        .start()
        .talk('client1', 'client2', 13)
        .end(20),
  },
  insufficient: () => off().withoutLogs(),
});
