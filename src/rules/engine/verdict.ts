/** The verdict, and why (design §7). Never a guess: what is neither shown to be lost nor shown to be whole is inconclusive. */
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { CaseFile } from '../facts/case-file.ts';
import { directTcp, gaveUp } from '../facts/runner.ts';
import { isWhole } from './ask.ts';
import type { Found } from './fold.ts';

export interface Judged {
  readonly verdict: Diagnosis['verdict'];
  readonly because: string;
}

export function judge(c: CaseFile, causes: readonly Found[]): Judged {
  const error = causes.find((f) => f.draft.severity === 'error');
  const warnings = causes.filter((f) => f.draft.severity === 'warning');
  if (error !== undefined) return { verdict: 'failed', because: error.draft.message };
  if (directTcp(c).length > 0) return pastHotlink(warnings);
  const moved = c.directions.some((d) => d.delivered.min > 0);
  const balanced = c.directions.length > 0 && c.directions.every((d) => isWhole(d));
  if (c.directions.length === 0) return { verdict: 'inconclusive', because: 'no two parties are visible in this evidence' };
  if (c.contradictions.length > 0)
    return { verdict: 'inconclusive', because: `the evidence contradicts itself: ${c.contradictions[0] ?? ''}` };
  if (c.events.unlisted > 0)
    return {
      verdict: 'inconclusive',
      because: `${c.events.unlisted} lines of very frequent messages were counted and not read one by one`,
    };
  if (!moved) return { verdict: 'inconclusive', because: whyNothingArrived(c) };
  if ((c.stillness.standing || c.toldStill) && c.finished !== true) return { verdict: 'inconclusive', because: whyItMayStand(c, causes) };
  if (!balanced)
    return { verdict: 'inconclusive', because: 'not everything that was sent is shown to have arrived; it may still have been under way' };
  return whole(c, warnings);
}

/** With plain TCP (H1) nothing of hotlink's tells how the run went. */
function pastHotlink([first]: readonly Found[]): Judged {
  const why = 'the programs spoke plain TCP past hotlink, so that its counters and logs say nothing of the run';
  return { verdict: 'inconclusive', because: first === undefined ? why : `${why}; ${first.draft.message}` };
}

/** Everything that was sent arrived, and nothing stands still. */
function whole(c: CaseFile, warnings: readonly Found[]): Judged {
  if (c.finished !== true && !seesMovement(c))
    return { verdict: 'inconclusive', because: 'counters balance, but no log shows whether anything still moved' };
  if (c.finished === false && gaveUp(c).length > 0)
    return { verdict: 'inconclusive', because: 'all that was sent arrived, but the runner gave up on the run and nothing here shows why' };
  const blocked = warnings.find((f) => blocksAnUnusedDirection(c, f));
  if (blocked !== undefined)
    return { verdict: 'inconclusive', because: `what was sent arrived, but the run may have only begun: ${blocked.draft.message}` };
  const because = `everything that was sent was delivered${c.finished === true ? ' and the run finished' : ''}`;
  return warnings.length > 0
    ? { verdict: 'degraded', because: `${because}; ${warnings[0]?.draft.message ?? ''}` }
    : { verdict: 'healthy', because };
}

function whyItMayStand(c: CaseFile, causes: readonly Found[]): string {
  if (!c.stillness.standing) return 'by your word the run stood still, and nothing here shows why';
  const seconds = Math.floor((c.stillness.stoodStillUs ?? 0) / 1_000_000);
  return `nothing moved for ${seconds} s and nothing says whether the run was done${reasonOf(causes)}`;
}

/** What would be an error once the run stands still, at a direction that has carried nothing yet. */
function blocksAnUnusedDirection(c: CaseFile, { rule, draft }: Found): boolean {
  if (c.finished === true || rule.meta.severity !== 'error') return false;
  const { party, from, to } = draft.subject;
  const isMeant = (a: string, b: string): boolean => (party === undefined ? a === from && b === to : a === party || b === party);
  return c.directions.some((d) => d.streams.length === 0 && d.delivered.max === 0 && isMeant(d.from, d.to));
}

/** The first warning; without one a computation, which is only information and yet the best reason to wait. */
function reasonOf(causes: readonly Found[]): string {
  const reason =
    causes.find((f) => f.draft.severity === 'warning') ??
    causes.find((f) => f.rule.meta.id === 'silent-application' && f.draft.severity === 'info');
  return reason === undefined ? '' : `: ${reason.draft.message}`;
}

/** Samples of counters say when something stood still; that nothing is under way any more only a log says. */
function seesMovement(c: CaseFile): boolean {
  return c.stillness.stoodStillUs !== null && c.parties.some((p) => p.log !== null);
}

/** A capture ends at the client's door: what it shows is received, and nothing shows that it was written to a program. */
function whyNothingArrived(c: CaseFile): string {
  const received = c.directions.filter((d) => (d.received?.min ?? 0) > 0);
  if (received.length === 0) return 'no byte was seen to arrive anywhere; a run that never began looks the same';
  const whole = c.directions.every((d) => d.received !== null && d.received.min >= d.sent.max);
  // A log shows what it decoded, and captures what came in; neither shows that it was written.
  if (c.parties.every((p) => p.wire === null))
    return 'clients decoded bytes, and nothing here shows that these were written to their programs';
  return `captures show ${whole ? 'that all that was sent reached the other clients' : 'bytes that reached clients'}; only their logs show whether it was written to the programs`;
}
