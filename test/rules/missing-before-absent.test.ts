/** A program that found no listener for one of its channels may connect to none: the marker that is not there comes first. */
import { expect, it } from 'vitest';
import { judgeStory } from '../helpers/judge.ts';
import { story } from '../helpers/story.ts';

it.each(['aggregator', 'client2'])('a marker that lacks explains why no program came, whichever it is: for %s', async (peer) => {
  const other = peer === 'aggregator' ? 'client2' : 'aggregator';
  const run = story().marker('client1', peer, null).start().leave('client1', other).talk(other, peer, 13).talk(peer, other, 100);
  const d = await judgeStory(run.end(20));
  expect(d.findings.map(({ rule }) => rule)).toContain('absent-application');
  expect(d.causes[0]).toMatchObject({ rule: 'missing-channel', subject: { from: 'client1@sandbox.local', to: `${peer}@sandbox.local` } });
  expect(d.verdict).toBe('failed');
});
