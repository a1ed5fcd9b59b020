/**
 * An open without a target goes to everyone who may read the path, and each accepts at once. From S2 on the first wins; when that is not
 * the channel's other party, the direction is dead, because sessions are never replaced.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile, SessionFact } from './facts/case-file.ts';

export const wrongAcceptor = defineRule({
  meta: {
    id: 'wrong-acceptor',
    title: 'Several parties accepted one session',
    severity: 'error',
    failures: ['F-12'],
    needs: ['client-log'],
    proves: "More than one party answered this open; an error finding also shows that the channel's own peer lost.",
    notEvidence: {
      'right-one-won': "A loser that is turned away while the channel's peer has the session: nothing is lost.",
      'two-daemons': 'Two connections of one user.',
      'pair-acl': 'Channels with an access list for the pair only: there it cannot happen.',
    },
    blindTo: 'Parties whose logs are missing.',
    remedy: 'Give each channel directory a syft.pub.yaml for its two parties only, or run E6, which names the target on one side.',
    explains: [
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'read-loop-blockage',
      'unanswered-open',
      'late-application',
      'peer-key-mismatch',
      'lost-writer',
      'missing-channel',
      'absent-application',
    ],
  },
  judge: (c) => c.sessions.flatMap((s) => judgeSession(c, s)),
});

function judgeSession(c: CaseFile, s: SessionFact): Draft[] {
  const acceptors = [...new Set(s.accepting.map((e) => e.party).filter((p) => p !== null))];
  if (s.peer === null || s.opener === null) return [];
  const turnedAway = s.rejects.filter((e) => (e.reason ?? '').includes('already accepted'));
  const strangers = acceptors.filter((p) => p !== s.peer);
  if (strangers.length === 0) return [];
  const peerLost = turnedAway.some((e) => e.party === s.peer) || (!acceptors.includes(s.peer) && s.accepted !== null);
  return [
    {
      subject: { from: s.opener, to: s.peer },
      severity: peerLost ? harm(c, true) : 'info',
      confidence: 'certain',
      message: `${strangers.map((p) => name(p, c)).join(' and ')} accepted ${name(s.opener, c)}'s session for ${name(s.peer, c)}${peerLost ? `, and ${name(s.peer, c)} was turned away` : ''}`,
      evidence: [...s.accepting.flatMap((e) => ref(e)), ...turnedAway.flatMap((e) => ref(e))],
      ...firstTime(s.accepting),
      touches: [s.opener, s.peer, ...strangers],
    },
  ];
}
