import { describe, expect, it } from 'vitest';
import { unroutableContainer } from '../../src/rules/unroutable-container.ts';
import { judgeStory } from '../helpers/judge.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const foreign = { foreignLines: true };
const printout = (...lines: string[]): string => `${lines.join('\n')}\n`;
const waiting = (...lines: string[]): Story =>
  story()
    .startClients()
    .end(20)
    .file('console.txt', printout(...lines));
const fails = (n: number, party = 1): string[] =>
  Array.from({ length: n }, () => `syqure-${RUN}-pid${party} | 172.17.0.1:10001:\tCould not connect: Network is unreachable`);
const connected = `syqure-${RUN}-pid1 | 172.17.0.1:10001:\tConnected.`;
const direct = `Syqure Docker direct TCP enabled: network=syqure-net-${RUN} ip=172.29.0.3`;

testRule(unroutableContainer, {
  found: {
    'tries without end': {
      story: () => waiting(...fails(5)),
      subject: 'client1',
      severity: 'error',
      message: /client1's program in its container has no way to 172\.17\.0\.1:10001: Network is unreachable \(5 tries, none succeeded\)/,
      decisive: /Could not connect/,
      options: foreign,
    },
    'one try, and the runner gave up after it': {
      story: () =>
        new Map([['console.txt', printout('Could not connect: Network is unreachable', 'Timeout waiting for secure_aggregate')]]),
      subject: 'run',
      decisive: /Could not connect/,
    },
    "the runner's check of the way": {
      story: () => waiting('Container→host proxy route unreachable for host.docker.internal:9001 (connection timed out)'),
      subject: 'run',
      message: /no way to host\.docker\.internal:9001: connection timed out/,
      decisive: /route unreachable/,
      options: foreign,
    },
    'also with plain TCP past hotlink': {
      story: () => waiting(direct, ...fails(3)),
      subject: 'client1',
      decisive: /Could not connect/,
      options: foreign,
    },
  },
  clear: {
    'then-connected': () => waiting(...fails(9), connected),
    'few tries and nothing said after': () => waiting(...fails(2)),
    'direct-mode': () => waiting(direct, '[env] SEQURE_TCP_PROXY=0'),
    refused: () => waiting(...fails(5).map((l) => l.replace('Network is unreachable', 'Connection refused'))),
    'carried-bytes': () =>
      story()
        .start()
        .talk('client1', 'aggregator', 13)
        .end(20)
        .file('console.txt', printout(...fails(5))),
    'a script that was done in the end': () => waiting(...fails(5), '==> Done: MPC TCP (two_party_sum_tcp.codon, skip MHE) in 40s'),
  },
  insufficient: () => story().startClients().end(20),
});

describe('a console alone', () => {
  it('is failed with the line, or inconclusive, never healthy', async () => {
    const failed = await judgeStory(new Map([['console.txt', printout(...fails(5))]]));
    expect([failed.verdict, failed.causes[0]?.rule, failed.causes[0]?.evidence[0]?.line]).toEqual(['failed', 'unroutable-container', 1]);
    expect(failed.run?.id).toBe(RUN);
    for (const text of ['==> Done: MPC TCP (x, skip MHE) in 40s', connected, 'client1: align_counts=Completed secure_aggregate=Completed'])
      expect((await judgeStory(new Map([['console.txt', printout(text)]]))).verdict).toBe('inconclusive');
  });
});
