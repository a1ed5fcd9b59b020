/** Frames of one session came out of order and the reorder buffer put them right: several relay workers share one queue. */
import { defineRule } from './engine/rule.ts';
import { plural } from './engine/ask.ts';

export const reorderedFrames = defineRule({
  meta: {
    id: 'reordered-frames',
    title: 'Frames came out of order and were put right',
    severity: 'info',
    failures: ['F-29'],
    needs: ['client-log|capture'],
    proves: 'A lower number of a session was decoded after a higher one.',
    notEvidence: {
      'new-session': 'Numbers that start again under a new session id.',
      'hole-for-good': 'A number that never comes: sequence-gap.',
    },
    blindTo: 'Frames that went peer to peer.',
    remedy: 'Nothing: the receiver heals it.',
    explains: [],
    slowsOnly: true,
  },
  judge(c, steps) {
    const { rows: late } = steps
      .of('sessions as a party decoded them', c.received)
      .that('with a number that came after a higher one', (r) => r.outOfOrder > 0)
      .that('and without a hole in the end', (r) => r.prefixFrames === r.distinct);
    if (late.length === 0) return [];
    const frames = late.reduce((sum, r) => sum + r.outOfOrder, 0);
    return [
      {
        subject: {},
        severity: 'info',
        confidence: 'certain',
        message: `${plural(frames, 'frame')} of ${plural(late.length, 'session')} came out of order${late.every((r) => r.wire) ? ' on the wire' : '; the receivers put them right'}`,
        evidence: late.slice(0, 2).map((r) => ({ sourceId: r.sourceId, line: r.lateLine ?? r.lastLine })),
        metrics: { frames },
        touches: '*',
      },
    ];
  },
});
