import { reorderedFrames } from '../../src/rules/reordered-frames.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story } from '../helpers/story.ts';

testRule(reorderedFrames, {
  found: {
    'number 3 before number 2': {
      story: () => story().start().talk('client1', 'aggregator', 8).shuffled(100, 200).end(20),
      subject: 'run',
      severity: 'info',
      message: /1 frame of 1 session/,
      decisive: /type=HotlinkData/,
    },
  },
  clear: {
    'new-session': () => story().start().talk('client1', 'aggregator', 8, 100).open('client1', 'aggregator').accept().data(8).end(20),
    'hole-for-good': () => story().start().talk('client1', 'aggregator', 8).lose(100).arrive(200).end(20),
  },
  insufficient: () => story().start().talk('client1', 'aggregator', 8).shuffled(100, 200).end(20).withoutLogs(),
});
