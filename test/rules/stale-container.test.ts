import { staleContainer } from '../../src/rules/stale-container.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';
import { containerName, dockerPs, dockerStats } from '../helpers/tables.ts';

const NEWER_RUN = `${String(Number(RUN.split('-')[0]) + 60)}-3a82b861f31a`;
const stall = (): Story => story().start().talk('client1', 'aggregator', 8, 100).end(20);
const up = (run: string): Record<string, string> => Object.fromEntries([0, 1, 2].map((i) => [containerName(run, i), 'Up 40 minutes']));
const withPs = (containers: Record<string, string>, ports = ''): Story => stall().file('docker-ps.txt', dockerPs(containers, ports));

testRule(staleContainer, {
  found: {
    'containers of an older run are up': {
      story: () => withPs({ ...up(RUN), ...up(OLD_RUN) }),
      subject: 'run',
      severity: 'warning',
      message: new RegExp(`^3 containers of the older run ${OLD_RUN} still run .*${containerName(OLD_RUN, 0)}`),
      decisive: new RegExp(OLD_RUN),
    },
    'only measured by docker stats': {
      story: () => stall().file('stats.txt', dockerStats({ [containerName(RUN, 0)]: '0.00%', [containerName(OLD_RUN, 1)]: '99.00%' })),
      subject: 'run',
      message: /^1 container of the older run/,
      decisive: new RegExp(OLD_RUN),
    },
  },
  clear: {
    'same-run': () => withPs(up(RUN)),
    exited: () => withPs({ ...up(RUN), [containerName(OLD_RUN, 0)]: 'Exited (137) 3 hours ago', [containerName(OLD_RUN, 1)]: 'Created' }),
    'newer-run': () => withPs(up(NEWER_RUN)),
    'own-ports': () => withPs(up(OLD_RUN), '0.0.0.0:29001->29001/tcp'),
  },
  insufficient: stall,
});
