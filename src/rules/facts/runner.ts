/**
 * What runner text says of the judged run: failures around hotlink, plain TCP past it, time-outs, stacks that wait.
 * Rules ask by kind (docs/tables.md lists them). A line that names no run may be of this one.
 */
import type { CaseFile, PartyFact, Ref } from './case-file.ts';
import type { RunnerEvent, StackFrame, Standing } from './load-runner.ts';

/** What these facts need of a case file; it is also at hand while the case is assembled. */
export type WithSurroundings = Pick<CaseFile, 'around' | 'run'>;

/** Lines of these kinds that are not another run's, in the order of their files. */
export function runnerLines(c: WithSurroundings, ...kinds: readonly string[]): readonly RunnerEvent[] {
  return c.around.runner.filter((e) => kinds.includes(e.kind) && (e.run === null || c.run === null || e.run === c.run.id));
}

/** Where a line of text stands. */
export function lineRef(s: Standing): Ref[] {
  return s.line === null ? [] : [{ sourceId: s.sourceId, line: s.line }];
}

/** The party of which a row speaks: its email, the short name that a table gives it, or its number. */
export function partyOf(c: CaseFile, e: { readonly party: string | null; readonly partyIndex: number | null }): PartyFact | undefined {
  const named = e.party === null ? undefined : c.parties.find((p) => p.email === e.party || p.role === e.party);
  return named ?? (e.partyIndex === null ? undefined : c.parties.find((p) => p.index === e.partyIndex));
}

/** Its name in a sentence, also where nothing but the text knows the party. */
export function speakerOf(c: CaseFile, e: { readonly party: string | null; readonly partyIndex: number | null }): string | null {
  const party = partyOf(c, e);
  if (party !== undefined) return party.role;
  if (e.party !== null) return e.party.split('@')[0] ?? e.party;
  return e.partyIndex === null ? null : `party ${e.partyIndex}`;
}

/** Hotlink carried something of this party, or of anybody. */
export function carried(c: CaseFile, party?: PartyFact): boolean {
  const who = party === undefined ? c.parties : [party];
  if (who.some((p) => p.sent.frames.min > 0 || p.received.frames.min > 0)) return true;
  return c.around.counters.some(
    (s) =>
      (party === undefined || s.party === party.email || s.party === party.role) &&
      ((s.txBytesMin ?? 0) > 0 || (s.rxBytesMin ?? 0) > 0 || (s.txPackets ?? 0) > 0 || (s.rxPackets ?? 0) > 0),
  );
}

const PROXY_OFF = /^(?:0|false|no|off)$/i;

/**
 * Lines that say that the programs spoke plain TCP past hotlink (H1, field guide F-22). Nothing when hotlink carried bytes all the
 * same: then they are of another attempt.
 */
export function directTcp(c: CaseFile): readonly RunnerEvent[] {
  const said = runnerLines(c, 'direct-tcp', 'environment', 'setting').filter(
    (e) =>
      e.kind === 'direct-tcp' ||
      (e.kind === 'environment' && e.subject === 'SEQURE_TCP_PROXY' && PROXY_OFF.test(e.detail ?? '')) ||
      (e.kind === 'setting' && e.subject === 'tcp_proxy' && PROXY_OFF.test(e.status ?? '')),
  );
  return said.length === 0 || carried(c) ? [] : said;
}

/** Lines by which the runner says that it gave up on the run: what timed out was the run or a step of it, and nothing was done after. */
export function gaveUp(c: WithSurroundings): readonly RunnerEvent[] {
  const ends = runnerLines(c, 'timed-out', 'program-killed').filter((e) =>
    e.kind === 'timed-out' ? e.status === 'run' : e.status === 'local_timeout',
  );
  const done = runnerLines(c, 'done');
  return ends.filter((e) => !done.some((d) => d.sourceId === e.sourceId && isAfter(d, e)));
}

/** Later in the same file. */
export function isAfter(a: Standing, b: Standing): boolean {
  return a.sourceId === b.sourceId && (a.line ?? 0) > (b.line ?? 0);
}

const RECEIVING = /receive_jar/;

export interface WaitingStack {
  readonly frame: StackFrame;
  /** Whose stack: an email, else the container or number that the dump names; null when it names nobody. */
  readonly who: string | null;
}

/** The first receiving frame of each program whose stack shows that it waits for bytes of a peer. */
export function waitingStacks(c: CaseFile): readonly WaitingStack[] {
  const first = new Map<string, WaitingStack>();
  for (const frame of c.around.stacks) {
    if (!RECEIVING.test(frame.name) || isOtherRuns(c, frame)) continue;
    const who = partyOf(c, frame)?.email ?? frame.container ?? (frame.partyIndex === null ? null : `party ${frame.partyIndex}`);
    const key = who ?? `${frame.sourceId}`;
    if (!first.has(key)) first.set(key, { frame, who });
  }
  return [...first.values()];
}

function isOtherRuns(c: CaseFile, { container }: StackFrame): boolean {
  return container !== null && c.run !== null && container.startsWith('syqure-') && !container.includes(c.run.id);
}

/** All parties' stacks wait in receive: nobody computes, so no program's computation is what the others wait for. */
export function nobodyComputes(c: CaseFile): boolean {
  const waiting = new Set(waitingStacks(c).map((s) => s.who));
  return c.parties.length > 1 && c.parties.every((p) => waiting.has(p.email));
}
