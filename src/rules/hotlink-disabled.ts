/**
 * Hotlink is off unless the environment variable is exactly 1. Such a client syncs files like any other, decodes the opens
 * that reach it and answers none.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';

export const hotlinkDisabled = defineRule({
  meta: {
    id: 'hotlink-disabled',
    title: 'Hotlink is switched off at a party',
    severity: 'error',
    failures: ['F-37'],
    needs: ['client-log'],
    proves: 'This client started without hotlink: it has no proxies, no sessions and writes no telemetry.',
    notEvidence: {
      'go-client': 'A Go client: it has other lines and never writes telemetry.',
      'log-begins-later': 'A log whose beginning is missing.',
      'ice-line': 'The line about ICE servers: it is printed with hotlink off too.',
    },
    blindTo: 'Which process set the environment.',
    remedy: "Set SYFTBOX_HOTLINK=1 in that client's environment, restart it, then its peers' clients and the programs.",
    explains: [
      'missing-channel',
      'unanswered-open',
      'absent-application',
      'asymmetric-growth',
      'stalled-counters',
      'silent-application',
      'unreadable-channel',
      'unreadable-telemetry',
      'late-client',
    ],
  },
  judge: (c) => c.parties.flatMap((p) => judgeParty(c, p)),
});

function judgeParty(c: CaseFile, p: PartyFact): Draft[] {
  const start = c.events.ofParty(p.email, 'daemon-start')[0] ?? null;
  if (start === null || p.hotlinkOn || p.log === null || p.log.dialect.startsWith('go-')) return [];
  if (!c.parties.some((o) => o.email !== p.email && o.hotlinkOn)) return [];
  const open = c.events.ofParty(p.email, 'decoded-open')[0] ?? null;
  const absent: Ref[] = [{ source: p.log.path, absent: true, text: 'no "hotlink enabled" line in this log' }];
  return [
    {
      subject: { party: p.email },
      severity: harm(c, false),
      confidence: 'certain',
      message: `${name(p.email, c)}'s client runs with hotlink off: it listens for no program and answers no open`,
      evidence: [...ref(start), ...absent, ...ref(open)],
      ...firstTime([start]),
      touches: '*',
    },
  ];
}
