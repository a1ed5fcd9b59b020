/**
 * Up to E3 the reorder buffer is kept per path while numbers start again with each session. After a session was replaced, the first frames
 * of the new one lie below the expected number and are parked for ever: bytes vanish from the start of the new stream.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, ref } from './engine/ask.ts';

export const reorderCollision = defineRule({
  meta: {
    id: 'reorder-collision',
    title: "A replaced session's first frames were taken for old ones",
    severity: 'error',
    failures: ['F-11'],
    needs: ['client-log'],
    proves:
      'One sender opened a second session on the same path towards a receiver whose version numbers frames per path, and bytes are missing.',
    notEvidence: {
      'newer-receiver': 'A receiver of E4 or later: it numbers per session.',
      'other-path': 'Two sessions on different paths.',
      balanced: 'A second session with all bytes written.',
    },
    blindTo: 'Which frames were parked.',
    remedy: 'Run E4 or later at the receiver.',
    explains: ['asymmetric-growth', 'stalled-counters', 'sequence-gap', 'silent-application'],
  },
  judge: (c, steps) =>
    steps
      .of('directions', c.directions)
      .that('towards a client of E1 to E3', (d) => ['E1', 'E2', 'E3'].includes(c.party(d.to)?.era.value ?? ''))
      .to('with a second session of the sender on one path, accepted', (d) => {
        const own = d.sessions.filter((s) => s.opener === d.from && s.opened !== null && s.accepting.length > 0);
        const second = own.find((s, i) => own.findIndex((o) => o.path === s.path) < i);
        return second === undefined ? null : { d, own, second };
      })
      .that('on which bytes were lost', ({ d }) => d.lost.min > 0)
      .that('whose sender was not refused by the relay', ({ d }) => !c.events.of('data-not-sender').some((e) => e.user === d.from))
      .rows.map(({ d, own, second }): Draft => ({
        subject: { from: d.from, to: d.to },
        severity: harm(c, true),
        confidence: 'likely',
        message: `${name(d.from, c)} opened a second session on one path; ${name(d.to, c)}'s version takes its first frames for old ones`,
        evidence: own
          .filter((s) => s.path === second.path)
          .slice(0, 2)
          .flatMap((s) => ref(s.opened)),
        touches: [d.from, d.to],
      })),
});
