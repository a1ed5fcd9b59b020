import { smallMessageDelay } from '../../src/rules/small-message-delay.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story, type StoryOptions } from '../helpers/story.ts';

/** Frames that take these milliseconds from the sender's line to the reader's, between others that take one. */
function delayed(ms: readonly number[], options: StoryOptions = {}): Story {
  const s = story({ era: 'E5b', debug: true, ...options })
    .start()
    .talk('client1', 'client2', 8)
    .talk('client2', 'client1', 8);
  for (const each of ms) s.on('client1', 'client2').slowly(each).data(100).wait(0.05).data(20).on('client2', 'client1').data(20);
  return s.end(20);
}

const AN_HOUR = 3_600_000;

testRule(smallMessageDelay, {
  found: {
    'frames that take forty milliseconds among others that take one': {
      story: () => delayed([41, 44, 39]),
      subject: 'run',
      severity: 'info',
      message: /^3 messages of \d+ left client1 some 40 ms late/,
      decisive: /hotlink send data/,
    },
    'accepts, without debug lines': {
      story: () =>
        story({ era: 'E5b' })
          .start()
          .open('client1', 'aggregator')
          .slowly(43)
          .accept()
          .data(8)
          .open('client2', 'aggregator')
          .slowly(42)
          .accept()
          .data(8)
          .talk('aggregator', 'client1', 8)
          .talk('aggregator', 'client2', 8)
          .end(20),
      subject: 'run',
      message: /^2 messages of \d+ left aggregator some 40 ms late/,
      decisive: /sending accept/,
    },
    'clocks an hour apart': { story: () => delayed([41, 44], { skew: { client2: AN_HOUR } }), subject: 'run', message: /^2 messages/ },
  },
  clear: {
    'clock-offset': () => delayed([1, 1, 1], { skew: { client2: 41 } }),
    'clock-step': () => {
      const s = story({ era: 'E5b', debug: true, parties: ['client1', 'client2'] })
        .start()
        .talk('client1', 'client2', 8)
        .talk('client2', 'client1', 8)
        .talk('client1', 'client2', 8, 8);
      // From here on the lines of client2 stand 41 ms later: what it reads seems late, and what it sends is read before it was written.
      const before = s.now;
      s.wait(1).talk('client1', 'client2', 8, 8).talk('client2', 'client1', 8, 8).talk('client1', 'client2', 8, 8).end(20);
      return stepped(s, 'client2', before, 41);
    },
    'spread-network': () => delayed([41, 22, 15, 44, 31, 60, 18]),
    'one-slow': () => delayed([41]),
  },
  insufficient: () => delayed([41, 44]).withoutLogs(),
});

/** The files of a story in which a party's clock was put forward at a moment. */
function stepped(s: Story, name: string, afterMs: number, ms: number): ReadonlyMap<string, string> {
  const from = s.epochMs() - s.now + afterMs;
  return new Map(
    [...s.files()].map(([path, text]) => [
      path,
      path.startsWith(`${name}@`) && path.endsWith('.log')
        ? text.replaceAll(/^time=(\S+)/gm, (_, t: string) => {
            const at = Date.parse(t);
            return `time=${new Date(at > from ? at + ms : at).toISOString()}`;
          })
        : text,
    ]),
  );
}
