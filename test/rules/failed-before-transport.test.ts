import { failedBeforeTransport } from '../../src/rules/failed-before-transport.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { runDirectory } from '../helpers/story-files.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const failed = { align_counts: { status: 'failed', error: 'Shell step failed with exit code 1' } } as const;
const waiting = { secure_aggregate: { status: 'in_progress' } } as const;
const base = (): Story => story().startClients().connect('aggregator').connect('client2').talk('client2', 'aggregator', 13).end(20);

testRule(failedBeforeTransport, {
  found: {
    'a step before the computation': {
      story: () => base().progress('client1', failed).progress('client2', waiting).progress('aggregator', waiting),
      subject: 'client1',
      severity: 'error',
      message: /step align_counts failed at client1 before its program used the transport: Shell step failed/,
      decisive: /"status": "failed"/,
    },
  },
  clear: {
    'failed-after': () =>
      story()
        .start()
        .talk('client1', 'aggregator', 13)
        .end(20)
        .progress('client1', { secure_aggregate: { status: 'failed', error: 'timed out' } }),
    'other-run': () => base().progress('client1', failed, OLD_RUN).progress('client1', waiting),
    retried: () => {
      const s = base();
      const line = (event: string): string =>
        `${JSON.stringify({ timestamp: '2026-02-09T03:00:01.000000+00:00', event, step: 'align_counts', message: event })}\n`;
      return s.file(
        `${runDirectory(s.email('client1'), RUN)}/_progress/progress.json`,
        line('step_started') + line('step_failed') + line('step_started') + line('step_completed'),
      );
    },
  },
  insufficient: base,
});
