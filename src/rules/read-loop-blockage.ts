/**
 * A frame without a writer is waited for inside the client's WebSocket loop: five seconds, then up to thirty more for a local reader. Opens,
 * accepts and data of every other channel of that client wait meanwhile.
 */
import { defineRule } from './engine/rule.ts';
import { firstTime, name, ref } from './engine/ask.ts';

export const readLoopBlockage = defineRule({
  meta: {
    id: 'read-loop-blockage',
    title: 'One frame without a writer blocked everything else into this client',
    severity: 'info',
    failures: ['F-7'],
    needs: ['client-log'],
    proves: 'The client handled no other message between these two lines.',
    notEvidence: {
      'quiet-client': 'A client that decodes nothing because nobody sends to it.',
      'frozen-link': 'A client whose sync passes stop as well.',
    },
    blindTo: "What waited in the relay's queue meanwhile.",
    remedy: 'Mend what kept the frame from its writer; the blockage ends by itself after 35 s.',
    explains: ['unanswered-open'],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('with a frame that met no writer', (p) => {
        const first = c.events.ofParty(p.email, 'write-skipped')[0];
        return first === undefined ? null : { p, first };
      })
      .to('and then a wait for a local reader that ended in vain', ({ p, first }) => {
        const end = c.events.ofParty(p.email, 'ipc-write-failed').find((e) => e.line > first.line);
        return end === undefined ? null : { p, first, end };
      })
      .that(
        'without a message decoded between the two',
        ({ p, first, end }) =>
          !c.events
            .ofParty(p.email, 'decoded-open', 'decoded-accept', 'decoded-signal', 'decoded-reject')
            .some((e) => e.line > first.line && e.line < end.line),
      )
      .rows.map(({ p, first, end }) => ({
        subject: { party: p.email },
        severity: 'info' as const,
        confidence: 'likely' as const,
        message: `${name(p.email, c)}'s client handled no other message while it waited for a writer and then for a local reader`,
        evidence: [...ref(first), ...ref(end)],
        ...firstTime([first]),
      })),
});
