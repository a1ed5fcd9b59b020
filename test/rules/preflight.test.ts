import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadInput } from '../../src/ingest/load.ts';
import { buildCase } from '../../src/rules/facts/build.ts';
import { preflight } from '../../src/rules/preflight.ts';
import { Store } from '../../src/store/store.ts';
import { caseOf, withStore } from '../helpers/judge.ts';
import { aclText, logPath, runDirectory } from '../helpers/story-files.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

type Result = ReturnType<typeof preflight>[number];

const local = (email: string | null): string => email?.split('@')[0] ?? '-';
const brief = (r: Result): string =>
  `${r.outlook} ${r.check} ${local(r.party)}: ${r.directions.map((d) => `${local(d.from)}>${local(d.to)}`).join(' ')}`;

async function judge(told: Story): Promise<readonly Result[]> {
  return preflight(await caseOf(told));
}

const up = (s: Story = story()): Story => s.startClients().end(20);
const pair = (s: Story, x: string, y: string): readonly string[] => [s.email(x), s.email(y)];
const mpc = (s: Story, name: string): string => `${runDirectory(s.email(name), RUN)}/_mpc/syft.pub.yaml`;
const only = (s: Story, name: string, terminal = false): string =>
  aclText({ read: [s.email(name)], write: [s.email(name)], admin: [s.email(name)] }, terminal);
const state = (port: number): string =>
  JSON.stringify({ root: '/x', server: { port: 33353 }, minio: { api_port: 9000, console_port: port }, clients: [] });

describe('preflight is silent', () => {
  const quiet: Record<string, () => Story> = {
    'on a healthy tree of E6': () => up(),
    'on one of E5b with debug lines': () => up(story({ era: 'E5b', debug: true }).start().talk('client1', 'client2', 8)),
    'on one of E4': () => up(story({ era: 'E4' }).start().talk('client2', 'client1', 8)),
    'before any client has run': () => story(),
    'on two parties that share a directory': () => up(story({ parties: ['client1', 'client2'], layout: 'shared-dir' })),
    'on a missing ACL whose parent lets all read, where the open names its receiver': () => {
      const s = story();
      return up(s.acl('client1', 'client2', null));
    },
    'on the copy of a damaged ACL at a peer': () => {
      const s = story();
      return up(
        s.file(`${s.email('client2')}/datasites/${mpc(s, 'client1').split('/datasites/')[1] ?? ''}`.replace('_mpc/', '_mpc/1_to_2/'), ''),
      );
    },
    'on grants to everybody who asks, in any spelling': () => {
      const s = story({ parties: ['client1', 'client2'] });
      const grant = (who: string): string => aclText({ read: [who], write: [], admin: [s.email('client1')] });
      return up(s.acl('client1', 'client2', grant('"*"')).acl('client2', 'client1', grant('USER')));
    },
    'on admin without read, which includes it': () => {
      const s = story();
      return up(s.acl('client1', 'client2', aclText({ read: [], write: [], admin: pair(s, 'client1', 'client2') })));
    },
  };
  test.each(Object.entries(quiet))('%s', async (_, told) => {
    expect((await judge(told())).map(brief)).toEqual([]);
  });
});

const OUT_OF_ORDER = [
  'may-fail third-reader amy: amy>zoe',
  'may-fail third-reader bob: bob>zoe',
  'will-fail opener-excluded amy: zoe>amy',
  'will-fail opener-excluded bob: zoe>bob',
];

