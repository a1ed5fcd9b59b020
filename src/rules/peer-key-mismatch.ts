/**
 * A frame carries its path, and the receiver looks for a writer under exactly that path. In the directed layout an E5a client
 * registers its program under a path that nobody sends on (it does not swap the two numbers for the peer's directory),
 * so every direction from a larger to a smaller email fails with its first frame while the program is connected. Two Go clients that
 * share one directory each take their own namespace and have no writer for the other's (field guide 8.4).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { name, ref } from './engine/ask.ts';
import { WITHOUT_WRITER } from './engine/follows.ts';
import { skipDraft, skipped } from './engine/skip-draft.ts';
import type { Skip } from './facts/skips.ts';
import type { CaseFile } from './facts/case-file.ts';

const GO_REMEDY = 'Give each direction a directory of its own (directed layout); Go clients do not meet in a shared one.';

export const peerKeyMismatch = defineRule({
  meta: {
    id: 'peer-key-mismatch',
    title: 'The receiver registers its program under another path than the frames carry',
    severity: 'error',
    failures: ['F-10', 'F-26'],
    needs: ['client-log'],
    proves: "A frame on the peer's own path met no writer at a client whose version does not map that path.",
    notEvidence: {
      'late-program': 'A program that was not connected yet: any version, and later channels into it work.',
      'older-peer': 'A client of an older version between newer ones: mixed-versions.',
      'shared-directory': 'The two-party layout with one directory: there the path is covered.',
    },
    blindTo: 'The exact version, without debug lines: E5a and E5b write the same otherwise.',
    remedy: 'Run E5b or later on every party.',
    explains: [...WITHOUT_WRITER, 'lost-writer', 'late-application'],
  },
  judge: (c, steps) =>
    skipped(c, steps)
      .that("on a path that the receiver's version does not map", (s) => s.reason === 'peer-key')
      .rows.map((s) => draftFor(c, s)),
});

function draftFor(c: CaseFile, s: Skip): Draft {
  const era = c.party(s.party)?.era;
  return {
    ...skipDraft(c, s),
    message: `${name(s.party, c)} looks for ${name(s.sender, c)}'s frames under another path than they carry; the first was dropped and the direction is stuck${s.certain ? '' : ' (a program that connected more than 5 s late would look the same)'}`,
    evidence: [
      ...ref(s.event),
      ...s.proof.flatMap((e) => ref(e)),
      ...(s.session?.opened == null ? [] : ref(s.session.opened)),
      ...(era?.proof ?? []),
    ],
    metrics: { era: era?.value ?? null },
    ...(era?.value === 'Go' ? { remedy: GO_REMEDY } : {}),
  };
}
