/** No counter, frame or session moved for a while up to the end of the evidence, and nothing says that the run was done. */
import { defineRule } from './engine/rule.ts';
import { name, names } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { programLoads, type ProgramLoad } from './facts/programs.ts';

export const stalledCounters = defineRule({
  meta: {
    id: 'stalled-counters',
    title: 'Nothing moved for a long time up to the end of the evidence',
    severity: 'warning',
    failures: ['F-24'],
    needs: ['client-log|counter-series'],
    proves: "Every party's counters stayed the same from the named moment to the end, while the processes lived.",
    notEvidence: {
      finished: 'A completed step or programs that closed their connections: a finished run may stay open for hours.',
      pause: 'Quiet in the middle of a run that moved again.',
      'dead-writer': 'Telemetry that is not updated any more: its process died.',
      growing: 'Samples of which the later one counts more.',
    },
    blindTo: 'Whether the programs compute, where no CPU figures of their containers are there.',
    remedy: 'Look at the causes above; if there are none, look at the programs (CPU, stack) and take a second sample.',
    explains: [],
  },
  judge(c, steps) {
    const s = c.stillness;
    const [lastMoved] = steps
      .of('the run', [c])
      .that('whose evidence goes on for 10 s or more after the last movement', () => s.standing)
      .that('of which nothing says that it was done', () => c.finished !== true)
      .to('with a line or counter that shows the last movement', () => s.lastMovedRef).rows;
    if (lastMoved === undefined) return [];
    const seconds = Math.floor((s.stoodStillUs ?? 0) / 1_000_000);
    const loads = programLoads(c);
    return [
      {
        subject: {},
        // A program that computes may send yet; lost bytes have findings of their own.
        severity: loads.some((l) => l.computes) ? 'info' : 'warning',
        confidence: 'certain',
        message: `no counter, frame or session moved for the last ${seconds} s of the evidence${whatProgramsDo(c, loads)}`,
        evidence: [
          lastMoved,
          ...s.samples,
          ...c.parties.flatMap((p) => {
            const last = p.managers.at(-1)?.last;
            return last == null ? [] : [{ sourceId: last.sourceId, line: last.line }];
          }),
          ...loads.flatMap((l) => l.refs),
        ],
        metrics: { seconds, ...(loads.length === 0 ? {} : { computing: loads.filter((l) => l.computes).length }) },
        ...(s.lastMoved === null ? {} : { at: s.lastMoved }),
        touches: '*',
      },
    ];
  },
});

/** `; client1 computes (CPU 99 %), aggregator and client2 are idle`. */
function whatProgramsDo(c: CaseFile, loads: readonly ProgramLoad[]): string {
  if (loads.length === 0) return '';
  const who = (l: ProgramLoad): string => (l.party === null ? l.name : name(l.party, c));
  const busy = loads.filter((l) => l.computes).map((l) => `${who(l)} computes (CPU ${l.cpuPercent} %)`);
  const idle = loads.filter((l) => !l.computes).map((l) => l.party ?? l.name);
  const rest = idle.length === 0 ? [] : [`${names(idle, c)} ${idle.length === 1 ? 'is' : 'are'} idle`];
  return `; ${[...busy, ...rest].join(', ')}`;
}
