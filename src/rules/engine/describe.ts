/** The parts of a Diagnosis that describe the run, whatever was found: parties, flows, sessions, sequence, timeline, accounting. */
import type { Accounting, Diagnosis, Figure, Flow, Interval, Party, SequenceEvent, Session, Timeline } from '../../model/diagnosis.ts';
import { sql, type Query } from '../../store/sql.ts';
import type { CaseFile, DirectionFact, SessionFact } from '../facts/case-file.ts';
import { RELAY_CLOCK } from '../facts/clocks.ts';
import { flag, integer, text, textOrNull } from '../facts/columns.ts';
import { figures } from '../facts/figures.ts';
import { inOrder } from '../facts/events.ts';
import { directTcp } from '../facts/runner.ts';
import { UNBOUNDED } from '../facts/transport.ts';
import { name } from './ask.ts';
import { isoOf, type EvidenceWriter } from './evidence.ts';

const MAX_SEQUENCE = 2000;
const MAX_POINTS = 300;
const MAX_SESSIONS = 1000;

export async function describeParties(c: CaseFile, write: EvidenceWriter): Promise<Party[]> {
  const out: Party[] = [];
  for (const p of c.parties) {
    out.push({
      email: p.email,
      role: p.role,
      index: p.index,
      era: { value: p.era.value, evidence: await write.all(p.era.proof, false) },
      log: p.log?.path ?? null,
      telemetry: p.telemetry?.source ?? null,
      alive: aliveAtEnd(c, p.email),
    });
  }
  return out;
}

function aliveAtEnd(c: CaseFile, email: string): boolean | null {
  const p = c.party(email);
  const end = c.stillness.end;
  if (p === undefined || end === null) return null;
  const seen = Math.max(
    p.logEnd ?? p.wire?.end ?? -Infinity,
    p.telemetry?.updatedUs == null ? -Infinity : c.common(p.telemetry.updatedUs, email),
  );
  return seen === -Infinity ? null : end - seen < 6_000_000;
}

export function describeFlow(d: DirectionFact): Flow {
  const unused = d.sent.max === 0;
  const flow: Flow = {
    from: d.from,
    to: d.to,
    offered: d.offered,
    sent: open(d.sent),
    delivered: open(d.delivered),
    lost: open(d.lost),
    frames: d.frames,
    hops: {
      sent: known(d.sent),
      relayed: d.relayedBytes,
      received: d.received === null ? null : known(d.received),
      written: known(d.delivered),
    },
    state: unused
      ? 'never-used'
      : d.lost.min > 0
        ? 'lossy'
        : d.lost.max === 0
          ? 'delivered'
          : d.sent.max >= UNBOUNDED
            ? 'unknown'
            : 'in-doubt',
  };
  return flow;
}

/** The solver's "no bound" as the document's. */
function open(i: Interval): Interval {
  return i.max >= UNBOUNDED ? { min: i.min, max: Number.MAX_SAFE_INTEGER } : i;
}

/** null when nothing bounds it from above. */
function known(i: Interval): Interval | null {
  return i.max >= UNBOUNDED ? null : i;
}

/** Greatest block that several exact volumes are whole multiples of, give or take a few bytes; only when it is large. */
export function noteBlocks(flows: Flow[]): void {
  const exact = flows.filter((f) => f.sent.min === f.sent.max && f.sent.min > 100_000).map((f) => f.sent.min);
  const block = exact.length === 0 ? 0 : Math.min(...exact);
  if (block === 0 || exact.length < 2 || !exact.every((v) => v % block === 0)) return;
  for (const f of flows) {
    if (f.sent.min !== f.sent.max || f.sent.min === 0 || f.sent.min % block !== 0) continue;
    const arrived = Math.floor(f.delivered.min / block);
    f.note = `${arrived} of ${f.sent.min / block} blocks of ${block} bytes`;
  }
}

function describeSession(s: SessionFact): Session {
  const own = s.streams.find((x) => !x.adopted);
  return {
    id: s.id,
    opener: s.opener,
    acceptor: s.accepting[0]?.party ?? (s.accepted === null ? null : s.peer),
    to: s.to,
    path: s.path,
    channel: s.channel,
    opened: isoOf(s.opened?.t ?? null),
    accepted: isoOf((s.accepted ?? s.accepting[0])?.t ?? null),
    rejected: s.rejects[0]?.reason ?? s.denied?.reason ?? null,
    transport: sessionTransport(s),
    frames: { sent: own?.sentSeq ?? null, received: own?.received?.frames ?? null },
  };
}

function sessionTransport(s: SessionFact): Session['transport'] {
  const ws = s.fallbacks.length > 0 || s.streams.some((x) => (x.received?.frames ?? 0) > 0);
  const direct = s.p2pOpen.length > 0 ? 'p2p' : s.quic ? 'quic' : undefined;
  if (direct !== undefined) return ws ? 'mixed' : direct;
  return ws ? 'ws' : 'unknown';
}

