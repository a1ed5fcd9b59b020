import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadInput } from '../../../src/ingest/load.ts';
import { buildCase } from '../../../src/rules/facts/build.ts';
import { publish } from '../../../src/rules/facts/publish.ts';
import { Store } from '../../../src/store/store.ts';

/** Names in the first column of the page for people who query. */
const TABLES = [...readFileSync('docs/tables.md', 'utf8').matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap((m) =>
  [...(m[1] ?? '').matchAll(/`(\w+)`/g)].map((n) => n[1] ?? ''),
);

describe('the tables for a user', () => {
  it('are all there, and what the rules judged stands in them', async () => {
    const store = await Store.create();
    await loadInput('samples/stall-e3-debug/sandbox', store, {});
    await publish(store.query, await buildCase(store.query));
    for (const table of TABLES) await expect(store.runUserSql(`SELECT * FROM ${table} LIMIT 1`)).resolves.toBeDefined();
    expect(TABLES.length).toBeGreaterThan(20);
    const lost = await store.runUserSql('SELECT from_email, sum(lost_min) AS lost FROM flow_matrix GROUP BY from_email HAVING lost > 0');
    expect(lost.rows).toEqual([['aggregator@sandbox.local', 24042]]);
    const hops = await store.runUserSql(
      "SELECT hop, frames_max FROM ledger WHERE from_email LIKE 'aggregator%' AND to_email LIKE 'client1%' ORDER BY hop",
    );
    expect(hops.rows).toEqual([
      ['delivered', 0],
      ['received', 0],
      ['relayed', 0],
      ['sent', 1],
    ]);
    const writers = await store.runUserSql('SELECT count(*) FROM writer_life');
    expect(writers.rows).toEqual([[6]]);
    store.close();
  });

  it('show a hole in the numbers of a session', async () => {
    const store = await Store.create();
    await loadInput('samples/healthy/sandbox', store, {});
    await publish(store.query, await buildCase(store.query));
    const gaps = await store.runUserSql("SELECT count(*) FROM gap WHERE what = 'number'");
    expect(gaps.rows).toEqual([[0]]);
    store.close();
  });
});
