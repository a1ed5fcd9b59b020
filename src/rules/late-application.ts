/**
 * A client accepts sessions as soon as its proxy listens, whether or not its program is there. The first frame then waits five
 * seconds for a writer, is dropped, and its number never reaches the reorder buffer: the direction is dead although the
 * program comes seconds later. The read loop stands still for half a minute meanwhile.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { name, ref, refs } from './engine/ask.ts';
import { WITHOUT_WRITER } from './engine/follows.ts';
import { skipDraft, skipped } from './engine/skip-draft.ts';
import type { Skip } from './facts/skips.ts';
import type { CaseFile } from './facts/case-file.ts';

export const lateApplication = defineRule({
  meta: {
    id: 'late-application',
    title: 'The first bytes arrived before the local program had connected',
    severity: 'error',
    failures: ['F-30'],
    needs: ['client-log'],
    proves: 'A frame met no writer, was dropped, and the direction waits for that number for ever.',
    notEvidence: {
      'within-five-seconds': 'A program that connects while the frame still waits: the writer becomes ready and nothing is lost.',
      'wrong-key': 'The same line with a program that was connected all the time: its version maps another path.',
      probe: 'A connect and close before the program: it poisons nothing.',
      'later-channel': 'A second channel into the same client that is late by half a minute: it waits behind the first and arrives.',
    },
    blindTo: 'When exactly the program connected, without debug lines.',
    remedy: 'Start the programs together, or hold the senders back until every proxy has its program; then start the run anew.',
    explains: [...WITHOUT_WRITER, 'lost-writer', 'absent-application'],
  },
  judge: (c, steps) =>
    skipped(c, steps)
      .that('because its program had not connected yet', (s) => s.reason === 'late')
      .rows.map((s) => draftFor(c, s)),
});

function draftFor(c: CaseFile, s: Skip): Draft {
  const after = c.events.ofParty(s.party, 'ipc-write-failed').find((e) => e.line > s.event.line) ?? null;
  const first = s.session?.streams.find((x) => x.to === s.party)?.received ?? null;
  return {
    ...skipDraft(c, s),
    message: `${name(s.sender, c)}'s first bytes reached ${name(s.party, c)} before its program had connected; frame ${first?.skippedSeq ?? 1} was dropped and the direction is stuck behind it`,
    evidence: [
      ...ref(s.event),
      ...(first === null ? [] : [{ sourceId: first.sourceId, line: first.firstLine }]),
      ...refs(after),
      ...s.proof.flatMap((e) => ref(e)),
    ],
  };
}
