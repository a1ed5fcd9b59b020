/** E6 waits 1.5 s for peer to peer before each of the first three frames of a session, even when none can come up. */
import { defineRule } from './engine/rule.ts';
import { plural, refs } from './engine/ask.ts';

const GRACE_US = 1_300_000;

export const graceTax = defineRule({
  meta: {
    id: 'grace-tax',
    title: 'Sessions paid waiting time for a peer-to-peer connection that did not come',
    severity: 'info',
    failures: ['F-33'],
    needs: ['client-log'],
    proves: 'The first frames of these sessions each waited out the grace time.',
    notEvidence: {
      stall: 'Quiet of more than 4.5 s per session: that is not the grace wait.',
      'earlier-era': 'A fallback right after the accept: earlier versions do not wait.',
    },
    blindTo: 'The waits of the second and third frame are not logged; they are inferred.',
    remedy: 'Make peer to peer work, or set SYFTBOX_HOTLINK_WS_FALLBACK_GRACE_MS lower.',
    explains: [],
    slowsOnly: true,
  },
  judge(c, steps) {
    const taxed = steps
      .of('sessions', c.sessions)
      .to('whose opener fell back to the WebSocket', (s) => {
        const fall = s.fallbacks.find((e) => e.party === s.opener);
        return fall === undefined ? null : { s, fall };
      })
      .to('after it had got the accept', ({ s, fall }) => {
        const accepted = c.events.session(s.sid, 'session-accepted').find((e) => e.party === s.opener);
        return accepted === undefined ? null : { s, fall, accepted };
      })
      .that(
        'by more than 1.3 s',
        ({ fall, accepted }) => fall.ownT !== null && accepted.ownT !== null && fall.ownT - accepted.ownT > GRACE_US,
      ).rows;
    if (taxed.length === 0) return [];
    return [
      {
        subject: {},
        severity: 'info',
        confidence: 'certain',
        message: `${plural(taxed.length, 'session')} waited 1.5 s before each of their first three frames for a peer-to-peer connection that did not come`,
        evidence: taxed.slice(0, 2).flatMap(({ accepted, fall }) => refs(accepted, fall)),
        metrics: { sessions: taxed.length, seconds_at_most: Math.round(taxed.length * 4.5) },
        touches: '*',
      },
    ];
  },
});
