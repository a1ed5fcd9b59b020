/**
 * The relay's workers share one queue, so the offer that an acceptor sends right after its accept can be handled first. The acceptor is
 * no participant yet, the offer is dropped, nobody offers again: that direction stays on the WebSocket.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, name, plural, ref, stopped } from './engine/ask.ts';
import type { CaseFile, SessionFact } from './facts/case-file.ts';

export const offerRace = defineRule({
  meta: {
    id: 'offer-race',
    title: 'The relay handled an offer before the accept it belongs to, and dropped it',
    severity: 'error',
    failures: ['F-29'],
    needs: ['relay-log'],
    proves: 'A signal of a party that had accepted the session was refused as coming from a stranger.',
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
        'of which the relay refused a signal because its sender was no participant',
        (s) => c.events.session(s.sid, 'signal-not-participant').length > 0,
      )
      .that('though the sender had accepted it and was not turned away', (s) => racers(c, s).length > 0);
    if (raced.length === 0) return [];
    const lines = raced.flatMap((s) => racers(c, s));
    const strict = c.events.of('strict-fallback', 'p2p-send-failed', 'p2p-dropped').some((e) => raced.some((s) => s.sid === e.sid));
    const draft: Draft = {
      subject: raced.length === 1 && raced[0]?.opener != null && raced[0].peer !== null ? { from: raced[0].opener, to: raced[0].peer } : {},
      severity: strict && stopped(c) ? 'error' : 'warning',
      confidence: 'certain',
      message: `the relay dropped the offer of ${plural(raced.length, 'session')} because it handled it before the accept (${raced
        .slice(0, 3)
        .map((s) => `${name(s.opener, c)} → ${name(s.peer, c)}`)
        .join(', ')})`,
      evidence: raced.slice(0, 4).flatMap((s) => [...ref(racers(c, s)[0]), ...ref(s.accepting[0])]),
      metrics: { sessions: raced.length, refused_signals: lines.length },
      ...firstTime(lines),
      touches: '*',
    };
    return [draft];
  },
});

/** Refused signals of this session from parties that had accepted it and were not turned away. */
function racers(c: CaseFile, s: SessionFact): readonly NonNullable<SessionFact['opened']>[] {
  const refused = c.events.session(s.sid, 'signal-not-participant');
  return refused.filter(
    (e) =>
      e.user !== null && e.user !== s.opener && !s.rejects.some((r) => r.party === e.user && (r.reason ?? '').includes('already accepted')),
  );
}
