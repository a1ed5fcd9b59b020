/** Combinations of era, layout, fault and moment of collection that no recording holds: verdict, first cause and whom it names. */
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { judgeStory } from '../helpers/judge.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Era, type Story, type StoryOptions } from '../helpers/story.ts';

interface Scenario {
  readonly story: () => Story;
  readonly verdict: Diagnosis['verdict'] | readonly Diagnosis['verdict'][];
  /** Rule of the first cause; undefined: nothing of severity error, and no warning but these. */
  readonly cause?: string;
  /** `client1`, `client1 > client2`; undefined: anybody. */
  readonly subject?: string;
  readonly warnings?: readonly string[];
}

const TWO = { parties: ['client1', 'client2'], layout: 'shared-dir' } as const;
const NAMES = ['aggregator', 'client1', 'client2'] as const;
const JAR = [8, 12_013] as const;
const MESH = [
  ['aggregator', 'client1'],
  ['aggregator', 'client2'],
  ['client1', 'client2'],
  ['client2', 'client1'],
  ['client1', 'aggregator'],
] as const;
const FREE = 'hotlink ipc write failed: ipc accept timeout after 30s';

const sync = (options: StoryOptions): Story =>
  story(options)
    .start()
    .talk('client1', 'aggregator', 8, 5)
    .talk('client2', 'aggregator', 8, 5)
    .talk('aggregator', 'client1', ...JAR);

/**
 * The aggregator's program is 12 s late. Client1's first frame blocks the read loop before client2's open is read, so client2's wait
 * runs out. `freed`: collected after the loop was free and had read the rest.
 */
function late(options: StoryOptions, freed: boolean): Story {
  const s = story(options).startClients().connect('client1').connect('client2').open('client1', 'aggregator').accept().arrive(8);
  const from = s.now / 1000;
  s.open('client2', 'aggregator', { heard: false })
    .timeout()
    .lose(8, 5)
    .at(from + 5.03);
  s.line('aggregator', `hotlink tcp write skipped: no writer for path=${s.outbound('client1', 'aggregator')} after retries`, 'ERROR');
  s.at(from + 12).connect('aggregator');
  if (!freed) return s.end(14);
  s.at(from + 35.54)
    .line('aggregator', FREE, 'ERROR')
    .on('client2', 'aggregator')
    .accept(undefined, true);
  return s.on('client1', 'aggregator').arrive(5).end(14);
}

/** An address stands where client1's marker for the aggregator was; client2 has spoken. */
function clobbered(era: StoryOptions['era']): Story {
  return story(era === undefined ? {} : { era })
    .marker('client1', 'aggregator', '127.0.0.1:42311')
    .startClients()
    .connect('aggregator')
    .connect('client2')
    .connect('client1', 'client2')
    .talk('client2', 'aggregator', 8, 5);
}

/** Every frame of the second stream is skipped as well: no program ever was under that key. */
function wrongKey(): Story {
  const s = story({ era: 'E5a' }).start().open('client1', 'aggregator').accept().noWriter(8);
  return s.noWriter(5, false).end(12);
}

function direct(options: StoryOptions, rounds: number): Story {
  const s = story(options).start();
  for (const [from, to] of [['client2', 'aggregator'] as const, ...MESH]) s.open(from, to).accept().offer().channelOpen().p2p(8, 5);
  for (let i = 0; i < rounds; i++) for (const [from, to] of MESH) s.on(from, to).p2p(...JAR);
  return s;
}

