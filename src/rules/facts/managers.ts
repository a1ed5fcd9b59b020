/**
 * One hotlink manager per WebSocket connection: a reconnect makes a new one with counters at zero, and the old one
 * keeps flushing its frozen figures (field guide §8.8, F-18). Flush lines of one process are sorted back to their
 * managers here, so that a party's totals are sums over managers and "moved" means that one manager's counters did.
 */
import type { Interval } from '../../model/diagnosis.ts';
import type { LogEvent } from './events.ts';
import type { Flush } from './load.ts';

export interface ManagerFact {
  readonly party: string;
  /** 0-based order of appearance. */
  readonly index: number;
  /** Line that announces it; null when the log begins later. */
  readonly enabled: LogEvent | null;
  readonly first: Flush | null;
  readonly last: Flush | null;
  /** Last flush whose counters differ from the one before. */
  readonly lastMoved: Flush | null;
  readonly flushes: readonly Flush[];
}

interface Building {
  enabled: LogEvent | null;
  flushes: Flush[];
  lastMoved: Flush | null;
}

/** `enabled`, `flushes` and `starts` (of its process) are one party's, in file order. */
export function sortManagers(
  party: string,
  enabled: readonly LogEvent[],
  flushes: readonly Flush[],
  starts: readonly LogEvent[] = [],
): readonly ManagerFact[] {
  const managers: Building[] = [];
  let next = 0;
  for (const flush of flushes) {
    for (let e = enabled[next]; e !== undefined && e.sourceId === flush.sourceId && e.line < flush.line; e = enabled[++next]) {
      managers.push({ enabled: e, flushes: [], lastMoved: null });
    }
    if (managers.length === 0) managers.push({ enabled: null, flushes: [], lastMoved: null });
    const home = closest(ofThisLife(managers, flush, starts), flush);
    const before = home.flushes.at(-1);
    if (
      before === undefined
        ? flush.txPackets + flush.rxPackets > 0
        : before.txPackets !== flush.txPackets || before.rxPackets !== flush.rxPackets
    ) {
      home.lastMoved = flush;
    }
    home.flushes.push(flush);
  }
  for (; next < enabled.length; next++) managers.push({ enabled: enabled[next] ?? null, flushes: [], lastMoved: null });
  return managers.map((m, index) => ({
    party,
    index,
    enabled: m.enabled,
    first: m.flushes[0] ?? null,
    last: m.flushes.at(-1) ?? null,
    lastMoved: m.lastMoved,
    flushes: m.flushes,
  }));
}

/** Managers of a process that ended before the flush was written count no more; where none is left, any may be meant. */
function ofThisLife(managers: readonly Building[], flush: Flush, starts: readonly LogEvent[]): readonly Building[] {
  const start = starts.findLast((s) => s.sourceId === flush.sourceId && s.line < flush.line);
  if (start === undefined) return managers;
  const alive = managers.filter(({ enabled }) => enabled !== null && enabled.sourceId === start.sourceId && enabled.line > start.line);
  return alive.length > 0 ? alive : managers;
}

/** The manager that this flush continues: counters never fall, so the one with the greatest figures not above it. */
function closest(managers: readonly Building[], flush: Flush): Building {
  let best: Building | undefined;
  let bestSum = -1;
  for (const m of managers) {
    const last = m.flushes.at(-1);
    const tx = last?.txPackets ?? 0;
    const rx = last?.rxPackets ?? 0;
    if (tx > flush.txPackets || rx > flush.rxPackets) continue;
    if (tx + rx > bestSum) {
      best = m;
      bestSum = tx + rx;
    }
  }
  return best ?? managers.at(-1) ?? { enabled: null, flushes: [], lastMoved: null };
}

export function addIntervals(list: readonly Interval[]): Interval {
  return { min: list.reduce((s, i) => s + i.min, 0), max: list.reduce((s, i) => s + i.max, 0) };
}
