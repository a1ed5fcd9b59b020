/** What a killed process counted last is not all that it moved: in its own log, or in one that the restarted client appends to. */
import { expect, it } from 'vitest';
import { judgeStory } from '../../helpers/judge.ts';
import { logPath } from '../../helpers/story-files.ts';
import { story, type Story } from '../../helpers/story.ts';

const LOG = logPath('client1@sandbox.local');

/** The client is killed a moment after it sent something that it never counted in a flush. */
const killed = (): Story =>
  story()
    .start()
    .talk('client1', 'client2', 8, 500)
    .talk('client2', 'client1', 8)
    .wait(4)
    .on('client1', 'client2')
    .data(900)
    .kill('client1');

it('counts what a former process flushed as a lower bound, so that its peers do not contradict it', async () => {
  const before = killed().files().get(LOG) ?? '';
  const after = killed().wait(2).restart('client1').end(20);
  const text = after.files().get(LOG) ?? '';
  expect(before).toContain('hotlink |');
  expect(text).not.toContain(before);
  const kept = await judgeStory(after.file(LOG, before + text));
  expect(kept.contradictions).toEqual([]);
  const flow = kept.flows.find(({ from, to }) => from.startsWith('client1') && to.startsWith('client2'));
  expect(flow?.delivered.min).toBeGreaterThanOrEqual(508);
  expect(flow?.sent.max).toBeGreaterThanOrEqual(1408);
  expect(kept.causes[0]?.rule).toBe('client-restart');
});

it('counts what a dead client flushed last as a lower bound, of frames that no log shows too', async () => {
  const dead = story()
    .start()
    .open('client1', 'client2')
    .accept()
    .offer()
    .channelOpen()
    .p2p(8)
    .wait(4)
    .on('client1', 'client2')
    .p2p(900, 900)
    .kill('client1')
    .end(20);
  const d = await judgeStory(dead);
  expect(d.contradictions).toEqual([]);
  expect(d.causes[0]).toMatchObject({ rule: 'dead-client', subject: { party: 'client1@sandbox.local' } });
  const flow = d.flows.find(({ from, to }) => from.startsWith('client1') && to.startsWith('client2'));
  expect(flow?.sent.max ?? Infinity).toBeGreaterThanOrEqual(1808);
});

it('takes telemetry for that of the process that wrote it, also when it began a second and a half after the one before', async () => {
  const dead = story().start().open('client1', 'client2').accept().data(900).kill('client1');
  // The first process begins, and flushes for the last time, shortly before it is killed.
  const before = (dead.files().get(LOG) ?? '').replaceAll('03:00:00.520Z', '03:00:03.600Z').replaceAll('03:00:03.521Z', '03:00:03.700Z');
  expect(before).toContain('03:00:03.600Z');
  const after = dead.restart('client1').end(20);
  const text = after.files().get(LOG) ?? '';
  expect(text).toContain('time=2026-02-09T03:00:05.090Z level=INFO msg="hotlink enabled');
  const kept = await judgeStory(after.file(LOG, before + text));
  expect(kept.contradictions).toEqual([]);
  const flow = kept.flows.find(({ from, to }) => from.startsWith('client1') && to.startsWith('client2'));
  expect(flow?.sent.max ?? Infinity).toBeGreaterThanOrEqual(900);
});
