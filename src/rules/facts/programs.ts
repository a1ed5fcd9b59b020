/**
 * Programs of the judged run as docker saw them: which compute, which are idle, which are gone. Containers are known by their names,
 * `syqure-{run}-pid{N}` (field guide F-20), and party N is the one with that number.
 */
import type { CaseFile, Ref } from './case-file.ts';
import type { Container, ContainerLoad, Standing } from './load-runner.ts';
import { runIdTime } from './window.ts';

/** A program above this share of one core computes; one that waits for a message stays near 0. */
export const COMPUTING_CPU_PERCENT = 5;
/** Of several samples of `docker stats` the last ones count. */
const LAST_SAMPLES = 3;

export interface ProgramLoad {
  /** Email; null when no party has the container's number. */
  readonly party: string | null;
  readonly name: string;
  readonly computes: boolean;
  /** Greatest of the last samples. */
  readonly cpuPercent: number;
  readonly refs: readonly Ref[];
}

export function standingRef(s: Standing, text: string): Ref {
  return s.line === null ? { source: s.source, pointer: s.pointer ?? '', text } : { sourceId: s.sourceId, line: s.line };
}

/** Runs that containers name. */
function runsOf(c: CaseFile): ReadonlySet<string> {
  return new Set([...c.around.containers, ...c.around.loads].map((x) => x.run).filter((run) => run !== null));
}

/** Of the judged run; where nothing names a run, of the only one that containers name. */
function isOfRun(c: CaseFile, x: { readonly run: string | null }): boolean {
  if (x.run === null) return false;
  return c.run === null ? runsOf(c).size === 1 : x.run === c.run.id;
}

function partyOf(c: CaseFile, index: number | null): string | null {
  return index === null ? null : (c.parties.find((p) => p.index === index)?.email ?? null);
}

/** CPU of the run's programs, by name. */
export function programLoads(c: CaseFile): readonly ProgramLoad[] {
  const mine = c.around.loads.filter((l) => isOfRun(c, l) && l.cpuPercent !== null);
  return [...new Set(mine.map((l) => l.name))].toSorted().flatMap((name): ProgramLoad[] => {
    const last = mine.filter((l) => l.name === name).slice(-LAST_SAMPLES);
    const top = last.reduce<ContainerLoad | undefined>(
      (a, b) => (a === undefined || (b.cpuPercent ?? 0) > (a.cpuPercent ?? 0) ? b : a),
      undefined,
    );
    if (top === undefined) return [];
    const cpuPercent = top.cpuPercent ?? 0;
    const refs = [standingRef(top, `${name}: CPU ${cpuPercent} %`)];
    return [{ party: partyOf(c, top.partyIndex), name, computes: cpuPercent > COMPUTING_CPU_PERCENT, cpuPercent, refs }];
  });
}

export interface Program {
  readonly party: string | null;
  readonly container: Container;
  readonly isRunning: boolean;
  readonly ref: Ref;
}

/** Containers of the judged run, each as the last listing has it. */
export function programsOf(c: CaseFile): readonly Program[] {
  return lastOfEach(c.around.containers.filter((x) => isOfRun(c, x))).map((container) => ({
    party: partyOf(c, container.partyIndex),
    container,
    isRunning: isUp(container),
    ref: containerRef(container),
  }));
}

export function containerRef(x: Container): Ref {
  return standingRef(x, `${x.name}: ${x.status ?? x.state ?? ''}`);
}

function isUp(x: Container): boolean {
  return x.state === 'running' || x.state === 'paused' || x.state === 'restarting';
}

function lastOfEach(containers: readonly Container[]): readonly Container[] {
  return [...new Map(containers.map((x) => [x.name, x])).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export interface StrangerContainer {
  readonly name: string;
  readonly run: string;
  readonly ports: string | null;
  readonly ref: Ref;
}

/** Containers that run: listed as up, or measured. Only those whose name tells a run. */
export function runningContainers(c: CaseFile): readonly StrangerContainer[] {
  const listed = lastOfEach(c.around.containers);
  const known = new Set(listed.map((x) => x.name));
  const up = listed.filter(isUp).map((x) => ({ name: x.name, run: x.run, ports: x.ports, ref: containerRef(x) }));
  const measured = new Map(c.around.loads.filter((l) => !known.has(l.name) && l.cpuPercent !== null).map((l) => [l.name, l]));
  const loaded = [...measured.values()].map((l) => ({
    name: l.name,
    run: l.run,
    ports: null,
    ref: standingRef(l, `${l.name}: CPU ${String(l.cpuPercent)} %`),
  }));
  return [...up, ...loaded]
    .flatMap((x): StrangerContainer[] => (x.run === null ? [] : [{ ...x, run: x.run }]))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a run came before the judged one, as far as the times in their ids tell. */
export function isOlderRun(c: CaseFile, other: string): boolean {
  const [began, then] = [runIdTime(c.run?.id ?? ''), runIdTime(other)];
  return other !== c.run?.id && (began === undefined || then === undefined || then < began);
}
