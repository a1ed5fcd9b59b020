/** The sequence of a long run shows what came before and after the failure, not the first hours of it. */
import { expect, it } from 'vitest';
import { judgeStory } from '../helpers/judge.ts';
import { story, type Story } from '../helpers/story.ts';

/** Hundreds of sessions that go well, one whose frames are dropped, hundreds more. */
function long(): Story {
  const s = story({ era: 'E3' }).start();
  const many = (): void => {
    for (let i = 0; i < 500; i++) s.open('client1', 'client2').accept().data(8);
  };
  many();
  s.open('client1', 'aggregator').accept().data(8).adopt(900);
  many();
  return s.end(20);
}

it('has the events around the beginning of the first cause', async () => {
  const d = await judgeStory(long());
  expect(d.causes[0]?.rule).toBe('sender-lock-drop');
  expect(d.sequence).toHaveLength(2000);
  const at = d.sequence.findIndex(({ what }) => what === 'data-not-sender');
  expect(at).toBeGreaterThan(900);
  expect(at).toBeLessThan(1100);
});

it('has all of a short one', async () => {
  const d = await judgeStory(story().start().talk('client1', 'client2', 8).end(4));
  expect(d.sequence[0]?.what).toMatch(/start/);
  expect(d.sequence.length).toBeLessThan(200);
});
