/** No counter, frame or session moved for a while up to the end of the evidence, and nothing says that the run was done. */
import { defineRule } from './engine/rule.ts';

export const stalledCounters = defineRule({
  meta: {
    id: 'stalled-counters',
    title: 'Nothing moved for a long time up to the end of the evidence',
    severity: 'warning',
    failures: ['F-24'],
    needs: ['client-log'],
    proves: "Every party's counters stayed the same from the named moment to the end, while the processes lived.",
    notEvidence: {
      finished: 'A completed step or programs that closed their connections: a finished run may stay open for hours.',
      pause: 'Quiet in the middle of a run that moved again.',
      'dead-writer': 'Telemetry that is not updated any more: its process died.',
    },
    blindTo: 'Whether the program computes.',
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
    return [
      {
        subject: {},
        severity: 'warning',
        confidence: 'certain',
        message: `no counter, frame or session moved for the last ${seconds} s of the evidence`,
        evidence: [
          lastMoved,
          ...c.parties.flatMap((p) => {
            const last = p.managers.at(-1)?.last;
            return last == null ? [] : [{ sourceId: last.sourceId, line: last.line }];
          }),
        ],
        metrics: { seconds },
        ...(s.lastMoved === null ? {} : { at: s.lastMoved }),
        touches: '*',
      },
    ];
  },
});
