/**
 * Before a long run: which direction will fail, by what lies in the tree alone. Markers, access lists, the stack's ports, and what
 * the logs of running clients say of version and mode; never by traffic, so that a tree whose run has not begun is judged
 * like one whose run is over. What it cannot see stands in docs/preflight.md.
 */
import type { Outlook, PreflightReport } from '../model/preflight.ts';
import { EvidenceWriter, type ExcerptReader } from './engine/evidence.ts';
import type { CaseFile } from './facts/case-file.ts';
import { judgeAccess } from './preflight/access.ts';
import { markersOfRun, type PreflightResult } from './preflight/channels.ts';
import { judgeClients } from './preflight/clients.ts';
import { judgeMarkers } from './preflight/markers.ts';
import { judgePortUse } from './preflight/ports.ts';

const RANK: Readonly<Record<Outlook, number>> = { 'will-fail': 0, 'may-fail': 1, note: 2 };

/** Worst first; empty when there is nothing to say, or no marker to judge by. */
export function preflight(c: CaseFile): PreflightResult[] {
  if (markersOfRun(c).length === 0) return [];
  const results = [...judgeMarkers(c), ...judgePortUse(c), ...judgeAccess(c), ...judgeClients(c)];
  return results.toSorted((a, b) => RANK[a.outlook] - RANK[b.outlook]);
}

/** The same with the lines read back. */
export async function reportPreflight(c: CaseFile, excerpts: ExcerptReader): Promise<PreflightReport> {
  const write = new EvidenceWriter(c, excerpts);
  const results = await Promise.all(preflight(c).map(async (r) => ({ ...r, evidence: await write.all(r.evidence, false) })));
  return {
    schema: 'hotlink-doctor/preflight@1',
    run: c.run?.id ?? null,
    layout: c.layout,
    judged: markersOfRun(c).length > 0,
    parties: c.parties.map((p) => ({ email: p.email, role: p.role, era: p.era.value })),
    results,
  };
}
