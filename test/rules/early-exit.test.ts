import { describe, expect, it } from 'vitest';
import { earlyExit } from '../../src/rules/early-exit.ts';
import { judgeStory } from '../helpers/judge.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const DIRECT = [0, 1, 2].map((i) => `Syqure Docker direct TCP enabled: network=syqure-net-${RUN} ip=172.29.0.${i + 2}`);
const EXITS = [1, 2].map((i) => `syqure-${RUN}-pid${i} exited with code 1`);
const WAITS = [`syqure-${RUN}-pid0 | 0.0.0.0:9001:\tChannel open: awaiting connection ...`];
const printout = (...lines: string[]): string => `${lines.join('\n')}\n`;
const past = (...lines: string[]): Story =>
  story()
    .startClients()
    .end(20)
    .file('console.txt', printout(...DIRECT, ...lines));
const diag = (party: number, base: number): [string, string] => [
  `tmp/biovault-syqure-diag-${RUN}-p${party}.log`,
  `party_id=${party}\nemail=${['aggregator', 'client1', 'client2'][party] ?? ''}@sandbox.local\nport_base=${base}\ntcp_proxy=false\n`,
];
const foreign = { foreignLines: true };

testRule(earlyExit, {
  found: {
    'two programs gone, one still waits to be dialled': {
      story: () => past(...WAITS, ...EXITS),
      subject: 'client1',
      severity: 'warning',
      message: /client1's program exited with code 1 while aggregator still waits; they speak plain TCP past hotlink$/,
      decisive: /exited with code 1/,
      options: foreign,
    },
    'and the bases differ': {
      story: () => {
        const s = past(...WAITS, ...EXITS);
        for (const file of [diag(0, 9000), diag(1, 10_000), diag(2, 11_000)]) s.file(...file);
        return s;
      },
      subject: 'client2',
      message: /their port bases differ \(9000, 10000, 11000\)/,
      options: foreign,
    },
  },
  clear: {
    'all-exited': () => past(...WAITS, ...EXITS, `syqure-${RUN}-pid0 exited with code 1`),
    'went-well': () => past(...WAITS, ...EXITS.map((l) => l.replace('code 1', 'code 0'))),
    'through-hotlink': () =>
      story()
        .start()
        .talk('client1', 'aggregator', 13)
        .end(20)
        .file('console.txt', printout(...WAITS, ...EXITS)),
  },
  notApplicable: () =>
    story()
      .startClients()
      .end(20)
      .file('console.txt', printout(...WAITS, ...EXITS)),
});

describe('plain TCP past hotlink', () => {
  const ways: Readonly<Record<string, () => Story>> = {
    'the line of the runner': () => past(),
    'a variable of the container': () => story().startClients().end(20).file('console.txt', '+ docker run -e SEQURE_TCP_PROXY=0 syqure\n'),
    'the diagnosis file': () =>
      story()
        .startClients()
        .end(20)
        .file(...diag(1, 9000)),
  };
  it.each(Object.keys(ways))('%s: no finding, no blame, inconclusive', async (way) => {
    const d = await judgeStory(ways[way]?.() ?? story(), foreign);
    expect([d.verdict, d.run?.transport, d.causes.map((x) => x.rule)]).toEqual(['inconclusive', 'direct-tcp', []]);
    expect(d.because).toMatch(/plain TCP past hotlink/);
    const quiet = [
      'absent-application',
      'missing-channel',
      'stalled-counters',
      'silent-application',
      'webrtc-not-connected',
      'late-application',
    ];
    expect(d.verdicts.filter((v) => quiet.includes(v.rule)).map((v) => v.verdict)).toEqual(quiet.map(() => 'not-applicable'));
  });

  it("a program that never came, and markers that are not there, are nobody's fault then", async () => {
    const told = (): Story => story().startClients().connect('aggregator').marker('client1', 'client2', null).end(20);
    const before = await judgeStory(told());
    expect(before.findings.map((f) => f.rule)).toEqual(expect.arrayContaining(['missing-channel', 'absent-application']));
    const after = await judgeStory(told().file('console.txt', printout(...DIRECT)), foreign);
    expect(after.findings).toEqual([]);
  });

  it('is not believed where hotlink carried bytes', async () => {
    const d = await judgeStory(
      story()
        .start()
        .talk('client1', 'aggregator', 13)
        .end(20)
        .file('console.txt', printout(...DIRECT)),
      foreign,
    );
    expect(d.run?.transport).not.toBe('direct-tcp');
  });
});
