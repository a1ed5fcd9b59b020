/**
 * Figures that a gate puts limits on and the flows do not hold: what telemetry and summary lines count, refusals, sessions with
 * oneself, how long nothing moved, how long steps took. Each is an interval with what it was read from; null when no evidence
 * gives it, which is never taken for 0.
 */
import type { FigureName } from '../../model/diagnosis.ts';
import type { CaseFile, PartyFact, Ref } from './case-file.ts';
import { citeCounter } from './counters.ts';
import type { LogEvent } from './events.ts';
import { NO_MAX, type FigureDraft } from './figure.ts';
import type { Flush } from './load.ts';
import type { Telemetry } from './load-files.ts';
import { movementFigures } from './pauses.ts';
import { stepFigures } from './steps.ts';

/** `failed`: the verdict on the run. */
export function figures(c: CaseFile, failed: boolean): readonly FigureDraft[] {
  return [...c.parties.flatMap((p) => ofParty(c, p)), ...movementFigures(c, failed), ...stepFigures(c)];
}

function ofParty(c: CaseFile, p: PartyFact): readonly FigureDraft[] {
  return [
    fallbacks(c, p),
    packets(p, 'p2p-packets', 'tx_p2p_packets'),
    packets(p, 'ws-packets', 'tx_ws_packets'),
    packets(p, 'quic-packets', 'tx_quic_packets'),
    connected(c, p),
    counted(p, 'strict-violations', 'strict_violations', c.events.ofParty(p.email, 'strict-fallback')),
    counted(p, 'slowest-write-ms', 'rx_max_write_ms', []),
    rejects(c, p),
    selfPeers(p),
    selfSessions(c, p),
  ];
}

const COUNTERS = {
  ws_fallbacks: (t: Telemetry) => t.wsFallbacks,
  tx_p2p_packets: (t: Telemetry) => t.txP2p,
  tx_ws_packets: (t: Telemetry) => t.txWs,
  tx_quic_packets: (t: Telemetry) => t.txQuic,
  webrtc_connected: (t: Telemetry) => t.webrtcConnected,
  strict_violations: (t: Telemetry) => t.strictViolations,
  rx_max_write_ms: (t: Telemetry) => t.rxMaxWriteMs,
} as const;
type Counter = keyof typeof COUNTERS;

/** What the file counts is all there was: one manager, an era that flushes on a clock, no earlier run, flushed at the end. */
function isWhole(p: PartyFact): boolean {
  const era = p.era.value;
  const flushesLate = era === 'E1' || era === 'E2' || era === 'Go';
  const total = p.telemetry?.txPackets ?? 0;
  return p.telemetry?.cites === null && p.managers.length <= 1 && !flushesLate && total <= p.sent.frames.max;
}

function whyOpen(p: PartyFact): string {
  if (p.telemetry?.cites !== null) return 'figures of a text, of no known time';
  if (p.managers.length > 1) return `${p.managers.length} managers, of which the file counts the last`;
  return p.era.value === 'E1' || p.era.value === 'E2'
    ? `${p.era.value} writes the file only on events`
    : 'the counters go over several runs';
}

function cite(p: PartyFact, field: Counter, value: number): readonly Ref[] {
  return p.telemetry === null ? [] : [citeCounter(p.telemetry, field, `${field}: ${value}`)];
}

function lineRefs(events: readonly LogEvent[]): readonly Ref[] {
  return events.slice(0, 3).map((event) => ({ event }));
}

function missing(what: FigureName, party: string, why: string): FigureDraft {
  return { what, party, value: null, why, evidence: [] };
}

/** A telemetry counter, raised to the number of lines that say the same. */
function counted(p: PartyFact, what: FigureName, field: Counter, lines: readonly LogEvent[]): FigureDraft {
  const value = p.telemetry === null ? null : COUNTERS[field](p.telemetry);
  if (value === null && lines.length === 0)
    return missing(what, p.email, p.telemetry === null ? 'no telemetry' : `its telemetry has no ${field}`);
  const min = Math.max(value ?? 0, lines.length);
  const evidence = [...(value === null ? [] : cite(p, field, value)), ...lineRefs(lines)];
  const whole = value !== null && isWhole(p);
  return {
    what,
    party: p.email,
    value: { min, max: whole ? min : NO_MAX },
    why: whole ? field : value === null ? 'lines of a log' : whyOpen(p),
    evidence,
  };
}

/** Its log begins with its process, also where that began after the first open, and does not end before it. */
function showsItsLife(c: CaseFile, p: PartyFact): boolean {
  if (p.log === null || p.logCut) return false;
  if (p.logComplete) return true;
  const start = p.logStart;
  return (
    start !== null &&
    p.managers[0]?.enabled != null &&
    !c.sessions.some(
      (s) => s.opened?.t != null && s.opened.t < start && (s.opener === p.email || (s.peer === p.email && s.accepted !== null)),
    )
  );
}

/** Sessions that fell back at least once: telemetry counts them, and each has a line without debug. */
function fallbacks(c: CaseFile, p: PartyFact): FigureDraft {
  const lines = onePerSession(c.events.ofParty(p.email, 'fallback'));
  const draft = counted(p, 'fallbacks', 'ws_fallbacks', lines);
  if (!p.logComplete) return draft;
  // A whole log has a line for each; a file of one manager that counts more is believed all the same.
  const exact = isWhole(p) ? Math.max(lines.length, draft.value?.min ?? 0) : lines.length;
  const evidence = draft.evidence.length > 0 ? draft.evidence : logRef(p);
  return { ...draft, value: { min: exact, max: exact }, why: 'lines of a whole log', evidence };
}

