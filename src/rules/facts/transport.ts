/**
 * The flow solver: who sent how much to whom, when only totals are known (design §6).
 *
 * Every party's sent total is split over its directions and a loss; every party's received total is the sum of what the
 * others delivered to it. That is a transportation problem, so the least and greatest volume of one direction are a
 * feasible flow plus or minus what can still be pushed around the residual network: exact in integers, for any number
 * of parties. Bounds that logs prove per direction are capacities. All figures are counts of one unit (bytes or frames).
 */
import type { Interval } from '../../model/diagnosis.ts';

/** Stands for "no bound known"; far above any real volume, far below 2^53 so that sums stay exact. */
export const UNBOUNDED = 2 ** 50;

export interface PartyTotals {
  readonly party: string;
  /** Handed to a transport. */
  readonly sent: Interval;
  /** Written to local programs. */
  readonly received: Interval;
}

export interface DirectionBounds {
  readonly from: string;
  readonly to: string;
  readonly delivered: Interval;
  /** What the sender numbered for this direction. */
  readonly sent: Interval;
}

export interface SolvedDirection {
  readonly from: string;
  readonly to: string;
  readonly sent: Interval;
  readonly delivered: Interval;
  readonly lost: Interval;
}

export type Solution =
  { readonly feasible: true; readonly directions: readonly SolvedDirection[] } | { readonly feasible: false; readonly why: string };

interface Edge {
  readonly to: number;
  readonly back: number;
  room: number;
}

/** A network with lower bounds on edges; maximum flow by shortest augmenting paths. */
class Network {
  readonly edges: Edge[][];
  constructor(nodes: number) {
    this.edges = Array.from({ length: nodes }, () => []);
  }

  add(from: number, to: number, room: number): { node: number; index: number } {
    const out = this.edges[from] ?? [];
    const into = this.edges[to] ?? [];
    out.push({ to, back: into.length, room });
    into.push({ to: from, back: out.length - 1, room: 0 });
    return { node: from, index: out.length - 1 };
  }

  /** Pushes up to `limit` from source to sink; answers how much went through. */
  push(source: number, sink: number, limit: number): number {
    let total = 0;
    while (total < limit) {
      const via = this.path(source, sink);
      if (via === undefined) break;
      let amount = limit - total;
      for (const edge of via) amount = Math.min(amount, edge.room);
      for (const edge of via) {
        edge.room -= amount;
        const reverse = this.edges[edge.to]?.[edge.back];
        if (reverse !== undefined) reverse.room += amount;
      }
      total += amount;
    }
    return total;
  }

  private path(source: number, sink: number): Edge[] | undefined {
    const cameBy: (Edge | undefined)[] = [];
    const seen = new Set([source]);
    const queue = [source];
    for (let at = 0; at < queue.length && !seen.has(sink); at++) {
      for (const edge of this.edges[queue[at] ?? 0] ?? []) {
        if (edge.room <= 0 || seen.has(edge.to)) continue;
        seen.add(edge.to);
        cameBy[edge.to] = edge;
        queue.push(edge.to);
      }
    }
    if (!seen.has(sink)) return undefined;
    const via: Edge[] = [];
    for (let node = sink; node !== source;) {
      const edge = cameBy[node];
      if (edge === undefined) return undefined;
      via.push(edge);
      node = this.reverseOf(edge)?.to ?? source;
    }
    return via;
  }

  private reverseOf(edge: Edge): Edge | undefined {
    return this.edges[edge.to]?.[edge.back];
  }

  at(ref: { node: number; index: number }): { forward: Edge; backward: Edge } {
    const forward = this.edges[ref.node]?.[ref.index];
    const backward = forward === undefined ? undefined : this.reverseOf(forward);
    if (forward === undefined || backward === undefined) throw new Error('no such edge');
    return { forward, backward };
  }
}

interface Ref {
  readonly node: number;
  readonly index: number;
  readonly low: number;
  readonly from: number;
  readonly to: number;
}

/**
 * One network: start → sender (its sent total) → receiver (delivered) → end (its received total), and
 * sender → lost → end. Lower bounds are met first by the usual detour over a second source and sink.
 */
class Transportation {
  private readonly network: Network;
  private readonly nodeOf = new Map<string, number>();
  readonly delivered = new Map<string, Ref>();
  readonly lost = new Map<string, Ref>();
  readonly feasible: boolean;

  constructor(parties: readonly PartyTotals[], directions: readonly DirectionBounds[]) {
    const n = parties.length;
    const [start, end, superStart, superEnd, lostNode] = [2 * n, 2 * n + 1, 2 * n + 2, 2 * n + 3, 2 * n + 4];
    const net = new Network(2 * n + 5);
    this.network = net;
    let demand = 0;
    const bounded = (from: number, to: number, low: number, high: number): Ref => {
      const ref = net.add(from, to, Math.max(0, high - low));
      if (low > 0) {
        net.add(superStart, to, low);
        net.add(from, superEnd, low);
        demand += low;
      }
      return { ...ref, low, from, to };
    };
    parties.forEach((p, i) => {
      this.nodeOf.set(p.party, i);
      bounded(start, i, p.sent.min, p.sent.max);
      bounded(n + i, end, p.received.min, p.received.max);
      this.lost.set(p.party, bounded(i, lostNode, 0, UNBOUNDED));
    });
    bounded(lostNode, end, 0, UNBOUNDED);
    for (const d of directions) {
      const from = this.nodeOf.get(d.from);
      const to = this.nodeOf.get(d.to);
      if (from === undefined || to === undefined) continue;
      this.delivered.set(key(d.from, d.to), bounded(from, n + to, d.delivered.min, Math.min(d.delivered.max, UNBOUNDED)));
    }
    net.add(end, start, UNBOUNDED);
    this.feasible = directions.every((d) => d.delivered.min <= d.delivered.max) && net.push(superStart, superEnd, demand) === demand;
  }