export function describeSessions(c: CaseFile): Session[] {
  return c.sessions.slice(0, MAX_SESSIONS).map((s) => describeSession(s));
}

const SHOWN = [
  'session-new',
  'decoded-open',
  'accept-sending',
  'session-accepted',
  'accept-timeout',
  'decoded-reject',
  'fallback',
  'session-adopted',
  'self-route-discarded',
  'data-not-sender',
  'open-denied',
  'open-target-denied',
  'signal-not-participant',
  'write-skipped',
  'ipc-write-failed',
  'write-failed',
  'webrtc-open',
  'webrtc-setup-failed',
  'ws-disconnected',
  'hotlink-enabled',
  'daemon-start',
  'bind-failed',
  'send-open-failed',
  'app-send-failed',
  'app-connected',
  'app-closed',
  'strict-fallback',
  'p2p-send-failed',
  'hub-registered',
  'hub-removed',
  'relay-start',
  'reader-buffer-full',
  'send-buffer-full',
];

/** At most so many events: all, or those around the moment at which the first cause began, in microseconds; the first when nothing dates it. */
export function describeSequence(c: CaseFile, began: number | undefined): SequenceEvent[] {
  const sessions = new Map(c.sessions.map((s) => [s.sid, s]));
  const events = c.events
    .of(...SHOWN)
    .filter((e) => e.t !== null)
    .toSorted(inOrder);
  const at = began === undefined ? 0 : events.findIndex((e) => (e.t ?? 0) >= began);
  const middle = at < 0 ? events.length : at;
  const start = Math.max(0, Math.min(middle - MAX_SEQUENCE / 2, events.length - MAX_SEQUENCE));
  return events.slice(start, start + MAX_SEQUENCE).map((e) => {
    const session = sessions.get(e.sid ?? '');
    const me = e.party ?? RELAY_CLOCK;
    const other = e.party === null ? e.user : e.party === session?.opener ? (session.peer ?? null) : (session?.opener ?? null);
    return { time: isoOf(e.t), clock: me, from: me, to: other, what: e.kind, session: e.sid, source: e.source, line: e.line };
  });
}

/** Decisive events only: what begins, ends, is refused or lost. */
const DECISIVE = [
  'relay-start',
  'daemon-start',
  'hotlink-enabled',
  'bind-failed',
  'session-new',
  'accept-timeout',
  'decoded-reject',
  'open-denied',
  'open-target-denied',
  'data-not-sender',
  'write-skipped',
  'ipc-write-failed',
  'write-failed',
  'ws-disconnected',
  'hub-removed',
  'strict-fallback',
  'p2p-send-failed',
  'app-send-failed',
  'reader-buffer-full',
  'session-adopted',
];

export function describeTimeline(c: CaseFile): Timeline {
  return {
    counters: c.parties.map((p) => ({
      party: p.email,
      points: thin(c.flushes.filter((f) => f.party === p.email)).map((f) => ({
        t: Math.floor(f.t / 1000),
        tx: Math.round((f.tx.min + f.tx.max) / 2),
        rx: Math.round((f.rx.min + f.rx.max) / 2),
        txPackets: f.txPackets,
        rxPackets: f.rxPackets,
      })),
    })),
    events: c.events
      .of(...DECISIVE)
      .filter((e) => e.t !== null)
      .toSorted(inOrder)
      .slice(0, MAX_SEQUENCE)
      .map((e) => ({
        t: Math.floor((e.t ?? 0) / 1000),
        clock: e.party ?? RELAY_CLOCK,
        what: whatOf(c, e.kind, e.sid),
        source: e.source,
        line: e.line,
      })),
  };
}

/** Kinds in words, for the timeline. */
const WORDS: Readonly<Record<string, string>> = {
  'relay-start': 'the relay starts',
  'daemon-start': 'the client starts',
  'hotlink-enabled': 'hotlink starts',
  'bind-failed': 'a proxy cannot bind its port',
  'session-new': 'opens session',
  'session-adopted': 'sends on a session that it did not open:',
  'accept-timeout': 'no accept in time for session',
  'decoded-reject': 'is refused session',
  'open-denied': 'denies the open of session',
  'open-target-denied': 'denies the target of session',
  'data-not-sender': 'drops data of a stranger on session',
  'write-skipped': 'drops a frame that met no writer',
  'ipc-write-failed': 'gives up waiting for a local reader',
  'write-failed': 'cannot write to its program',
  'ws-disconnected': 'loses its connection',
  'hub-removed': 'drops a connection',
  'strict-fallback': 'refuses to fall back on session',
  'p2p-send-failed': 'cannot send peer to peer on session',
  'app-send-failed': 'discards what its program wrote',
  'reader-buffer-full': 'drops a message: queue full',
};

function whatOf(c: CaseFile, kind: string, sid: string | null): string {
  const s = sid === null ? undefined : c.sessions.find((x) => x.sid === sid);
  const words = WORDS[kind] ?? kind;
  return s === undefined ? words : `${words} ${s.sid} (${name(s.opener, c)} → ${name(s.peer, c)})`;
}

