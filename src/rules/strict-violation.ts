/**
 * Strict and p2p-only modes refuse what cannot go peer to peer. The refused bytes are in no counter, but their numbers
 * are used up, so the direction is dead from then on (field guide trap 13).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { counter, firstTime, harm, hasOwnEvidence, name, plural, ref, subjectOf } from './engine/ask.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';
import type { RunnerEvent } from './facts/load-runner.ts';
import { lineRef, runnerLines } from './facts/runner.ts';
import { channelBefore } from './facts/offers.ts';

export const strictViolation = defineRule({
  meta: {
    id: 'strict-violation',
    title: "A mode that allows only peer to peer refused the program's bytes",
    severity: 'error',
    failures: ['F-15', 'F-9'],
    needs: ['client-log|telemetry'],
    proves:
      'The sending client refused these bytes and went on; they were never sent, and their numbers are missing. Where only the scenario says that its check failed, peer to peer was not what carried the run, and no more than that.',
    notEvidence: {
      'mode-alone': 'Strict mode by itself.',
      'connected-once': 'A connected data channel of another session.',
      'ordinary-fallback': 'A fallback to the WebSocket in ordinary mode: it loses nothing.',
    },
    blindTo: 'How many bytes the program had written: only debug lines count them.',
    remedy: 'Make peer to peer connect (TURN credentials, network), or run without strict and p2p-only.',
    explains: ['asymmetric-growth', 'stalled-counters', 'silent-application', 'sequence-gap', 'absent-application'],
  },
  judge(c, steps) {
    const drafts = steps
      .of('parties', c.parties)
      .that('with a log or telemetry', (p) => hasOwnEvidence(p))
      .to('with a send that was refused, in the log or by its counter', (p) => {
        const refused = c.events.ofParty(p.email, 'strict-fallback', 'p2p-send-failed', 'p2p-dropped', 'strict-accept-timeout');
        const counted = p.telemetry?.strictViolations ?? 0;
        return refused.length === 0 && counted === 0 ? null : { p, refused, counted };
      })
      .rows.map((x) => draftFor(c, x));
    const said = steps.of('checks of the scenario that failed', runnerLines(c, 'p2p-violation'));
    const lines = said.rows.slice(0, 3).flatMap(lineRef);
    const [first, ...rest] = drafts;
    if (first !== undefined) return [{ ...first, evidence: [...first.evidence, ...lines] }, ...rest];
    const alone = said.that('of a run that did not finish', () => c.finished !== true).rows;
    return alone.length === 0 ? [] : [fromScenario(alone)];
  },
});

/** The scenario's own check failed; whether bytes were refused or took the WebSocket, only the clients can tell. */
function fromScenario(said: readonly RunnerEvent[]): Draft {
  const fallbacks = Math.max(0, ...said.map((e) => e.n ?? 0));
  const what = said.some((e) => e.status === 'no-dataplane')
    ? 'no data channel was up'
    : `${plural(fallbacks, 'fallback')} to the WebSocket`;
  return {
    subject: {},
    severity: 'warning',
    confidence: 'likely',
    message: `the scenario allows peer to peer only and failed its check: ${what}`,
    evidence: said.slice(0, 3).flatMap(lineRef),
    metrics: { fallbacks },
    touches: '*',
  };
}

interface Refusals {
  readonly p: PartyFact;
  readonly refused: readonly LogEvent[];
  readonly counted: number;
}

function draftFor(c: CaseFile, { p, refused, counted }: Refusals): Draft {
  const targets = [
    ...new Set(refused.map((e) => c.sessions.find((s) => s.sid === e.sid)?.peer ?? null).filter((x) => x !== null)),
  ].toSorted();
  const wasOpen = refused.length > 0 && refused.every((e) => channelBefore(c, p.email, e) !== undefined);
  const why = wasOpen
    ? 'a data channel was open and did not take them (a chunk too large, or its buffer full)'
    : 'peer to peer was not connected and the mode allows nothing else';
  return {
    subject: subjectOf(p.email, targets),
    severity: harm(c, true),
    confidence: 'certain',
    message: `${name(p.email, c)}'s client refused ${refused.length > 0 ? plural(refused.length, 'send') : 'to send'}: ${why}`,
    evidence: [...refused.slice(0, 3).flatMap((e) => ref(e)), ...(counted > 0 ? counter(p, 'strict_violations', counted) : [])],
    metrics: { refused: refused.length },
    ...firstTime(refused),
    touches: [p.email, ...targets],
  };
}
