import { describe, expect, it } from 'vitest';
import type { CaseFile } from '../../../src/rules/facts/case-file.ts';
import { caseOf, judgeStory } from '../../helpers/judge.ts';
import { story, type Story, type StoryOptions } from '../../helpers/story.ts';

const TEN_MINUTES = 600_000;
const CLIENT2 = 'client2@sandbox.local';
const AGGREGATOR = 'aggregator@sandbox.local';

/** client2 speaks with both others in both directions. */
const spoken = (options: StoryOptions): Story =>
  story(options)
    .start()
    .talk('client2', 'aggregator', 8)
    .talk('aggregator', 'client2', 8)
    .talk('client1', 'client2', 8)
    .talk('client2', 'client1', 8)
    .end(15);

function shiftOf(c: CaseFile, clock: string): number {
  return c.clocks.shifts.get(clock) ?? 0;
}

describe('clocks of the parties', () => {
  for (const [name, ahead] of [
    ['fast', TEN_MINUTES],
    ['slow', -TEN_MINUTES],
  ] as const) {
    it(`finds a clock that is ten minutes ${name}, by messages alone`, async () => {
      const c = await caseOf(spoken({ skew: { client2: ahead }, relay: false }));
      expect(Math.abs(shiftOf(c, CLIENT2) - shiftOf(c, AGGREGATOR) - ahead * 1000)).toBeLessThan(10_000);
      const offset = c.clocks.intervals.find((i) => i.clock === CLIENT2 && i.against === AGGREGATOR);
      expect(offset?.min).toBeLessThanOrEqual(ahead * 1000);
      expect(offset?.max).toBeGreaterThanOrEqual(ahead * 1000);
    });

    it(`finds it against the relay too, and undoes it (${name})`, async () => {
      const c = await caseOf(spoken({ skew: { client2: ahead } }));
      expect(Math.abs(shiftOf(c, CLIENT2) - ahead * 1000)).toBeLessThan(10_000);
      for (const s of c.sessions) {
        const heard = s.seenBy[0]?.t ?? 0;
        expect(heard, `open of ${s.sid} is heard after it was said`).toBeGreaterThanOrEqual(s.opened?.t ?? Infinity);
        expect(heard - (s.opened?.t ?? 0)).toBeLessThan(1_000_000);
      }
      const ends = c.parties.map((p) => p.logEnd ?? 0);
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(2_000_000);
      expect(c.stillness.stoodStillUs).toBeLessThan(20_000_000);
    });
  }

  it('leaves the clocks of one machine alone', async () => {
    const c = await caseOf(spoken({}));
    expect([...c.clocks.shifts.values()]).toEqual([0, 0, 0, 0]);
    expect(c.clocks.loose).toEqual([]);
  });

  it('says whose clock nothing ties to the others', async () => {
    const c = await caseOf(story({ relay: false }).start().talk('client1', 'aggregator', 8).end(5));
    expect(c.clocks.loose).toEqual([CLIENT2]);
  });

  it('judges a run the same whatever a clock says', async () => {
    const tell = (skew: number): Story =>
      story({ era: 'E3', skew: { client1: skew } })
        .start()
        .talk('client1', 'aggregator', 13)
        .adopt(12_021)
        .end(20);
    const [straight, skewed] = [await judgeStory(tell(0)), await judgeStory(tell(TEN_MINUTES))];
    expect(skewed.verdict).toBe(straight.verdict);
    expect(skewed.findings.map((f) => [f.fingerprint, f.severity, f.foldedUnder])).toEqual(
      straight.findings.map((f) => [f.fingerprint, f.severity, f.foldedUnder]),
    );
    expect(skewed.flows).toEqual(straight.flows);
  });
});

describe('the zone of the relay', () => {
  for (const zoneMinutes of [0, 600, -330, 345]) {
    it(`is ${zoneMinutes} minutes by its own request lines`, async () => {
      const c = await caseOf(story({ zoneMinutes }).start().talk('client1', 'aggregator', 8).end(8));
      expect(c.relay?.source.zoneMinutes).toBe(zoneMinutes);
      const registered = c.events.of('hub-registered')[0];
      expect(Math.abs((registered?.t ?? 0) - (c.parties[0]?.logStart ?? Infinity))).toBeLessThan(1_500_000);
    });
  }
});
