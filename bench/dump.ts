/** Runs one statement over a sandbox: `tsx bench/dump.ts SANDBOX "SELECT …"`. */
import { loadInput } from '../src/ingest/load.ts';
import { Store } from '../src/store/store.ts';
const [path = '', text = ''] = process.argv.slice(2);
const store = await Store.create();
await loadInput(path, store);
const { columns, rows } = await store.runUserSql(text);
console.log(columns.join('\t'));
for (const row of rows) console.log(row.map((v) => v ?? '·').join('\t'));
store.close();
