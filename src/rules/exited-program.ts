/**
 * The container of one party's program is gone while those of the others are up: they wait for it, and no counter will move again.
 * Code 137 means that it was killed, by somebody or, with docker's OOM flag, by the kernel. When all are gone nobody waits, unless
 * docker says that one went long before the others.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm, name, names } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import { programsOf, type Program } from './facts/programs.ts';

/** Programs that are ended together are gone within this time of each other; docker's own grace before a kill is 10 s. */
const TOGETHER_US = 15_000_000;
const KILLED = 137;

export const exitedProgram = defineRule({
  meta: {
    id: 'exited-program',
    title: "A party's program exited while the others wait for it",
    severity: 'error',
    failures: ['F-22', 'F-39'],
    needs: ['container'],
    proves: "Docker says that this party's container exited with an error, and others of the run are up or went much later.",
    notEvidence: {
      'ended-together': 'All containers of the run exited at about the same time: somebody ended the run.',
      'went-well': 'A container that exited with code 0: its program was done.',
      'other-run': 'An exited container of another run.',
      finished: 'A run that was completed.',
    },
    blindTo: 'Why it exited, and programs whose containers were removed (--rm) with their logs.',
    remedy: 'Read its last output (docker logs NAME; run with containers kept), mend it, remove all containers of the run and start again.',
    explains: [
      'stalled-counters',
      'silent-application',
      'absent-application',
      'asymmetric-growth',
      'late-application',
      'lost-writer',
      'missing-channel',
      'read-loop-blockage',
      'unanswered-open',
    ],
  },
  judge(c, steps) {
    const programs = programsOf(c);
    return steps
      .of('containers of the run', programs)
      .that('of a run that is not known to be finished', () => c.finished !== true)
      .that('that exited with an error', (p) => hasFailed(p))
      .to('while others of the run went on', (p) => {
        const waiting = programs.filter((o) => o !== p && (o.isRunning || wentLater(p, o)));
        return waiting.length === 0 ? null : { p, waiting };
      })
      .rows.flatMap(({ p, waiting }) => judgeProgram(c, p, waiting));
  },
});

function hasFailed({ container }: Program): boolean {
  if (container.state !== 'exited' && container.state !== 'dead') return false;
  return container.oomKilled === true || (container.exitCode !== null && container.exitCode !== 0);
}

function judgeProgram(c: CaseFile, p: Program, waiting: readonly Program[]): Draft[] {
  const { container } = p;
  const waits = waiting.map((o) => o.party ?? o.container.name);
  const ended = container.endedUs;
  return [
    {
      subject: p.party === null ? {} : { party: p.party },
      severity: harm(c, false),
      confidence: p.party === null ? 'likely' : 'certain',
      message: `${p.party === null ? container.name : `${name(p.party, c)}'s program`} ${howItWent(p)} while ${names(waits, c)} ${waiting.some((o) => o.isRunning) ? (waits.length === 1 ? 'is up and waits' : 'are up and wait') : 'went on'}`,
      evidence: [p.ref, ...waiting.map((o) => o.ref)],
      metrics: { exit_code: container.exitCode, out_of_memory: container.oomKilled },
      ...(ended === null ? {} : { at: ended }),
      ...(/^[A-Za-z0-9][\w.-]*$/.test(container.name)
        ? {
            remedy: `Read its last output: docker logs --tail 200 ${container.name}; mend it, remove all containers of this run and start again.`,
          }
        : {}),
      touches: '*',
    },
  ];
}

function wentLater(p: Program, o: Program): boolean {
  const [a, b] = [p.container.endedUs, o.container.endedUs];
  return a !== null && b !== null && b - a > TOGETHER_US;
}

function howItWent({ container }: Program): string {
  if (container.oomKilled === true) return `was killed for want of memory (code ${String(container.exitCode)})`;
  return container.exitCode === KILLED ? 'was killed (code 137)' : `exited with code ${String(container.exitCode)}`;
}
