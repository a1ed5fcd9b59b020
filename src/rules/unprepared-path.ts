/**
 * Before E5 a session uses the canonical path: the smaller email's namespace and the smaller number first. When the order of emails
 * and of numbers disagree, that directory was made by nobody and no access list covers it.
 */
import { defineRule } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { numbersOf } from './facts/sessions.ts';

export const unpreparedPath = defineRule({
  meta: {
    id: 'unprepared-path',
    title: 'A session uses a directory that no party created',
    severity: 'error',
    failures: ['F-34'],
    needs: ['client-log', 'marker'],
    proves: "The session's path names an owner who is not the channel's first number, so no party prepared it.",
    notEvidence: {
      'shared-directory': 'The two-party layout where both sides use one channel name.',
      'default-names': 'Emails whose order agrees with their numbers.',
    },
    blindTo: "What the relay's own copy of the access lists says.",
    remedy: 'Run E5b or later, or name the parties so that the order of emails is that of the flow.',
    explains: ['rejected-session', 'wrong-acceptor', 'unreadable-channel', 'unanswered-open', 'asymmetric-growth', 'stalled-counters'],
  },
  judge(c, steps) {
    if (c.layout !== 'directed') return { notApplicable: 'the directed layout is not in use' };
    const { rows: odd } = steps
      .of('sessions', c.sessions)
      .that('whose channel has numbers and whose owner has one', (s) => numbersOf(s.channel) !== undefined && indexOf(c, s.owner) !== null)
      .that("whose owner is not the channel's first number", (s) => indexOf(c, s.owner) !== numbersOf(s.channel)?.[0]);
    const first = odd[0];
    if (first === undefined) return [];
    const dead = odd.some((s) => s.denied !== null || s.accepted === null);
    return [
      {
        subject: first.opener === null ? {} : { party: first.opener },
        severity: dead ? harm(c, true) : 'info',
        confidence: 'certain',
        message: `${name(first.opener, c)} opened on ${name(first.owner, c)}'s ${first.channel ?? ''}, a directory that no party created`,
        evidence: odd.slice(0, 3).flatMap((s) => [...ref(s.opened), ...ref(s.denied)]),
        ...firstTime(odd.map((s) => s.opened).filter((e) => e !== null)),
        touches: '*',
      },
    ];
  },
});

function indexOf(c: CaseFile, email: string | null): number | null {
  return email === null ? null : (c.party(email)?.index ?? null);
}
