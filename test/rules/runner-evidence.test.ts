/** What runner text adds to rules that look at hotlink: lines beside their own, who waits, whether the run was done. */
import { describe, expect, it } from 'vitest';
import { caseOf, judgeStory } from '../helpers/judge.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const foreign = { foreignLines: true };
const native = (party: number, ...messages: string[]): [string, string] => [
  `client${party}@sandbox.local/datasites/.syqure-cache/${RUN}/party-${party}/syqure-native.log`,
  messages.map((m) => `[2026-02-09T03:00:0${party}+00:00][runner] ${m}\n`).join(''),
];
const RING = [
  ['aggregator', 'client1'],
  ['client1', 'client2'],
  ['client2', 'aggregator'],
] as const;
const hang = (): Story => story({ era: 'E5b' }).start().rounds(4, RING).rounds(1, RING.slice(0, 2)).end(20);
const stack = (...parties: number[]): string =>
  parties
    .map(
      (p) =>
        `=== syqure-${RUN}-pid${p} ===\n#0  0x00007f00 in recv (fd=3) at recv.c:28\n#1  0x00007f01 in MPCComms.receive_jar_size () from /usr/lib/libsyqure.so\n`,
    )
    .join('');

describe('runner text as evidence', () => {
  it('a missing marker: the probe that failed, the file that is not there', async () => {
    const d = await judgeStory(
      story()
        .marker('client2', 'client1', null)
        .start()
        .talk('client1', 'aggregator', 13)
        .end(20)
        .file(
          ...native(
            2,
            'tcp_preflight CP0<->CP2 port=11002 status=CONNECT_OK',
            'tcp_preflight CP1<->CP2 port=11003 status=CONNECT_FAIL err=Connection refused (os error 111)',
            'path_meta channel_marker 2_to_1 stream.tcp=/s/2_to_1/stream.tcp missing err=No such file or directory (os error 2)',
          ),
        ),
      foreign,
    );
    const texts = d.findings.find((f) => f.rule === 'missing-channel')?.evidence.map((e) => e.text) ?? [];
    expect(texts.filter((t) => t.includes('[runner]'))).toHaveLength(2);
    expect(texts.join('\n')).not.toContain('CONNECT_OK');
  });

  it('a port that is taken: the probe of that port', async () => {
    const d = await judgeStory(
      story()
        .startClients()
        .bindFailed('client1', 'client2')
        .connect('aggregator')
        .talk('client1', 'aggregator', 13)
        .end(20)
        .file(
          ...native(
            1,
            'tcp_preflight CP1<->CP2 port=10003 status=CONNECT_FAIL err=Connection refused (os error 111)',
            'tcp_preflight CP0<->CP1 port=10001 status=CONNECT_FAIL err=x',
          ),
        ),
      foreign,
    );
    const texts = d.findings.find((f) => f.rule === 'port-conflict')?.evidence.map((e) => e.text) ?? [];
    expect(texts.filter((t) => t.includes('[runner]'))).toEqual([expect.stringContaining('port=10003')]);
  });

  it('a refusal in strict mode: the line of the scenario', async () => {
    const d = await judgeStory(
      story()
        .start()
        .open('client1', 'aggregator')
        .accept()
        .strictRefusal()
        .end(20)
        .file('console.txt', 'P2P-only violation: ws_tx=0 ws_fallbacks=1\n'),
      foreign,
    );
    const mine = d.findings.filter((f) => f.rule === 'strict-violation');
    expect(mine).toHaveLength(1);
    expect(mine[0]?.evidence.some((e) => e.source === 'console.txt')).toBe(true);
  });
});

describe('stacks', () => {
  it('a party whose stack stands in a receive waits', async () => {
    const d = await judgeStory(story().start().talk('client1', 'aggregator', 13).end(3).file('stacks.txt', stack(1)), foreign);
    expect(d.waits).toMatchObject([
      { party: 'client1@sandbox.local', for: [], why: 'its stack stands in a receive', evidence: [{ source: 'stacks.txt', line: 3 }] },
    ]);
  });

  it('of another run says nothing', async () => {
    const d = await judgeStory(hang().file('stacks.txt', stack(2).replaceAll(RUN, OLD_RUN)), foreign);
    expect(d.findings.find((f) => f.rule === 'silent-application')).toMatchObject({ confidence: 'likely' });
    expect(d.waits.some((w) => w.why.includes('stack'))).toBe(false);
  });

  it('a silent program that stands in a receive is only possibly the one; when all do, nobody computes', async () => {
    const one = await judgeStory(hang().file('stacks.txt', stack(2)), foreign);
    expect(one.findings.find((f) => f.rule === 'silent-application')).toMatchObject({
      confidence: 'possible',
      message: expect.stringMatching(/yet its stack stands in a receive$/),
    });
    const all = await judgeStory(hang().file('stacks.txt', stack(0, 1, 2)), foreign);
    expect(all.findings.find((f) => f.rule === 'silent-application')?.message).toMatch(
      /all programs stand in a receive, so nobody computes$/,
    );
    expect(all.waits.map((w) => w.party).toSorted()).toEqual([
      'aggregator@sandbox.local',
      'client1@sandbox.local',
      'client2@sandbox.local',
    ]);
  });
});

describe('a runner that gave up', () => {
  const GAVE_UP = 'Step secure_aggregate timed out after 1200 s\n';
  const whole = (): Story => story({ era: 'E5b' }).start().rounds(4, RING).leave('aggregator').leave('client1').leave('client2').end(4);

  it('says that the run did not finish, and that is no all-clear', async () => {
    expect((await caseOf(whole())).finished).toBe(true);
    const d = await judgeStory(whole().file('console.txt', GAVE_UP), foreign);
    expect([d.run?.finished, d.verdict]).toEqual([false, 'inconclusive']);
  });

  it('makes a program that is silent in mid-round an error, as an unfinished step does', async () => {
    const d = await judgeStory(hang().file('console.txt', GAVE_UP), foreign);
    const silent = d.findings.find((f) => f.rule === 'silent-application');
    expect([d.verdict, silent?.severity]).toEqual(['failed', 'error']);
    expect(silent?.evidence.some((e) => e.source === 'console.txt' && e.line === 1)).toBe(true);
  });

  it.each([
    'curl: (28) Connection timed out after 5000 milliseconds\n',
    'Timeout waiting for relay health\n',
    `${GAVE_UP}==> Done: all in 40s\n`,
  ])('not by %s', async (text) => expect((await caseOf(whole().file('console.txt', text))).finished).toBe(true));

  it('not against progress files that say completed', async () => {
    const done = { secure_aggregate: { status: 'completed', completedMs: 60_000 } } as const;
    const s = whole().progress('aggregator', done).progress('client1', done).progress('client2', done).file('console.txt', GAVE_UP);
    expect((await caseOf(s)).finished).toBe(true);
  });
});

it('a run over the WebSocket alone is not blamed for data channels that it never asked for', async () => {
  const d = await judgeStory(
    story({ era: 'E5b' })
      .start()
      .talk('client1', 'aggregator', 13)
      .talk('aggregator', 'client1', 13)
      .end(3)
      .file('console.txt', '[env] SYFTBOX_HOTLINK_QUIC=0\n'),
    foreign,
  );
  expect(d.findings.filter((f) => f.severity === 'error').map((f) => f.rule)).toEqual([]);
  expect(d.findings.map((f) => f.rule)).not.toContain('webrtc-not-connected');
});
