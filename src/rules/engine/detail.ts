/** The part of a Diagnosis that pages draw and no verdict needs: streams over time, frames for the sequence, more context. */
import type { Detail, Finding } from '../../model/diagnosis.ts';
import type { Query } from '../../store/sql.ts';
import { groupBy } from '../../util/group.ts';
import type { CaseFile, StreamFact } from '../facts/case-file.ts';
import { loadFrameRuns, loadStretches, type FrameRun, type Hop, type Stretch } from '../facts/streams.ts';
import type { EvidenceWriter } from './evidence.ts';

const MOST_RUNS = 1000;
/** Excerpts of causes that get context beyond those that have it in every format. */
const MOST_CONTEXTS = 60;
const HOPS: readonly Hop[] = ['sent', 'relayed', 'received'];

type Point = Detail['streams'][number]['points'][number];

const milliseconds = (us: number): number => Math.floor(us / 1000);

export async function describeDetail(c: CaseFile, query: Query, causes: readonly Finding[], write: EvidenceWriter): Promise<Detail> {
  const streams = c.sessions.flatMap((s) => s.streams);
  return {
    streams: describeStreams(c, streams, await loadStretches(query)),
    frames: (await loadFrameRuns(query, MOST_RUNS)).flatMap((run) => describeRun(c, streams, run)),
    contexts: await describeContexts(causes, write),
  };
}

/** Sender and receiver of a stretch: the session tells, or the relay's own words do. */
function directionOf(streams: readonly StreamFact[], s: Stretch): string | undefined {
  if (s.sid === null) return s.to === null ? undefined : `${s.party}\n${s.to}`;
  const stream = streams.find((x) => x.sid === s.sid && (s.hop === 'received' ? x.to : x.from) === s.party);
  return stream === undefined ? undefined : `${stream.from}\n${stream.to}`;
}

function describeStreams(c: CaseFile, streams: readonly StreamFact[], stretches: readonly Stretch[]): Detail['streams'] {
  const byDirection = groupBy(stretches, (s) => `${directionOf(streams, s) ?? ''}\n${s.hop}`);
  return c.directions.flatMap(({ from, to }) =>
    HOPS.flatMap((hop) => {
      const points = sumUp(fullest(byDirection.get(`${from}\n${to}\n${hop}`) ?? []));
      return points.length === 0 ? [] : [{ from, to, hop, points }];
    }),
  );
}

/** The relay tells a frame in two ways, of which one may need debug logging: the one that tells more counts. */
function fullest(stretches: readonly Stretch[]): readonly Stretch[] {
  const ways = [...groupBy(stretches, (s) => s.sid === null).values()];
  const frames = (way: readonly Stretch[]): number => way.reduce((sum, s) => sum + s.frames, 0);
  return ways.toSorted((a, b) => frames(b) - frames(a) || Number(a[0]?.sid === null) - Number(b[0]?.sid === null))[0] ?? [];
}

/** Running totals at the first and at the last frame of each stretch, which are the least and the most of a total that only grows. */
function sumUp(stretches: readonly Stretch[]): Point[] {
  const points: Point[] = [];
  let frames = 0;
  let bytes: number | null = stretches.some((s) => s.bytes === null) ? null : 0;
  for (const parts of groupBy(stretches, (s) => s.stretch).values()) {
    const first = parts.reduce((a, b) => (b.firstT < a.firstT ? b : a));
    const last = Math.max(...parts.map((p) => p.lastT));
    const all = parts.reduce((sum, p) => sum + p.frames, 0);
    if (all > 1) points.push([milliseconds(first.firstT), frames + 1, bytes === null ? null : bytes + (first.firstBytes ?? 0)]);
    frames += all;
    if (bytes !== null) bytes += parts.reduce((sum, p) => sum + (p.bytes ?? 0), 0);
    points.push([milliseconds(last), frames, bytes]);
  }
  return points;
}

function describeRun(c: CaseFile, streams: readonly StreamFact[], run: FrameRun): Detail['frames'] {
  const { sid, sender, reader, sentT, heardT, lastT, firstSeq, lastSeq, frames, bytes } = run;
  const stream = streams.find((x) => x.sid === sid && (sender === null || x.from === sender) && (reader === null || x.to === reader));
  const from = sender ?? stream?.from;
  const source = c.sources.find((s) => s.id === run.sourceId)?.path;
  if (from === undefined || source === undefined) return [];
  const session = c.sessions.find((s) => s.sid === sid)?.id ?? sid;
  return [
    {
      session,
      from,
      to: reader ?? stream?.to ?? null,
      sent: sentT === null ? null : milliseconds(sentT),
      received: heardT === null ? null : milliseconds(heardT),
      until: milliseconds(lastT),
      firstSeq,
      lastSeq,
      frames,
      bytes,
      source,
      line: run.line,
    },
  ];
}

async function describeContexts(causes: readonly Finding[], write: EvidenceWriter): Promise<Detail['contexts']> {
  const seen = new Set<string>();
  const contexts: Detail['contexts'] = [];
  for (const { source, line, context } of causes.flatMap((cause) => cause.evidence)) {
    if (source === undefined || line === undefined || context !== undefined || contexts.length >= MOST_CONTEXTS) continue;
    const key = `${source}:${line}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const around = await write.around(source, line);
    if (around.length > 0) contexts.push({ source, line, context: around });
  }
  return contexts;
}
