import { stalledReader } from '../../src/rules/stalled-reader.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const chunks = (n: number): number[] => Array.from({ length: n }, () => 61_440);
const stuck = (quiet: number): Story =>
  story({ era: 'E5b' })
    .start()
    .talk('client1', 'client2', 8, ...chunks(36))
    .arrive(...chunks(1))
    .lose(...chunks(5))
    .end(quiet);

testRule(stalledReader, {
  found: {
    'megabytes are decoded and not written': {
      story: () => stuck(20),
      subject: 'client2',
      severity: 'error',
      message: /client2's program does not read.*2211848 /,
      decisive: /type=HotlinkData/,
    },
    'E1, whose counters tell nothing: the client never comes back from the write': {
      story: () =>
        story({ era: 'E1b', debug: true })
          .start()
          .talk('client1', 'client2', 8, ...chunks(36))
          .arrive(...chunks(1))
          .unread(...chunks(4))
          .end(20),
      subject: 'client2',
      severity: 'error',
      message: /never came back from writing a frame after 2273288 bytes/,
      decisive: /type=HotlinkData/,
    },
  },
  clear: {
    'still-fits': () =>
      story({ era: 'E5b' })
        .start()
        .talk('client1', 'client2', 8, ...chunks(42))
        .end(20),
    'no-writer': () =>
      story({ era: 'E5b' })
        .startClients()
        .connect('client1')
        .open('client1', 'client2')
        .accept()
        .noWriter(61_440)
        .arrive(...chunks(36))
        .end(20),
    'moving-run': () => stuck(2),
  },
  insufficient: () => story().start().talk('client1', 'client2', 8).end(20).withoutTelemetry(),
});
