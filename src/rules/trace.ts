/**
 * Follows one direction through every link, from the sender's marker to the bytes that its peer's program was given.
 *
 * A link is absent only when evidence that would show it is there: a complete log of a version that writes such a line, a live
 * sample, a relay log over that time. What comes later proves what comes before, so an absence that rests on a missing
 * line alone gives way to anything seen further on.
 */
import { DoctorError } from '../model/errors.ts';
import { TRACE_SCHEMA, type TraceReport } from '../model/trace.ts';
import { EvidenceWriter, type ExcerptReader } from './engine/evidence.ts';
import type { CaseFile } from './facts/case-file.ts';
import { decoded, delivered, relayed, sent, written } from './trace/frames.ts';
import { acceptArrived, accepted, bytes, listener, marker, openArrived, opened, program } from './trace/set-up.ts';
import { unknowable, View, type Judged, type Link } from './trace/view.ts';

const LINKS: readonly (readonly [string, (v: View) => Judged])[] = [
  ['marker of the sender', marker],
  ['proxy listens', listener],
  ['program connected', program],
  ['bytes from the program', bytes],
  ['session opened', opened],
  ['open reached the other side', openArrived],
  ['accepted', accepted],
  ['accept reached the opener', acceptArrived],
  ['frames sent', sent],
  ['relay took and wrote', relayed],
  ['frames decoded', decoded],
  ['written to the program', written],
  ['delivered', delivered],
];

export interface Trace {
  readonly from: string;
  readonly to: string;
  /** The first is the one that the links speak of. */
  readonly sessions: readonly string[];
  readonly links: readonly Link[];
  /** The first absent link. */
  readonly breaksAt: string | null;
}

/** The party that an email or a role names. */
export function partyNamed(c: CaseFile, word: string): string {
  const hits = c.parties.filter((p) => p.email === word || p.role === word);
  const [hit] = hits;
  if (hit !== undefined && hits.length === 1) return hit.email;
  throw new DoctorError('HLD_TRACE_NO_SUCH_PARTY', { party: word, known: c.parties.map((p) => p.role) });
}

export function traceDirection(c: CaseFile, from: string, to: string): Trace {
  const v = new View(c, from, to);
  const judged = LINKS.map(([link, judge]): Link => ({ link, ...judge(v) }));
  const lastSeen = judged.findLastIndex((l) => l.state === 'seen');
  const links = judged.map((l, i): Link => {
    if (l.state !== 'absent' || l.firm === true || i > lastSeen) return l;
    return { link: l.link, ...unknowable('no line of it, though what comes later is shown', l.evidence) };
  });
  const others = v.direction?.sessions.filter((s) => s !== v.session) ?? [];
  return {
    from,
    to,
    sessions: [v.session, ...others].flatMap((s) => (s === undefined ? [] : [s.sid])),
    links,
    breaksAt: links.find((l) => l.state === 'absent')?.link ?? null,
  };
}

/** The trace with its evidence as it stands in the files. */
export async function describeTrace(c: CaseFile, trace: Trace, excerpts: ExcerptReader): Promise<TraceReport> {
  const write = new EvidenceWriter(c, excerpts);
  const links = [];
  for (const { link, state, says, evidence } of trace.links) {
    const shown = await write.all(evidence, false);
    links.push({ link, state, says, time: shown.find((e) => e.time !== undefined)?.time ?? null, evidence: shown });
  }
  const { from, to, sessions, breaksAt } = trace;
  return { schema: TRACE_SCHEMA, run: c.run?.id ?? null, from, to, sessions, links, breaksAt };
}
