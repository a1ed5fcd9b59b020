/** How long, and over how many samples of the counters, nothing moved at any party while the run was not done (F-24). */
import type { Interval } from '../../model/diagnosis.ts';
import type { CaseFile, Ref } from './case-file.ts';
import type { FigureDraft } from './figure.ts';
import type { Flush } from './load.ts';

/** Without traffic a manager writes every 3 s (field guide §3.7); what comes sooner is of another one that counts the same. */
const SAMPLE_US = 2_500_000;

interface Sample {
  readonly manager: string;
  readonly flush: Flush;
  readonly moved: boolean;
}

/** Summary lines of all managers in time, each with whether its manager's counters differ from its line before. */
function samplesOf(c: CaseFile): readonly Sample[] {
  return c.parties
    .flatMap((p) =>
      p.managers.flatMap((m) =>
        m.flushes.map((flush, i): Sample => {
          const before = m.flushes[i - 1];
          const moved =
            before === undefined
              ? flush.txPackets + flush.rxPackets > 0
              : before.txPackets !== flush.txPackets || before.rxPackets !== flush.rxPackets;
          return { manager: `${p.email} ${m.index}`, flush, moved };
        }),
      ),
    )
    .toSorted((a, b) => a.flush.t - b.flush.t || (a.flush.source < b.flush.source ? -1 : 1) || a.flush.line - b.flush.line);
}

interface Longest {
  readonly count: number;
  readonly us: number;
  readonly refs: readonly Ref[];
}

const NONE: Longest = { count: 0, us: 0, refs: [] };

/** `failed`: the verdict says that the run was not done, where its own files do not say it. */
export function movementFigures(c: CaseFile, failed: boolean): readonly FigureDraft[] {
  const finished = c.finished === 'unknown' && failed ? false : c.finished;
  const samples = samplesOf(c);
  const first = samples.findIndex((s) => s.moved);
  if (samples.length === 0) return withoutSamples(c, finished);
  const last = samples.findLastIndex((s) => s.moved);
  // A run that never moved stands since its first sample; before the first movement of another its program had not begun.
  const middle = first < 0 ? NONE : longestBetween(samples.slice(first, last + 1));
  const tail = longestStretch(samples.slice(first < 0 ? 0 : last));
  const end = c.stillness.stoodStillUs ?? tail.us;
  const ms = (us: number): number => Math.floor(us / 1000);
  // What counts of the end: all of it, none of it, or nobody knows.
  const upTo = (n: number): Interval => ({ min: finished === false ? n : 0, max: finished === true ? 0 : n });
  const atEnd = upTo(tail.count);
  const whyEnd =
    finished === 'unknown'
      ? 'nothing says whether the run was done when nothing moved any more'
      : finished
        ? 'the run was done'
        : 'up to the end of the evidence';
  const run = (what: FigureDraft['what'], value: Interval, why: string, evidence: readonly Ref[]): FigureDraft => ({
    what,
    party: null,
    value,
    why,
    evidence: evidence.length > 0 ? evidence : refOf(samples.at(-1)),
  });
  const between = 'summary lines between two that differ';
  return [
    run(
      'unchanged-samples',
      { min: Math.max(middle.count, atEnd.min), max: Math.max(middle.count, atEnd.max) },
      atEnd.max > middle.count ? whyEnd : between,
      atEnd.max > middle.count ? tail.refs : middle.refs,
    ),
    run('unchanged-at-end', atEnd, whyEnd, tail.refs),
    run('pause-ms', { min: ms(middle.us), max: ms(middle.us) }, between, middle.refs),
    run('stall-ms', upTo(ms(end)), whyEnd, tail.refs),
  ];
}

/** Without summary lines only the quiet at the end is known, and no pause before it is excluded. */
function withoutSamples(c: CaseFile, finished: CaseFile['finished']): readonly FigureDraft[] {
  const { stoodStillUs, samples, lastMovedRef } = c.stillness;
  const none = { party: null, value: null, why: 'no summary lines of any client', evidence: [] } as const;
  const missing = (['unchanged-samples', 'unchanged-at-end', 'pause-ms'] as const).map((what): FigureDraft => ({ what, ...none }));
  if (stoodStillUs === null) return [...missing, { what: 'stall-ms', ...none }];
  const still = Math.floor(stoodStillUs / 1000);
  const value = { min: finished === false ? still : 0, max: finished === true ? 0 : still };
  const evidence = [...samples, ...(lastMovedRef === null ? [] : [lastMovedRef])].slice(0, 4);
  return [...missing, { what: 'stall-ms', party: null, value, why: 'up to the end of the evidence', evidence }];
}

/** The longest pause that ended with a movement. */
function longestBetween(samples: readonly Sample[]): Longest {
  let best = NONE;
  let from = 0;
  for (const [i, sample] of samples.entries()) {
    if (i === 0 || !sample.moved) continue;
    const stretch = longestStretch(samples.slice(from, i));
    const us = sample.flush.t - (samples[from]?.flush.t ?? sample.flush.t);
    if (stretch.count > best.count || us > best.us)
      best = {
        count: Math.max(best.count, stretch.count),
        us: Math.max(best.us, us),
        refs: us > best.us ? [refOf(samples[from]), refOf(sample)].flat() : best.refs,
      };
    from = i;
  }
  return best;
}

/** Of samples of which only the first may have moved: how many one manager gave without change, and for how long. */
function longestStretch(samples: readonly Sample[]): Longest {
  const counts = new Map<string, number>();
  const counted = new Map<string, number>();
  for (const { moved, manager, flush } of samples) {
    if (moved || flush.t - (counted.get(manager) ?? -Infinity) < SAMPLE_US) continue;
    counted.set(manager, flush.t);
    counts.set(manager, (counts.get(manager) ?? 0) + 1);
  }
  const [start, end] = [samples[0], samples.at(-1)];
  const count = Math.max(0, ...counts.values());
  return start === undefined || end === undefined
    ? NONE
    : { count, us: end.flush.t - start.flush.t, refs: count === 0 ? [] : [...refOf(start), ...refOf(end)] };
}

function refOf(sample: Sample | undefined): readonly Ref[] {
  return sample === undefined ? [] : [{ sourceId: sample.flush.sourceId, line: sample.flush.line }];
}