const gone = (s: Story): Story => NAMES.reduce((x, name) => x.leave(name), s);

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    (['E3', 'E4', 'E5b', 'E6'] as const).flatMap((era): [string, Scenario][] => [
      [
        `${era}: a late program, and a second opener whose wait runs out behind it`,
        { story: () => late({ era }, true), verdict: 'failed', cause: 'late-application', subject: 'client1 > aggregator' },
      ],
      [
        `${era}: the only port of the first speaker is taken, so nothing ever moves`,
        {
          story: () =>
            story({ ...TWO, era })
              .startClients()
              .bindFailed('client1', 'client2')
              .connect('client2')
              .end(30),
          verdict: 'failed',
          cause: 'port-conflict',
          subject: 'client1 > client2',
        },
      ],
      [
        `${era}: the first speaker has hotlink off, so nothing ever moves`,
        {
          story: () =>
            story({ ...TWO, era })
              .hotlinkOff('client1')
              .startClients()
              .connect('client2')
              .end(30),
          verdict: 'failed',
          cause: 'hotlink-disabled',
          subject: 'client1',
        },
      ],
      [
        `${era}: an address was written over a marker`,
        {
          story: () => clobbered(era).end(25),
          verdict: 'failed',
          cause: 'invalid-marker',
          subject: 'client1 > aggregator',
        },
      ],
      [
        `${era}: the same, collected three seconds later`,
        {
          story: () => clobbered(era).end(3),
          verdict: 'inconclusive',
          cause: 'invalid-marker',
          subject: 'client1 > aggregator',
        },
      ],
      [
        `${era}: two parties, before the programs come`,
        {
          story: () =>
            story({ ...TWO, era })
              .startClients()
              .end(35),
          verdict: 'inconclusive',
        },
      ],
    ]),
  ),
  'E4: collected while the loop is still blocked': {
    story: () => late({ era: 'E4' }, false),
    verdict: 'failed',
    cause: 'late-application',
    subject: 'client1 > aggregator',
  },
  'E5a: two frames of one stream, both skipped': {
    story: wrongKey,
    verdict: 'failed',
    cause: 'peer-key-mismatch',
    subject: 'client1 > aggregator',
  },
  'E5a, two parties in one directory: nothing is wrong': {
    story: () =>
      story({ ...TWO, era: 'E5a' })
        .start()
        .rounds(4, [
          ['client1', 'client2'],
          ['client2', 'client1'],
        ])
        .leave('client1')
        .leave('client2')
        .end(30),
    verdict: 'degraded',
    warnings: ['websocket-fallback'],
  },
  'E4 among E6, with debug lines': {
    story: () =>
      story({ debug: true, eras: { aggregator: 'E4' } })
        .start()
        .open('client1', 'aggregator')
        .accept()
        .noWriter(8, false)
        .end(25),
    verdict: 'failed',
    cause: 'mixed-versions',
    subject: 'client1 > aggregator',
  },
  'E4 among E6, without': {
    story: () =>
      story({ eras: { aggregator: 'E4' } })
        .start()
        .open('client1', 'aggregator')
        .accept()
        .noWriter(8, false)
        .end(25),
    verdict: 'failed',
    cause: 'mixed-versions',
    subject: 'client1 > aggregator',
  },
  'E5b among E6 works': {
    story: () =>
      gone(
        story({ eras: { client1: 'E5b' } })
          .start()
          .talk('client2', 'aggregator', 8)
          .rounds(3, MESH),
      ).end(30),
    verdict: 'degraded',
    warnings: ['websocket-fallback'],
  },
  'peer to peer in all directions, finished and closed': {
    story: () => gone(direct({}, 4)).end(30),
    verdict: 'healthy',
  },
  'peer to peer in all directions, E5b without a relay log': {
    story: () => gone(direct({ era: 'E5b', relay: false }, 4)).end(30),
    verdict: 'healthy',
  },
  'E5b: killed in the middle': {
    story: () => sync({ era: 'E5b' }).kill('client1').on('aggregator', 'client1').lose(8).end(25),
    verdict: 'failed',
    cause: 'dead-client',
    subject: 'client1',
  },
  'E4: silent link': {
    story: () => sync({ era: 'E4' }).freeze('client1').on('aggregator', 'client1').lose(8).end(25),
    verdict: 'failed',
    cause: 'frozen-link',
    subject: 'client1',
  },
  'E4: restarted without a relay log': {
    story: () => sync({ era: 'E4', relay: false }).kill('client1').wait(2).restart('client1').on('aggregator', 'client1').lose(8).end(25),
    verdict: 'failed',
    cause: 'client-restart',
    subject: 'client1',
  },
  'E5b: the ACL leaves the receiver out': {
    story: () =>
      sync({ era: 'E5b' })
        .acl('client1', 'client2', 'rules:\n- pattern: "**"\n  access:\n    read:\n    - client1@sandbox.local\n')
        .open('client1', 'client2', { heard: false })
        .timeout()
        .lose(...JAR)
        .end(25),
    verdict: 'failed',
    cause: 'unreadable-channel',
    subject: 'client1 > client2',
  },
  'E4: collected while a frame waits for its writer': {
    story: () =>
      story({ ...TWO, era: 'E4' })
        .startClients()
        .connect('client1')
        .open('client1', 'client2')
        .accept()
        .arrive(8)
        .end(3),
    verdict: ['healthy', 'degraded', 'inconclusive'],
    warnings: ['websocket-fallback', 'absent-application', 'asymmetric-growth'],
  },
};

