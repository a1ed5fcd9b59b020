/**
 * A proxy that cannot bind its port gives up for good, while telemetry goes on listing the channel as not connected. The program then
 * talks to whatever owns the port. After a reconnect the same line only means that the process holds its own port (F-18).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, proxyOf, ref } from './engine/ask.ts';
import { WITHOUT_LISTENER } from './engine/follows.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const portConflict = defineRule({
  meta: {
    id: 'port-conflict',
    title: 'A proxy could not bind its port because something else has it',
    severity: 'error',
    failures: ['F-6', 'F-20'],
    needs: ['client-log'],
    proves: 'The client never listened on this port; the program reached a stranger or nobody.',
    notEvidence: {
      reconnect: 'A failed bind after a second start of hotlink in one process: its own dead manager holds the port.',
      'bound-later': 'A failed bind of an era that tries again and succeeds.',
      'older-marker': "A failed bind when an older run's marker of the same client has the port: that proxy serves the program.",
    },
    blindTo: 'Which process holds the port: the sandbox does not say.',
    remedy: 'See who listens on the port (ss -ltnp), stop it or choose another port base, then restart this client and its program.',
    explains: ['missing-channel', ...WITHOUT_LISTENER],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .into('with a bind that failed', (p) => c.events.ofParty(p.email, 'bind-failed', 'bind-timeout').map((fail) => ({ p, fail })))
      .that('before a reconnect made a second manager', ({ p, fail }) => fail.line <= (p.managers[1]?.enabled?.line ?? Infinity))
      .to('for a port that no older run of this party holds', ({ p, fail }) => {
        const port = Number(fail.addr?.split(':').at(-1) ?? NaN);
        return heldByOlderRun(c, p, port) ? null : { p, fail, port, peer: peerOfPort(c, p, port) };
      })
      .that('whose proxy telemetry does not show connected', ({ p, peer }) => peer === null || proxyOf(p, peer)?.connected !== true)
      .rows.map(({ p, fail, peer, port }) => draftFor(c, p, fail, peer, port)),
});

function draftFor(c: CaseFile, p: PartyFact, fail: LogEvent, peer: string | null, port: number): Draft {
  const proxy = peer === null ? undefined : proxyOf(p, peer);
  return {
    subject: peer === null ? { party: p.email } : { from: p.email, to: peer },
    severity: harm(c, false),
    confidence: 'certain',
    message: `${name(p.email, c)}'s proxy for ${name(peer, c)} could not bind port ${Number.isNaN(port) ? '' : String(port)}: something else has it`,
    evidence: [...ref(fail), ...(proxy === undefined ? [] : [proxy.ref])],
    metrics: { port: Number.isNaN(port) ? null : port },
    ...firstTime([fail]),
    touches: peer === null ? [p.email] : [p.email, peer],
  };
}

function peerOfPort(c: CaseFile, p: PartyFact, port: number): string | null {
  const marker =
    c.markers.find((m) => m.party === p.email && m.localPort === port && (c.run === null || m.run === c.run.id)) ??
    c.markers.find((m) => m.party === p.email && m.localPort === port);
  if (marker === undefined) return null;
  return marker.from === p.email ? marker.to : marker.from;
}

/** Two runs' markers of this party name the port: the older proxy has it. */
function heldByOlderRun(c: CaseFile, p: PartyFact, port: number): boolean {
  return new Set(c.markers.filter((m) => m.party === p.email && m.localPort === port).map((m) => m.run)).size > 1;
}
