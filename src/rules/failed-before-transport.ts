/**
 * A step before the computation failed at one party, so its program never started and the others wait, or nothing ever moved.
 * The transport has no part in it: no session, no byte of that party. Progress files say it, or what the runner printed: a table of
 * steps, a step log, a shell that lacks a command, a system that refuses, two roles with one participant.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_PROGRAM } from './engine/follows.ts';
import { name } from './engine/ask.ts';
import type { Steps } from './engine/steps.ts';
import type { CaseFile, PartyFact, Ref } from './facts/case-file.ts';
import type { RunnerEvent } from './facts/load-runner.ts';
import { carried, gaveUp, isAfter, lineRef, partyOf, runnerLines, speakerOf } from './facts/runner.ts';

export const failedBeforeTransport = defineRule({
  meta: {
    id: 'failed-before-transport',
    title: "A step failed before the party's program used the transport",
    severity: 'error',
    failures: ['F-23'],
    needs: ['progress|runner'],
    proves: "The party's own progress file or its runner says that a step failed, and the party never sent a byte.",
    notEvidence: {
      'failed-after': 'A step that failed after bytes had moved: the transport may be its cause.',
      'other-run': 'A failed step of another run.',
      retried: 'A failed step that was completed later.',
      'then-began': 'A refusal or a missing command after which the computation began all the same.',
      'killed-late': 'A signal 9 with which a runner ended a run that it had given up.',
    },
    blindTo: "Why the step failed: see the error text and the step's own log.",
    remedy: 'Read the error of the failed step, mend its inputs and run the flow again; leave the transport alone.',
    explains: [...WITHOUT_PROGRAM],
  },
  judge(c, steps) {
    const byFiles = steps
      .of("parties' progress", c.progress)
      .that('with a step that failed', (p) => p.state === 'failed')
      .that('of a party that sent no frame', (p) => (c.party(p.party)?.sent.frames.min ?? 0) <= 0)
      .that('and opened no session', (p) => c.events.ofParty(p.party, 'session-new').length === 0)
      .rows.map((p) => fromProgress(c, p));
    const named = new Set(byFiles.map((d) => d.subject.party));
    const isNew = ({ subject: { party } }: Draft): boolean => (party === undefined ? named.size === 0 : !named.has(party));
    return [...byFiles, ...fromRunner(c, steps).filter(isNew)];
  },
});

/** Hotlink carried something of the party, or began to. */
function spoke(c: CaseFile, e: RunnerEvent): boolean {
  const party = partyOf(c, e);
  return carried(c, party) || (party !== undefined && c.events.ofParty(party.email, 'session-new').length > 0);
}

function fromProgress(c: CaseFile, p: CaseFile['progress'][number]): Draft {
  const party = c.party(p.party);
  const errorPointer =
    'pointer' in p.ref && 'source' in p.ref && p.message !== null
      ? [{ source: p.ref.source ?? '', pointer: `${p.ref.pointer}/error`, text: `error: ${p.message}` }]
      : [];
  return {
    subject: { party: p.party },
    severity: 'error',
    confidence: isSilent(party) ? 'certain' : 'likely',
    message: `step ${p.step ?? ''} failed at ${name(p.party, c)} before its program used the transport${p.message === null ? '' : `: ${p.message}`}`,
    evidence: [p.ref, ...errorPointer],
    metrics: { step: p.step },
    ...(p.t === null ? {} : { at: p.t }),
    touches: '*',
  };
}

/** What the runner printed, one finding for each party: a failed step first, since it says most. */
function fromRunner(c: CaseFile, steps: Steps): Draft[] {
  const drafts = [...failedSteps(c, steps), ...refusals(c, steps), ...mappedTwice(c, steps)];
  const seen = new Set<string>();
  return drafts.filter(({ subject }) => {
    const key = subject.party ?? '';
    const isNew = !seen.has(key) && !(key === '' && seen.size > 0);
    seen.add(key);
    return isNew;
  });
}

