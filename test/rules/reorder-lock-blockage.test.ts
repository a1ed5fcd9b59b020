import { reorderLockBlockage } from '../../src/rules/reorder-lock-blockage.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Era, type Story } from '../helpers/story.ts';

const chunks = (n: number): number[] => Array.from({ length: n }, () => 65_536);

/** The aggregator's program reads client2's channel and not client1's, which fills up; client2 goes on sending. */
const locked = (era: Era, megabytes = 34): Story =>
  story({ era, debug: true })
    .start()
    .talk('client2', 'aggregator', 8, 500)
    .talk('client1', 'aggregator', 8, ...chunks(megabytes))
    .arrive(...chunks(1))
    .on('client2', 'aggregator')
    .unread(100, 100);

testRule(reorderLockBlockage, {
  found: {
    'a second channel stops with the one that nobody reads': {
      story: () => locked('E1b').end(20),
      subject: 'aggregator',
      severity: 'error',
      message: /aggregator's client stopped reading inside the write of a frame of client1 .* and with it everything from client2$/,
      decisive: /type=HotlinkData/,
    },
    'an open of a third party is not even read': {
      story: () =>
        story({ era: 'E1b' })
          .start()
          .talk('client1', 'aggregator', 8, ...chunks(34))
          .arrive(...chunks(1))
          .open('client2', 'aggregator', { heard: false })
          .end(20),
      subject: 'aggregator',
      message: /everything from client2$/,
      decisive: /hotlink send open/,
    },
  },
  clear: {
    'newer-version': () => locked('E5b').end(20),
    'one-channel': () =>
      story({ era: 'E1b', debug: true })
        .start()
        .talk('client2', 'aggregator', 8, 500)
        .talk('client1', 'aggregator', 8, ...chunks(34))
        .arrive(...chunks(1))
        .unread(...chunks(4))
        .end(20),
    'still-fits': () => locked('E1b', 5).end(20),
    'no-writer': () => {
      const s = locked('E1b');
      return s
        .wait(30)
        .line('aggregator', `hotlink tcp write skipped: no writer for path=${s.outbound('client1', 'aggregator')} after retries`, 'ERROR')
        .end(20);
    },
  },
  insufficient: () => locked('E1b').end(20).withoutLogs(),
});
