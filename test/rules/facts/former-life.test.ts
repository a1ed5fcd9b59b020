/** A log that a restarted client appends to, or that a record put together: what the killed process counted last is not all that it moved. */
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
