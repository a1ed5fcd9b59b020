import { clientRestart } from '../../src/rules/client-restart.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { OLD_RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const restarted = (): Story =>
  story()
    .start()
    .talk('client1', 'client2', 8, 500)
    .talk('client2', 'client1', 8)
    .wait(4)
    .kill('client1')
    .wait(2)
    .restart('client1')
    .end(20);

testRule(clientRestart, {
  found: {
    'killed and started again': {
      story: restarted,
      subject: 'client1',
      severity: 'error',
      message: /restarted after the run had begun/,
      decisive: /daemon start/,
    },
    "without the relay's log": {
      story: () => restarted().file('relay/server/logs/server.log', null),
      subject: 'client1',
      decisive: /daemon start/,
    },
  },
  clear: {
    'late-start': () =>
      story()
        .start('aggregator', 'client1')
        .talk('client1', 'aggregator', 8)
        .wait(5)
        .start('client2')
        .talk('client2', 'aggregator', 8)
        .end(20),
    reconnect: () => story().start().talk('client1', 'client2', 8).wait(3).cut('client1').end(20),
    'earlier-run': () => {
      const s = story().startRelay();
      s.line('client1', 'daemon start version=0.1.0 config=/home/a/config.json log=/home/a/syftbox.log').line(
        'client1',
        'hotlink enabled: webrtc p2p + ws fallback + tcp proxy',
      );
      s.line('client1', `hotlink session new: session=aaaaaaaa path=${s.path('client1', '1_to_0', OLD_RUN)}`);
      return s.wait(60).start().talk('client1', 'aggregator', 8).end(20);
    },
  },
  insufficient: () => restarted().withoutLogs(),
});
