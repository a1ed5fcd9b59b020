/** Peer to peer was wanted and did not come up in time, so a session's frames went through the relay. Slower, nothing lost. */
import { defineRule } from './engine/rule.ts';
import { counter, firstTime, hasOwnEvidence, names, plural, ref } from './engine/ask.ts';

export const websocketFallback = defineRule({
  meta: {
    id: 'websocket-fallback',
    title: 'Sessions fell back from peer to peer to the WebSocket',
    severity: 'warning',
    failures: ['F-13', 'F-15'],
    needs: ['client-log|telemetry'],
    proves: 'Frames of these sessions went through the relay although the clients were set to prefer peer to peer.',
    notEvidence: {
      'no-traffic': 'A fallback count of zero without any traffic.',
      'websocket-only': 'A client that is set to use the WebSocket only.',
      'other-direction': 'A connected data channel of the other direction: each direction has its own.',
    },
    blindTo: 'Frames of a session after its data channel opened: a fallen-back session may go on peer to peer.',
    remedy: 'See what kept peer to peer from connecting: TURN credentials, the offer race, or the network.',
    explains: [],
    slowsOnly: true,
  },
  judge(c, steps) {
    const falls = c.events.of('fallback');
    const counted = c.parties.filter((p) => (p.telemetry?.wsFallbacks ?? 0) > 0);
    const { rows: fallen } = steps
      .of('parties', c.parties)
      .that('with a log or telemetry', (p) => hasOwnEvidence(p))
      .that('with a line of a fallback, or a count above zero', (p) => counted.includes(p) || falls.some((e) => e.party === p.email));
    if (fallen.length === 0) return [];
    const parties =
      falls.length > 0 ? [...new Set(falls.map((e) => e.party).filter((p) => p !== null))].toSorted() : counted.map((p) => p.email);
    const sessions = new Set(falls.map((e) => e.sid)).size;
    return [
      {
        subject: {},
        severity: 'warning',
        confidence: 'certain',
        message: `${sessions > 0 ? plural(sessions, 'session') : 'sessions'} of ${names(parties, c)} used the WebSocket instead of peer to peer`,
        evidence: [
          ...parties.flatMap((p) => ref(falls.find((e) => e.party === p))),
          ...counted.slice(0, 3).flatMap((p) => counter(p, 'ws_fallbacks', p.telemetry?.wsFallbacks ?? null)),
        ],
        metrics: { sessions, ws_packets: c.parties.reduce((sum, p) => sum + (p.telemetry?.txWs ?? 0), 0) },
        ...firstTime(falls),
        touches: '*',
      },
    ];
  },
});