function thin<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MAX_POINTS) return points;
  const step = points.length / MAX_POINTS;
  const kept = Array.from({ length: MAX_POINTS - 1 }, (_, i) => points[Math.floor(i * step)]).filter((x) => x !== undefined);
  const last = points.at(-1);
  return last === undefined ? kept : [...kept, last];
}

export async function describeAccounting(query: Query): Promise<Accounting> {
  const rows = await query(
    sql`SELECT s.*, m.path AS mirror FROM source AS s LEFT JOIN source AS m ON m.source_id = s.mirror_of ORDER BY s.path`,
  );
  const rejections = await query(sql`SELECT source_id, reason, lines FROM source_rejection ORDER BY source_id, reason`);
  const reasons = new Map<unknown, [string, number][]>();
  for (const x of rejections) {
    const known = reasons.get(x['source_id']);
    const reason: [string, number] = [text(x, 'reason'), integer(x, 'lines')];
    if (known === undefined) reasons.set(x['source_id'], [reason]);
    else known.push(reason);
  }
  const sources = rows.map((r) => ({
    source: text(r, 'path'),
    kind: text(r, 'kind'),
    dialect: text(r, 'dialect'),
    party: textOrNull(r, 'party'),
    cut: flag(r, 'cut'),
    mirrorOf: textOrNull(r, 'mirror'),
    bytes: integer(r, 'bytes'),
    lines: integer(r, 'lines'),
    records: integer(r, 'records'),
    continuation: integer(r, 'continuation'),
    ignored: integer(r, 'ignored'),
    rejected: integer(r, 'rejected'),
    reasons: Object.fromEntries(reasons.get(r['source_id']) ?? []),
  }));
  const sum = (pick: (s: (typeof sources)[number]) => number): number => sources.reduce((total, s) => total + pick(s), 0);
  return {
    total: {
      bytes: sum((s) => s.bytes),
      lines: sum((s) => s.lines),
      records: sum((s) => s.records),
      continuation: sum((s) => s.continuation),
      ignored: sum((s) => s.ignored),
      rejected: sum((s) => s.rejected),
    },
    unmatchedHotlink: rows.reduce((total, r) => total + integer(r, 'unmatched_hotlink'), 0),
    sources,
  };
}

export function describeRun(c: CaseFile): Diagnosis['run'] {
  if (c.run === null) return null;
  const started = c.sessions.reduce<number | null>(
    (least, s) => (s.opened?.t == null || (least !== null && least <= s.opened.t) ? least : s.opened.t),
    null,
  );
  return {
    flow: c.run.flow,
    id: c.run.id,
    layout: c.layout,
    transport: transportOf(c),
    startedAt: isoOf(started ?? c.run.firstSeenUs),
    endedAt: isoOf(c.stillness.end),
    stoodStillMs: c.stillness.stoodStillUs === null ? null : Math.floor(c.stillness.stoodStillUs / 1000),
    finished: c.finished,
    otherRuns: c.runs
      .filter((r) => r.id !== c.run?.id)
      .map((r) => r.id)
      .slice(0, 500),
  };
}

function transportOf(c: CaseFile): NonNullable<Diagnosis['run']>['transport'] {
  if (directTcp(c).length > 0) return 'direct-tcp';
  const p2p = c.parties.some((p) => (p.telemetry?.txP2p ?? 0) > 0 || p.managers.some((m) => (m.last?.txP2p ?? 0) > 0));
  const ws =
    c.parties.some((p) => (p.telemetry?.txWs ?? 0) > 0 || p.managers.some((m) => (m.last?.txWs ?? 0) > 0)) || c.received.length > 0;
  const quic = c.parties.some((p) => (p.telemetry?.txQuic ?? 0) > 0) || c.sessions.some((s) => s.quic);
  if ((p2p || quic) && ws) return 'mixed';
  return p2p ? 'p2p' : quic ? 'quic' : ws ? 'ws' : 'unknown';
}

export async function describeFigures(c: CaseFile, failed: boolean, write: EvidenceWriter): Promise<Figure[]> {
  const out: Figure[] = [];
  for (const { what, party, step, value, why, evidence } of figures(c, failed))
    out.push({ what, party, ...(step === undefined ? {} : { step }), value, why, evidence: await write.all(evidence, false) });
  return out;
}

export function describeClocks(c: CaseFile): Diagnosis['clocks'] {
  const ms = (us: number | null): number | null => (us === null ? null : Math.round(us / 1000));
  const out: Diagnosis['clocks'] = c.clocks.intervals
    .filter((i) => (i.min !== null && i.min > 0) || (i.max !== null && i.max < 0))
    .map((i) => ({ clock: i.clock, against: i.against, offsetMs: { min: ms(i.min), max: ms(i.max) }, note: 'these two clocks disagree' }));
  for (const loose of c.clocks.loose)
    out.push({
      clock: loose,
      against: 'the others',
      offsetMs: { min: null, max: null },
      note: 'nothing ties this clock to the others: its lines cannot be ordered against theirs',
    });
  return out;
}
