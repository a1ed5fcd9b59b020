/**
 * A client that starts again has an empty session table and counters at zero, and its programs must connect anew. Its log begins
 * with the new process (the old one is truncated), long after the run began and after it had already taken part.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_CONNECTION } from './engine/follows.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact, SessionFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

export const clientRestart = defineRule({
  meta: {
    id: 'client-restart',
    title: 'A client was restarted in the middle of the run',
    severity: 'error',
    failures: ['F-36'],
    needs: ['client-log'],
    proves: 'This party took part in the run before its present process began; sessions and counters of the old one are gone.',
    notEvidence: {
      'late-start': 'A client that starts late but had never been there: late-client.',
      reconnect: 'A new connection of the same process: no daemon start between them.',
      'earlier-run': 'Starts that belong to earlier runs in an appended log.',
    },
    blindTo: 'What the old process did: its log was truncated at the start.',
    remedy: 'Start the whole run anew with all clients up; keep copies of logs before restarting a client.',
    explains: [
      ...WITHOUT_CONNECTION,
      'dead-client',
      'late-client',
      'lost-writer',
      'duplicate-daemon',
      'read-loop-blockage',
      'port-conflict',
    ],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to('whose log holds a start of the process', (p) => startOf(c, p))
      .that(
        'that had been there before that start',
        ({ twice, before, gone, tookPart }) => twice || (before !== null && gone !== null) || tookPart !== null,
      )
      .that('after a session of the run had been opened', ({ start }) =>
        c.sessions.some((s) => s.opened?.t != null && s.opened.t < start.t),
      )
      .rows.map((r) => draftFor(c, r)),
});

interface Restart {
  readonly p: PartyFact;
  readonly start: LogEvent & { readonly t: number };
  readonly twice: boolean;
  readonly before: LogEvent | null;
  readonly gone: LogEvent | null;
  readonly tookPart: SessionFact | null;
}

/** The last start of this party's process, and what shows the party from before it. */
function startOf(c: CaseFile, p: PartyFact): Restart | undefined {
  const starts = c.events.ofParty(p.email, 'daemon-start');
  const start = starts.at(-1);
  if (start?.t == null) return undefined;
  const began = start.t;
  const before = c.events.of('hub-registered').find((e) => e.user === p.email && e.t !== null && e.t < began - 1_500_000) ?? null;
  const gone = c.events.of('hub-removed').find((e) => e.user === p.email) ?? null;
  const tookPart =
    c.sessions.find(
      (s) =>
        s.opened?.t != null &&
        s.opened.t < began &&
        s.opened.party !== p.email &&
        (s.opener === p.email || s.accepted !== null) &&
        (s.opener === p.email || s.peer === p.email),
    ) ?? null;
  return { p, start: { ...start, t: began }, twice: starts.length > 1, before, gone, tookPart };
}

function draftFor(c: CaseFile, { p, start, twice, before, gone, tookPart }: Restart): Draft {
  const after = c.events.of('hub-registered').findLast((e) => e.user === p.email);
  return {
    subject: { party: p.email },
    severity: harm(c, false),
    confidence: before !== null || twice ? 'certain' : 'likely',
    message: `${name(p.email, c)}'s client was restarted after the run had begun; its sessions are gone and its peers go on sending into them`,
    evidence: [
      ...ref(start),
      ...ref(before),
      ...ref(gone),
      ...ref(after),
      ...(tookPart === null ? [] : ref(tookPart.accepted ?? tookPart.opened)),
    ],
    ...firstTime([gone ?? start]),
    touches: '*',
  };
}
