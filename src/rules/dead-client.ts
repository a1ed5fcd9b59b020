/**
 * The summary line comes every three seconds whatever happens; a log that stops earlier than the others' is a process that
 * stopped. A log that was only cut short looks alike, so telemetry that goes on or a connection that stays speak against it.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_CONNECTION } from './engine/follows.ts';
import { harm, name, ref } from './engine/ask.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { LogEvent } from './facts/events.ts';

/** Summary lines come every 3.0 s, at most 3.1 s apart; the rest is for copies taken one after the other. */
const SILENT_US = 5_000_000;

export const deadClient = defineRule({
  meta: {
    id: 'dead-client',
    title: 'A client process died during the run',
    severity: 'error',
    failures: ['F-36'],
    needs: ['client-log'],
    proves: 'The process wrote nothing from this moment on, and its connection to the relay ended.',
    notEvidence: {
      'cut-log': 'A log file that ends early while its telemetry or its connection goes on: the copy is incomplete.',
      'frozen-network': 'A log that goes on with summary lines only: the process lives, its link does not.',
      restarted: 'A connection that comes back under a new id: the process was restarted.',
    },
    blindTo: "Why it died: look at the machine's own log.",
    remedy:
      'Start the client again together with its program, and start the run anew: peers keep sending into sessions whose acceptor is gone.',
    explains: [...WITHOUT_CONNECTION, 'frozen-link', 'unreadable-telemetry'],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .to("with a log whose end can be held against another party's", (p) => endOf(c, p))
      .that("whose log ends 5 s or more before the others' and the relay's", ({ silent }) => silent >= SILENT_US)
      .that('that nothing shows alive after its end', ({ p, ended, silent, removed }) => !livesOn(c, p, ended + silent, removed))
      .that('of whose end a line or a counter tells', (end) => proofOf(end).length > 0)
      .rows.map((end) => draftFor(c, end)),
});

interface End {
  readonly p: PartyFact;
  readonly ended: number;
  /** How much longer the others wrote, microseconds. */
  readonly silent: number;
  readonly removed: LogEvent | null;
}

function endOf(c: CaseFile, p: PartyFact): End | undefined {
  const others = c.parties.filter((o) => o.email !== p.email && o.logEnd !== null);
  if (p.log === null || p.logEnd === null || others.length === 0) return undefined;
  const silent = Math.max(...others.map((o) => o.logEnd ?? 0), c.relay?.end ?? 0) - p.logEnd;
  return { p, ended: p.logEnd, silent, removed: c.events.of('hub-removed').findLast((e) => e.user === p.email) ?? null };
}

function proofOf({ p, removed }: End): Ref[] {
  const last = p.managers.at(-1)?.last ?? null;
  return [...ref(removed), ...(last === null ? [] : [{ sourceId: last.sourceId, line: last.line }]), ...flushRef(p)];
}

function draftFor(c: CaseFile, end: End): Draft {
  const { p, ended, removed } = end;
  const seconds = Math.round(end.silent / 1_000_000);
  return {
    subject: { party: p.email },
    severity: harm(c, false),
    confidence: removed !== null ? 'certain' : 'likely',
    message: `${name(p.email, c)}'s client stopped ${seconds} s before the others' logs end${removed !== null ? ', and the relay dropped its connection' : ''}`,
    evidence: proofOf(end),
    metrics: { silent_seconds: seconds },
    at: removed?.t ?? ended,
    touches: '*',
  };
}

/** Its log was only cut: telemetry goes on, it came back, or the relay still hears it. Without a word of its end, neither is claimed. */
function livesOn(c: CaseFile, p: PartyFact, end: number, removed: LogEvent | null): boolean {
  const flushed = p.telemetry?.updatedUs == null ? null : c.common(p.telemetry.updatedUs, p.email);
  if (flushed !== null && end - flushed < SILENT_US) return true;
  if (removed !== null) return c.events.of('hub-registered').some((e) => e.user === p.email && e.id > removed.id);
  return flushed === null ? c.relay !== null || heardAfter(c, p) : c.relay !== null && heardAfter(c, p);
}

function flushRef(p: PartyFact): Ref[] {
  const updated = p.telemetry?.updatedUs;
  return p.telemetry === null || updated == null
    ? []
    : [{ source: p.telemetry.source, pointer: '/updated_ms', text: `updated_ms: ${String(Math.round(updated / 1000))}` }];
}

/** The relay goes on hearing this client after its log ends. */
function heardAfter(c: CaseFile, p: PartyFact): boolean {
  return c.families.some(
    (f) => f.party === null && f.subject === p.email && f.lastUs !== null && c.common(f.lastUs, null) > (p.logEnd ?? 0) + SILENT_US,
  );
}
