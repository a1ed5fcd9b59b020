import { unmountableSource } from '../../src/rules/unmountable-source.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const MOUNT =
  "docker: Error response from daemon: error while creating mount source path '/home/dev/sandbox/client1@sandbox.local/datasites': mkdir /home/dev/sandbox/client1@sandbox.local/datasites: no such file or directory.";
const FALLBACK = 'Docker mount fallback: using sandbox root /home/dev/sandbox (datasite client1@sandbox.local)';
const foreign = { foreignLines: true };
const printout = (...lines: string[]): string => `${lines.join('\n')}\n`;
/** Clients up, no program anywhere, and what the console says. */
const waiting = (...lines: string[]): Story =>
  story()
    .startClients()
    .end(20)
    .file('console.txt', printout(...lines));

testRule(unmountableSource, {
  found: {
    'a source that does not exist, counters at 0': {
      story: () => waiting('+ docker run --rm -v x syqure', MOUNT, 'docker run failed: exit status: 125'),
      subject: 'client1',
      severity: 'error',
      message: /docker did not start client1's container: the folder to mount does not exist \(its path holds an @\)/,
      decisive: /creating mount source path/,
      options: foreign,
    },
    'from a console alone': {
      story: () => new Map([['console.txt', printout(MOUNT)]]),
      subject: 'run',
      message: /docker did not start client1's container/,
      decisive: /creating mount source path/,
    },
    'a path that docker does not take': {
      story: () => waiting("docker: invalid volume specification: '/home/dev/sandbox/client2@sandbox.local:/datasite-home'."),
      subject: 'client2',
      message: /has a path that docker does not take/,
      options: foreign,
    },
  },
  clear: {
    'fell-back': () => waiting(MOUNT, FALLBACK),
    'fallback-alone': () => waiting(FALLBACK),
    'carried-bytes': () => story().start().talk('client1', 'aggregator', 13).end(20).file('console.txt', printout(MOUNT)),
    'other-run': () => waiting(`syqure-${OLD_RUN}-pid1: ${MOUNT}`, `BIOVAULT_FLOW_RUN_ID=${RUN}`),
  },
  insufficient: () => story().startClients().end(20),
});
