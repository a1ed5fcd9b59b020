/**
 * The reorder buffer writes frames in the order of their numbers and waits for a missing one for ever, without a line. A hole in what was
 * decoded therefore parks everything behind it, unless the missing frame went peer to peer or came before the log began.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, plural } from './engine/ask.ts';
import type { CaseFile, PartyFact, SessionFact, StreamFact } from './facts/case-file.ts';
import type { ReceivedStream } from './facts/load.ts';

export const sequenceGap = defineRule({
  meta: {
    id: 'sequence-gap',
    title: 'A numbered frame is missing and everything behind it is parked',
    severity: 'error',
    failures: ['F-9', 'F-16', 'F-11'],
    needs: ['client-log|capture'],
    proves: 'The receiver decoded later frames of a session but never this number, and it waits for it.',
    notEvidence: {
      'late-frame': 'A lower number that comes after a higher one: the buffer heals that.',
      'peer-to-peer': 'Numbers that went over a data channel: no line shows them.',
      'still-coming': 'A hole in the last moments of the evidence.',
    },
    blindTo: 'Loss at the very end of a stream: it leaves no hole.',
    remedy: 'Look at the relay for that session and number: taken but not written (queue, sender lock), or never taken (sender).',
    explains: ['asymmetric-growth', 'stalled-counters', 'silent-application'],
  },
  judge: (c, steps) =>
    steps
      .of(
        'streams',
        c.directions.flatMap((d) => d.streams),
      )
      .to('of which the receiver decoded frames', (s) => (s.received === null || s.received.distinct === 0 ? null : { s, r: s.received }))
      .that(
        'with a number missing before the last, and no frame that met no writer',
        ({ r }) => r.prefixFrames < r.distinct && r.skippedSeq === null,
      )
      .that('in a run that stands still', () => c.stillness.standing)
      .that('of a session that never had a data channel or QUIC', ({ s }) => {
        const session = c.sessions.find((x) => x.sid === s.sid);
        return session !== undefined && session.p2pOpen.length === 0 && !session.quic && !isUnlogged(c, session, s);
      })
      .that("whose receiver's log or capture covers the run", ({ s }) => isCovered(c.party(s.to)))
      .rows.map(({ s, r }) => draftFor(c, s, r)),
});

/** An answer crossed the relay and neither end has a log that would show a data channel. */
function isUnlogged(c: CaseFile, session: SessionFact, s: StreamFact): boolean {
  return session.answered !== null && c.party(s.from)?.log == null && c.party(s.to)?.log == null;
}

/** The receiver's log or, without one, its capture shows every frame that came over the WebSocket. */
function isCovered(p: PartyFact | undefined): boolean {
  return p?.log == null ? p?.wire?.complete === true : p.logComplete;
}

function draftFor(c: CaseFile, s: StreamFact, r: ReceivedStream): Draft {
  return {
    subject: { from: s.from, to: s.to },
    severity: harm(c, true),
    confidence: 'certain',
    message: `frame ${r.prefixFrames + 1} of session ${s.sid} never reached ${name(s.to, c)}; ${plural(r.distinct - r.prefixFrames, 'later frame')} parked behind it`,
    evidence: [
      { sourceId: r.sourceId, line: r.firstLine },
      { sourceId: r.sourceId, line: r.lastLine },
    ],
    metrics: { first_missing: r.prefixFrames + 1, parked_bytes: r.bytes - r.prefixBytes },
    ...(r.lastT === null ? {} : { at: r.lastT }),
    touches: [s.from, s.to],
  };
}
