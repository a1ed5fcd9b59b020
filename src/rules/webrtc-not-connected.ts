/** An offer was made and no data channel opened, without the relay having dropped the offer: ICE failed or candidates were lost. */
import { defineRule } from './engine/rule.ts';
import { firstTime, names, plural, ref, stopped } from './engine/ask.ts';
import { lostOffer } from './facts/offers.ts';

export const webrtcNotConnected = defineRule({
  meta: {
    id: 'webrtc-not-connected',
    title: 'Peer to peer was offered and never connected',
    severity: 'error',
    failures: ['F-13'],
    needs: ['client-log'],
    proves: 'For these sessions an offer was sent and no data channel opened until the end of the evidence.',
    notEvidence: {
      'answerer-line': 'The line "no outbound session, creating answerer": it comes with every first offer.',
      'off-state': 'A summary line with p2p:off at a party that only answers.',
      'still-young': 'An offer in the last seconds of the evidence.',
    },
    blindTo: 'What the network did with the packets.',
    remedy: 'Check UDP between the parties, or give working TURN servers; in WebSocket mode it only costs speed.',
    explains: ['websocket-fallback', 'grace-tax', 'strict-violation'],
    slowsOnly: true,
  },
  judge(c, steps) {
    const end = c.stillness.end ?? Infinity;
    const { rows: failed } = steps
      .of('sessions', c.sessions)
      .to('with an offer of peer to peer', (s) => {
        const offer = c.events.session(s.sid, 'webrtc-offer-sent')[0];
        return offer === undefined ? null : { s, offer };
      })
      .that('whose data channel never opened', ({ s }) => s.p2pOpen.length === 0)
      .that(
        'whose offer the relay did not drop',
        ({ s }) => c.events.session(s.sid, 'signal-not-participant').length === 0 && lostOffer(c, s) === undefined,
      )
      .that('made 5 s or more before the end of the evidence', ({ offer }) => (offer.t ?? 0) < end - 5_000_000);
    if (failed.length === 0) return [];
    const strict = c.events.of('strict-fallback', 'p2p-send-failed', 'p2p-dropped').length > 0;
    const offers = failed.map(({ offer }) => offer);
    return [
      {
        subject: {},
        severity: strict && stopped(c) ? 'error' : 'warning',
        confidence: 'certain',
        message: `${plural(failed.length, 'session')} offered peer to peer and never connected (${names([...new Set(offers.map((e) => e.party).filter((p) => p !== null))].toSorted(), c)} offered)`,
        evidence: offers.slice(0, 4).flatMap((e) => ref(e)),
        metrics: { sessions: failed.length },
        ...firstTime(offers),
        touches: '*',
      },
    ];
  },
});
