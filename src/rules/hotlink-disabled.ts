/**
 * Hotlink is off unless the environment variable is exactly 1. Such a client syncs files like any other, decodes the opens
 * that reach it and answers none.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';
import type { Source } from './facts/load-files.ts';

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
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('whose log holds a start of a Rust client', (p) => startOf(c, p))
      .that('without a line that hotlink is on', ({ p }) => !p.hotlinkOn)
      .that('beside a party that has it on', ({ p }) => c.parties.some((o) => o.email !== p.email && o.hotlinkOn))
      .rows.map((x) => draftFor(c, x)),
});

interface Started {
  readonly p: PartyFact;
  readonly log: Source;
  readonly start: LogEvent;
}

function startOf(c: CaseFile, p: PartyFact): Started | undefined {
  const start = c.events.ofParty(p.email, 'daemon-start')[0];
  return start === undefined || p.log === null || p.log.dialect.startsWith('go-') ? undefined : { p, log: p.log, start };
}

function draftFor(c: CaseFile, { p, log, start }: Started): Draft {
  const open = c.events.ofParty(p.email, 'decoded-open')[0] ?? null;
  const absent: Ref[] = [{ source: log.path, absent: true, text: 'no "hotlink enabled" line in this log' }];
  return {
    subject: { party: p.email },
    severity: harm(c, false),
    confidence: 'certain',
    message: `${name(p.email, c)}'s client runs with hotlink off: it listens for no program and answers no open`,
    evidence: [...ref(start), ...absent, ...ref(open)],
    ...firstTime([start]),
    touches: '*',
  };
}
