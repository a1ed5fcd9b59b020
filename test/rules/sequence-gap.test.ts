import { sequenceGap } from '../../src/rules/sequence-gap.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const gap = (quiet: number): Story => story().start().talk('client1', 'client2', 8, 500).lose(100).arrive(200, 300).end(quiet);

testRule(sequenceGap, {
  found: {
    'a frame in the middle never comes': {
      story: () => gap(20),
      subject: 'client1 > client2',
      severity: 'error',
      message: /frame 3 of session \w+ never reached client2; 2 later frames (?:are )?parked/,
      decisive: /type=HotlinkData/,
    },
  },
  clear: {
    'late-frame': () => story().start().talk('client1', 'client2', 8).shuffled(100, 200).end(20),
    'peer-to-peer': () => story().start().talk('client1', 'client2', 8).offer().channelOpen().p2p(100).data(200).end(20),
    'still-coming': () => gap(2),
  },
  insufficient: () => gap(20).withoutLogs(),
});