/** The frames are taken by the relay while a queue drops one of them: a hole, and everything behind it is parked. */
function overflow(options: StoryOptions): Story {
  const s = story(options).start().talk('client1', 'client2', 8, 500);
  return s.queueFull('client1').skipped(500).arrive(500, 500).end(25);
}

/** Only client1 still has the markers of an older run: its proxies took the ports, and its programs' bytes go under the old paths. */
function staleAtOne(era: Era, answer: boolean): Story {
  const s = story({ era, parties: ['client1', 'client2'], relay: true })
    .staleMarkers('client1')
    .startClients()
    .bindFailed('client1', 'client2');
  s.connect('client1').connect('client2');
  if (answer) return s.open('client2', 'client1').accept().noWriter(8, false).end(15);
  return s
    .open('client1', 'client2', { path: s.outbound('client1', 'client2').replace(RUN, OLD_RUN) })
    .accept()
    .noWriter(8, false)
    .end(15);
}

/** Strict or p2p-only: nothing goes over the WebSocket, and the program's first bytes are refused. */
function refusing(kind: 'strict' | 'p2p-only', how: (s: Story) => Story, options: StoryOptions = {}): Story {
  const s = how(story(options).start().open('client1', 'aggregator').accept()).wait(10);
  return (kind === 'strict' ? s.strictRefusal() : s.p2pRefusal()).end(25);
}

/** P2p-only, connected: small frames pass and a large one is refused with a text that blames the connection. */
function oversized(options: StoryOptions): Story {
  const s = story(options).start().open('client1', 'aggregator').accept().offer().channelOpen().p2p(8, 500);
  if (options.debug === true) s.line('client1', 'hotlink webrtc send err: outbound packet larger than maximum message size');
  return s.p2pRefusal().end(25);
}

