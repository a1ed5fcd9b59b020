import { describe, expect, it } from 'vitest';
import { listRuns, runIdTime } from '../../../src/rules/facts/window.ts';
import { caseOf, judgeStory, withStore } from '../../helpers/judge.ts';
import { runDirectory } from '../../helpers/story-files.ts';
import { BASE_MS, OLD_RUN, RUN } from '../../helpers/story-lines.ts';
import { story, type Story } from '../../helpers/story.ts';

describe('runIdTime', () => {
  it('reads the minute of a scenario run', () => {
    expect(runIdTime('29509775-c103b98bec7f')).toBe(Date.UTC(2026, 1, 8, 21, 35));
    expect(runIdTime(RUN)).toBe(BASE_MS);
  });

  it('reads the stamp of the CLI and the epoch of a session', () => {
    expect(runIdTime('20260209031415')).toBe(Date.UTC(2026, 1, 9, 3, 14, 15));
    expect(runIdTime('session-1770606855000')).toBe(1_770_606_855_000);
  });

  it('finds none in an invitation, and in what only looks like one', () => {
    const ids = ['7b0c1d2e-3f4a-4b5c-8d6e-7f8091a2b3c4', '29509775', '29509775-c103b98bec7', '2026020903141', 'session-17706'];
    expect(ids.filter((id) => runIdTime(id) !== undefined)).toEqual([]);
  });
});

/** An appended log: a stalled run an hour ago, a restart of every client, and then a run without a fault. */
function twoRuns(): Story {
  const s = story({ relay: false }).startRelay();
  const names = ['aggregator', 'client1', 'client2'];
  for (const name of names)
    s.line(name, 'daemon start version=0.1.0 config=/home/a/config.json log=/home/a/syftbox.log').line(
      name,
      'hotlink enabled: webrtc p2p + ws fallback + tcp proxy',
    );
  s.line('client1', `hotlink session new: session=aaaaaaaa path=${s.path('client1', '1_to_0', OLD_RUN)}`).wait(5);
  s.line('client1', `hotlink accept timeout (5s), sending anyway: session=aaaaaaaa path=${s.path('client1', '1_to_0', OLD_RUN)}`);
  s.line('aggregator', `hotlink tcp write skipped: no writer for path=${s.path('client1', '1_to_0', OLD_RUN)} after retries`, 'ERROR');
  return s.wait(600).start().talk('client1', 'aggregator', 8, 100).talk('aggregator', 'client1', 50).end(4);
}

describe('two runs in one log', () => {
  it('lists both, newest first', async () => {
    const runs = await withStore(twoRuns(), async (store) => listRuns(store.query));
    expect(runs.map((r) => r.id)).toEqual([RUN, OLD_RUN]);
  });

  it('judges the newest by the lines of its own time', async () => {
    const c = await caseOf(twoRuns());
    expect(c.run?.id).toBe(RUN);
    expect(c.sessions.map((s) => s.run)).toEqual([RUN, RUN]);
    expect(c.events.of('write-skipped', 'accept-timeout')).toEqual([]);
    expect(c.parties.map((p) => p.managers.length)).toEqual([1, 1, 1]);
    expect((await judgeStory(twoRuns())).causes.filter((f) => f.severity === 'error')).toEqual([]);
  });

  it('judges the older one when asked', async () => {
    const c = await caseOf(twoRuns(), { run: OLD_RUN });
    expect(c.run?.id).toBe(OLD_RUN);
    expect(c.sessions.map((s) => s.sid)).toEqual(['aaaaaaaa']);
    expect(c.events.of('write-skipped')).toHaveLength(1);
  });
});

describe('which run is the newest', () => {
  it('goes by the time in the ids when only the tree names both', async () => {
    const s = story().start().talk('client1', 'aggregator', 8).end(4).withoutLogs().file('relay/server/logs/server.log', null);
    for (const name of ['aggregator', 'client1', 'client2']) s.staleMarkers(name);
    expect((await withStore(s, async (store) => listRuns(store.query))).map((r) => r.id)).toEqual([RUN, OLD_RUN]);
  });

  it('goes by the time in the ids, too, when lines name only the older run because its markers took over the ports', async () => {
    const s = story().startClients();
    s.staleMarkers('client1').staleMarkers('aggregator');
    s.open('client1', 'aggregator', { path: s.path('client1', '1_to_0', OLD_RUN) })
      .accept()
      .data(8)
      .end(4)
      .without(/is_acl=true|ACL loaded/);
    expect((await withStore(s, async (store) => listRuns(store.query))).map((r) => r.id)).toEqual([RUN, OLD_RUN]);
  });

  it('takes a run that a progress file names into account', async () => {
    const s = story().start().talk('client1', 'aggregator', 8).end(4);
    s.file(
      `${runDirectory(s.email('client1'), OLD_RUN)}/_progress/state.json`,
      JSON.stringify({ run_id: OLD_RUN, started_at: '2026-02-09T02:00:00.000000+00:00', steps: { gen_variants: { status: 'completed' } } }),
    );
    expect((await withStore(s, async (store) => listRuns(store.query))).map((r) => r.id)).toEqual([RUN, OLD_RUN]);
  });
});
