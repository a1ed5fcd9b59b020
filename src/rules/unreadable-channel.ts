/**
 * The relay forwards an open without `to` to everyone who may read the path. When the opener's ACL leaves the peer out, or was
 * not loaded yet, that is nobody, and nobody is told: the opener waits out its accept time and sends into a session that
 * no one will ever accept. In the relay log the open was taken and written to no connection while the peer was connected.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref, subjectOf } from './engine/ask.ts';
import { aclProof, mayUse } from './facts/acl.ts';
import type { CaseFile, SessionFact } from './facts/case-file.ts';

export const unreadableChannel = defineRule({
  meta: {
    id: 'unreadable-channel',
    title: 'The peer may not read the channel, so the open reached nobody',
    severity: 'error',
    failures: ['F-28'],
    needs: ['client-log|telemetry', 'acl'],
    proves: "The channel's access list gives the peer no read right, and the open was answered by nobody.",
    notEvidence: {
      'missing-acl': "A channel directory without an ACL of its own: the parent's file decides and usually lets all parties read.",
      'denied-open': 'An open that the relay refused aloud: that is rejected-session.',
      'receiver-copy': "The receiver's copy of the ACL, or its absence: only the opener's own file and the relay's load of it count.",
    },
    blindTo: 'Whether the relay had loaded the file in time, when its log is missing.',
    remedy:
      "Add the peer to `read` in the syft.pub.yaml of the opener's channel directory, then restart the opener: a session is never opened anew.",
    explains: ['unanswered-open', 'asymmetric-growth', 'stalled-counters', 'silent-application', 'missing-channel', 'absent-application'],
  },
  judge: (c, steps) =>
    steps
      .of('sessions', c.sessions)
      .to('whose opener and peer are known', (s) => (s.opener === null || s.peer === null ? null : { s, opener: s.opener, peer: s.peer }))
      .that('which nobody saw or accepted', ({ s }) => s.accepted === null && s.seenBy.length === 0 && s.accepting.length === 0)
      .that('which the relay did not refuse', ({ s }) => s.denied === null && s.rejects.length === 0)
      .that('whose opener waited in vain or still waits', ({ s }) => s.timeout !== null || s.telemetryStatus === 'pending')
      .that(
        'whose access list gives the peer no read right',
        ({ s, opener, peer }) => mayUse(c, s.owner ?? opener, s.channel, peer, 'read') === false,
      )
      .rows.map((x) => draftFor(c, x)),
});

interface Unread {
  readonly s: SessionFact;
  readonly opener: string;
  readonly peer: string;
}

function draftFor(c: CaseFile, { s, opener, peer }: Unread): Draft {
  return {
    subject: subjectOf(opener, [peer]),
    severity: harm(c, true),
    confidence: 'certain',
    message: `${name(peer, c)} may not read ${name(opener, c)}'s channel ${s.channel ?? ''}, so the open reached nobody and the session stays unaccepted`,
    evidence: [...ref(s.timeout), ...ref(s.opened), ...aclProof(c, s.owner ?? opener, s.channel, peer, 'read')],
    ...firstTime([s.opened].filter((e) => e !== null)),
    touches: [opener, peer],
  };
}
