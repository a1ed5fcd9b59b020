/** Reads the rounds of the program above from the order of its messages: who heard everything that used to make it send. */
import type { Burst } from './case-file.ts';
import { largest } from '../../util/extent.ts';

/** A direction takes part in the rounds when it was used this often. */
const MIN_ROUNDS = 3;

export interface Owing {
  readonly party: string;
  readonly towards: readonly string[];
  /** What it heard since it last sent; in earlier rounds this made it send. */
  readonly heard: readonly Burst[];
  readonly rounds: number;
  /** The quiet falls inside a round, not between two. */
  readonly midRound: boolean;
  readonly at: number;
}

/** The party that heard everything that used to make it send on a direction, and did not send. */
export function whoOwes(bursts: readonly Burst[]): Owing | undefined {
  const ways = new Map<string, number[]>();
  bursts.forEach((b, i) => ways.set(wayOf(b), [...(ways.get(wayOf(b)) ?? []), i]));
  const cyclic = [...ways].filter(([, at]) => at.length >= MIN_ROUNDS);
  const owed: { from: string; to: string; heard: Burst[]; rounds: number; at: number }[] = [];
  for (const [, places] of cyclic) {
    const sample = bursts[places[0] ?? 0];
    if (sample === undefined) continue;
    const triggers = commonTriggers(bursts, places, sample.from);
    if (triggers.size === 0) continue;
    const since = bursts.slice((places.at(-1) ?? 0) + 1).filter((b) => b.to === sample.from);
    const met = [...triggers].map((t) => since.findLast((b) => wayOf(b) === t));
    if (met.some((b) => b === undefined)) continue;
    const heard = met.filter((b) => b !== undefined);
    owed.push({ from: sample.from, to: sample.to, heard, rounds: places.length, at: largest(heard.map((b) => b.t)) });
  }
  const party = owed.toSorted((a, b) => b.at - a.at || (a.from < b.from ? -1 : 1))[0];
  if (party === undefined) return undefined;
  const mine = owed.filter((o) => o.from === party.from);
  return {
    party: party.from,
    towards: [...new Set(mine.map((o) => o.to))].toSorted(),
    heard: party.heard,
    rounds: party.rounds,
    midRound: !endsWithWholeRounds(bursts, new Set(cyclic.map(([way]) => way))),
    at: party.at,
  };
}

function wayOf(b: Burst): string {
  return `${b.from}\n${b.to}`;
}

/** Directions into `party` that occurred between every two consecutive sends of one of its directions. */
function commonTriggers(bursts: readonly Burst[], places: readonly number[], party: string): Set<string> {
  let common: Set<string> | undefined;
  for (let i = 1; i < places.length; i++) {
    const between = new Set(
      bursts
        .slice((places[i - 1] ?? 0) + 1, places[i])
        .filter((b) => b.to === party)
        .map(wayOf),
    );
    common = common === undefined ? between : new Set([...common].filter((w) => between.has(w)));
  }
  return common ?? new Set();
}

/**
 * Whether the rounds could have ended here: from some start within the first round on, the sequence is made of groups that
 * hold each direction once, and the last group is whole. A start inside the first group that was already part of a
 * round does not count, so at most one leading burst may be set aside.
 */
function endsWithWholeRounds(bursts: readonly Burst[], cyclic: ReadonlySet<string>): boolean {
  const lastForeign = bursts.findLastIndex((b) => !cyclic.has(wayOf(b)));
  const ways = bursts
    .slice(lastForeign + 1)
    .filter((b) => cyclic.has(wayOf(b)))
    .map(wayOf);
  const n = cyclic.size;
  for (let start = 0; start <= Math.min(1, ways.length); start++) {
    const rest = ways.slice(start);
    if (rest.length >= n && rest.length % n === 0 && groupsAreWhole(rest, n)) return true;
  }
  return false;
}

function groupsAreWhole(ways: readonly string[], n: number): boolean {
  for (let i = 0; i < ways.length; i += n) if (new Set(ways.slice(i, i + n)).size !== n) return false;
  return true;
}
