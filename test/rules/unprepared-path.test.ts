import { unpreparedPath } from '../../src/rules/unprepared-path.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

/** The alphabet puts `alpha` first, the flow puts `zeta` first. */
const odd = (): Story => story({ era: 'E4', parties: ['zeta', 'alpha'] }).start();

testRule(unpreparedPath, {
  found: {
    "the owner's open reaches somebody": {
      story: () => odd().talk('alpha', 'zeta', 13).end(20),
      subject: 'alpha',
      severity: 'info',
      message: /alpha opened on alpha's 0_to_1, a directory that no party created/,
      decisive: /0_to_1/,
    },
    "the other side's open is denied": {
      story: () => odd().open('zeta', 'alpha', { heard: false }).denied().lose(8).end(20),
      subject: 'zeta',
      severity: 'error',
      decisive: /0_to_1/,
    },
  },
  clear: {
    'shared-directory': () =>
      story({ era: 'E4', parties: ['zeta', 'alpha'], layout: 'shared-dir' })
        .start()
        .talk('alpha', 'zeta', 13)
        .end(20),
    'default-names': () => story({ era: 'E4' }).start().talk('client1', 'aggregator', 13).talk('client2', 'client1', 8).end(20),
  },
  insufficient: () => odd().talk('alpha', 'zeta', 13).end(20).withoutLogs().withoutTelemetry().file('relay/server/logs/server.log', null),
  notApplicable: () =>
    story({ era: 'E4', parties: ['zeta', 'alpha'], layout: 'shared-dir' })
      .start()
      .end(20),
});
