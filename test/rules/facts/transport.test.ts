import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveFlows, UNBOUNDED, type DirectionBounds, type PartyTotals, type SolvedDirection } from '../../../src/rules/facts/transport.ts';
import { caseOf } from '../../helpers/judge.ts';
import { telemetryPath, type Files } from '../../helpers/story-files.ts';

const ANY = { min: 0, max: UNBOUNDED };
const exactly = (n: number): { min: number; max: number } => ({ min: n, max: n });

function unknown(parties: readonly string[]): DirectionBounds[] {
  return parties.flatMap((from) => parties.filter((to) => to !== from).map((to) => ({ from, to, delivered: ANY, sent: ANY })));
}

function totals(list: Readonly<Record<string, readonly [sent: number, received: number]>>): PartyTotals[] {
  return Object.entries(list).map(([party, [sent, received]]) => ({ party, sent: exactly(sent), received: exactly(received) }));
}

function solved(
  parties: readonly PartyTotals[],
  directions: readonly DirectionBounds[],
): Map<string, Pick<SolvedDirection, 'sent' | 'delivered' | 'lost'>> {
  const solution = solveFlows(parties, directions);
  if (!solution.feasible) throw new Error(solution.why);
  return new Map(solution.directions.map((d) => [`${d.from} > ${d.to}`, { sent: d.sent, delivered: d.delivered, lost: d.lost }]));
}

/** Three telemetry files, as published, and nothing else (field guide 9.1). */
function published(): Files {
  const file = (name: string, fields: Readonly<Record<string, number>>): [string, string] => [
    telemetryPath(`${name}@sandbox.local`),
    JSON.stringify({ mode: 'hotlink_p2p', ...fields }),
  ];
  return new Map([
    file('aggregator', { tx_bytes: 0, tx_packets: 0, rx_bytes: 1_572_924, rx_packets: 110, ws_fallbacks: 0 }),
    file('client1', { tx_bytes: 3_145_848, tx_packets: 221, rx_bytes: 1_572_924, rx_packets: 112, ws_fallbacks: 3 }),
    file('client2', { tx_bytes: 1_572_924, tx_packets: 112, rx_bytes: 1_572_916, rx_packets: 110, ws_fallbacks: 1 }),
  ]);
}

describe('published run 29509799', () => {
  const NAMES = ['aggregator', 'client1', 'client2'];
  const BYTES = totals({ aggregator: [0, 1_572_924], client1: [3_145_848, 1_572_924], client2: [1_572_924, 1_572_916] });

  it('gives what arrived in all six directions exactly, from the totals alone', () => {
    const flows = solved(BYTES, unknown(NAMES));
    expect([...flows].map(([way, f]) => [way, f.delivered])).toEqual([
      ['aggregator > client1', exactly(0)],
      ['aggregator > client2', exactly(0)],
      ['client1 > aggregator', exactly(1_572_924)],
      ['client1 > client2', exactly(1_572_916)],
      ['client2 > aggregator', exactly(0)],
      ['client2 > client1', exactly(1_572_924)],
    ]);
  });

  it('leaves the eight missing bytes between the two directions of client1', () => {
    const flows = solved(BYTES, unknown(NAMES));
    expect(flows.get('client1 > aggregator')).toMatchObject({ sent: { min: 1_572_924, max: 1_572_932 }, lost: { min: 0, max: 8 } });
    expect(flows.get('client1 > client2')).toMatchObject({ sent: { min: 1_572_916, max: 1_572_924 }, lost: { min: 0, max: 8 } });
    const whole = ['aggregator > client1', 'aggregator > client2', 'client2 > aggregator', 'client2 > client1'];
    expect(whole.filter((way) => flows.get(way)?.lost.max !== 0)).toEqual([]);
  });

  it('counts frames the same way: one of 221 is missing', () => {
    const flows = solved(totals({ aggregator: [0, 110], client1: [221, 112], client2: [112, 110] }), unknown(NAMES));
    expect(flows.get('client1 > aggregator')?.delivered).toEqual(exactly(110));
    expect(flows.get('client1 > client2')).toMatchObject({ delivered: exactly(110), lost: { min: 0, max: 1 } });
    expect(flows.get('client2 > client1')?.delivered).toEqual(exactly(112));
  });

  it('comes out of three telemetry files', async () => {
    const c = await caseOf(published());
    const flow = (from: string, to: string): unknown => c.direction(`${from}@sandbox.local`, `${to}@sandbox.local`);
    expect(flow('client1', 'client2')).toMatchObject({
      delivered: exactly(1_572_916),
      lost: { min: 0, max: 8 },
      frames: { delivered: exactly(110) },
    });
    expect(flow('client2', 'client1')).toMatchObject({ sent: exactly(1_572_924), delivered: exactly(1_572_924), lost: exactly(0) });
    for (const [from, to] of [
      ['aggregator', 'client1'],
      ['aggregator', 'client2'],
      ['client2', 'aggregator'],
    ] as const) {
      expect(flow(from, to), `${from} > ${to} was never used`).toMatchObject({ sent: exactly(0), delivered: exactly(0) });
    }
    expect(c.contradictions).toEqual([]);
  });
});

