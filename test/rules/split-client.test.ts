import { splitClient } from '../../src/rules/split-client.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const closed = 'ws send queue closed\n\nCaused by:\n    channel closed';
const cut = (): Story => {
  const s = story({ stdout: true })
    .start()
    .talk('client1', 'client2', 8, 500)
    .talk('client2', 'client1', 8)
    .wait(4)
    .cut('client1')
    .wait(1.5);
  return s
    .line('client1', `hotlink send data failed: ${closed}`, 'ERROR')
    .line('client1', `hotlink tcp proxy: send failed (continuing): ${closed}`, 'ERROR')
    .end(20);
};

testRule(splitClient, {
  found: {
    'a connection is cut and comes back': {
      story: cut,
      subject: 'client1',
      severity: 'error',
      message: /came back with 1 new hotlink manager/,
      decisive: /hotlink enabled/,
    },
    'idle before the first byte': { story: () => story().start().cut('client2').end(20), subject: 'client2', decisive: /hotlink enabled/ },
  },
  clear: {
    'process-restart': () => story().start().talk('client1', 'client2', 8).wait(3).kill('client1').wait(1).restart('client1').end(20),
    'relay-restarted': { story: () => story().start().talk('client1', 'client2', 8).wait(3).restartRelay().end(20), quietAt: 'symptom' },
    'second-start-lines': () => story().start().talk('client1', 'client2', 8).end(20),
  },
  insufficient: () => cut().withoutLogs(),
});
