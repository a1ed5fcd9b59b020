/**
 * With plain TCP past hotlink (H1) some programs exit with an error while another one still waits to be dialled. One way to get there:
 * each party has a port base of its own, while plain sequre expects one for all, so that a party dials a port on which nobody listens
 * and gives up after some hundred tries (field guide F-22, unconfirmed).
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { harm } from './engine/ask.ts';
import type { CaseFile } from './facts/case-file.ts';
import type { RunnerEvent } from './facts/load-runner.ts';
import { directTcp, isAfter, lineRef, partyOf, runnerLines, speakerOf } from './facts/runner.ts';

export const earlyExit = defineRule({
  meta: {
    id: 'early-exit',
    title: 'With plain TCP past hotlink a program exited while another one waits for it',
    severity: 'warning',
    failures: ['F-22'],
    needs: ['runner'],
    proves: 'The runner says that this program ended with an error, and later that another one still runs or waits to be dialled.',
    notEvidence: {
      'all-exited': 'Programs that all ended: nobody waits.',
      'went-well': 'A program that ended with code 0.',
      'through-hotlink': 'A program that exited in a run whose bytes go through hotlink: its own output says why.',
    },
    blindTo: 'Why it exited: containers that are removed (--rm) take their output along.',
    remedy:
      'Keep the containers (BIOVAULT_SYQURE_KEEP_CONTAINERS=1) and read their output; compare SEQURE_COMMUNICATION_PORT of all parties: plain TCP needs one base for all.',
    explains: [],
  },
  judge(c, steps) {
    const direct = directTcp(c);
    if (direct.length === 0) return { notApplicable: 'nothing says that the programs spoke plain TCP past hotlink' };
    const waiting = steps
      .of('programs that run or wait to be dialled', runnerLines(c, 'program-alive', 'peer-connect'))
      .that('and still do, as far as told', (e) => e.kind === 'program-alive' || e.status === 'awaiting')
      .that('of a party that is named', (e) => speakerOf(c, e) !== null)
      .that('and did not end after', (e) => !hasEnded(c, e)).rows;
    const seen = new Set<string>();
    return steps
      .of('programs that ended', runnerLines(c, 'program-exit'))
      .that('with an error', (e) => e.n !== 0)
      .to('of a party that is named', (e) => {
        const who = speakerOf(c, e);
        return who === null ? null : { who, exit: e };
      })
      .that('not yet told', ({ who }) => seen.size < seen.add(who).size)
      .to('while another one waits', ({ who, exit }) => {
        const other = waiting.find((w) => speakerOf(c, w) !== who);
        return other === undefined ? null : { who, exit, other };
      })
      .rows.map(({ who, exit, other }) => draftFor(c, who, exit, other, direct[0]));
  },
});

/** The program of this line ended too, after it. */
function hasEnded(c: CaseFile, w: RunnerEvent): boolean {
  const who = speakerOf(c, w);
  return runnerLines(c, 'program-exit', 'done').some(
    (e) => (e.kind === 'done' || speakerOf(c, e) === who) && (isAfter(e, w) || e.sourceId !== w.sourceId),
  );
}

function draftFor(c: CaseFile, who: string, exit: RunnerEvent, other: RunnerEvent, direct: RunnerEvent | undefined): Draft {
  const bases = [...new Set(runnerLines(c, 'port-base').map((e) => e.port))].filter((p) => p !== null);
  const party = partyOf(c, exit);
  const ports = runnerLines(c, 'port-base').slice(0, 3).flatMap(lineRef);
  const how = exit.status === 'signal' ? `was ended by signal ${String(exit.n)}` : `exited with code ${String(exit.n)}`;
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: harm(c, false) === 'info' ? 'info' : 'warning',
    confidence: 'possible',
    message: `${who}'s program ${how} while ${speakerOf(c, other) ?? 'another'} still waits; they speak plain TCP past hotlink${bases.length > 1 ? `, and their port bases differ (${bases.join(', ')})` : ''}`,
    evidence: [...lineRef(exit), ...lineRef(other), ...(direct === undefined ? [] : lineRef(direct)), ...(bases.length > 1 ? ports : [])],
    metrics: { exit: exit.n, port_bases: bases.length },
    touches: '*',
  };
}
