import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Beside, type LogTask } from '../../src/ingest/beside.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';
import { excerptOf } from './fixtures.ts';

/** Threads run what was built. */
const worker = new URL('../../dist/cli/beside-worker.js', import.meta.url);
const always = { threadBytes: 0, worker };

const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-beside-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TABLES = ['log_event', 'event_kind', 'text_key', 'path_key', 'source', 'source_rejection', 'family', 'silence', 'summary'];

/** Every row of every table that a log fills. */
async function contentOf(input: string, options: Parameters<typeof loadInput>[2]): Promise<Record<string, unknown>> {
  const store = await Store.create();
  try {
    await loadInput(input, store, options);
    const content: Record<string, unknown> = {};
    for (const table of TABLES) content[table] = await store.query(sql`SELECT * FROM query_table(?) ORDER BY ALL`, [table]);
    return content;
  } finally {
    store.close();
  }
}

describe('a second thread', () => {
  it.each(['stall-e3-debug', 'healthy', 'marker-missing'])('changes nothing of what is in the store: %s', async (name) => {
    const input = `samples/${name}/sandbox`;
    expect(await contentOf(input, always)).toEqual(await contentOf(input, { worker: undefined }));
  });

  describe('with one large log', () => {
    const path = join(folder, 'syftbox.log');
    const log = (more: Partial<LogTask> = {}): LogTask => ({
      sourceId: 3,
      path,
      bytes: statSync(path).size,
      dialect: 'rust-file',
      shiftUs: 0,
      isCounted: false,
      ...more,
    });
    beforeAll(() => {
      const excerpt = excerptOf('rust-file');
      writeFileSync(path, Buffer.concat(Array.from({ length: 3000 }, () => excerpt)));
    });

    it('hands out all rows in order, though only some may wait at a time', async () => {
      const beside = new Beside([log()], [], always);
      await takenByThread(beside, 3);
      let rows = 0;
      let last = 0;
      const end = await beside.fetch(3, {
        kinds: (kinds) => expect(kinds.length).toBeGreaterThan(100),
        part: (part) => {
          for (const line of part.rows?.narrow.lineNo ?? []) {
            expect(line).toBeGreaterThan(last);
            last = line;
          }
          rows += part.rows?.rows ?? 0;
        },
      });
      expect(end).toMatchObject({ account: { counts: { records: rows } } });
      expect(rows).toBeGreaterThan(64 * 2048);
      await beside.stop();
    });

    it('leaves a log that was taken, and says of one that is not there that it cannot be read', async () => {
      const missing = log({ sourceId: 4, path: join(folder, 'missing.log') });
      const beside = new Beside([log(), missing], [], always);
      const mine = beside.take(3);
      await takenByThread(beside, 4);
      expect(await beside.fetch(4, { kinds: () => undefined, part: () => undefined })).toBeUndefined();
      expect(beside.take(3)).toBe(false);
      if (!mine) await beside.fetch(3, { kinds: () => undefined, part: () => undefined });
      await beside.stop();
    });

    it('says when it is gone, so that its log is read by the load', async () => {
      const beside = new Beside([log()], [], always);
      await takenByThread(beside, 3);
      const fetched = beside.fetch(3, { kinds: () => undefined, part: () => undefined });
      await beside.stop();
      await expect(fetched.catch((error: Error) => error.message)).resolves.toMatch(/lost|ended before/);
    });
  });

  it('is not begun for little', () => {
    const beside = new Beside([{ sourceId: 1, path: 'x', bytes: 1000, dialect: 'rust-file', shiftUs: 0, isCounted: true }], [], { worker });
    expect(beside.take(1)).toBe(true);
  });
});

/** Waits until the thread has taken a log; a log that this takes itself would fail the test. */
async function takenByThread(beside: Beside, sourceId: number): Promise<void> {
  await expect.poll(() => beside.isTaken(sourceId), { timeout: 20_000 }).toBe(true);
}