describe('solveFlows', () => {
  it('knows both directions of two parties', () => {
    const flows = solved(totals({ a: [100, 30], b: [50, 90] }), unknown(['a', 'b']));
    expect(flows.get('a > b')).toEqual({ sent: exactly(100), delivered: exactly(90), lost: exactly(10) });
    expect(flows.get('b > a')).toEqual({ sent: exactly(50), delivered: exactly(30), lost: exactly(20) });
  });

  it('leaves an interval where totals do not decide', () => {
    const flows = solved(totals({ a: [10, 10], b: [10, 10], c: [10, 10] }), unknown(['a', 'b', 'c']));
    for (const f of flows.values()) expect(f).toEqual({ sent: { min: 0, max: 10 }, delivered: { min: 0, max: 10 }, lost: exactly(0) });
  });

  it('uses what a log proves of one direction to narrow the others', () => {
    const directions = unknown(['a', 'b', 'c']).map((d) => (d.from === 'a' && d.to === 'b' ? { ...d, delivered: exactly(7) } : d));
    const flows = solved(totals({ a: [10, 10], b: [10, 10], c: [10, 10] }), directions);
    expect(flows.get('a > c')?.delivered).toEqual(exactly(3));
    expect(flows.get('c > b')?.delivered).toEqual(exactly(3));
    expect(flows.get('b > a')?.delivered).toEqual(exactly(3));
  });

  it('puts the loss where the sender numbered more than arrived', () => {
    const directions = unknown(['a', 'b', 'c']).map((d) =>
      d.from === 'a' ? { ...d, sent: d.to === 'b' ? exactly(60) : exactly(40), delivered: d.to === 'b' ? exactly(60) : ANY } : d,
    );
    const flows = solved(totals({ a: [100, 0], b: [0, 60], c: [0, 25] }), directions);
    expect(flows.get('a > b')?.lost).toEqual(exactly(0));
    expect(flows.get('a > c')).toEqual({ sent: exactly(40), delivered: exactly(25), lost: exactly(15) });
  });

  it('says that more was received than sent', () => {
    expect(solveFlows(totals({ a: [10, 0], b: [0, 11] }), unknown(['a', 'b']))).toEqual({
      feasible: false,
      why: 'all parties together received at least 11 but sent at most 10',
    });
  });

  it('says whose log and counters disagree', () => {
    const directions = unknown(['a', 'b']).map((d) => (d.to === 'b' ? { ...d, delivered: { min: 9, max: 20 } } : d));
    expect(solveFlows(totals({ a: [20, 0], b: [0, 5] }), directions)).toMatchObject({
      feasible: false,
      why: 'b took at least 9 by its log but at most 5 by its counters',
    });
  });

  it('is not disturbed by a party without any counter', () => {
    const parties: PartyTotals[] = [...totals({ a: [100, 0], b: [0, 100] }), { party: 'c', sent: ANY, received: ANY }];
    const flows = solved(parties, unknown(['a', 'b', 'c']));
    expect(flows.get('a > b')).toMatchObject({ delivered: { min: 0, max: 100 } });
    expect(flows.get('b > a')?.delivered).toEqual(exactly(0));
  });
});