describe('preflight says', () => {
  const cases: Record<string, { story: () => Story; says: readonly string[]; message?: RegExp; remedy?: RegExp }> = {
    'a marker is missing on one side': {
      story: () => up(story().marker('client2', 'client1', null)),
      says: ['will-fail marker-missing client2: client1>client2 client2>client1'],
      remedy: /Write client2@sandbox\.local\/.*\/2_to_1\/stream\.tcp/,
    },
    'a marker cannot be used': {
      story: () => up(story().marker('client1', 'aggregator', '')),
      says: ['will-fail marker-unusable client1: client1>aggregator aggregator>client1'],
      message: /it is empty/,
    },
    'two markers give one party different ports': {
      story: () => {
        const s = story();
        return up(s.marker('aggregator', 'client1', s.markerJson('aggregator', 'client1').replace('10001', '10901')));
      },
      says: ['may-fail ports-disagree client1: client1>aggregator aggregator>client1'],
      message: /port 10001 for aggregator, but aggregator's marker says 10901/,
    },
    'two channels of a party have one port': {
      story: () => {
        const s = story();
        for (const [me, peer] of [
          ['client1', 'client2'],
          ['client2', 'client1'],
        ] as const)
          s.marker(me, peer, s.markerJson(me, peer).replaceAll('10003', '10001'));
        return up(s);
      },
      says: ['will-fail port-twice client1: aggregator>client1 client1>aggregator client1>client2 client2>client1'],
    },
    'a port is the console of MinIO': {
      story: () => up(story().file('relay/state.json', state(9001))),
      says: ['will-fail port-of-the-stack aggregator: aggregator>client1 client1>aggregator'],
      message: /MinIO console/,
    },
    'a bind failed already': {
      story: () => story().startClients().bindFailed('client1', 'client2').end(20),
      says: ['will-fail bind-failed client1: client1>client2 client2>client1'],
    },
    'an older run holds the port at one party only': {
      story: () => up(story({ parties: ['client1', 'client2'] }).staleMarkers('client1')),
      says: ['will-fail stale-markers client1: client1>client2 client2>client1'],
    },
    'an older run holds the ports at both': {
      story: () =>
        up(
          story({ parties: ['client1', 'client2'] })
            .staleMarkers('client1')
            .staleMarkers('client2'),
        ),
      says: ['may-fail stale-markers client1: client1>client2 client2>client1'],
    },
    'the peer may not read': {
      story: () => {
        const s = story();
        return up(s.acl('client1', 'client2', only(s, 'client1')));
      },
      says: ['will-fail reader-excluded client1: client1>client2'],
      remedy: /Add client2@sandbox\.local to read in .*1_to_2\/syft\.pub\.yaml/,
    },
    'the most specific pattern decides, even when it grants nothing': {
      story: () => {
        const s = story();
        const all = aclText({ read: pair(s, 'client1', 'client2'), write: [], admin: [] });
        return up(s.acl('client1', 'client2', `${all}- pattern: "stream.tcp.request"\n  access:\n    read: []\n`));
      },
      says: ['will-fail reader-excluded client1: client1>client2'],
    },
    'a terminal list above hides the channel lists': {
      story: () => {
        const s = story();
        return up(s.file(mpc(s, 'client2'), only(s, 'client2', true)));
      },
      says: ['will-fail reader-excluded client2: client2>aggregator', 'will-fail reader-excluded client2: client2>client1'],
      remedy: /take terminal off it/,
    },
    'a missing list leaves it to a parent that denies': {
      story: () => {
        const s = story();
        return up(s.acl('client1', 'client2', null).file(mpc(s, 'client1'), only(s, 'client1')));
      },
      says: ['will-fail reader-excluded client1: client1>client2'],
      remedy: /Write a syft\.pub\.yaml with client2@sandbox\.local under read/,
    },
    'no list covers the channel at all': {
      story: () => {
        const s = story();
        return up(s.acl('client1', 'client2', null).file(mpc(s, 'client1'), null));
      },
      says: ['may-fail acl-missing client1: client1>client2'],
    },
    'a list cannot be read': {
      story: () => up(story().acl('client1', 'client2', '')),
      says: ['may-fail acl-unreadable client1: client1>client2'],
    },
    'before E5 the larger email needs write on the shared path': {
      story: () => {
        const s = story({ era: 'E4', parties: ['client1', 'client2'] });
        const read = aclText({ read: pair(s, 'client1', 'client2'), write: [s.email('client1')], admin: [] });
        return s.acl('client1', 'client2', read).start().talk('client1', 'client2', 8).open('client2', 'client1').end(20);
      },
      says: ['will-fail opener-excluded client1: client2>client1'],
    },
    'before E5 names out of order open where nobody prepared': {
      story: () =>
        story({ era: 'E3', parties: ['zoe', 'amy', 'bob'], debug: true })
          .start()
          .talk('bob', 'amy', 8)
          .end(20),
      says: OUT_OF_ORDER,
      message: /a directory that nobody prepares/,
    },
    'a third party may read and the open names nobody': {
      story: () => {
        const s = story();
        return up(s.acl('client2', 'client1', null));
      },
      says: ['may-fail third-reader client2: client2>client1'],
    },
    'hotlink is off': {
      story: () => up(story().hotlinkOff('client2')),
      says: ['will-fail hotlink-off client2: aggregator>client2 client2>aggregator client1>client2 client2>client1'],
    },
    'an older version has no key for what a newer one sends': {
      story: () =>
        story({ eras: { client1: 'E3' } })
          .start()
          .talk('client2', 'client1', 8)
          .end(20),
      says: ['will-fail versions-do-not-meet client1: client2>client1'],
    },
    'E5a in the directed layout takes nothing from a larger email': {
      story: () => story({ era: 'E5a', debug: true }).start().end(20),
      says: [
        'will-fail versions-do-not-meet aggregator: client1>aggregator',
        'will-fail versions-do-not-meet aggregator: client2>aggregator',
        'will-fail versions-do-not-meet client1: client2>client1',
      ],
    },
    'strict mode without TURN credentials': {
      story: () =>
        story({ parties: ['client1', 'client2'] })
          .start()
          .open('client1', 'client2')
          .accept()
          .turnMissing()
          .strictRefusal()
          .end(20),
      says: ['will-fail strict-without-turn client1: client1>client2'],
    },
    'the peer has no folder here': {
      story: () => up(story({ parties: ['client1', 'client2'] }).withoutFolder('client2')),
      says: ['note folder-missing client2: client1>client2 client2>client1'],
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { story: told, says, message, remedy }) => {
    const results = await judge(told());
    expect(results.map(brief).map(sorted).toSorted()).toEqual(says.map(sorted).toSorted());
    expect(results.map((r) => r.message).join('\n')).toMatch(message ?? /./);
    expect(results.map((r) => r.remedy).join('\n')).toMatch(remedy ?? /./);
    expect(results.filter((r) => r.evidence.length === 0).map(brief)).toEqual([]);
  });

  /** The order of directions says nothing. */
  function sorted(line: string): string {
    const [head = '', tail = ''] = line.split(': ');
    return `${head}: ${tail.split(' ').toSorted().join(' ')}`;
  }

  test('a short log only may mean that hotlink is off', async () => {
    const s = story().hotlinkOff('client2').startClients().end(3);
    expect((await judge(s)).map((r) => r.outlook)).toEqual(['may-fail']);
  });

  test('a run that is asked for is judged by its own markers', async () => {
    const s = up(story({ parties: ['client1', 'client2'] }).marker('client1', 'client2', ''));
    const found = await withStore(s, async (store) => preflight(await buildCase(store.query, { run: RUN })));
    expect(found.map((r) => r.check)).toEqual(['marker-unusable']);
    expect(s.files().has(logPath(s.email('client1')))).toBe(true);
  });

  test('nothing where no marker is', async () => {
    const s = story({ parties: ['client1', 'client2'] })
      .marker('client1', 'client2', null)
      .marker('client2', 'client1', null);
    expect(await judge(up(s))).toEqual([]);
  });
});