const WEAK: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    [true, false].flatMap((relay): [string, Scenario][] => [
      [
        `strict mode and an offer race, ${relay ? 'with' : 'without'} the relay's log`,
        {
          story: () => refusing('strict', (s) => s.offer(true), { relay }),
          verdict: 'failed',
          cause: 'offer-race',
          subject: 'client1 > aggregator',
        },
      ],
      [
        `p2p-only mode and an offer race, ${relay ? 'with' : 'without'} the relay's log`,
        {
          story: () => refusing('p2p-only', (s) => s.offer(true), { relay }),
          verdict: 'failed',
          cause: 'offer-race',
          subject: 'client1 > aggregator',
        },
      ],
      [
        `E5b, p2p-only: answered, never connected, ${relay ? 'with' : 'without'} the relay's log`,
        {
          story: () => refusing('p2p-only', (s) => s.offer().candidate(), { era: 'E5b', relay }),
          verdict: 'failed',
          cause: 'webrtc-not-connected',
          subject: 'run',
        },
      ],
    ]),
  ),
  'p2p-only: answered, never connected': {
    story: () => refusing('p2p-only', (s) => s.offer().candidate()),
    verdict: 'failed',
    cause: 'webrtc-not-connected',
    subject: 'run',
  },
  'p2p-only: no credentials': {
    story: () => refusing('p2p-only', (s) => s.turnMissing()),
    verdict: 'failed',
    cause: 'turn-credentials-missing',
    subject: 'run',
  },
  'p2p-only: a large chunk after small ones, with debug lines': {
    story: () => oversized({ debug: true }),
    verdict: 'failed',
    cause: 'oversize-packet',
    subject: 'client1 > aggregator',
  },
  'p2p-only: a large chunk after small ones': {
    story: () => oversized({}),
    verdict: 'failed',
    cause: 'oversize-packet',
    subject: 'client1 > aggregator',
  },
  'p2p-only, E5b: a large chunk after small ones': {
    story: () => oversized({ era: 'E5b' }),
    verdict: 'failed',
    cause: 'oversize-packet',
    subject: 'client1',
  },
  'p2p-only: connected, everything passes': {
    story: () => gone(direct({}, 4)).patch('client1', { mode: 'hotlink_p2p_only' }).end(30),
    verdict: 'healthy',
  },
  'the relay drops a frame for want of room': {
    story: () => overflow({ era: 'E5b' }),
    verdict: 'failed',
    cause: 'relay-queue-overflow',
    subject: 'client1',
  },
  'the same, two parties': {
    story: () => overflow({ ...TWO, era: 'E4' }),
    verdict: 'failed',
    cause: 'relay-queue-overflow',
    subject: 'client1',
  },
  "the same without the relay's log": {
    story: () => overflow({ era: 'E5b', relay: false }),
    verdict: 'failed',
    cause: 'sequence-gap',
    subject: 'client1 > client2',
  },
  'the relay drops an open for want of room': {
    story: () => {
      const s = story({ era: 'E5b' }).start().talk('client2', 'client1', 8).open('client1', 'client2', { heard: false });
      return s
        .relay('WRN', 'ws/ws_hub.go:95', 'wshub send buffer full', { connId: '39227ece', user: s.email('client2') })
        .timeout()
        .lose(8)
        .end(25);
    },
    verdict: 'failed',
    cause: 'relay-queue-overflow',
    subject: 'client2',
  },
  'a queue was full and nothing of the run was lost': {
    story: () => gone(sync({ era: 'E5b' }).queueFull('client1').rounds(2, MESH)).end(30),
    verdict: ['degraded', 'healthy'],
    warnings: ['websocket-fallback', 'relay-queue-overflow'],
  },
  ...Object.fromEntries(
    (['E4', 'E5b', 'E6'] as const).flatMap((era): [string, Scenario][] => [
      [
        `${era}: old markers at the speaker alone`,
        { story: () => staleAtOne(era, false), verdict: 'failed', cause: 'stale-run', subject: 'run' },
      ],
      [
        `${era}: old markers at the receiver alone`,
        { story: () => staleAtOne(era, true), verdict: 'failed', cause: 'stale-run', subject: 'run' },
      ],
    ]),
  ),
};

describe('scenarios', () => {
  for (const [name, s] of Object.entries({ ...SCENARIOS, ...WEAK })) {
    it(name, async () => {
      const diagnosis = await judgeStory(s.story());
      expect([s.verdict].flat()).toContain(diagnosis.verdict);
      const top = diagnosis.causes[0];
      const loud = diagnosis.findings.filter(
        (f) =>
          f.foldedUnder === undefined && (f.severity === 'error' || (f.severity === 'warning' && s.warnings?.includes(f.rule) !== true)),
      );
      const said = s.cause === undefined ? loud.map((f) => f.fingerprint) : [top?.rule, subjectOf(top?.subject ?? {})];
      expect(said).toEqual(s.cause === undefined ? [] : [s.cause, s.subject]);
    });
  }
});

function subjectOf({ party, from, to }: Diagnosis['causes'][number]['subject']): string {
  const short = (email: string | undefined): string => (email ?? '').split('@')[0] ?? '';
  return party !== undefined ? short(party) : from === undefined ? 'run' : `${short(from)} > ${short(to)}`;
}
