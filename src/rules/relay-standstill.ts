/**
 * A receiver that does not read lets its queue at the relay fill; then each worker that has a message for it blocks, and soon no message of
 * anybody is taken. HTTP goes on. The last messages taken and not written all wait for that one user.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, ref } from './engine/ask.ts';

/** Queue of one connection at the relay (field guide 6.4). */
const QUEUE = 256;

export const relayStandstill = defineRule({
  meta: {
    id: 'relay-standstill',
    title: 'One slow receiver stopped the relay for everybody',
    severity: 'error',
    failures: ['F-32'],
    needs: ['relay-log'],
    proves: "The relay took a queue's worth of messages that it never wrote, and then no message of any party any more.",
    notEvidence: {
      'sender-lock': 'Unwritten frames that the relay refused.',
      idle: 'A relay that takes nothing because nobody sends.',
      'no-acceptor': 'Frames of a session that nobody accepted.',
    },
    blindTo: 'Why the receiver does not read.',
    remedy: 'Look at the receiver named here: its program does not read, or its client waits for a writer.',
    explains: ['unanswered-open', 'asymmetric-growth', 'stalled-counters', 'sequence-gap', 'silent-application', 'unreadable-channel'],
  },
  judge(c, steps): Draft[] {
    const refused = c.events.of('data-not-sender').length;
    const unwritten = c.relayed.filter((r) => r.to === null).reduce((sum, r) => sum + r.frames, 0) - refused;
    const stuck = steps
      .of('parties', c.parties)
      .that('in a run that stands still', () => c.stillness.standing)
      .that(`whose relay took at least ${QUEUE} frames that it wrote to nobody`, () => unwritten >= QUEUE)
      .that('to which the relay wrote frames, and bytes may be lost', (p) =>
        c.directions.some((d) => d.to === p.email && d.frames.relayed !== null && d.frames.relayed.max > 0 && d.lost.max > 0),
      ).rows[0];
    if (stuck === undefined) return [];
    const workers = c.events.of('relay-workers')[0];
    const last = c.relayed.filter((r) => r.to === null).toSorted((a, b) => b.lastLine - a.lastLine)[0];
    return [
      {
        subject: { party: stuck.email },
        severity: harm(c, true),
        confidence: 'likely',
        message: `the relay took ${unwritten} frames that it never wrote and stands still; ${name(stuck.email, c)} does not read`,
        evidence: [...ref(workers), ...(last === undefined ? [] : [{ sourceId: last.sourceId, line: last.lastLine }])],
        touches: '*',
      },
    ];
  },
});
