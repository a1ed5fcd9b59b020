import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CHUNK_ROWS } from '../../src/store/append.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function withStore<T>(use: (store: Store) => Promise<T>, file?: string): Promise<T> {
  const store = await Store.create(file);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

describe('rows of log_event', () => {
  it('come back as they were written, over chunks, with nothing where nothing was', async () => {
    const wide = fc.oneof(
      fc.constant(NaN),
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, 4294967296, -4294967297, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
    );
    const narrow = fc.oneof(fc.constant(-1), fc.nat(2147483647));
    const row = fc.record({ seq: wide, tsUs: wide, bytes: wide, pathId: narrow, sessionId: narrow });
    const READ = sql`SELECT event_id, source_id, line_no, seq, ts_us, bytes, path_id, session_id FROM log_event ORDER BY event_id`;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), fc.constantFrom(1, 50), async (some, times) => {
        const all = Array.from({ length: times }, () => some).flat();
        const rows = await withStore(async (store) => {
          const chunk = await store.eventChunk();
          chunk.beginSource(7);
          for (const [index, values] of all.entries()) {
            const at = chunk.rows;
            chunk.lineNo[at] = index + 1;
            chunk.byteOffset[at] = index;
            chunk.byteLength[at] = 1;
            chunk.level[at] = 1;
            chunk.kindId[at] = 1;
            chunk.tsUs[at] = values.tsUs;
            chunk.seq[at] = values.seq;
            chunk.bytes[at] = values.bytes;
            chunk.n[at] = NaN;
            chunk.pathId[at] = values.pathId;
            chunk.sessionId[at] = values.sessionId;
            for (const unused of [
              chunk.keyId,
              chunk.connId,
              chunk.msgId,
              chunk.msgType,
              chunk.userId,
              chunk.toId,
              chunk.reasonId,
              chunk.addrId,
            ])
              unused[at] = -1;
            chunk.next();
          }
          chunk.flush();
          return store.query(READ);
        });
        const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
        const given = (id: number): number | null => (id < 0 ? null : id);
        expect(rows).toEqual(
          all.map((values, index) => ({
            event_id: index + 1,
            source_id: 7,
            line_no: index + 1,
            seq: known(values.seq),
            ts_us: known(values.tsUs),
            bytes: known(values.bytes),
            path_id: given(values.pathId),
            session_id: given(values.sessionId),
          })),
        );
      }),
      { numRuns: 15, examples: [[[{ seq: 1, tsUs: NaN, bytes: 2, pathId: -1, sessionId: 3 }], CHUNK_ROWS + 1]] },
    );
  });
});

describe('the door to the database', () => {
  it('binds values, so that no text becomes a statement', async () => {
    const evil = "'; DROP TABLE meta; --";
    await withStore(async (store) => {
      await store.append('meta', [['a', evil]]);
      expect(await store.query(sql`SELECT key FROM meta WHERE value = ?`, [evil])).toEqual([{ key: 'a' }]);
      const spliced = sql as unknown as (strings: TemplateStringsArray, ...values: string[]) => string;
      expect(() => spliced`${evil}`).toThrow('interpolation');
    });
  });

  it('refuses numbers that JavaScript would round', async () => {
    await withStore(async (store) => {
      await expect(store.query(sql`SELECT 9007199254740993::BIGINT AS n`)).rejects.toThrow('2^53');
      await expect(store.query(sql`SELECT [1] AS n`)).rejects.toThrow('cast');
      expect((await store.runUserSql('SELECT 9007199254740993::BIGINT AS n, [1] AS l')).rows).toEqual([['9007199254740993', '[1]']]);
    });
  });

  it('locks what a user types away from other files', async () => {
    await withStore(async (store) => {
      const out = join(folder, 'stolen.csv');
      for (const statement of [
        `COPY (SELECT 1) TO '${out}'`,
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/x.duckdb'",
        'SET enable_external_access = true',
        'INSTALL httpfs',
      ])
        await expect(store.runUserSql(statement)).rejects.toThrow(/disabled|locked/);
      expect(existsSync(out)).toBe(false);
      expect((await store.runUserSql('SELECT 1 AS one')).rows).toEqual([[1]]);
    });
  });

  it('keeps a store in a file, and opens it again', async () => {
    const file = join(folder, 'kept.duckdb');
    await withStore((store) => store.append('meta', [['a', 'b']]), file);
    const again = await Store.openSaved(file);
    try {
      expect(await again.query(sql`SELECT value FROM meta`)).toEqual([{ value: 'b' }]);
      expect(await again.query(sql`SELECT count(*) AS n FROM event`)).toEqual([{ n: 0 }]);
    } finally {
      again.close();
    }
  });

  it('shows rows as soon as they were appended, and values of every type', async () => {
    await withStore(async (store) => {
      await store.append('telemetry_session', [[1, 'a@x', '/live/sessions_in/0', 'in', '0f1e2d3c', null, null, null, 5, null]]);
      expect(await store.query(sql`SELECT count(*) AS n FROM telemetry_session`)).toEqual([{ n: 1 }]);
      await store.append('telemetry_session', [[1, 'a@x', '/live/sessions_in/1', 'in', '0f1e2d3d', null, null, null, null, null]]);
      await store.exec(sql`DELETE FROM telemetry_session WHERE sid = ?`, ['0f1e2d3d']);
      expect(await store.query(sql`SELECT seq, peer, sid = '0f1e2d3c' AS same FROM telemetry_session`)).toEqual([
        { seq: 5, peer: null, same: true },
      ]);
    });
  });
});
