import { describe, expect, it } from 'vitest';
import { EVENTS_PER_KIND, MOST_EVENTS } from '../../../src/rules/facts/load.ts';
import { judgeStory } from '../../helpers/judge.ts';
import { story } from '../../helpers/story.ts';
import { rustFile, BASE_MS, RUN } from '../../helpers/story-lines.ts';

describe('a log with very many events', () => {
  it('is read by the first and last of each kind, says so, and is never called healthy', async () => {
    const healthy = story().start().talk('client1', 'client2', 8, 5).end(4).files();
    const path = [...healthy.keys()].find((name) => name.startsWith('client1') && name.endsWith('syftbox.log')) ?? '';
    const frame = `client1@sandbox.local/shared/flows/syqure-flow/${RUN}/_mpc/1_to_2/stream.tcp.request`;
    const crowd = Array.from({ length: MOST_EVENTS }, () =>
      rustFile(BASE_MS, 'INFO', `hotlink accept timeout (1s), sending anyway: session=0badcafe path=${frame}`),
    );
    const files = new Map(healthy).set(path, `${String(healthy.get(path))}${crowd.join('\n')}\n`);
    const diagnosis = await judgeStory(files);
    expect(['inconclusive', 'failed']).toContain(diagnosis.verdict);
    const unlisted = diagnosis.missingEvidence.map(({ what }) => what).find((what) => what.includes('very frequent messages'));
    expect(Number(unlisted?.split(' ')[0])).toBeGreaterThanOrEqual(MOST_EVENTS - 2 * EVENTS_PER_KIND[0]);
  }, 60_000);
});
