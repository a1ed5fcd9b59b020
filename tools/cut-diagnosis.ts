/**
 * A recorded sandbox's Diagnosis without what no gate reads, for test/fixtures/gate:
 * `npx tsx tools/cut-diagnosis.ts SANDBOX > test/fixtures/gate/NAME.json`.
 */
import { excerptReader } from '../src/ingest/excerpts.ts';
import { loadInput } from '../src/ingest/load.ts';
import type { Diagnosis } from '../src/model/diagnosis.ts';
import { renderJson } from '../src/report/json.ts';
import { diagnose } from '../src/rules/diagnose.ts';
import { Store } from '../src/store/store.ts';

/** Evidence of what leads stays; lines around it, the sequence and the plots go. */
export function cutDiagnosis(d: Diagnosis): Diagnosis {
  const bare = <T extends { evidence: Diagnosis['causes'][number]['evidence'] }>(item: T): T => ({
    ...item,
    evidence: item.evidence.slice(0, 3).map(({ context: _context, ...rest }) => rest),
  });
  return {
    ...d,
    parties: d.parties.map((p) => ({ ...p, era: { ...p.era, evidence: [] } })),
    causes: d.causes.map((c) => bare(c)),
    findings: d.findings.map((f) => bare(f)),
    excluded: [],
    waits: [],
    sessions: [],
    sequence: [],
    timeline: { counters: [], events: [] },
  };
}

async function main(root: string): Promise<void> {
  const store = await Store.create();
  await loadInput(root, store, {});
  const diagnosis = await diagnose(store.query, excerptReader(root, store), {});
  store.close();
  process.stdout.write(renderJson(cutDiagnosis(diagnosis)));
}

const [, script = '', root] = process.argv;
if (script.endsWith('cut-diagnosis.ts') && root !== undefined) await main(root);
