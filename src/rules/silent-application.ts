/**
 * Transport delivered everything, and a program stopped answering. Which one shows in the repeated order of the rounds: between two
 * of its sends on a direction a party always hears certain others first; after its last send it has heard them all again and
 * has not sent. A run that ended at the end of a round looks the same for the party that would begin the next one, so without
 * an unfinished step or CPU figures this is a warning, not a verdict. CPU tells a computation, which is information, from a hang.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { isWhole, name, names } from './engine/ask.ts';
import type { CaseFile, Ref } from './facts/case-file.ts';
import { programLoads, type ProgramLoad } from './facts/programs.ts';
import { whoOwes, type Owing } from './facts/rounds.ts';
import { gaveUp, lineRef, nobodyComputes, waitingStacks } from './facts/runner.ts';

export const silentApplication = defineRule({
  meta: {
    id: 'silent-application',
    title: 'Everything was delivered, and a program stopped answering',
    severity: 'error',
    failures: ['F-39', 'F-24'],
    needs: ['client-log|counter-series'],
    proves: 'All bytes reached the local sockets; the named party heard all that used to make it send, and has not sent.',
    notEvidence: {
      'last-receiver': 'Having received last: every finished run has a last receiver.',
      finished: 'A completed step, or programs that closed their connections after a whole round.',
      pause: 'Quiet in the middle of a run that moved again.',
      'grace-waits': 'Pauses of 1.5 s at the start of sessions in E6.',
      computing: 'A program whose CPU is high: it computes, and may answer yet.',
    },
    blindTo: 'Whether the program computes or hangs, where no CPU figure of its container is there.',
    remedy: "Look at that party's program: its CPU (docker stats, ps), its stack, its own log. The transport needs nothing.",
    explains: ['stalled-counters'],
  },
  judge(c, steps) {
    const unfinished = [...c.progress.filter((p) => p.state === 'unfinished').map((p) => p.ref), ...gaveUp(c).flatMap(lineRef)];
    const isOpen = c.parties.some((p) => p.telemetry?.proxies.some((x) => x.connected) === true);
    const loads = programLoads(c);
    const quiet = steps
      .of('the run', [c])
      .that('not finished, and standing still', () => c.finished !== true && c.stillness.standing)
      .that('with bytes that arrived', () => c.directions.some((d) => d.delivered.min > 0))
      .that('without a direction that lost any', () => !c.directions.some((d) => d.lost.min > 0))
      .that('and without one of which that is in doubt', () => c.directions.every((d) => isWhole(d) || d.streams.length === 0));
    const owing = whoOwes(c.bursts);
    const byRounds = quiet
      .to('whose rounds name a party that owes the next bytes', () => owing)
      // Connections closed at the end of whole rounds: finished as far as anything shows.
      .that(
        'in the middle of a round, or with an unfinished step, an open connection or a program that docker measured',
        (o) => unfinished.length > 0 || o.midRound || isOpen || loads.length > 0,
      );
    const noRounds = quiet.that('of which no rounds can be read', () => owing === undefined);
    const measured = noRounds.to('with CPU figures of its programs that say something', () => byLoads(c, loads, unfinished));
    const inSteps = noRounds
      .that('with an unfinished step', () => unfinished.length > 0 && measured.rows.length === 0)
      .to('and counters that say which party moved last', () => lastToMove(c));
    return [
      ...byRounds.rows.map((o) => draftFor(c, o, unfinished, loads)),
      ...measured.rows,
      ...inSteps.rows.map((last) => byProgress(c, last, unfinished)),
    ];
  },
});

function draftFor(c: CaseFile, o: Owing, unfinished: readonly Ref[], loads: readonly ProgramLoad[]): Draft {
  const heard: Ref[] = o.heard.slice(0, 3).map((b) => ({ sourceId: b.sourceId, line: b.line }));
  const still = Math.floor((c.stillness.stoodStillUs ?? 0) / 1_000_000);
  // A program that stands in a receive computes nothing: it waits for bytes itself, whatever the rounds say.
  const stack = waitingStacks(c).find((s) => s.who === o.party);
  const waits =
    stack === undefined
      ? ''
      : nobodyComputes(c)
        ? '; yet all programs stand in a receive, so nobody computes'
        : '; yet its stack stands in a receive';
  const waiting = `${names(o.towards, c)} ${o.towards.length === 1 ? 'waits' : 'wait'} for it`;
  const doubt = o.midRound || unfinished.length > 0 ? '' : ' (or the run ended here: the rounds are whole)';
  const own = loads.find((l) => l.party === o.party);
  const computing = loads.filter((l) => l.computes && l !== own);
  const weight = weigh(own, computing, unfinished.length > 0, o.midRound);
  return {
    subject: { party: o.party },
    ...weight,
    ...(stack === undefined ? {} : { confidence: 'possible' as const }),
    message: `${name(o.party, c)}'s program received everything that made it send in the ${o.rounds - 1} earlier rounds and has been silent for ${still} s${cpuOf(own, computing, c)}; ${waiting}${own === undefined ? doubt : ''}${waits}`,
    evidence: [
      ...(own?.refs ?? []),
      ...heard,
      ...computing.flatMap((l) => l.refs),
      ...unfinished.slice(0, 1),
      ...(stack === undefined ? [] : lineRef(stack.frame)),
      ...(c.stillness.lastMovedRef === null ? [] : [c.stillness.lastMovedRef]),
    ],
    metrics: {
      silent_seconds: still,
      rounds_before: o.rounds - 1,
      mid_round: o.midRound,
      ...(own === undefined ? {} : { cpu_percent: String(own.cpuPercent) }),
    },
    at: o.at,
    touches: '*',
  };
}

/** CPU decides where it is there: a computation is no failure; an idle program that owes is one, unless another still computes. */
function weigh(
  own: ProgramLoad | undefined,
  computing: readonly ProgramLoad[],
  isUnfinished: boolean,
  midRound: boolean,
): Pick<Draft, 'severity' | 'confidence'> {
  if (own?.computes === true) return { severity: 'info', confidence: 'likely' };
  if (computing.length > 0) return { severity: 'warning', confidence: 'possible' };
  if (isUnfinished) return { severity: 'error', confidence: 'certain' };
  if (own !== undefined) return { severity: 'error', confidence: 'likely' };
  return { severity: 'warning', confidence: midRound ? 'likely' : 'possible' };
}

