/**
 * The relay's workers share one queue, so the offer that an acceptor sends right after its accept can be handled first. The acceptor is
 * no participant yet, the offer is dropped, nobody offers again: that direction stays on the WebSocket.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, name, plural, refs, stopped } from './engine/ask.ts';
import { lostOffer } from './facts/offers.ts';

export const offerRace = defineRule({
  meta: {
    id: 'offer-race',
    title: 'The relay handled an offer before the accept it belongs to, and dropped it',
    severity: 'error',
    failures: ['F-29'],
    needs: ['client-log|relay-log'],
    proves:
      'A signal of a party that had accepted the session was refused as coming from a stranger; without a relay log, an offer never arrived although later signals of the same session did.',
    notEvidence: {
      'turned-away': 'A signal from a party whose accept was refused (already accepted): it is no participant for good.',
      'no-offer': 'A session without any offer: credentials or configuration.',
      'several-lines': 'Several refused signals of one session: offer and candidates of one race.',
    },
    blindTo: 'Whether the connection would have come up.',
    remedy: "Use a relay that keeps the order of each connection's messages; until then one direction or another will miss peer to peer.",
    explains: ['websocket-fallback', 'webrtc-not-connected', 'grace-tax', 'strict-violation'],
    slowsOnly: true,
  },
  judge(c, steps) {
    const { rows: raced } = steps
      .of('sessions', c.sessions)
      .that(
        'with an offer of peer to peer, or a signal that the relay refused',
        (s) => c.events.session(s.sid, 'webrtc-offer-sent', 'quic-offer-sent', 'signal-not-participant').length > 0,
      )
      .to('whose offer the relay dropped before the accept, or (without its log) never arrived while later signals did', (s) =>
        lostOffer(c, s),
      );
    const first = raced[0]?.session;
    if (first === undefined) return [];
    const lines = raced.flatMap((x) => x.lines);
    const byRelay = raced.every((x) => x.by === 'relay');
    const hard = c.events
      .of('strict-fallback', 'p2p-send-failed', 'p2p-dropped')
      .some((e) => raced.some(({ session }) => session.sid === e.sid || (e.sid === null && session.opener === e.party)));
    const sessions = plural(raced.length, 'session');
    const draft: Draft = {
      subject: raced.length === 1 && first.opener !== null && first.peer !== null ? { from: first.opener, to: first.peer } : {},
      severity: hard && stopped(c) ? 'error' : 'warning',
      confidence: byRelay ? 'certain' : 'likely',
      message: `${byRelay ? `the relay dropped the offer of ${sessions} because it handled it before the accept` : `the offer of ${sessions} never arrived although signals after it did`} (${raced
        .slice(0, 3)
        .map(({ session }) => `${name(session.opener, c)} → ${name(session.peer, c)}`)
        .join(', ')})`,
      evidence: raced
        .slice(0, 4)
        .flatMap((x) => [...refs(...(x.by === 'relay' ? x.lines.slice(0, 1) : x.lines)), ...refs(x.session.accepting[0])]),
      metrics: { sessions: raced.length, refused_signals: raced.filter((x) => x.by === 'relay').flatMap((x) => x.lines).length },
      ...firstTime(lines),
      touches: '*',
    };
    return [draft];
  },
});
