/**
 * A client writes every message twice, to its log file and to stdout. The copy with more events counts, the other one is
 * marked as its mirror; of equals it is the log file (field guide 3.2).
 */
import { largest, smallest } from '../util/extent.ts';
import type { Source } from './sources.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

function span(source: Source): Span {
  const times = source.families.flatMap((f) => [f.firstUs, f.lastUs]).filter((us) => us !== null);
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
  return sources;
}
