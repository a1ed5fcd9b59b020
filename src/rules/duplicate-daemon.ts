/**
 * Two daemons with one identity: the relay sends opens and frames to both, both accept, and the one without markers drops its
 * copies. Over the WebSocket that only doubles the traffic; peer to peer, the opener may connect to the wrong one.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, name, refs, stopped } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { connectionsOf, meetings, portsTakenByTwin, RECONNECT_US, type Meeting } from './facts/twins.ts';

export const duplicateDaemon = defineRule({
  meta: {
    id: 'duplicate-daemon',
    title: 'Two daemons run with one identity',
    severity: 'error',
    failures: ['F-19'],
    needs: ['relay-log'],
    proves: 'The relay had two connections of one user at the same time.',
    notEvidence: {
      reconnect: 'A new connection after the old one was removed.',
      restart: 'A client that was restarted: its old connection is removed.',
      'two-acceptors': 'Two different users that accept one session.',
    },
    blindTo: 'Where the second daemon runs, unless it found the ports of the first taken.',
    remedy: 'Stop the second daemon of this identity (another machine, another home directory, an embedded client in a desktop app).',
    explains: ['duplicate-delivery', 'asymmetric-growth', 'stalled-counters', 'silent-application'],
    slowsOnly: true,
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('of which the relay registered a connection', ({ email }) => connectionsOf(c, email))
      .to('while it had another of the same user', ({ email, lines }) => nonEmpty(email, meetings(lines)))
      // A reconnect shows the old connection's removal within a second or two.
      .to('which it did not remove in the next 5 s', ({ email, met }) =>
        nonEmpty(
          email,
          met.filter((m) => m.besideUs >= RECONNECT_US),
        ),
      )
      .rows.flatMap(({ email, met }) => met.slice(0, 1).map((m) => draftFor(c, email, m))),
});

function nonEmpty(email: string, met: readonly Meeting[]): { readonly email: string; readonly met: readonly Meeting[] } | undefined {
  return met.length === 0 ? undefined : { email, met };
}

/** Bytes are missing at this party, or only one of the two could listen for its programs. */
function harms(c: CaseFile, email: string): boolean {
  const loses = c.directions.some((d) => (d.to === email || d.from === email) && d.lost.min > 0);
  return stopped(c) && (loses || portsTakenByTwin(c, email).length > 0);
}

function draftFor(c: CaseFile, email: string, { came, other }: Meeting): Draft {
  const twice = c.events
    .of('accept-received')
    .find((x) => c.events.session(x.sid ?? '', 'accept-received').filter((y) => y.party === x.party).length > 1);
  return {
    subject: { party: email },
    severity: harms(c, email) ? 'error' : 'warning',
    confidence: 'certain',
    message: `the relay had two connections of ${name(email, c)} at the same time: a second daemon of this identity takes part`,
    evidence: refs(other, came, twice, portsTakenByTwin(c, email)[0]),
    ...firstTime([came]),
    touches: '*',
  };
}
