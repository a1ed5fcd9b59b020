/**
 * Bytes reach the local program through the writer of its connection. A writer can be lost while the program lives: a second
 * connection is ignored as long as the first is there and is never promoted (E1b, E3), or a stand-in that is already
 * closed takes over (E4 on); in a Go client any close, a probe's too, takes the writer away. Then frames meet no writer.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';
import { WITHOUT_WRITER } from './engine/follows.ts';
import { skipDraft, skipped } from './engine/skip-draft.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';
import type { Skip } from './facts/skips.ts';

export const lostWriter = defineRule({
  meta: {
    id: 'lost-writer',
    title: 'A connected program lost the writer that delivers its bytes',
    severity: 'error',
    failures: ['F-4', 'F-7', 'F-26'],
    needs: ['client-log'],
    proves: 'Frames met no writer although this channel had a connected program before.',
    notEvidence: {
      'probe-before': 'A connection that came and went without bytes before the program: a probe.',
      'ordinary-close': 'A promoted stand-in at the end of a run: one comes with every close of an only connection.',
      'single-sample': 'One telemetry sample with connected false: the map was locked at that moment.',
    },
    blindTo: 'The order of connections, without debug lines.',
    remedy: 'Connect nothing but the program to a proxy port (no port probes while it runs), or run E4 or later; then start the run anew.',
    explains: [...WITHOUT_WRITER, 'absent-application'],
  },
  judge: (c, steps) => [
    ...skipped(c, steps)
      .that('whose writer had been there before', (s) => s.reason === 'lost')
      .rows.map((s) => fromSkip(c, s)),
    ...steps
      .of('parties', c.parties)
      .to('with a write into the local socket that failed', ({ email }) => failedWrites(c, email))
      .that('towards which bytes may be lost', ({ email }) => c.directions.some((d) => d.to === email && d.lost.max > 0))
      .that('in a run that did not finish', () => c.finished !== true)
      .rows.map((x) => fromWrites(c, x)),
  ],
});

function fromSkip(c: CaseFile, s: Skip): Draft {
  const closed =
    c.events
      .ofParty(s.party, 'app-closed')
      .filter((e) => e.line < s.event.line)
      .at(-1) ?? null;
  const ignored =
    c.events.ofParty(s.party, 'writer-mapped').find((e) => e.line < s.event.line && (e.reason ?? '').includes('false')) ?? null;
  return {
    ...skipDraft(c, s),
    message: `${name(s.party, c)}'s program had been connected, but ${name(s.sender, c)}'s frames found no writer any more`,
    evidence: [...ref(s.event), ...s.proof.flatMap((e) => ref(e)), ...ref(closed), ...ref(ignored)],
  };
}

interface FailedWrites {
  readonly email: string;
  readonly failed: readonly LogEvent[];
}

function failedWrites(c: CaseFile, email: string): FailedWrites | undefined {
  const failed = c.events.ofParty(email, 'write-failed');
  return failed.length === 0 ? undefined : { email, failed };
}

/** A write into the local socket that failed: the program went away while bytes were under way to it. */
function fromWrites(c: CaseFile, { email, failed }: FailedWrites): Draft {
  return {
    subject: { party: email },
    severity: harm(c, true),
    confidence: 'likely',
    message: `${name(email, c)}'s program went away while bytes were being written to it`,
    evidence: ref(failed[0]),
    ...firstTime(failed),
  };
}
