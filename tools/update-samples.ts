/** Rewrites samples/<name>/expected.json from today's Diagnosis; a person reads the difference. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { excerptReader } from '../src/ingest/excerpts.ts';
import { loadInput } from '../src/ingest/load.ts';
import { renderJson } from '../src/report/json.ts';
import { diagnose } from '../src/rules/diagnose.ts';
import { Store } from '../src/store/store.ts';

for (const name of readdirSync('samples').toSorted()) {
  const root = join('samples', name, 'sandbox');
  if (!existsSync(root)) continue;
  const store = await Store.create();
  await loadInput(root, store, {});
  const diagnosis = await diagnose(store.query, excerptReader(root, store), {});
  store.close();
  writeFileSync(join('samples', name, 'expected.json'), renderJson(diagnosis));
  console.log(`${name}: ${diagnosis.verdict}, ${diagnosis.causes[0]?.rule ?? 'no cause'}`);
}