function failedSteps(c: CaseFile, steps: Steps): Draft[] {
  const told = runnerLines(c, 'step');
  return steps
    .of('steps that a runner speaks of', told)
    .that('that failed', (e) => e.status === 'failed')
    .that('and were not done again', (e) => !told.some((s) => isRedone(e, s)))
    .that('of a party that carried nothing', (e) => !spoke(c, e))
    .that('before the step that computes, or with a log or counters', (e) => !COMPUTES.test(e.subject ?? '') || isSilent(partyOf(c, e)))
    .rows.map((e) => {
      const after = told.find((s) => s.sourceId === e.sourceId && s.party === e.party && s.status === 'not-started');
      const who = speakerOf(c, e);
      return draftOf(c, e, {
        confidence: isSilent(partyOf(c, e)) ? 'certain' : 'likely',
        message: `step ${e.subject ?? ''} failed${who === null ? '' : ` at ${who}`} before its program used the transport${detailOf(e)}`,
        more: after === undefined ? [] : lineRef(after),
        step: e.subject,
      });
    });
}

/** The step in which the program itself runs: only the party's own evidence tells whether the transport was in use by then. */
const COMPUTES = /secure|aggregate|mpc|syqure|sequre/i;

function isSilent(party: PartyFact | undefined): boolean {
  return party !== undefined && (party.hasCounters || party.log !== null);
}

/** The same step of the same party went well later, or began again. */
function isRedone(failed: RunnerEvent, s: RunnerEvent): boolean {
  const same = s.subject === failed.subject && s.party === failed.party && s.partyIndex === failed.partyIndex;
  return same && isAfter(s, failed) && s.status !== 'failed' && s.status !== 'not-started';
}

/** A shell without the command, a system that refuses to listen or to remove: the start itself failed. */
function refusals(c: CaseFile, steps: Steps): Draft[] {
  return steps
    .of('refusals of the shell or the system', runnerLines(c, 'command-missing', 'denied'))
    .that('after which nothing began', (e) => !beganAfter(c, e))
    .that('of a party that carried nothing', (e) => !spoke(c, e))
    .rows.map((e) => {
      const what =
        e.kind === 'command-missing'
          ? `the shell of the runner has no command ${e.subject ?? ''}`
          : `the system refused the runner something${detailOf(e)}`;
      return draftOf(c, e, { confidence: 'likely', message: `the run failed before the transport: ${what}`, more: [], step: null });
    });
}

function beganAfter(c: CaseFile, e: RunnerEvent): boolean {
  const began = runnerLines(c, 'program-start', 'program-alive', 'direct-tcp', 'peer-connect', 'done', 'mount-failed');
  return began.some((b) => isAfter(b, e));
}

/** Two roles with one participant: the second program of it ends the first (field guide F-23). */
function mappedTwice(c: CaseFile, steps: Steps): Draft[] {
  const given = gaveUp(c);
  const killed = steps
    .of('programs that ended', runnerLines(c, 'program-exit'))
    .that('by signal 9', (e) => e.status === 'signal' && e.n === 9)
    .that('before the runner gave up', (e) => !given.some((g) => g.sourceId !== e.sourceId || isAfter(e, g)))
    .that('of a party that carried nothing', (e) => !spoke(c, e)).rows;
  const [first] = killed;
  const twice = steps
    .of('maps of roles', runnerLines(c, 'role-map'))
    .that('with one participant twice', (e) => e.status === 'duplicate')
    .that('in a run that carried nothing', () => !carried(c)).rows[0];
  if (twice !== undefined) {
    const ended = first === undefined ? '' : ', and a program was ended by signal 9 before it used the transport';
    const message = `two roles have one participant, ${twice.subject ?? ''}${ended}`;
    const more = first === undefined ? [] : lineRef(first);
    return [{ ...draftOf(c, twice, { confidence: first === undefined ? 'possible' : 'likely', message, more, step: null }), subject: {} }];
  }
  if (first === undefined) return [];
  const who = speakerOf(c, first);
  const message = `${who === null ? 'a program' : `${who}'s program`} was ended by signal 9 before it used the transport; two roles with one participant end so, a machine without memory too`;
  return [draftOf(c, first, { confidence: 'possible', message, more: [], step: null })];
}

function detailOf(e: RunnerEvent): string {
  return e.detail === null ? '' : `: ${e.detail}`;
}

interface Words {
  readonly confidence: Draft['confidence'];
  readonly message: string;
  readonly more: readonly Ref[];
  readonly step: string | null;
}

function draftOf(c: CaseFile, e: RunnerEvent, { confidence, message, more, step }: Words): Draft {
  const party = partyOf(c, e);
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: 'error',
    confidence,
    message,
    evidence: [...lineRef(e), ...more],
    metrics: { step },
    touches: '*',
  };
}
