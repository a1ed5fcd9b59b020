import { expect, it } from 'vitest';
import { judgeStory } from '../helpers/judge.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story } from '../helpers/story.ts';
import { containerName, dockerPs } from '../helpers/tables.ts';

it('names exactly the other run’s containers to remove', async () => {
  const containers = {
    [containerName(RUN, 0)]: 'Up 2 minutes',
    [containerName(OLD_RUN, 0)]: 'Up 2 hours',
    [containerName(OLD_RUN, 2)]: 'Up 2 hours',
    cache: 'Up 9 days',
  };
  const told = story().start().talk('client1', 'aggregator', 8).end(20).file('ps.txt', dockerPs(containers));
  const d = await judgeStory(told);
  const finding = d.findings.find((f) => f.rule === 'stale-container');
  expect(finding?.remedy).toBe(`docker rm -f ${containerName(OLD_RUN, 0)} ${containerName(OLD_RUN, 2)}`);
  expect(finding?.evidence.map((e) => e.line)).toEqual([3, 4]);
});
