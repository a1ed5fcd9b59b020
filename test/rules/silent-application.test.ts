import { silentApplication } from '../../src/rules/silent-application.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const RING = [
  ['aggregator', 'client1'],
  ['client1', 'client2'],
  ['client2', 'aggregator'],
] as const;
/** Four whole rounds and two thirds of the fifth: client2 has everything that used to make it send. */
const hang = (): Story => story({ era: 'E5b' }).start().rounds(4, RING).rounds(1, RING.slice(0, 2)).end(20);
const working = { secure_aggregate: { status: 'in_progress' } } as const;
const done = { secure_aggregate: { status: 'completed', completedMs: 9000 } } as const;

testRule(silentApplication, {
  found: {
    'a break in the rounds': {
      story: hang,
      subject: 'client2',
      severity: 'warning',
      message: /client2's program received everything that made it send in the 3 earlier rounds.*aggregator waits for it$/,
      decisive: /type=HotlinkData/,
    },
    'with an unfinished step': {
      story: () => hang().progress('client2', working),
      subject: 'client2',
      severity: 'error',
      decisive: /type=HotlinkData/,
    },
    'two parties that take turns': {
      story: () =>
        story({ era: 'E5b', parties: ['client1', 'client2'], layout: 'shared-dir' })
          .start()
          .rounds(4, [
            ['client1', 'client2'],
            ['client2', 'client1'],
          ])
          .talk('client1', 'client2', 64)
          .end(20)
          .progress('client2', working),
      subject: 'client2',
    },
  },
  clear: {
    'last-receiver': () => story({ era: 'E5b' }).start().rounds(4, RING).leave('aggregator').leave('client1').leave('client2').end(20),
    finished: () =>
      story({ era: 'E5b' })
        .start()
        .rounds(4, RING)
        .end(20)
        .progress('aggregator', done)
        .progress('client1', done)
        .progress('client2', done),
    pause: () => story({ era: 'E5b' }).start().rounds(3, RING).wait(15).rounds(2, RING).end(4),
    'grace-waits': () =>
      story().start().talk('aggregator', 'client1', 8).talk('client1', 'client2', 8).talk('client2', 'aggregator', 8).end(3),
  },
  insufficient: () => hang().withoutLogs(),
});
