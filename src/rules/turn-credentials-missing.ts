/**
 * A newer relay always advertises a TURN address; a client without servers of its own uses that alone, and without user and
 * password the library refuses to build any peer connection. Nobody offers, everything goes over the WebSocket, and in
 * strict or p2p-only mode nothing goes at all.
 */
import { defineRule } from './engine/rule.ts';
import { firstTime, names, ref, stopped } from './engine/ask.ts';

export const turnCredentialsMissing = defineRule({
  meta: {
    id: 'turn-credentials-missing',
    title: 'No peer connection can be built: the TURN server has no credentials',
    severity: 'error',
    failures: ['F-14'],
    needs: ['client-log'],
    proves: 'The peer-to-peer library refused its configuration, so this session could only use the WebSocket.',
    notEvidence: {
      'own-servers': 'A client with ICE servers of its own: it logs none of these lines.',
      'older-relay': 'A relay that advertises no servers.',
      'failed-later': 'An offer that was sent and led to nothing: webrtc-not-connected.',
    },
    blindTo: 'Whether the server would have accepted credentials.',
    remedy:
      'Give the relay SYFTBOX_HOTLINK_TURN_USER and SYFTBOX_HOTLINK_TURN_PASS, or give each client its own SYFTBOX_HOTLINK_ICE_SERVERS.',
    explains: ['websocket-fallback', 'webrtc-not-connected', 'grace-tax', 'strict-violation'],
    slowsOnly: true,
  },
  judge(c, steps) {
    const { rows: fails } = steps
      .of('parties', c.parties)
      .into('the peer connections that could not be built', (p) => c.events.ofParty(p.email, 'webrtc-setup-failed'))
      .that('because the TURN server has no credentials', (e) => (e.reason ?? '').includes('credentials required'));
    if (fails.length === 0) return [];
    const parties = [...new Set(fails.map((e) => e.party).filter((p) => p !== null))].toSorted();
    const strict = c.events.of('strict-fallback', 'p2p-send-failed', 'p2p-dropped', 'strict-accept-timeout').length > 0;
    const ice = c.events.of('ice-servers')[0];
    return [
      {
        subject: {},
        severity: strict && stopped(c) ? 'error' : 'warning',
        confidence: 'certain',
        message: `no peer connection could be built at ${names(parties, c)}: the advertised TURN server has no credentials${strict ? ', and the mode allows nothing else' : ''}`,
        evidence: [...parties.flatMap((p) => ref(fails.find((e) => e.party === p))), ...ref(ice)],
        metrics: { refused: fails.length },
        ...firstTime(fails),
        touches: '*',
      },
    ];
  },
});