/** Who delivered how much to whom and lost how much on the way, for two to five parties. */
const worlds = fc.integer({ min: 2, max: 5 }).chain((n) => {
  const names = Array.from({ length: n }, (_, i) => `p${i}`);
  const ways = unknown(names).length;
  const volume = fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(2 ** 40));
  return fc.record({
    names: fc.constant(names),
    delivered: fc.array(volume, { minLength: ways, maxLength: ways }),
    lost: fc.array(fc.oneof(fc.constant(0), fc.nat(100)), { minLength: ways, maxLength: ways }),
    open: fc.nat(ways - 1),
  });
});

function worldTotals(names: readonly string[], delivered: readonly number[], lost: readonly number[]): PartyTotals[] {
  const ways = unknown(names);
  const sum = (pick: (d: DirectionBounds) => boolean, of: (i: number) => number): number =>
    ways.reduce((s, d, i) => s + (pick(d) ? of(i) : 0), 0);
  return names.map((party) => ({
    party,
    sent: exactly(
      sum(
        (d) => d.from === party,
        (i) => (delivered[i] ?? 0) + (lost[i] ?? 0),
      ),
    ),
    received: exactly(
      sum(
        (d) => d.to === party,
        (i) => delivered[i] ?? 0,
      ),
    ),
  }));
}

describe('solveFlows, whatever was really sent', () => {
  it('holds the truth in every interval', () => {
    fc.assert(
      fc.property(worlds, ({ names, delivered, lost }) => {
        const solution = solveFlows(worldTotals(names, delivered, lost), unknown(names));
        expect(solution.feasible).toBe(true);
        if (!solution.feasible) return;
        solution.directions.forEach((d, i) => {
          const [got, gone] = [delivered[i] ?? 0, lost[i] ?? 0];
          for (const [what, interval, truth] of [
            ['delivered', d.delivered, got],
            ['lost', d.lost, gone],
            ['sent', d.sent, got + gone],
          ] as const) {
            expect(interval.min, `${what} ${d.from} > ${d.to}`).toBeLessThanOrEqual(truth);
            expect(interval.max, `${what} ${d.from} > ${d.to}`).toBeGreaterThanOrEqual(truth);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is exact for the one direction that nothing else tells', () => {
    fc.assert(
      fc.property(worlds, ({ names, delivered, lost, open }) => {
        const directions = unknown(names).map((d, i) =>
          i === open ? d : { ...d, delivered: exactly(delivered[i] ?? 0), sent: exactly((delivered[i] ?? 0) + (lost[i] ?? 0)) },
        );
        const solution = solveFlows(worldTotals(names, delivered, lost), directions);
        expect(solution.feasible).toBe(true);
        if (!solution.feasible) return;
        const got = delivered[open] ?? 0;
        expect(solution.directions[open]).toMatchObject({
          delivered: exactly(got),
          sent: exactly(got + (lost[open] ?? 0)),
          lost: exactly(lost[open] ?? 0),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('narrows and never widens when a log proves more', () => {
    fc.assert(
      fc.property(worlds, ({ names, delivered, lost, open }) => {
        const parties = worldTotals(names, delivered, lost);
        const less = solveFlows(parties, unknown(names));
        const more = solveFlows(
          parties,
          unknown(names).map((d, i) => (i === open ? { ...d, delivered: { min: delivered[i] ?? 0, max: UNBOUNDED } } : d)),
        );
        expect(less.feasible && more.feasible).toBe(true);
        if (!less.feasible || !more.feasible) return;
        more.directions.forEach((d, i) => {
          expect(d.delivered.min).toBeGreaterThanOrEqual(less.directions[i]?.delivered.min ?? 0);
          expect(d.delivered.max).toBeLessThanOrEqual(less.directions[i]?.delivered.max ?? 0);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('refuses totals of which more was received than sent', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 1000 }), ({ names, delivered }, extra) => {
        const parties = worldTotals(names, delivered, []);
        const first = parties[0];
        if (first === undefined) return;
        const more = [{ ...first, received: exactly(first.received.min + extra) }, ...parties.slice(1)];
        expect(solveFlows(more, unknown(names)).feasible).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
