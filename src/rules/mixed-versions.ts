/**
 * Paths and adoption differ between versions of the client. A party of E3 to E5a cannot receive on the path that a newer
 * peer with a larger email sends on; what it receives from smaller emails travels on paths that every version maps.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { name, ref } from './engine/ask.ts';
import { WITHOUT_WRITER } from './engine/follows.ts';
import { skipDraft, skipped } from './engine/skip-draft.ts';
import type { Steps } from './engine/steps.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';

export const mixedVersions = defineRule({
  meta: {
    id: 'mixed-versions',
    title: 'The parties run versions of the client that do not meet',
    severity: 'error',
    failures: ['F-38', 'F-26'],
    needs: ['client-log'],
    proves: "Two parties write what only different versions write; an error finding also shows a frame that one side's version cannot map.",
    notEvidence: {
      'unknown-era': 'A party whose version nothing tells.',
      'same-family': 'E5 and E5b: the first only means that nothing tells them apart.',
      'shared-paths': 'An older party with the largest email: everything it receives travels on shared paths.',
    },
    blindTo: 'Differences between builds of one version.',
    remedy: 'Run the same version, E5b or later, on every party.',
    explains: [...WITHOUT_WRITER, 'lost-writer', 'late-application'],
    slowsOnly: true,
  },
  judge(c, steps) {
    const skips = skipped(c, steps).that(
      'on a path that the receiver, of another version than the sender, does not map',
      (s) => s.reason === 'mixed',
    );
    const drafts: Draft[] = skips.rows.map((s) => ({
      ...skipDraft(c, s),
      message: `${name(s.party, c)} (${eraText(c, s.party)}) does not map the path that ${name(s.sender, c)} (${eraText(c, s.sender)}) sends on; its first frame was dropped and the direction is stuck`,
      evidence: [
        ...ref(s.event),
        ...(c.party(s.party)?.era.proof ?? []),
        ...(s.sender === null ? [] : (c.party(s.sender)?.era.proof ?? [])),
      ],
    }));
    return drafts.length > 0 ? drafts : merelyDifferent(c, steps);
  },
});

function merelyDifferent(c: CaseFile, steps: Steps): Draft[] {
  const family = (p: PartyFact): string => (p.era.value?.startsWith('E5') === true ? 'E5' : (p.era.value ?? ''));
  const proven = steps
    .of('parties', c.parties)
    .that('whose version a line or counter shows', (p) => p.era.value !== null && p.era.proof.length > 0);
  const { rows: known } = proven.that('beside a party of another version', (p) => proven.rows.some((o) => family(o) !== family(p)));
  if (known.length === 0) return [];
  return [
    {
      subject: {},
      severity: 'info',
      confidence: 'likely',
      message: `the parties run different versions: ${known.map((p) => `${p.role} ${p.era.value ?? '?'}`).join(', ')}`,
      evidence: known.flatMap((p) => p.era.proof.slice(0, 1)),
      touches: '*',
    },
  ];
}

function eraText(c: CaseFile, email: string | null): string {
  return (email === null ? null : c.party(email)?.era.value) ?? 'version unknown';
}