function cpuOf(own: ProgramLoad | undefined, computing: readonly ProgramLoad[], c: CaseFile): string {
  const others = computing.length === 0 ? '' : `, while ${whoComputes(computing, c)}`;
  if (own === undefined) return `${others}; whether it computes or hangs no CPU figure tells`;
  if (own.computes) return `, still computing (CPU ${own.cpuPercent} %)`;
  return ` with its CPU at ${own.cpuPercent} %: it hangs or waits for something else${others}`;
}

function whoComputes(computing: readonly ProgramLoad[], c: CaseFile): string {
  return computing.map((l) => `${l.party === null ? l.name : name(l.party, c)} computes (CPU ${l.cpuPercent} %)`).join(', ');
}

/** No rounds to read, but figures of the programs: one that computes may be what all wait for; none that does is a hang of one of them. */
function byLoads(c: CaseFile, loads: readonly ProgramLoad[], unfinished: readonly Ref[]): Draft | undefined {
  // Totals alone may hide a loss that no direction owns up to.
  if (loads.length === 0 || c.directions.some((d) => !isWhole(d))) return undefined;
  const computing = loads.filter((l) => l.computes);
  const [one, ...more] = computing;
  const still = Math.floor((c.stillness.stoodStillUs ?? 0) / 1_000_000);
  const evidence = [...loads.flatMap((l) => l.refs), ...unfinished.slice(0, 2), ...c.stillness.samples.slice(0, 2)];
  const metrics = { silent_seconds: still, programs: loads.length, computing: computing.length };
  const base = { evidence, metrics, touches: '*' as const, ...(c.stillness.lastMoved === null ? {} : { at: c.stillness.lastMoved }) };
  if (one !== undefined) {
    const message = `everything was delivered; ${whoComputes(computing, c)}: still computing after ${still} s without a message`;
    return {
      ...base,
      subject: more.length === 0 && one.party !== null ? { party: one.party } : {},
      severity: 'info',
      confidence: 'likely',
      message,
    };
  }
  // Idle programs of some parties do not tell what the others do.
  if (c.parties.some((p) => !loads.some((l) => l.party === p.email))) return undefined;
  const message = `everything was delivered and all programs are up and idle (CPU at most ${Math.max(...loads.map((l) => l.cpuPercent))} %): one of them stopped answering, and nothing here tells which`;
  return { ...base, subject: {}, severity: unfinished.length > 0 ? 'error' : 'warning', confidence: 'likely', message };
}

interface LastMove {
  readonly party: string;
  readonly t: number;
  readonly ref: Ref;
}

function lastToMove(c: CaseFile): LastMove | undefined {
  return c.parties
    .flatMap((p) =>
      p.managers.flatMap((m) =>
        m.lastMoved === null ? [] : [{ party: p.email, t: m.lastMoved.t, ref: { sourceId: m.lastMoved.sourceId, line: m.lastMoved.line } }],
      ),
    )
    .toSorted((a, b) => b.t - a.t)[0];
}

/** No rounds to read (peer-to-peer, or too few): the party that received last, as a possibility. */
function byProgress(c: CaseFile, last: LastMove, unfinished: readonly Ref[]): Draft {
  return {
    subject: { party: last.party },
    severity: 'error',
    confidence: 'possible',
    message: `everything was delivered and a step is unfinished, so a program stopped answering; ${name(last.party, c)} moved last`,
    evidence: [last.ref, ...unfinished.slice(0, 2)],
    at: last.t,
    touches: '*',
  };
}