const CORPUS = join('..', 'shared', 'corpus');
const recorded = existsSync(CORPUS) ? readdirSync(CORPUS).filter((n) => existsSync(join(CORPUS, n, 'truth.json'))) : [];
if (recorded.length === 0)
  process.stderr.write('SKIPPED: ../shared/corpus is not there, so preflight is tested on stories and samples only\n');

async function judgeTree(root: string): Promise<readonly Result[]> {
  const store = await Store.create();
  try {
    await loadInput(root, store, {});
    return preflight(await buildCase(store.query, {}));
  } finally {
    store.close();
  }
}

const said = (results: readonly Result[]): string[] =>
  results.filter((r) => r.outlook === 'will-fail').flatMap((r) => r.directions.map((d) => `${local(d.from)}>${local(d.to)}`));

describe('preflight on samples', () => {
  test('healthy: silent', async () => {
    expect((await judgeTree('samples/healthy/sandbox')).map(brief)).toEqual([]);
  });
  test.each([
    ['marker-missing', 'client2>client1'],
    ['port-taken', 'client1>client2'],
  ])('%s: %s will fail', async (name, direction) => {
    expect(said(await judgeTree(join('samples', name, 'sandbox')))).toContain(direction);
  });
});

/** Kinds of fault that lie in the tree: each must be named. */
const IN_TREE = /^(marker|acl-denied|acl-excludes|port-taken|(skew-)?wrongkey|hotlink-off|mixed)/;
const SILENT = /^(healthy|acl-missing|finished|wire-p2p|wire-ws|smoke|go-go)/;

describe.skipIf(recorded.length === 0)('preflight on recordings', () => {
  test.each(recorded)('%s', async (name) => {
    const root = mkdtempSync(join(tmpdir(), 'hld-preflight-'));
    spawnSync('tar', ['xzf', join(CORPUS, name, 'sandbox.tar.gz'), '-C', root]);
    const text = readFileSync(join(CORPUS, name, 'truth.json'), 'utf8');
    const { expect: truth } = JSON.parse(text) as { expect: { outcome: string; where?: string[] } };
    const results = await judgeTree(join(root, 'sandbox')).finally(() => rmSync(root, { recursive: true }));
    const directions = said(results);
    const loud = SILENT.test(name) ? results.map(brief) : [];
    expect({ loud, falseAlarms: truth.outcome === 'completed' ? directions : [] }).toEqual({ loud: [], falseAlarms: [] });
    const wanted = IN_TREE.test(name) ? (truth.where ?? []).filter((w) => w.includes('>')) : [];
    expect(wanted.filter((w) => !directions.includes(w))).toEqual([]);
  });
});
