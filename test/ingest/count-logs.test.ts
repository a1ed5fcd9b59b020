import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { startCount as StartCount } from '../../src/ingest/count-logs.ts';
import { excerptOf } from './fixtures.ts';
import { scanLog } from './scan.ts';

const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-count-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Threads run what was built, so this looks there. */
const built = new URL('../../dist/ingest/count-logs.js', import.meta.url).href;

describe('a large second output', () => {
  it('counted beside the others has the same account as counted here', async () => {
    const { startCount } = (await import(built)) as { startCount: typeof StartCount };
    const excerpt = excerptOf('rust-stdout');
    const path = join(folder, 'client-daemon.log');
    writeFileSync(path, Buffer.concat(Array.from({ length: 1800 }, () => excerpt)));
    const log = { sourceId: 3, path, bytes: statSync(path).size, dialect: 'rust-stdout' } as const;
    expect(log.bytes).toBeGreaterThan(50_000_000);
    const beside = startCount([log, { ...log, sourceId: 4, path: join(folder, 'missing.log') }]);
    const here = startCount([log], [], Infinity);
    const account = (await beside.done).get(3);
    expect(account).toEqual((await here.done).get(3));
    expect((await beside.done).get(4)).toBeUndefined();
    expect(account?.counts.records).toBe(1800 * scanLog('rust-stdout', excerpt).rows.length);
    await beside.stop();
  });

  it('is given up without a rest', async () => {
    const { startCount } = (await import(built)) as { startCount: typeof StartCount };
    const path = join(folder, 'client-daemon.log');
    const running = startCount([{ sourceId: 1, path, bytes: 1e9, dialect: 'rust-stdout' }]);
    await running.stop();
    expect((await running.done).size).toBe(1);
  });
});
