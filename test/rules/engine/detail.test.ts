/** The part of a Diagnosis that pages draw: bounded, and never at odds with the ledger. */
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../../src/model/diagnosis.ts';
import { judgeStory } from '../../helpers/judge.ts';
import { story, type Story } from '../../helpers/story.ts';

const PARTIES = ['aggregator', 'client1'] as const;

function debugStory(): Story {
  return story({ parties: [...PARTIES], debug: true })
    .start()
    .connect('aggregator')
    .connect('client1')
    .open('client1', 'aggregator')
    .accept();
}

type Streams = NonNullable<Diagnosis['detail']>['streams'];

function hop(streams: Streams, name: Streams[number]['hop']): Streams[number]['points'] {
  return streams.find((stream) => stream.hop === name)?.points ?? [];
}

describe('the detail of a diagnosis', () => {
  test('is there only when it was asked for, and changes nothing else', async () => {
    const told = (): Story => debugStory().data(100, 200).end(20);
    const [plain, full] = [await judgeStory(told()), await judgeStory(told(), { detail: true })];
    expect(plain.detail).toBeUndefined();
    const { detail, ...rest } = full;
    expect(rest).toEqual(plain);
    expect(detail?.streams.length).toBeGreaterThan(0);
  });

  test('adds the frames of each hop up to what the ledger has', async () => {
    const d = await judgeStory(debugStory().data(100, 200, 300).lose(50).end(20), { detail: true });
    const flow = d.flows.find(({ from }) => from.startsWith('client1'));
    const streams = d.detail?.streams ?? [];
    expect(hop(streams, 'sent').at(-1)?.slice(1)).toEqual([4, 650]);
    expect(hop(streams, 'received').at(-1)?.slice(1)).toEqual([3, 600]);
    expect(flow?.frames.sent).toEqual({ min: 4, max: 4 });
    expect(flow?.hops.received).toEqual({ min: 600, max: 600 });
  });

  test('keeps at most 2000 points of a stream, the first and the last frame among them, and totals that only grow', async () => {
    const sizes = Array.from({ length: 2500 }, (_, i) => 1 + (i % 7));
    const d = await judgeStory(
      debugStory()
        .data(...sizes)
        .end(20),
      { detail: true },
    );
    const points = hop(d.detail?.streams ?? [], 'received');
    expect(points.length).toBeLessThanOrEqual(2000);
    expect(points.length).toBeGreaterThan(500);
    expect(points[0]?.[1]).toBe(1);
    expect(points.at(-1)?.slice(1)).toEqual([2500, sizes.reduce((sum, size) => sum + size, 0)]);
    for (const [i, [t, frames, bytes]] of points.entries()) {
      const [t0, frames0, bytes0] = points[i - 1] ?? [-Infinity, 0, 0];
      expect(t).toBeGreaterThanOrEqual(t0);
      expect(frames).toBeGreaterThanOrEqual(frames0);
      expect(bytes ?? 0).toBeGreaterThanOrEqual(bytes0 ?? 0);
    }
  });

  test('says of frames whether a line shows their arrival', async () => {
    const d = await judgeStory(debugStory().data(100).wait(3).lose(50).end(20), { detail: true });
    const frames = d.detail?.frames ?? [];
    expect(frames.map((run) => [run.firstSeq, run.received !== null])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(frames[0]?.session).toHaveLength(36);
  });

  test('has no more than 1000 runs of frames however long the run was', async () => {
    const told = debugStory();
    for (let i = 0; i < 1300; i++) told.wait(0.1).data(8);
    const d = await judgeStory(told.end(20), { detail: true });
    const frames = d.detail?.frames ?? [];
    expect(frames.length).toBeLessThanOrEqual(1000);
    expect(frames.reduce((sum, run) => sum + run.frames, 0)).toBe(1300);
  });
});
