/**
 * Telemetry's `peer` is the owner of the session's path, not the other party: `peer == self` is an artefact in every version
 * and the normal value from E5 on. A session that really came back to its opener would be in both tables with one id
 * and carry an open from the own email; a relay never forwards an open to its opener's user. One id in both tables
 * without that open is inbound adoption, which is another illness.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const selfRoute = defineRule({
  meta: {
    id: 'self-route',
    title: 'A session was routed back to the party that opened it',
    severity: 'error',
    failures: ['F-1', 'F-3'],
    needs: ['client-log'],
    proves: 'This party received an open that carries its own email, for a session that it had opened.',
    notEvidence: {
      'peer-is-self': 'An entry of telemetry whose peer is the local email: the peer is only the owner of the path.',
      adoption: 'One session id in both tables after the party accepted a session of its peer: adoption.',
      'guard-line': "The self-route guard's line with an adopted session: it discards the adoption.",
    },
    blindTo: 'Nothing that an unmodified relay can do; it filters by user.',
    remedy: 'Check which relay this is: an unmodified one cannot do it.',
    explains: ['asymmetric-growth', 'stalled-counters'],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .into('the opens that they received', (p) => c.events.ofParty(p.email, 'decoded-open', 'open-received').map((open) => ({ p, open })))
      .that('from their own email', ({ p, open }) => open.user === p.email)
      .that('of a session that they opened', ({ p, open }) =>
        c.events.session(open.sid ?? '', 'session-new').some((x) => x.party === p.email),
      )
      .rows.filter(({ p }, i, all) => all.findIndex((x) => x.p === p) === i)
      .map(({ p, open }) => draftFor(c, p, open)),
});

function draftFor(c: CaseFile, p: PartyFact, first: LogEvent): Draft {
  return {
    subject: { party: p.email },
    severity: harm(c, true),
    confidence: 'certain',
    message: `${name(p.email, c)} received its own open of session ${first.sid ?? ''}`,
    evidence: [...ref(first), ...ref(c.events.session(first.sid ?? '', 'session-new')[0])],
    ...firstTime([first]),
  };
}
