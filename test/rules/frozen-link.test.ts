import { frozenLink } from '../../src/rules/frozen-link.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const begun = (): Story => story().start().talk('client1', 'client2', 8, 500).talk('client2', 'client1', 8).wait(4);
const refused =
  'sync error: error sending request for url (http://127.0.0.1:57387/api/v1/datasite/view?user=client2%40sandbox.local)\n\nCaused by:\n    0: client error (Connect)\n    1: tcp connect error\n    2: Connection refused (os error 111)';

testRule(frozenLink, {
  found: {
    'sync passes and messages stop without a word': {
      story: () => begun().freeze('client2').on('client1', 'client2').lose(100).end(20),
      subject: 'client2',
      severity: 'error',
      message: /silent for \d+ s while its client lives/,
      decisive: /hotlink \| ↑tx/,
    },
  },
  clear: {
    'dead-process': () => begun().kill('client2').end(20),
    'blocked-loop': () => begun().on('client1', 'client2').noWriter(100, false).end(20),
    'relay-gone': () => begun().freeze('client2').line('client2', refused, 'ERROR').end(20),
  },
  insufficient: () => begun().freeze('client2').end(20).withoutLogs(),
});