  /** Least and greatest flow on one edge: what it carries now, less or plus what can be sent around it. */
  range(ref: Ref): Interval {
    const high = this.carried(ref) + this.around(ref, ref.to, ref.from, 'forward');
    const low = high - this.around(ref, ref.from, ref.to, 'backward');
    return { min: low, max: high };
  }

  private carried(ref: Ref): number {
    return ref.low + this.network.at(ref).backward.room;
  }

  /** Moves flow onto (or off) the edge by a detour from `source` to `sink` that avoids it. */
  private around(ref: Ref, source: number, sink: number, way: 'forward' | 'backward'): number {
    const { forward, backward } = this.network.at(ref);
    const room = way === 'forward' ? forward.room : backward.room;
    const saved = [forward.room, backward.room] as const;
    forward.room = 0;
    backward.room = 0;
    const moved = this.network.push(source, sink, room);
    forward.room = way === 'forward' ? saved[0] - moved : saved[0] + moved;
    backward.room = way === 'forward' ? saved[1] + moved : saved[1] - moved;
    return moved;
  }
}

function key(from: string, to: string): string {
  return `${from}\n${to}`;
}

function intersect(a: Interval, b: Interval): Interval {
  return { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
}

/**
 * Bounds of every direction that agree with all totals. `feasible: false` names the totals that contradict
 * each other (more received than sent, say); the caller reports that as a contradiction, not as a loss.
 */
export function solveFlows(parties: readonly PartyTotals[], directions: readonly DirectionBounds[]): Solution {
  const problem = new Transportation(parties, directions);
  if (!problem.feasible) return { feasible: false, why: describeContradiction(parties, directions) };
  const lossOf = new Map(parties.map((p) => [p.party, rangeOf(problem, problem.lost.get(p.party))]));
  const delivered = new Map(directions.map((d) => [key(d.from, d.to), rangeOf(problem, problem.delivered.get(key(d.from, d.to)))]));
  return {
    feasible: true,
    directions: directions.map((d) => {
      const got = delivered.get(key(d.from, d.to)) ?? d.delivered;
      const loss = lossOf.get(d.from) ?? { min: 0, max: 0 };
      const others = directions.filter((o) => o.from === d.from && o.to !== d.to);
      const total = parties.find((p) => p.party === d.from)?.sent ?? { min: 0, max: UNBOUNDED };
      // What this direction lost is the party's loss less what its other directions can have lost at most.
      const othersCanLose = others.reduce(
        (sum, o) => sum + Math.max(0, Math.min(loss.max, o.sent.max - (delivered.get(key(o.from, o.to))?.min ?? 0))),
        0,
      );
      const byTotals = { min: Math.max(0, loss.min - othersCanLose), max: loss.max };
      const othersSentAtLeast = others.reduce((sum, o) => sum + Math.max(o.sent.min, delivered.get(key(o.from, o.to))?.min ?? 0), 0);
      const othersSentAtMost = others.reduce(
        (sum, o) => sum + Math.min(o.sent.max, (delivered.get(key(o.from, o.to))?.max ?? UNBOUNDED) + loss.max),
        0,
      );
      const sent = intersect(
        {
          min: Math.max(got.min, d.sent.min, got.min + byTotals.min, total.min - othersSentAtMost),
          max: Math.max(0, total.max - othersSentAtLeast),
        },
        { min: 0, max: Math.min(d.sent.max, got.max + byTotals.max) },
      );
      const fixed = sent.min <= sent.max ? sent : { min: got.min, max: Math.max(got.max, sent.min) };
      const lost = { min: Math.max(0, byTotals.min, fixed.min - got.max), max: Math.max(0, Math.min(byTotals.max, fixed.max - got.min)) };
      const ordered = lost.min <= lost.max ? lost : { min: lost.max, max: lost.max };
      return { from: d.from, to: d.to, sent: opened(fixed), delivered: opened(got), lost: opened(ordered) };
    }),
  };
}

/** What is left of "no bound known" after known volumes were taken off is no bound either. */
function opened(i: Interval): Interval {
  return i.max > UNBOUNDED / 2 ? { min: i.min, max: UNBOUNDED } : i;
}

function rangeOf(problem: Transportation, ref: Ref | undefined): Interval {
  return ref === undefined ? { min: 0, max: 0 } : problem.range(ref);
}

function describeContradiction(parties: readonly PartyTotals[], directions: readonly DirectionBounds[]): string {
  const sent = parties.reduce((sum, p) => sum + p.sent.max, 0);
  const received = parties.reduce((sum, p) => sum + p.received.min, 0);
  if (received > sent) return `all parties together received at least ${received} but sent at most ${sent}`;
  for (const p of parties) {
    const proven = directions.filter((d) => d.to === p.party).reduce((sum, d) => sum + d.delivered.min, 0);
    if (proven > p.received.max) return `${p.party} took at least ${proven} by its log but at most ${p.received.max} by its counters`;
    const possible = directions.filter((d) => d.to === p.party).reduce((sum, d) => sum + Math.min(d.delivered.max, UNBOUNDED), 0);
    if (possible < p.received.min) return `${p.party} counted at least ${p.received.min} but its log allows at most ${possible}`;
    const gone = directions.filter((d) => d.from === p.party).reduce((sum, d) => sum + d.delivered.min, 0);
    if (gone > p.sent.max) return `the others took at least ${gone} from ${p.party}, which counted at most ${p.sent.max} as sent`;
  }
  return 'the totals of the parties do not fit together';
}
