/** Loads a sandbox once and says how long it took: `tsx bench/load.ts SANDBOX`. */
import { loadInput } from '../src/ingest/load.ts';
import { Store } from '../src/store/store.ts';
import { sql } from '../src/store/sql.ts';
const [path = ''] = process.argv.slice(2);
const t0 = performance.now();
const store = await Store.create();
const t1 = performance.now();
await loadInput(path, store);
const t2 = performance.now();
const [sum] = await store.query(sql`SELECT sum(bytes) AS bytes, sum(lines) AS lines, sum(rejected) AS rejected FROM source`);
const [events] = await store.query(sql`SELECT count(*) AS n FROM log_event`);
const bytes = Number(sum?.['bytes']);
console.log(`open ${(t1 - t0).toFixed(0)} ms, load ${(t2 - t1).toFixed(0)} ms, ${(bytes / 1e3 / (t2 - t1)).toFixed(0)} MB/s, rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`, JSON.stringify(sum), events?.['n']);
store.close();
