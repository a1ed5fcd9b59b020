/** Prints the account of every recording below a folder: `tsx bench/accounting.ts /tmp/c [name…]`. */
import { readdirSync } from 'node:fs';
import { loadInput } from '../src/ingest/load.ts';
import { Store } from '../src/store/store.ts';
import { sql } from '../src/store/sql.ts';

const [root = '/tmp/c', ...names] = process.argv.slice(2);
const totals = { lines: 0, rejected: 0, unmatched: 0, wrong: 0 };
for (const name of names.length > 0 ? names : readdirSync(root)) {
  const store = await Store.create();
  const begun = performance.now();
  await loadInput(`${root}/${name}/sandbox`, store);
  const ms = performance.now() - begun;
  const [sum] = await store.query(sql`
    SELECT count(*) AS files, sum(bytes) AS bytes, sum(lines) AS lines, sum(records) AS records, sum(continuation) AS cont, sum(ignored) AS ignored, sum(rejected) AS rejected,
      sum(unmatched_hotlink) AS unmatched, count(*) FILTER (records + continuation + ignored + rejected <> lines) AS wrong, count(*) FILTER (kind = 'unknown') AS unknown, count(mirror_of) AS mirrors,
      any_value(zone_minutes) AS zone FROM source`);
  const [events] = await store.query(sql`SELECT count(*) AS n FROM event`);
  console.log(name.padEnd(24), `${ms.toFixed(0)} ms`, JSON.stringify(sum), `events ${events?.['n']}`);
  const rejections = await store.query(
    sql`SELECT path, reason, r.lines, first_line, example FROM source_rejection AS r JOIN source USING (source_id) WHERE reason <> 'cut-line' OR true`,
  );
  for (const r of rejections) console.log('   ', JSON.stringify(r));
  totals.lines += Number(sum?.['lines']);
  totals.rejected += Number(sum?.['rejected']);
  totals.unmatched += Number(sum?.['unmatched']);
  totals.wrong += Number(sum?.['wrong']);
  store.close();
}
console.log(totals);
