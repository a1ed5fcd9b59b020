import { exitedProgram } from '../../src/rules/exited-program.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';
import { containerName, dockerPs } from '../helpers/tables.ts';

const stall = (): Story => story().start().talk('client1', 'aggregator', 8, 100).end(20);
const [P0, P1, P2] = [0, 1, 2].map((i) => containerName(RUN, i)) as [string, string, string];
const withPs = (containers: Record<string, string>): Story => stall().file('docker-ps.txt', dockerPs(containers));
const done = { secure_aggregate: { status: 'completed', completedMs: 60_000 } } as const;

function inspected(name: string, code: number, finished: string, oom = false): Record<string, unknown> {
  return {
    Id: '3f2a9c01b7de'.repeat(5),
    Name: `/${name}`,
    State: { Status: 'exited', Running: false, OOMKilled: oom, ExitCode: code, StartedAt: '2026-02-09T03:00:00Z', FinishedAt: finished },
  };
}
const withInspect = (...list: unknown[]): Story => stall().file('inspect.json', JSON.stringify(list, null, 1));

testRule(exitedProgram, {
  found: {
    'one was killed, the others are up': {
      story: () => withPs({ [P0]: 'Up 17 minutes', [P1]: 'Exited (137) 9 minutes ago', [P2]: 'Up 17 minutes' }),
      subject: 'client1',
      severity: 'error',
      message: /^client1's program was killed \(code 137\) while aggregator and client2 are up and wait$/,
      decisive: /Exited \(137\)/,
    },
    'one failed early': {
      story: () => withPs({ [P0]: 'Up 17 minutes', [P1]: 'Exited (1) 9 minutes ago', [P2]: 'Exited (1) 9 minutes ago' }),
      subject: 'client2',
      message: /exited with code 1 while aggregator is up and waits$/,
    },
    'one ran out of memory long before the others were ended': {
      story: () =>
        withInspect(
          inspected(P0, 137, '2026-02-09T03:17:00Z'),
          inspected(P1, 137, '2026-02-09T03:02:00Z', true),
          inspected(P2, 137, '2026-02-09T03:17:02Z'),
        ),
      subject: 'client1',
      message: /was killed for want of memory \(code 137\) while aggregator and client2 went on$/,
      decisive: /"OOMKilled": true|Name.*pid1|2026-02-09T03:02:00Z/,
    },
  },
  clear: {
    'ended-together': () => withInspect(inspected(P0, 137, '2026-02-09T03:17:00Z'), inspected(P1, 137, '2026-02-09T03:17:09Z')),
    'went-well': () => withPs({ [P0]: 'Up 17 minutes', [P1]: 'Exited (0) 9 minutes ago' }),
    'other-run': () => withPs({ [P0]: 'Up 17 minutes', [P1]: 'Up 17 minutes', [containerName(OLD_RUN, 1)]: 'Exited (137) 2 hours ago' }),
    finished: () =>
      withPs({ [P0]: 'Up 17 minutes', [P1]: 'Exited (137) 9 minutes ago' })
        .progress('aggregator', done)
        .progress('client1', done)
        .progress('client2', done),
  },
  insufficient: stall,
});
