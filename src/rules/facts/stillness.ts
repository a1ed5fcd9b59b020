/** When something last moved, how long nothing did, and whether the run was done. */
import type { CaseFile, DirectionFact, PartyFact, ProgressFact, Ref, Stillness } from './case-file.ts';
import { quietOfAll, quietOfCopies } from './counters.ts';
import type { EventLog } from './events.ts';
import type { ReceivedStream } from './load.ts';
import type { ProgressStep } from './load-files.ts';
import { isAnswer } from './sessions.ts';
import { largest, smallest } from '../../util/extent.ts';
import type { CounterSample } from './load-runner.ts';

/** Quiet for this long is standing still: healthy runs pause up to 4.5 s a session (F-33), hangs last 17 s and more. */
export const QUIET_LIMIT_US = 10_000_000;
/** A program that closes its connection within this time of the last byte has finished. */
export const FINISH_GAP_US = 5_000_000;

/** Counters over time: all samples, and those of texts that speak of the judged run. */
export interface Samples {
  readonly all: readonly CounterSample[];
  readonly texts: readonly CounterSample[];
}

const MOVING = [
  'session-new',
  'send-open',
  'decoded-open',
  'decoded-accept',
  'accept-sending',
  'fallback',
  'webrtc-open',
  'app-connected',
  'session-accepted',
];

export function buildStillness(
  parties: readonly PartyFact[],
  events: EventLog,
  received: readonly ReceivedStream[],
  relay: CaseFile['relay'],
  common: (us: number, clock: string | null) => number,
  samples: Samples,
): Stillness {
  let lastMoved: number | null = null;
  let ref: Ref | null = null;
  const moved = (t: number | null, r: Ref): void => {
    if (t !== null && (lastMoved === null || t > lastMoved)) {
      lastMoved = t;
      ref = r;
    }
  };
  for (const p of parties)
    for (const m of p.managers) if (m.lastMoved !== null) moved(m.lastMoved.t, { sourceId: m.lastMoved.sourceId, line: m.lastMoved.line });
  for (const r of received) moved(r.lastT, { sourceId: r.sourceId, line: r.lastLine });
  for (const e of events.of(...MOVING)) moved(e.t, { event: e });
  for (const p of parties) {
    const quiet = quietOfCopies(p, samples.all, common);
    const [first] = quiet?.refs ?? [];
    if (first !== undefined) moved(quiet?.grewAfter ?? null, first);
  }
  const end = endOf(parties, relay, common);
  const hasLog = parties.some((p) => p.log !== null || p.wire !== null);
  // Counters that went on after a log's last line moved at a time that nothing tells.
  const unseen = parties.some((p) => p.logCut && movedAfterLog(p)) || mayMoveDirectly(parties, events);
  if (!hasLog) return bySamples(parties, samples, common, end);
  const still = lastMoved === null || end === null || unseen ? null : Math.max(0, end - lastMoved);
  return { lastMoved, lastMovedRef: ref, end, stoodStillUs: still, standing: still !== null && still >= QUIET_LIMIT_US, samples: [] };
}

/** The latest moment that a log, a capture or a telemetry file shows. */
function endOf(
  parties: readonly PartyFact[],
  relay: CaseFile['relay'],
  common: (us: number, clock: string | null) => number,
): number | null {
  const ends = [
    ...parties.map((p) => p.logEnd ?? p.wire?.end ?? null),
    ...parties.map((p) => (p.telemetry?.updatedUs == null ? null : common(p.telemetry.updatedUs, p.email))),
    relay?.end ?? null,
  ].filter((t) => t !== null);
  return ends.length === 0 ? null : largest(ends);
}

/** Without a log only a second sample tells standing still from moving. */
function bySamples(
  parties: readonly PartyFact[],
  samples: Samples,
  common: (us: number, clock: string | null) => number,
  end: number | null,
): Stillness {
  const quiet = quietOfAll(parties, samples.all, samples.texts, common);
  const us = quiet?.us ?? null;
  return {
    lastMoved: quiet?.from ?? null,
    lastMovedRef: quiet?.refs[0] ?? null,
    end: end ?? quiet?.to ?? null,
    stoodStillUs: us,
    standing: us !== null && us >= QUIET_LIMIT_US,
    samples: quiet?.refs ?? [],
  };
}

