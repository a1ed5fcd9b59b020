/**
 * Follows one direction through every link, from the sender's marker to the bytes that its peer's program was given.
 *
 * A link is absent only when evidence that would show it is there: a complete log of a version that writes such a line, a live
 * sample, a relay log over that time. What comes later proves what it could not come without, so an absence that rests on a
 * missing line alone gives way to that. A client of E3 or later sends without an accept: its frames prove no acceptor.
 */
import type { Evidence } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { TRACE_SCHEMA, type TraceReport } from '../model/trace.ts';
import { nearest } from '../util/suggest.ts';
import { EvidenceWriter, isoOf, type ExcerptReader } from './engine/evidence.ts';
import type { CaseFile } from './facts/case-file.ts';
import { decoded, delivered, relayed, sent, written } from './trace/frames.ts';
import { attempted, LINK, meaningOf, type Attempt } from './trace/meaning.ts';
import { relayTook } from './trace/relay-open.ts';
import { acceptArrived, accepted, bytes, listener, marker, openArrived, opened, program } from './trace/set-up.ts';
import { unknowable, View, type Judged, type Link } from './trace/view.ts';

/** What is never given without a receiver that took part. */
const ARRIVALS: readonly string[] = [LINK.relayed, LINK.decoded, LINK.written, LINK.delivered];
const WRITES: readonly string[] = [LINK.written, LINK.delivered];

/** Name, judge, and the later links that prove it; all of them if none are named. */
const LINKS: readonly (readonly [string, (v: View) => Judged, (readonly string[])?])[] = [
  [LINK.ownMarker, (v) => marker(v, v.from), [LINK.listener, LINK.program, LINK.bytes, LINK.opened, LINK.sent, ...ARRIVALS]],
  [LINK.peerMarker, (v) => marker(v, v.to), WRITES],
  [LINK.listener, listener],
  [LINK.program, program],
  [LINK.bytes, bytes],
  [LINK.opened, opened],
  [LINK.relayTook, relayTook, [LINK.openArrived, LINK.accepted, LINK.acceptArrived, ...ARRIVALS]],
  [LINK.openArrived, openArrived, [LINK.accepted, LINK.acceptArrived, ...ARRIVALS]],
  [LINK.accepted, accepted, [LINK.acceptArrived, ...ARRIVALS]],
  [LINK.acceptArrived, acceptArrived, ARRIVALS],
  [LINK.sent, sent],
  [LINK.relayed, relayed],
  [LINK.decoded, decoded],
  [LINK.written, written],
  [LINK.delivered, delivered],
];

export interface Trace {
  readonly from: string;
  readonly to: string;
  /** The first is the one that the links speak of. */
  readonly sessions: readonly string[];
  readonly attempted: Attempt;
  readonly links: readonly Link[];
  /** The first absent link. */
  readonly breaksAt: string | null;
  readonly meaning: string;
}

/** The party that an email, a role or the local part of an email names. */
export function partyNamed(c: CaseFile, word: string): string {
  const exact = c.parties.filter((p) => p.email === word || p.role === word);
  const hits = exact.length > 0 ? exact : c.parties.filter((p) => p.email.split('@')[0] === word);
  const [hit] = hits;
  if (hit !== undefined && hits.length === 1) return hit.email;
  const known = (hits.length > 1 ? hits : c.parties).map((p) => (hits.length > 1 ? p.email : p.role));
  const similar = hits.length > 1 ? undefined : nearest(word, [...known, ...c.parties.map((p) => p.email)]);
  throw new DoctorError('HLD_TRACE_NO_SUCH_PARTY', { party: word, known, similar });
}

export function traceDirection(c: CaseFile, from: string, to: string): Trace {
  const v = new View(c, from, to);
  const judged = LINKS.map(([link, judge]): Link => ({ link, ...judge(v) }));
  const links = judged.map((l, i): Link => {
    const proofs = LINKS[i]?.[2];
    const isProven = judged.some((x, at) => at > i && x.state === 'seen' && proofs?.includes(x.link) !== false);
    if (l.state !== 'absent' || l.firm === true || !isProven) return l;
    return { link: l.link, ...unknowable('no line of it, though what comes later is shown', l.evidence) };
  });
  const others = v.direction?.sessions.filter((s) => s !== v.session) ?? [];
  const breaksAt = links.find((l) => l.state === 'absent')?.link ?? null;
  return {
    from,
    to,
    sessions: [v.session, ...others].flatMap((s) => (s === undefined ? [] : [s.sid])),
    attempted: attempted(v, links),
    links,
    breaksAt,
    meaning: meaningOf(v, links, breaksAt),
  };
}

/** The trace with its evidence as it stands in the files. */
export async function describeTrace(c: CaseFile, trace: Trace, excerpts: ExcerptReader): Promise<TraceReport> {
  const write = new EvidenceWriter(c, excerpts);
  const links = [];
  for (const { link, state, says, evidence } of trace.links) {
    const shown = await write.all(evidence, false);
    const dated = shown.find((e) => e.time !== undefined);
    links.push({ link, state, says, time: dated?.time ?? null, commonTime: commonTime(c, dated), evidence: shown });
  }
  const { from, to, sessions, breaksAt, meaning } = trace;
  const tried = { ...trace.attempted, evidence: await write.all(trace.attempted.evidence, false) };
  return { schema: TRACE_SCHEMA, run: c.run?.id ?? null, from, to, sessions: [...sessions], attempted: tried, links, breaksAt, meaning };
}

function commonTime(c: CaseFile, dated: Evidence | undefined): string | null {
  if (dated?.time === undefined || dated.clock === undefined) return null;
  return isoOf(c.common(Date.parse(dated.time) * 1000, dated.clock));
}
