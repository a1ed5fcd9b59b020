/** Turns pointers into evidence: the text as it stands in the file, its time on its own clock, and what stands around it. */
import type { Evidence } from '../../model/diagnosis.ts';
import type { CaseFile, Ref } from '../facts/case-file.ts';
import { RELAY_CLOCK } from '../facts/clocks.ts';
import type { Source } from '../facts/load-files.ts';
import { takePrefixes } from '../../util/line-prefix.ts';

/** Lines of the sources, read back. Given from outside, so that judging touches no file. */
export interface ExcerptReader {
  line(sourceId: number, lineNo: number): Promise<string | null>;
  /** What the bytes of a capture's line say; null for any other line. */
  note?(sourceId: number, lineNo: number): Promise<string | null>;
  context(sourceId: number, lineNo: number, around: number): Promise<readonly { line: number; text: string; skipped?: number }[]>;
}

const CONTEXT_LINES = 5;

export class EvidenceWriter {
  private readonly known = new Map<string, Promise<Evidence>>();
  private readonly c: CaseFile;
  private readonly excerpts: ExcerptReader;
  constructor(c: CaseFile, excerpts: ExcerptReader) {
    this.c = c;
    this.excerpts = excerpts;
  }

  /** Duplicates are dropped; context is kept for the first few lines only. */
  async all(refs: readonly Ref[], withContext: boolean): Promise<Evidence[]> {
    const seen = new Set<string>();
    const out: Evidence[] = [];
    for (const ref of refs) {
      const evidence = await this.one(ref, withContext && out.length < 4);
      const key = `${evidence.source ?? ''}:${String(evidence.line ?? evidence.pointer ?? evidence.text)}`;
      if (!seen.has(key)) out.push(evidence);
      seen.add(key);
    }
    return out;
  }

  /** What stands around a line of a file that is known by its path. */
  async around(path: string, line: number): Promise<NonNullable<Evidence['context']>> {
    const source = this.c.sources.find((s) => s.path === path);
    return source === undefined ? [] : [...(await this.excerpts.context(source.id, line, CONTEXT_LINES))];
  }

  private async one(ref: Ref, withContext: boolean): Promise<Evidence> {
    if ('ready' in ref) return ref.ready;
    if ('absent' in ref) return { ...(ref.source === undefined ? {} : { source: ref.source }), text: ref.text, absent: true };
    if ('pointer' in ref) return { source: ref.source, pointer: ref.pointer, text: ref.text };
    const place = 'event' in ref ? { sourceId: ref.event.sourceId, line: ref.event.line } : ref;
    const key = `${place.sourceId}:${place.line}:${String(withContext)}`;
    const known = this.known.get(key) ?? this.read(place.sourceId, place.line, withContext);
    this.known.set(key, known);
    return known;
  }

  private async read(sourceId: number, line: number, withContext: boolean): Promise<Evidence> {
    const source = this.c.sources.find((s) => s.id === sourceId);
    const text = (await this.excerpts.line(sourceId, line)) ?? '';
    const time = source?.dialect === 'mixed' ? stampBehindPrefixes(text, source.zoneMinutes) : stampOf(text, source?.zoneMinutes ?? null);
    const evidence: Evidence = { source: source?.path ?? '', line, text };
    if (time !== undefined) evidence.time = time;
    const clock = source === undefined ? null : clockOf(source);
    if (clock !== null) evidence.clock = clock;
    const note = source?.kind === 'capture' ? ((await this.excerpts.note?.(sourceId, line)) ?? null) : null;
    if (note !== null) evidence.note = note;
    if (withContext) evidence.context = [...(await this.excerpts.context(sourceId, line, CONTEXT_LINES))];
    return evidence;
  }
}

/** Who stamped the lines of a log; null where lines of several clocks stand side by side. */
const CLOCKED: ReadonlySet<string> = new Set(['client-log', 'relay-log', 'capture']);

function clockOf({ kind, logs, party }: Source): string | null {
  if (kind !== 'runner') return CLOCKED.has(kind) ? (party ?? RELAY_CLOCK) : null;
  const [only] = logs.length === 1 ? logs : [];
  return only === 'relay-log' ? RELAY_CLOCK : only === 'client-log' ? party : null;
}

/** The stamp of a line that was passed on; of other text that of the innermost prefix. */
function stampBehindPrefixes(text: string, zoneMinutes: number | null): string | undefined {
  const { at, shape, time } = takePrefixes(text);
  if (shape === undefined && time !== undefined) return utc(Date.parse(time));
  return stampOf(text.slice(at), zoneMinutes);
}

/** The line's own stamp as UTC: ISO stamps as they are, a development relay's local one by its zone. */
function stampOf(text: string, zoneMinutes: number | null): string | undefined {
  const iso = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))/.exec(text.slice(0, 80));
  if (iso?.[1] !== undefined && (iso.index < 20 || text.startsWith('{'))) return utc(Date.parse(iso[1]));
  const wire = /^\{"t"\s*:\s*(\d+(?:\.\d+)?)/.exec(text)?.[1];
  if (wire !== undefined) return utc(Math.floor(Number(wire) * 1000));
  const local = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(text);
  if (local === null) return undefined;
  return utc(Date.parse(`${local[1] ?? ''}T${local[2] ?? ''}Z`) - (zoneMinutes ?? 0) * 60_000);
}

function utc(ms: number): string | undefined {
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

export function isoOf(us: number | null): string | null {
  return us === null || !Number.isFinite(us) ? null : new Date(Math.floor(us / 1000)).toISOString();
}
