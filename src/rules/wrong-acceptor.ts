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
    needs: ['client-log|capture'],
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
      'duplicate-delivery',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('sessions', c.sessions)
      .to('whose opener and peer are known', (s) => (s.opener === null || s.peer === null ? null : { s, opener: s.opener, peer: s.peer }))
      .to('that a party accepted', (x) => {
        const acceptors = [...new Set(x.s.accepting.map((e) => e.party).filter((p) => p !== null))];
        return acceptors.length === 0 ? null : { ...x, acceptors };
      })
      .that("that another than the channel's peer accepted", ({ acceptors, peer }) => acceptors.some((p) => p !== peer))
      .rows.map((x) => draftFor(c, x)),
});

interface Accepted {
  readonly s: SessionFact;
  readonly opener: string;
  readonly peer: string;
  readonly acceptors: readonly string[];
}

function draftFor(c: CaseFile, { s, opener, peer, acceptors }: Accepted): Draft {
  const turnedAway = s.rejects.filter((e) => (e.reason ?? '').includes('already accepted'));
  const strangers = acceptors.filter((p) => p !== peer);
  const peerLost = turnedAway.some((e) => e.party === peer) || (!acceptors.includes(peer) && s.accepted !== null);
  return {
    subject: { from: opener, to: peer },
    severity: peerLost ? harm(c, true) : 'info',
    confidence: 'certain',
    message: `${strangers.map((p) => name(p, c)).join(' and ')} accepted ${name(opener, c)}'s session for ${name(peer, c)}${peerLost ? `, and ${name(peer, c)} was turned away` : ''}`,
    evidence: [...s.accepting.flatMap((e) => ref(e)), ...turnedAway.flatMap((e) => ref(e))],
    ...firstTime(s.accepting),
    touches: [opener, peer, ...strangers],
  };
}
