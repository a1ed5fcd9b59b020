import { failedBeforeTransport } from '../../src/rules/failed-before-transport.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { runDirectory } from '../helpers/story-files.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const failed = { align_counts: { status: 'failed', error: 'Shell step failed with exit code 1' } } as const;
const waiting = { secure_aggregate: { status: 'in_progress' } } as const;
const base = (): Story => story().startClients().connect('aggregator').connect('client2').talk('client2', 'aggregator', 13).end(20);

const foreign = { foreignLines: true };
const printout = (...lines: string[]): string => `${lines.join('\n')}\n`;
/** Clients up, no program anywhere, and what the console says. */
const printed = (...lines: string[]): Story =>
  story()
    .startClients()
    .end(20)
    .file('console.txt', printout(...lines));
const TABLE = 'client1: align_counts=Failed secure_aggregate=- | client2: align_counts=Completed secure_aggregate=-';
const KILLED = 'Error: Syqure exited due to signal: 9';
const TWICE = 'syqure_participant_map: aggregator=a@sandbox.local clients=c@sandbox.local,c@sandbox.local';

testRule(failedBeforeTransport, {
  found: {
    'a step before the computation': {
      story: () => base().progress('client1', failed).progress('client2', waiting).progress('aggregator', waiting),
      subject: 'client1',
      severity: 'error',
      message: /step align_counts failed at client1 before its program used the transport: Shell step failed/,
      decisive: /"status": "failed"/,
    },
    "a scenario's table of steps": {
      story: () => printed(TABLE),
      subject: 'client1',
      severity: 'error',
      message: /^step align_counts failed at client1 before its program used the transport$/,
      decisive: /align_counts=Failed/,
      options: foreign,
    },
    'the table in a console alone': {
      story: () => new Map([['console.txt', printout(TABLE)]]),
      subject: 'run',
      message: /step align_counts failed at client1/,
      decisive: /align_counts=Failed/,
    },
    'a step log of the desktop': {
      story: () =>
        story()
          .startClients()
          .end(20)
          .file(
            `client1@sandbox.local/.biovault/multiparty_step_logs/${RUN}/align_counts.log`,
            '2026-02-09T03:00:04.120000Z step_started\n2026-02-09T03:00:05.120000Z step_failed: Shell step failed with exit code 1\n',
          ),
      subject: 'client1',
      message: /step align_counts failed at client1 .*: Shell step failed with exit code 1/,
      decisive: /step_failed/,
      options: foreign,
    },
    'the shell lacks a command': {
      story: () => printed('./test-scenario.sh: line 88: time: command not found'),
      subject: 'run',
      message: /the shell of the runner has no command time/,
      decisive: /command not found/,
      options: foreign,
    },
    'the system does not let the stack listen': {
      story: () =>
        new Map([['console.txt', printout('Error: failed to start devstack: listen tcp 127.0.0.1:0: bind: operation not permitted')]]),
      subject: 'run',
      decisive: /not permitted/,
    },
    'two roles with one participant': {
      story: () => printed(TWICE, KILLED),
      subject: 'run',
      message: /two roles have one participant, c@sandbox\.local, and a program was ended by signal 9/,
      decisive: /participant_map|signal: 9/,
      options: foreign,
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
    'a table, and bytes that moved': () => story().start().talk('client1', 'aggregator', 13).end(20).file('console.txt', printout(TABLE)),
    'the computing step of a console alone': () => new Map([['console.txt', 'client1: align_counts=Completed secure_aggregate=Failed\n']]),
    'a step that went well the second time': () => printed(TABLE, TABLE.replaceAll('Failed', 'Completed')),
    'then-began': () =>
      printed("rm: cannot remove '/home/dev/sandbox/relay': Operation not permitted", `syqure-${RUN}-pid1 | 172.29.0.2:9001:\tConnected.`),
    'killed-late': () => printed('Step secure_aggregate timed out after 1200 s', KILLED),
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
