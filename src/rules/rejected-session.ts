/**
 * An open that the relay refuses is not stored; a client from E3 on keeps the session all the same and sends into it, so one
 * `permission denied` is followed by one `unknown session` per frame. The first is the finding, the rest is counted. The
 * right that is missing is the opener's (write on the path) or, when the open names its target, the target's (read).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, plural, ref, refs, subjectOf } from './engine/ask.ts';
import type { CaseFile, SessionFact } from './facts/case-file.ts';
import { aclProof } from './facts/acl.ts';
import type { LogEvent } from './facts/events.ts';

export const rejectedSession = defineRule({
  meta: {
    id: 'rejected-session',
    title: 'The relay refused to open a session, and the client sends into it all the same',
    severity: 'error',
    failures: ['F-2', 'F-17'],
    needs: ['client-log|relay-log|capture'],
    proves: 'The relay denied this open for want of a right; nothing sent on it can arrive.',
    notEvidence: {
      'unknown-session-alone': 'An `unknown session` without a denied open: something else removed or never stored the session.',
      'already-accepted': 'A second acceptor that is turned away: the session itself lives.',
      'file-sync': 'Denied file writes and downloads of the sync: they carry no hotlink data.',
    },
    blindTo: 'An open without a target that nobody may read is not refused, it is not forwarded: see unreadable-channel.',
    remedy:
      "Grant the missing right in the channel directory's syft.pub.yaml and wait until the relay has loaded it before the programs start.",
    explains: [
      'unanswered-open',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'sequence-gap',
      'unreadable-channel',
      'missing-channel',
      'absent-application',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('sessions', c.sessions)
      .that('that were refused, for whatever reason', (s) => s.denied !== null || s.rejects.length > 0)
      .to('whose refusal says that a right is missing', (s) => {
        const denial = s.rejects.find((e) => e.party === s.opener && (e.reason ?? '').includes('permission denied')) ?? null;
        return s.denied === null && denial === null ? null : { s, denial };
      })
      .to('whose opener is known', ({ s, denial }) => {
        const opener = s.opener ?? s.denied?.user ?? null;
        return opener === null ? null : { s, denial, opener };
      })
      .rows.map((x) => draftFor(c, x)),
});

interface Refused {
  readonly s: SessionFact;
  readonly denial: LogEvent | null;
  readonly opener: string;
}

function draftFor(c: CaseFile, { s, denial, opener }: Refused): Draft {
  const target = s.peer ?? s.to;
  const forTarget = s.denied?.kind === 'open-target-denied';
  const cascade = s.rejects.filter((e) => (e.reason ?? '').includes('unknown session')).length;
  const acl = aclProof(c, s.owner ?? opener, s.channel, forTarget ? target : opener, forTarget ? 'read' : 'write');
  const who = forTarget ? name(target, c) : name(opener, c);
  return {
    subject: subjectOf(opener, target === null ? [] : [target]),
    severity: harm(c, true),
    confidence: 'certain',
    message: `the relay refused ${name(opener, c)}'s open towards ${name(target, c)}: ${who} has no ${forTarget ? 'read' : 'write'} access to the channel${cascade > 0 ? `; ${plural(cascade, 'frame')} sent into it were answered "unknown session"` : ''}`,
    evidence: [...refs(s.denied, denial), ...ref(s.opened), ...ref(s.timeout), ...acl],
    metrics: { unknown_session_rejects: cascade },
    ...firstTime([s.denied, denial].filter((e) => e !== null)),
    touches: target === null ? [opener] : [opener, target],
  };
}
