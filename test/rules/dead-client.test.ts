import { deadClient } from '../../src/rules/dead-client.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const begun = (): Story => story().start().talk('client1', 'client2', 8, 500).talk('client2', 'client1', 8).wait(4);

testRule(deadClient, {
  found: {
    'the log ends and the relay drops the connection': {
      story: () => begun().kill('client2').lose(0).on('client1', 'client2').lose(100).end(20),
      subject: 'client2',
      severity: 'error',
      message: /stopped 2\d s before the others' logs end, and the relay dropped/,
      decisive: /wshub removed|"updated_ms"/,
    },
    'without a relay log': {
      story: () =>
        begun()
          .kill('client2')
          .end(25)
          .without(/^.*server received.*$/)
          .file('relay/server/logs/server.log', null),
      subject: 'client2',
      decisive: /"updated_ms"|hotlink \| ↑tx/,
    },
  },
  clear: {
    'cut-log': () => begun().logCut('client2').end(20),
    'frozen-network': () => begun().freeze('client2').end(20),
    restarted: () => begun().kill('client2').wait(2).restart('client2').end(20),
  },
  insufficient: () => begun().kill('client2').end(20).withoutLogs(),
});
