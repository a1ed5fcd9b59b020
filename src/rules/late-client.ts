/**
 * A daemon that starts after somebody opened a session for it never sees that open: the relay forwards opens to those who are
 * connected and keeps none. The opener goes on with the session as if it had been accepted.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref, wasThere } from './engine/ask.ts';
import type { CaseFile, PartyFact, SessionFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const lateClient = defineRule({
  meta: {
    id: 'late-client',
    title: 'A client started after sessions had been opened for it',
    severity: 'error',
    failures: ['F-5'],
    needs: ['client-log'],
    proves: "The open was sent before this party's client was connected, so it reached nobody.",
    notEvidence: {
      'nobody-waited': 'A late client whose own program speaks first: nobody had opened towards it.',
      restarted: 'A client that had been there before: client-restart.',
      'slow-start': 'A start before the first open.',
    },
    blindTo: 'Whether the relay knew the client under an earlier connection, without its log.',
    remedy: 'Start all clients before the programs; then restart the opener, whose session never recovers.',
    explains: [
      'unanswered-open',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'absent-application',
      'unreadable-channel',
      'missing-channel',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('whose log says when hotlink came up', (p) => {
        const on = p.managers[0]?.enabled ?? null;
        return on?.t == null ? null : { p, on, since: on.t };
      })
      .that('that nothing shows connected before', ({ p, since }) => !wasThere(c, p, since))
      .to('for which a session had been opened and not accepted by then', (x) => {
        const missed = missedBy(c, x.p, x.since);
        return missed.length === 0 ? null : { ...x, missed };
      })
      .rows.map((x) => draftFor(c, x)),
});

interface Late {
  readonly p: PartyFact;
  readonly on: LogEvent;
  readonly missed: readonly SessionFact[];
}

function missedBy(c: CaseFile, p: PartyFact, since: number): readonly SessionFact[] {
  return c.sessions.filter(
    (s) =>
      s.peer === p.email && s.opened?.t != null && s.opened.t < since && s.accepted === null && s.seenBy.every((e) => e.party !== p.email),
  );
}

function draftFor(c: CaseFile, { p, on, missed }: Late): Draft {
  const lost = missed.some((s) => s.opener !== null && (c.direction(s.opener, p.email)?.lost.max ?? 0) > 0);
  return {
    subject: { party: p.email },
    severity: lost ? harm(c, false) : 'info',
    confidence: 'certain',
    message: `${name(p.email, c)}'s client came up after ${missed.length === 1 ? 'a session' : `${missed.length} sessions`} had been opened for it`,
    evidence: [...ref(on), ...missed.slice(0, 2).flatMap((s) => [...ref(s.opened), ...ref(s.timeout)])],
    ...firstTime(missed.map((s) => s.opened).filter((e) => e !== null)),
    touches: [p.email, ...missed.map((s) => s.opener).filter((x) => x !== null)],
  };
}
