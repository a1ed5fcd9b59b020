/** What every finding about a frame without a writer has in common: the direction into the party, since when, whom it touches. */
import { harm, subjectOf } from './ask.ts';
import type { Draft } from './rule.ts';
import type { Sieve, Steps } from './steps.ts';
import type { CaseFile } from '../facts/case-file.ts';
import { inOrder } from '../facts/events.ts';
import { classifySkips, type Skip } from '../facts/skips.ts';

/** Frames without a writer, each with the reason that tells it apart from the others. */
export function skipped(c: CaseFile, steps: Steps): Sieve<Skip> {
  const skips = classifySkips(c);
  return steps
    .of('frames that met no writer', c.events.of('write-skipped').toSorted(inOrder))
    .to('the first of its party and path', (event) => skips.find((s) => s.event === event));
}

export function skipDraft(c: CaseFile, s: Skip): Pick<Draft, 'subject' | 'severity' | 'confidence' | 'touches' | 'at'> {
  return {
    subject: s.sender === null ? { party: s.party } : subjectOf(s.sender, [s.party]),
    severity: harm(c, true),
    confidence: s.certain ? 'certain' : 'likely',
    ...(s.since === null ? {} : { at: s.since }),
    touches: s.sender === null ? [s.party] : [s.sender, s.party],
  };
}
