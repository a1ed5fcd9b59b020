/** What every finding about a frame without a writer has in common: the direction into the party, since when, whom it touches. */
import { harm, subjectOf } from './ask.ts';
import type { Draft } from './rule.ts';
import type { CaseFile } from '../facts/case-file.ts';
import type { Skip } from '../facts/skips.ts';

export function skipDraft(c: CaseFile, s: Skip): Pick<Draft, 'subject' | 'severity' | 'confidence' | 'touches' | 'at'> {
  return {
    subject: s.sender === null ? { party: s.party } : subjectOf(s.sender, [s.party]),
    severity: harm(c, true),
    confidence: s.certain ? 'certain' : 'likely',
    ...(s.since === null ? {} : { at: s.since }),
    touches: s.sender === null ? [s.party] : [s.sender, s.party],
  };
}
