/**
 * An open without an accept inside the waiting time. From E3 on the client sends all the same, the relay discards frames of a
 * session without acceptor, and a late accept does not help: the receiver then waits for ever for the first numbers.
 * This is a symptom by nature (peer gone, blocked, not allowed); it leads only when nothing else explains it.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref, subjectOf } from './engine/ask.ts';
import type { CaseFile, Ref, SessionFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const unansweredOpen = defineRule({
  meta: {
    id: 'unanswered-open',
    title: 'An open got no accept in time, and the client sent into it all the same',
    severity: 'error',
    failures: ['F-5'],
    needs: ['client-log'],
    proves: 'The opener waited for an accept that did not come within its time; frames sent until it came are gone.',
    notEvidence: {
      'printed-seconds': 'The seconds in the message: E6 prints 1 s and waits 1.5 s.',
      'rejected-open': 'A time-out in the same millisecond as a reject: the wait ended early, see rejected-session.',
      'first-frame-direct': 'A late accept when the first frame went over the data channel: nothing was lost.',
    },
    blindTo: "Why nobody answered: that needs the receiver's or the relay's log.",
    remedy:
      "Find why the receiver did not answer (its log at that second, the relay's connections, the channel's ACL), remove that, and restart the opener.",
    explains: ['asymmetric-growth', 'stalled-counters', 'silent-application', 'sequence-gap', 'missing-channel'],
  },
  judge: (c, steps) =>
    steps
      .of('sessions', c.sessions)
      .to('whose opener is known', (s) => (s.opener === null ? null : { s, opener: s.opener }))
      .that('that were not refused', ({ s, opener }) => !s.rejects.some((e) => e.party === opener && !isEcho(e)))
      .that('whose opener waited in vain, or still waits at the end', ({ s, opener }) => isUnanswered(c, s, opener))
      .that(
        'and whose direction is not whole all the same',
        ({ s, opener }) => s.accepted === null || s.peer === null || c.direction(opener, s.peer)?.lost.max !== 0,
      )
      .rows.map(({ s, opener }) => draftFor(c, s, opener)),
});

function draftFor(c: CaseFile, s: SessionFact, opener: string): Draft {
  const { peer } = s;
  const late = s.accepted !== null;
  return {
    subject: subjectOf(opener, peer === null ? [] : [peer]),
    severity: harm(c, true),
    confidence: s.timeout !== null ? 'certain' : 'likely',
    message: `${name(opener, c)}'s open towards ${name(peer, c)} was ${late ? 'accepted too late' : 'never accepted'}; what it sent before is discarded`,
    evidence: [...ref(s.timeout), ...ref(s.opened), ...ref(s.accepted), ...entryOf(c, s, opener)],
    ...firstTime([s.opened].filter((e) => e !== null)),
    touches: peer === null ? [opener] : [opener, peer],
  };
}

/** What the relay answers to a frame of a session that it does not know: the open was lost, and nobody refused it. */
function isEcho({ reason }: LogEvent): boolean {
  return reason === 'unknown session';
}

/** Timed out; or, while nothing moves any more, still pending with nobody who accepts. */
function isUnanswered(c: CaseFile, s: SessionFact, opener: string): boolean {
  if (s.timeout !== null) return true;
  const pending = s.telemetryStatus === 'pending' && s.accepted === null && s.accepting.length === 0;
  return pending && (c.stillness.standing || c.party(opener)?.log == null);
}

/** Telemetry's entry of the session at its opener. */
function entryOf(c: CaseFile, s: SessionFact, opener: string): Ref[] {
  const telemetry = c.party(opener)?.telemetry;
  const entry = telemetry?.sessions.find((x) => x.sid === s.sid && x.direction === 'out');
  if (telemetry == null || entry === undefined) return [];
  return [
    { source: telemetry.source, pointer: entry.pointer, text: `sid ${s.sid} status: ${entry.status ?? ''} seq: ${String(entry.seq)}` },
  ];
}
