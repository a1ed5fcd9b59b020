/**
 * A small message that a client writes while an earlier one is not yet acknowledged leaves its socket some 40 ms later. Two clocks are
 * never compared: a message is slow against the fastest of its own direction, and the fastest of both directions together must take
 * next to no time, which no offset can feign.
 */
import { defineRule } from './engine/rule.ts';
import { names, plural } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { Crossing } from './facts/crossings.ts';

/** Recorded deliveries take 37 to 48 ms, the others less than 3 (field guide F-31); stamps are whole milliseconds. */
const SLOW_FROM_US = 35_000;
const SLOW_TO_US = 50_000;
const FAST_US = 10_000;
/** A network whose delays spread has as many of them beside the band as in it. */
const SPREAD_TO_US = 75_000;
/** There and back, fastest of each: little enough that both are fast. A line may be printed after its message left. */
const ROUND_TRIP_MAX_US = 6000;
const ROUND_TRIP_MIN_US = -4000;
/** Compared with messages this near in time, so that clocks that run apart do not feign a delay. */
const NEAR_US = 60_000_000;
const LEAST_SLOW = 2;

interface Sorted {
  readonly slow: readonly Crossing[];
  readonly fast: readonly Crossing[];
  readonly beside: number;
}

export const smallMessageDelay = defineRule({
  meta: {
    id: 'small-message-delay',
    title: 'Small messages waited some 40 ms in the sending client',
    severity: 'info',
    failures: ['F-31'],
    needs: ['client-log'],
    proves:
      'Several messages took 35 to 50 ms longer than the fastest of their own direction, between clients whose round trip takes less than 6 ms.',
    notEvidence: {
      'clock-offset': 'A constant difference of two clocks: it moves all messages of a direction alike.',
      'clock-step': 'A clock that is set while the run goes on: from then on one direction is slow and the other early.',
      'spread-network': 'Delays that spread over a range: a network, not a timer.',
      'one-slow': 'One slow message: a busy moment.',
    },
    blindTo: 'Frames whose sending left no line (no debug lines) or that went peer to peer, and all but the first 200 frames of a session.',
    remedy:
      'Nothing is lost: an interactive protocol pays some 40 ms a round trip. A client that sets TCP_NODELAY on its WebSocket does not; fewer, larger messages pay less.',
    explains: [],
    slowsOnly: true,
  },
  judge(c, steps) {
    const pairs = steps
      .of('pairs of parties', pairsOf(c))
      .that('between which messages with a line at both ends went both ways', ([ab, ba]) => ab.length > 0 && ba.length > 0)
      .to('the fastest of which there and back took less than 6 ms', ([ab, ba]) => sortPair(ab, ba));
    const fast = pairs.rows.flatMap((s) => s.fast);
    const beside = pairs.rows.reduce((sum, s) => sum + s.beside, 0);
    const late = pairs.into('with messages that took 35 to 50 ms longer than the fastest, before others that did not', (s) => s.slow);
    const { rows: slow } = late.that(
      'two at least, and more than lie beside that time',
      () => late.rows.length >= LEAST_SLOW && beside < late.rows.length,
    );
    const [first, second] = slow.toSorted((a, b) => a.saidUs - b.saidUs);
    const usual = fast[0];
    if (first === undefined || second === undefined || usual === undefined) return [];
    const senders = [...new Set(slow.map((x) => x.from))].toSorted();
    return [
      {
        subject: {},
        severity: 'info',
        confidence: 'likely',
        message: `${plural(slow.length, 'message')} of ${slow.length + fast.length + beside} left ${names(senders, c)} some 40 ms late`,
        evidence: [first.said, first.heard, second.said, second.heard, usual.said, usual.heard],
        metrics: { slow: slow.length, fast: fast.length, beside },
        at: c.common(first.saidUs, first.from),
        touches: '*',
      },
    ];
  },
});

/** Messages of each two parties, by direction. */
function pairsOf(c: CaseFile): (readonly [readonly Crossing[], readonly Crossing[]])[] {
  const emails = c.parties.map((p) => p.email);
  const way = (from: string, to: string): readonly Crossing[] => c.crossings.filter((x) => x.from === from && x.to === to);
  return emails.flatMap((a, i) => emails.slice(i + 1).map((b) => [way(a, b), way(b, a)] as const));
}

function sortPair(ab: readonly Crossing[], ba: readonly Crossing[]): Sorted | null {
  const there = least(ab);
  const back = least(ba);
  const isSteady = there + back <= ROUND_TRIP_MAX_US && there + back >= ROUND_TRIP_MIN_US;
  if (!isSteady) return null;
  const graded = [...grade(ab), ...grade(ba)];
  const fast = graded.filter((g) => g.excess < FAST_US).map((g) => g.crossing);
  const slow = graded.filter((g) => g.excess >= SLOW_FROM_US && g.excess <= SLOW_TO_US && fast.some((y) => isLater(g.crossing, y)));
  const beside = graded.filter((g) => g.excess >= FAST_US && g.excess <= SPREAD_TO_US).length - slow.length;
  return { slow: slow.map((g) => g.crossing), fast, beside };
}

function grade(all: readonly Crossing[]): readonly { readonly crossing: Crossing; readonly excess: number }[] {
  return all.map((crossing) => {
    const near = all.filter((y) => Math.abs(y.saidUs - crossing.saidUs) <= NEAR_US);
    return { crossing, excess: took(crossing) - least(near) };
  });
}

/** A later message was fast again, by the clock of one and the same party: no clock was set in between. */
function isLater(x: Crossing, y: Crossing): boolean {
  return y.from === x.from ? y.saidUs > x.saidUs : y.saidUs > x.heardUs;
}

function took(x: Crossing): number {
  return x.heardUs - x.saidUs;
}

function least(all: readonly Crossing[]): number {
  return all.reduce((min, x) => Math.min(min, took(x)), Infinity);
}
