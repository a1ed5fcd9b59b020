/**
 * A client writes every message twice, to its log file and to stdout. The copy with more events counts, the other one is
 * marked as its mirror; of equals it is the log file (field guide 3.2). What the Desktop or another host passed on of a client
 * is a third copy, without some of the noise (3.6).
 */
import { largest, smallest } from '../util/extent.ts';
import type { Source } from './sources.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Families of a host's own lines, on the host's clock. */
const HOSTS_OWN = new Set(['desktop', 'text']);

function span(source: Source): Span {
  const times = source.families
    .filter((f) => !HOSTS_OWN.has(f.family))
    .flatMap((f) => [f.firstUs, f.lastUs])
    .filter((us) => us !== null);
  const summaries = source.summaries.map((s) => s.tsUs);
  const all = [...times, ...summaries.slice(0, 1), ...summaries.slice(-1)];
  return { from: smallest(all), to: largest(all) };
}

/** Microseconds that both cover; negative when they do not meet, -Infinity when one has no times. */
function overlap(a: Span, b: Span): number {
  return Math.min(a.to, b.to) - Math.max(a.from, b.from);
}

/** Marks mirrors among the client logs of each party. */
export function pairOutputs(sources: readonly Source[]): readonly Source[] {
  const taken = new Set<Source>();
  for (const stdout of sources.filter((s) => s.sniffed.dialect === 'rust-stdout' || s.sniffed.dialect === 'go-stdout')) {
    const wanted = stdout.sniffed.dialect === 'rust-stdout' ? 'rust-file' : 'go-file';
    const candidates = sources.filter((s) => s.sniffed.dialect === wanted && s.party === stdout.party && s.party !== null && !taken.has(s));
    const shape = span(stdout);
    const [best] = candidates.map((file) => ({ file, shared: overlap(shape, span(file)) })).toSorted((a, b) => b.shared - a.shared);
    if (best === undefined || (candidates.length > 1 && best.shared < 0)) continue;
    const { file } = best;
    taken.add(file);
    if (stdout.events > file.events) file.mirrorOf = stdout.sourceId;
    else stdout.mirrorOf = file.sourceId;
  }
  for (const mixed of sources) {
    const { nested } = mixed;
    if (nested === null || mixed.events === 0) continue;
    if (nested.tally.client > 0 && mixed.party !== null) pairMixed(mixed, 'client-log', sources);
    if (nested.tally.relay > 0) pairMixed(mixed, 'relay-log', sources);
  }
  return sources;
}

/** A copy that ends this much before another one lacks its end, microseconds. */
const SAME_END_US = 1_000_000;

/**
 * Of a program's own log and a host's copy of it the own log counts, unless the copy says more (hosts append, programs begin
 * anew at each start) and goes on as long. What a runner printed, and the output of several parties, is never the better copy.
 */
function pairMixed(mixed: Source, kind: 'client-log' | 'relay-log', sources: readonly Source[]): void {
  if (mixed.mirrorOf !== null) return;
  const shape = span(mixed);
  const party = kind === 'client-log' ? mixed.party : null;
  const [best] = sources
    .filter((s) => s !== mixed && s.sniffed.kind === kind && s.party === party && s.mirrorOf === null && s.events > 0)
    .filter((s) => s.nested === null || s.sourceId < mixed.sourceId)
    .map((log) => ({ log, to: span(log).to, shared: overlap(shape, span(log)) }))
    .filter(({ shared }) => shared >= 0 || shared === -Infinity)
    .toSorted((a, b) => b.shared - a.shared || a.log.sourceId - b.log.sourceId);
  if (best === undefined) return;
  const { log } = best;
  const endsToo = shape.to === -Infinity || shape.to > best.to - SAME_END_US;
  const isFuller = mixed.sniffed.kind === kind && (mixed.nested?.owners.size ?? 0) <= 1 && mixed.events > log.events && endsToo;
  if (!isFuller) {
    mixed.mirrorOf = log.sourceId;
    return;
  }
  log.mirrorOf = mixed.sourceId;
  for (const source of sources) if (source.mirrorOf === log.sourceId) source.mirrorOf = mixed.sourceId;
}
