import { reorderCollision } from '../../src/rules/reorder-collision.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Era, type Story } from '../helpers/story.ts';

/** A second session on the path: its numbers begin again below what the receiver waits for. */
const second = (era: Era, path?: string): Story =>
  story({ era })
    .start()
    .talk('client1', 'aggregator', 8, 100, 100)
    .wait(2)
    .open('client1', 'aggregator', path === undefined ? {} : { path })
    .accept();

testRule(reorderCollision, {
  found: {
    'the first frames of the second session are parked': {
      story: () => second('E3').arrive(8, 100).end(20),
      subject: 'client1 > aggregator',
      severity: 'error',
      decisive: /session new|type=HotlinkOpen/,
    },
  },
  clear: {
    'newer-receiver': () => second('E4').data(8).lose(100).end(20),
    'other-path': () =>
      second('E3', 'aggregator@sandbox.local/shared/flows/syqure-flow/29510100-3a82b861f31a/_mpc/1_to_0/stream.tcp.request')
        .lose(8)
        .end(20),
    balanced: () => second('E3').data(8, 100).end(20),
  },
  insufficient: () => second('E3').arrive(8).end(20).withoutLogs(),
});
