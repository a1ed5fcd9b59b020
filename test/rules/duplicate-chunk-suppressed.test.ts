import { duplicateChunkSuppressed } from '../../src/rules/duplicate-chunk-suppressed.ts';
import { goReceived, runsGo } from '../helpers/go-lines.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

/** The aggregator (Rust, debug lines) sends these chunks to client1, which runs the Go client. */
const sends = (...sizes: number[]): Story =>
  story({ era: 'E1b', debug: true, parties: ['aggregator', 'client1'] })
    .start()
    .talk('aggregator', 'client1', ...sizes);
const received = (n: number) => Array.from({ length: n }, () => goReceived(4, 'HOTLINK_DATA'));

testRule(duplicateChunkSuppressed, {
  found: {
    'two blocks of one size, each with its length before it': {
      story: () => runsGo(sends(8, 500, 8, 500).end(20), 'client1', received(4)),
      subject: 'aggregator > client1',
      severity: 'warning',
      message: /^frames 1 and 3 of session \w+ are both the length of a block of 500 bytes; client1 runs the Go client/,
      decisive: /hotlink send data/,
    },
  },
  clear: {
    'rust-receiver': () => sends(8, 500, 8, 500).end(20),
    'other-sizes': () => runsGo(sends(8, 500, 8, 600).end(20), 'client1', received(4)),
    'went-on': () => runsGo(sends(8, 500, 8, 500).end(2), 'client1', received(4)),
  },
  insufficient: () => sends(8, 500, 8, 500).end(20).withoutLogs(),
});
