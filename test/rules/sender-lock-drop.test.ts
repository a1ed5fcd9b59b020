import { senderLockDrop } from '../../src/rules/sender-lock-drop.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story, type StoryOptions } from '../helpers/story.ts';

const stall = (options: StoryOptions = {}): Story =>
  story({ era: 'E3', ...options })
    .start()
    .talk('client1', 'aggregator', 13)
    .adopt(12_021)
    .end(20);

testRule(senderLockDrop, {
  found: {
    'the aggregator answers on the session that its peer opened': {
      story: () => stall(),
      subject: 'aggregator > client1',
      severity: 'error',
      message: /sent on 1 session that client1 had opened; the relay drops that \(1 frame refused\)/,
      decisive: /not sender|using ws fallback|"sessions_out"/,
    },
    'without a relay log': {
      story: () => stall({ relay: false }),
      subject: 'aggregator > client1',
      message: /had opened/,
      decisive: /using ws fallback|"sessions_out"/,
    },
    'with debug lines': { story: () => stall({ debug: true }), subject: 'aggregator > client1', message: /1 frame refused/ },
    'towards both peers': {
      story: () =>
        story({ era: 'E3' })
          .start()
          .talk('client1', 'aggregator', 13)
          .adopt(12_021)
          .talk('client2', 'aggregator', 13)
          .adopt(12_021)
          .end(20),
      subject: 'aggregator',
      message: /sent on 2 sessions that client1 and client2 had opened/,
      decisive: /not sender|using ws fallback|"sessions_out"/,
    },
    'two parties: the second speaker': {
      story: () =>
        story({ era: 'E3', parties: ['client1', 'client2'], layout: 'shared-dir' })
          .start()
          .talk('client1', 'client2', 13)
          .adopt(500)
          .end(20),
      subject: 'client2 > client1',
      decisive: /not sender|using ws fallback|"sessions_out"/,
    },
    'names that no one expects': {
      story: () =>
        story({ era: 'E3', parties: ['alpha@one.example', 'beta@two.example'] })
          .start()
          .talk('beta@two.example', 'alpha@one.example', 13)
          .adopt(500)
          .end(20),
      subject: 'alpha > beta',
    },
  },
  clear: {
    'own-session': () => story({ era: 'E5b' }).start().talk('client1', 'aggregator', 13).talk('aggregator', 'client1', 12_021).end(20),
    'signal-refused': () => story({ era: 'E5b' }).start().open('client1', 'aggregator').accept().offer(true).data(13).end(20),
    'one-sided-counters': () => story({ era: 'E3' }).start().talk('client1', 'aggregator', 13).end(20),
  },
  insufficient: () => stall({ relay: false }).withoutLogs(),
});
