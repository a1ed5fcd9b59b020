/**
 * A step before the computation failed at one party, so its program never started and the others wait, or nothing ever moved.
 * The transport has no part in it: no session, no byte of that party.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { name } from './engine/ask.ts';

export const failedBeforeTransport = defineRule({
  meta: {
    id: 'failed-before-transport',
    title: "A step failed before the party's program used the transport",
    severity: 'error',
    failures: ['F-23'],
    needs: ['progress'],
    proves: "The party's own progress file says that a step failed, and the party never sent a byte.",
    notEvidence: {
      'failed-after': 'A step that failed after bytes had moved: the transport may be its cause.',
      'other-run': 'A failed step of another run.',
      retried: 'A failed step that was completed later.',
    },
    blindTo: "Why the step failed: see the error text and the step's own log.",
    remedy: 'Read the error of the failed step, mend its inputs and run the flow again; leave the transport alone.',
    explains: [
      'absent-application',
      'stalled-counters',
      'silent-application',
      'missing-channel',
      'asymmetric-growth',
      'late-application',
      'unanswered-open',
      'read-loop-blockage',
    ],
  },
  judge: (c, steps) =>
    steps
      .of("parties' progress", c.progress)
      .that('with a step that failed', (p) => p.state === 'failed')
      .that('of a party that sent no frame', (p) => (c.party(p.party)?.sent.frames.min ?? 0) <= 0)
      .that('and opened no session', (p) => c.events.ofParty(p.party, 'session-new').length === 0)
      .rows.map((p): Draft => {
        const party = c.party(p.party);
        const errorPointer =
          'pointer' in p.ref && 'source' in p.ref && p.message !== null
            ? [{ source: p.ref.source ?? '', pointer: `${p.ref.pointer}/error`, text: `error: ${p.message}` }]
            : [];
        return {
          subject: { party: p.party },
          severity: 'error',
          confidence: party !== undefined && (party.hasCounters || party.log !== null) ? 'certain' : 'likely',
          message: `step ${p.step ?? ''} failed at ${name(p.party, c)} before its program used the transport${p.message === null ? '' : `: ${p.message}`}`,
          evidence: [p.ref, ...errorPointer],
          metrics: { step: p.step },
          ...(p.t === null ? {} : { at: p.t }),
          touches: '*',
        };
      }),
});