function onePerSession(events: readonly LogEvent[]): readonly LogEvent[] {
  const first = new Map<string | null, LogEvent>();
  for (const event of events) if (!first.has(event.sid)) first.set(event.sid, event);
  return [...first.values()];
}

/** A whole log without such a line: the log is what shows it. */
function logRef(p: PartyFact): readonly Ref[] {
  return p.log === null ? [] : [{ source: p.log.path, absent: true, text: 'no such line' }];
}

const PER_LINE = {
  tx_p2p_packets: (f: Flush) => f.txP2p,
  tx_ws_packets: (f: Flush) => f.txWs,
} as const;

function packets(p: PartyFact, what: FigureName, field: 'tx_p2p_packets' | 'tx_ws_packets' | 'tx_quic_packets'): FigureDraft {
  const file = p.telemetry === null ? null : COUNTERS[field](p.telemetry);
  if (field === 'tx_quic_packets') {
    // E3 and later have no QUIC and no key for it.
    const without = file === null && p.telemetry?.hasLive === true;
    return without
      ? { what, party: p.email, value: { min: 0, max: 0 }, why: 'a version without QUIC', evidence: [] }
      : counted(p, what, field, []);
  }
  const lines = p.managers.map((m) => m.last).filter((f) => f !== null);
  if (lines.length === 0 || (file !== null && isWhole(p))) return counted(p, what, field, []);
  const min = Math.max(
    file ?? 0,
    lines.reduce((sum, f) => sum + PER_LINE[field](f), 0),
  );
  // Settled counters say all frames of the party, and these lines are where they stand.
  const settled = p.sent.frames.min === p.sent.frames.max && totalOf(lines) === p.sent.frames.min;
  const evidence = lines.slice(-3).map((f): Ref => ({ sourceId: f.sourceId, line: f.line }));
  const why = settled ? 'summary lines' : file === null ? 'summary lines, of which the last may be missing' : whyOpen(p);
  return { what, party: p.email, value: { min, max: settled ? min : NO_MAX }, why, evidence };
}

function totalOf(lines: readonly { readonly txPackets: number }[]): number {
  return lines.reduce((sum, f) => sum + f.txPackets, 0);
}

/** Sessions with an open data channel at this party; never falls when one dies (field guide 5.4, trap 5). */
function connected(c: CaseFile, p: PartyFact): FigureDraft {
  return counted(p, 'p2p-sessions', 'webrtc_connected', onePerSession(c.events.ofParty(p.email, 'webrtc-open')));
}

/** `HotlinkReject` that reached the client; its line needs no debug. Only Go has none. */
function rejects(c: CaseFile, p: PartyFact): FigureDraft {
  const lines = c.events.ofParty(p.email, 'decoded-reject');
  const denied = c.events.of('open-denied').filter((e) => e.user === p.email);
  const min = Math.max(lines.length, denied.length);
  const seen = [...lineRefs(lines), ...lineRefs(denied)].slice(0, 4);
  const saw = (showsItsLife(c, p) && p.era.value !== 'Go') || p.wire?.complete === true;
  if (saw)
    return {
      what: 'rejects',
      party: p.email,
      value: { min, max: min },
      why: 'lines of a whole log or capture',
      evidence: seen.length > 0 ? seen : logRef(p),
    };
  if (p.log === null && p.wire === null && min === 0) return missing('rejects', p.email, 'neither its log nor a capture of its connection');
  return {
    what: 'rejects',
    party: p.email,
    value: { min, max: NO_MAX },
    why: 'its log does not show all messages',
    evidence: seen.length > 0 ? seen : logRef(p),
  };
}

/** The literal assertion of the investigation: a session whose `peer` is the local email. From E5 on that is the healthy value (5.4, trap 1). */
function selfPeers(p: PartyFact): FigureDraft {
  const t = p.telemetry;
  if (t === null || !t.hasLive) return missing('self-peers', p.email, t === null ? 'no telemetry' : 'its telemetry lists no sessions');
  // An empty list may be a locked table (trap 9).
  if (t.sessions.length === 0 && (t.txPackets ?? 0) + (t.rxPackets ?? 0) > 0)
    return missing('self-peers', p.email, 'its telemetry lists no session although packets moved');
  const own = t.sessions.filter((s) => s.peer === p.email);
  const evidence: Ref[] = own.slice(0, 3).map((s) => ({ source: t.source, pointer: `${s.pointer}/peer`, text: `peer: ${p.email}` }));
  return {
    what: 'self-peers',
    party: p.email,
    value: { min: own.length, max: p.managers.length <= 1 ? own.length : NO_MAX },
    why: 'entries of live.sessions_in and live.sessions_out',
    evidence:
      evidence.length > 0 ? evidence : [{ source: t.source, pointer: '/live', text: `${t.sessions.length} sessions, none with itself` }],
  };
}

/** The same, corrected: an open from oneself that came back to the party that had sent it (F-1). */
function selfSessions(c: CaseFile, p: PartyFact): FigureDraft {
  if (p.log === null) return missing('self-sessions', p.email, 'no client log');
  const mine = onePerSession(
    c.events
      .ofParty(p.email, 'decoded-open', 'open-received')
      .filter((e) => e.user === p.email && c.events.session(e.sid ?? '', 'session-new').some((x) => x.party === p.email)),
  );
  return {
    what: 'self-sessions',
    party: p.email,
    value: { min: mine.length, max: showsItsLife(c, p) ? mine.length : NO_MAX },
    why: showsItsLife(c, p) ? 'opens in a whole log' : 'its log does not show all opens',
    evidence: mine.length > 0 ? lineRefs(mine) : logRef(p),
  };
}
