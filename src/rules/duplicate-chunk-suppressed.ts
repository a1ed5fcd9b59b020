/**
 * A Go client drops a WebSocket chunk whose bytes equal one of the last 1024 of its session. Its number is missing from then on and everything
 * behind it is parked, without a line. What can show it are the sender's lines: two heads of equal blocks are equal chunks.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { name } from './engine/ask.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';
import type { EqualHeads } from './facts/repeats.ts';

export const duplicateChunkSuppressed = defineRule({
  meta: {
    id: 'duplicate-chunk-suppressed',
    title: 'A Go client may have taken a chunk for a repetition and dropped it',
    severity: 'warning',
    failures: ['F-26'],
    needs: ['client-log', 'debug'],
    proves:
      'Two chunks of one session, sent to a Go client over the WebSocket in a run that stands still, are the lengths of blocks of equal size, so their bytes are most likely equal.',
    notEvidence: {
      'rust-receiver': 'The same towards a Rust client: it drops no repetition.',
      'other-sizes': 'Heads of blocks of different sizes: their bytes differ.',
      'went-on': 'A run that finished or still moves: nothing was missing.',
    },
    blindTo:
      'The payload: no log of a Go client or of its sender holds it, and the client prints nothing when it drops a chunk. Nor does any line show whether a Go client of the first version overwrote a chunk before it was sent (the program at the other end would read wrong bytes), or what went over QUIC, where nothing is suppressed.',
    remedy: 'Run the Rust client at this party; or let frames go over QUIC; a capture of the wire shows whether the chunks are equal.',
    explains: ['stalled-counters', 'silent-application'],
  },
  judge: (c, steps) =>
    steps
      .of('sessions with two lengths of blocks of one size, as debug lines list them', c.equalHeads)
      .that('in a run that stands still and did not finish', () => c.stillness.standing && c.finished !== true)
      .to('towards a party that runs the Go client', (h) => {
        const session = c.sessions.find((s) => s.sid === h.sid && s.opener === h.party);
        const to = session?.peer == null ? undefined : c.party(session.peer);
        return to?.era.value === 'Go' ? { h, to } : null;
      })
      .that(
        'which dropped nothing that a line tells of',
        ({ to }) => c.events.ofParty(to.email, 'write-skipped', 'write-failed', 'go-receive-full').length === 0,
      )
      .rows.map(({ h, to }) => draftFor(c, h, to)),
});

function draftFor(c: CaseFile, h: EqualHeads, to: PartyFact): Draft {
  return {
    subject: { from: h.party, to: to.email },
    severity: 'warning',
    confidence: 'possible',
    message: `frames ${h.firstSeq} and ${h.secondSeq} of session ${h.sid} are both the length of a block of ${h.block} bytes; ${name(to.email, c)} runs the Go client, which drops a chunk that equals one of the last 1024`,
    evidence: [{ sourceId: h.sourceId, line: h.firstLine }, { sourceId: h.sourceId, line: h.secondLine }, ...to.era.proof],
    metrics: { first: h.firstSeq, second: h.secondSeq, block: h.block },
    touches: [h.party, to.email],
  };
}
