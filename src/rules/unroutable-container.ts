/**
 * A program in a container has no way to the host's proxy, or to a peer: its own sockets say "Network is unreachable" again and again,
 * or the runner's check of the way says so. Hotlink cannot know: it sees a program that never comes.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { WITHOUT_PROGRAM } from './engine/follows.ts';
import { counter, plural } from './engine/ask.ts';
import { groupBy } from '../util/group.ts';
import type { CaseFile, Ref } from './facts/case-file.ts';
import type { RunnerEvent } from './facts/load-runner.ts';
import { carried, directTcp, isAfter, lineRef, partyOf, runnerLines, speakerOf } from './facts/runner.ts';

/** A program that starts before its peer's network is up fails once or twice; sequre tries 100 times (field guide 1.2). */
const ENOUGH_TRIES = 3;
const NO_WAY = /unreachable|no route to host|host is down/i;

export const unroutableContainer = defineRule({
  meta: {
    id: 'unroutable-container',
    title: 'A program in a container has no way to its proxy or its peer',
    severity: 'error',
    failures: ['F-22'],
    needs: ['runner'],
    proves: "The program's own connection, or the runner's check before it, found no route, and no try after that succeeded.",
    notEvidence: {
      'then-connected': 'A few failed tries before one that succeeded: the peer was not up yet.',
      'direct-mode': 'Plain TCP past hotlink by itself, with counters at 0: that is its design.',
      refused: 'A refused connection: there is a way, and nobody listens there.',
      'carried-bytes': 'Failed tries of a party whose bytes went through hotlink afterwards.',
    },
    blindTo: 'Why there is no route: the network, subnet or firewall of docker.',
    remedy:
      'Give the containers one docker network with fixed addresses and tell the programs these, not names; for the proxy, let the container reach the host (host.docker.internal, host-gateway, or the host network).',
    explains: [...WITHOUT_PROGRAM, 'early-exit', 'failed-before-transport'],
  },
  judge(c, steps) {
    const told = new Set<string>();
    const checks = steps
      .of('checks of the way that failed', runnerLines(c, 'route-unreachable'))
      .that('and after which nothing got through', (e) => !isHealed(c, e))
      .rows.map((e) => [e]);
    const tries = steps
      .of('programs that tried to connect', [...groupBy(runnerLines(c, 'peer-connect'), placeOf).values()])
      .to('and found no way', (all) => {
        const failed = all.filter(hasNoWay);
        return failed.length === 0 ? null : failed;
      })
      .that('and got through to nobody after', (all) => !all.some((e) => isHealed(c, e)))
      .that('often enough, or until it ended', (all) => triesIn(all) >= ENOUGH_TRIES || all.some((e) => endsAfter(c, e))).rows;
    return steps
      .of('programs without a way', [...checks, ...tries])
      .to('with a line', (all) => (all[0] === undefined ? null : { all, first: all[0] }))
      .that('of a party that carried nothing', ({ first }) => !carried(c, partyOf(c, first)))
      .that('not yet told', ({ first }) => told.size < told.add(partyOf(c, first)?.email ?? speakerOf(c, first) ?? '').size)
      .rows.map(({ all, first }) => draftFor(c, all, first));
  },
});

function hasNoWay(e: RunnerEvent): boolean {
  return e.status === 'failed' && NO_WAY.test(e.detail ?? '');
}

function placeOf(e: RunnerEvent): string {
  return `${e.sourceId}\n${e.party ?? ''}\n${String(e.partyIndex)}`;
}

function triesIn(all: readonly RunnerEvent[]): number {
  return all.reduce((sum, e) => sum + (e.n ?? 1), 0);
}

/** A later line of the same file says that this program, or the whole, got through. */
function isHealed(c: CaseFile, e: RunnerEvent): boolean {
  return runnerLines(c, 'peer-connect', 'done').some(
    (later) => isAfter(later, e) && (later.kind === 'done' || (later.status === 'connected' && placeOf(later) === placeOf(e))),
  );
}

/** The program ended with an error, or the runner gave up, after it. */
function endsAfter(c: CaseFile, e: RunnerEvent): boolean {
  return runnerLines(c, 'program-exit', 'timed-out', 'program-killed').some((end) => isAfter(end, e) && end.n !== 0);
}

function draftFor(c: CaseFile, all: readonly RunnerEvent[], first: RunnerEvent): Draft {
  const last = all.at(-1) ?? first;
  const party = partyOf(c, first);
  const isCheck = first.kind === 'route-unreachable';
  const where = first.subject === null ? '' : ` to ${first.subject}${first.port === null ? '' : `:${first.port}`}`;
  const tried = triesIn(all);
  const direct: Ref[] = directTcp(c).slice(0, 1).flatMap(lineRef);
  const who = speakerOf(c, first);
  return {
    subject: party === undefined ? {} : { party: party.email },
    severity: 'error',
    confidence: isCheck || tried >= ENOUGH_TRIES ? 'certain' : 'likely',
    message: `${who === null ? 'a program' : `${who}'s program`} in its container has no way${where}: ${first.detail ?? 'no route'}${isCheck ? '' : ` (${plural(tried, 'try', 'tries')}, none succeeded)`}`,
    evidence: [
      ...lineRef(first),
      ...(last === first ? [] : lineRef(last)),
      ...direct,
      ...counter(party, 'tx_packets', party?.telemetry?.txPackets ?? null),
    ],
    metrics: { tries: isCheck ? null : tried, port: first.port },
    touches: '*',
  };
}