/** Without any log nothing shows frames of a data channel, and an answer that crossed the relay may have opened one. */
function mayMoveDirectly(parties: readonly PartyFact[], events: EventLog): boolean {
  return parties.every((p) => p.log === null) && events.of('send-signal', 'decoded-signal').some(isAnswer);
}

function movedAfterLog(p: PartyFact): boolean {
  const last = p.managers.at(-1)?.last;
  const t = p.telemetry;
  return t !== null && (last == null || (t.txPackets ?? 0) !== last.txPackets || (t.rxPackets ?? 0) !== last.rxPackets);
}

/** The last word of each party's progress files. A failed step outweighs an unfinished one. */
export function judgeProgress(steps: readonly ProgressStep[]): readonly ProgressFact[] {
  const out: ProgressFact[] = [];
  for (const party of [...new Set(steps.map((s) => s.party))].toSorted()) {
    const mine = steps.filter((s) => s.party === party && s.step !== null);
    const state = mine.filter((s) => s.origin === 'state');
    const base = state.length > 0 ? state : lastPerStep(mine);
    const pick =
      base.find((s) => statusOf(s) === 'failed') ??
      base.find((s) => statusOf(s) === 'unfinished') ??
      base
        .filter((s) => statusOf(s) === 'completed')
        .toSorted((a, b) => (a.t ?? 0) - (b.t ?? 0))
        .at(-1);
    if (pick === undefined) continue;
    out.push({ party, state: statusOf(pick) ?? 'completed', step: pick.step, ref: refOf(pick), t: pick.t, message: pick.message });
  }
  return out;
}

function lastPerStep(steps: readonly ProgressStep[]): readonly ProgressStep[] {
  const last = new Map<string, ProgressStep>();
  for (const s of steps) last.set(s.step ?? '', s);
  return [...last.values()];
}

function statusOf(s: ProgressStep): ProgressFact['state'] | undefined {
  const word = (s.status ?? s.event ?? '').toLowerCase();
  if (word.includes('fail')) return 'failed';
  if (word.includes('complete') || word.includes('shared')) return 'completed';
  if (word.includes('progress') || word.includes('start')) return 'unfinished';
  return undefined;
}

function refOf(s: ProgressStep): Ref {
  return s.line !== null
    ? { sourceId: s.sourceId, line: s.line }
    : { source: s.source, pointer: s.pointer ?? '', text: `${s.step ?? ''}: ${s.status ?? s.event ?? ''}` };
}

export function judgeFinished(
  progress: readonly ProgressFact[],
  directions: readonly DirectionFact[],
  parties: readonly PartyFact[],
  events: EventLog,
  stillness: Stillness,
): boolean | 'unknown' {
  if (progress.some((p) => p.state !== 'completed')) return false;
  const used = directions.filter((d) => d.sent.max > 0 || d.delivered.min > 0);
  const lastCompleted = largest(progress.map((p) => p.t ?? -Infinity));
  if (progress.length > 0 && used.length > 0 && stillness.lastMoved !== null && lastCompleted + FINISH_GAP_US >= stillness.lastMoved)
    return true;
  const carried =
    directions.length > 0 &&
    directions.every((d) => d.delivered.min > 0 || d.sent.max === 0) &&
    directions.some((d) => d.delivered.min > 0);
  const balanced = directions.every((d) => d.lost.max === 0);
  const refused =
    events.of('data-not-sender', 'open-denied', 'open-target-denied', 'write-skipped', 'app-send-failed', 'decoded-reject').length > 0;
  if (!carried || !balanced || refused) return 'unknown';
  return parties.every((p) => connectionsClosed(p, events, stillness)) ? true : 'unknown';
}

/** Programs' connections closed: by debug lines soon after the last byte, else by a telemetry file that still lists the proxies. */
function connectionsClosed(p: PartyFact, events: EventLog, stillness: Stillness): boolean {
  const closes = events.ofParty(p.email, 'app-closed');
  if (p.debug && stillness.lastMoved !== null) {
    const opened = events.ofParty(p.email, 'app-connected').length;
    const first = smallest(closes.map((e) => e.t ?? Infinity));
    return opened > 0 && closes.length >= opened && first <= stillness.lastMoved + FINISH_GAP_US;
  }
  const t = p.telemetry;
  return (
    t !== null &&
    t.hasLive &&
    p.managers.length <= 1 &&
    t.proxies.length > 0 &&
    t.proxies.every((x) => !x.connected) &&
    (t.txPackets ?? 0) + (t.rxPackets ?? 0) > 0
  );
}
