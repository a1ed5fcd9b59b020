import { appendFileSync, readFileSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { discover, partyOfPath, placeInSandbox, sandboxesIn, type FoundFile } from '../../src/ingest/discover.ts';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { lookAtAll } from '../../src/ingest/gather.ts';
import { loadSeen } from '../../src/ingest/load.ts';
import { openPlain } from '../../src/ingest/open-plain.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';
import { CLIENT1, CLIENT_LOG, CLIENT_OUTPUT, makeSandbox, removeSandboxes, rustLine, SESSION, stdoutLine, STREAM } from './sandbox.ts';

afterAll(removeSandboxes);

const OPENED = rustLine(`hotlink session new: session=${SESSION.slice(0, 8)} path=${STREAM}`);
const ACCOUNT = sql`
  SELECT s.path, s.bytes, s.lines, s.records + s.continuation + s.ignored + s.rejected AS known, r.reason
  FROM source AS s LEFT JOIN source_rejection AS r ON r.source_id = s.source_id AND r.reason LIKE 'file-%' ORDER BY s.path
`;

/** Loads a sandbox whose files change between being found and being read. */
async function loadChanging(root: string, change: () => void): Promise<readonly unknown[]> {
  const store = await Store.create();
  try {
    const seen = await lookAtAll(discover(root).files);
    change();
    await loadSeen(seen, store);
    return await store.query(ACCOUNT);
  } finally {
    store.close();
  }
}

describe('a log that changes while it is read', () => {
  const size = OPENED.length * 3;

  it('and grows is read up to the size that it had', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: OPENED.repeat(3) });
    const rows = await loadChanging(root, () => appendFileSync(join(root, CLIENT_LOG), OPENED.repeat(5)));
    expect(rows).toEqual([{ path: CLIENT_LOG, bytes: size, lines: 3, known: 3, reason: 'file-grew' }]);
  });

  it('and shrinks is read as far as it goes, which is said', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: OPENED.repeat(3) });
    const rows = await loadChanging(root, () => truncateSync(join(root, CLIENT_LOG), OPENED.length));
    expect(rows).toEqual([{ path: CLIENT_LOG, bytes: OPENED.length, lines: 1, known: 1, reason: 'file-shrank' }]);
  });

  it('is noticed too when it is a second output that is only counted', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: OPENED.repeat(3), [CLIENT_OUTPUT]: stdoutLine('hotlink manager started').repeat(4) });
    const before = readFileSync(join(root, CLIENT_OUTPUT)).length;
    const rows = await loadChanging(root, () => appendFileSync(join(root, CLIENT_OUTPUT), stdoutLine('sync actions: uploads=0')));
    expect(rows).toMatchObject([{ reason: null }, { path: CLIENT_OUTPUT, bytes: before, lines: 4, known: 4, reason: 'file-grew' }]);
  });

  it('and turns into a link is not read', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: OPENED, 'other.txt': OPENED });
    const other = makeSandbox({ 'outside.log': OPENED.repeat(9) });
    const path = join(root, CLIENT_LOG);
    const store = await Store.create();
    const seen = await lookAtAll(discover(root).files);
    rmSync(path);
    symlinkSync(join(other, 'outside.log'), path);
    await loadSeen(seen, store);
    const [row] = await store.query(sql`SELECT reason FROM source_rejection WHERE reason = 'unreadable-file'`);
    expect(row).toEqual({ reason: 'unreadable-file' });
    store.close();
    expect(() => openPlain(path)).toThrow('ELOOP');
    expect(() => openPlain(root)).toThrow('no plain file');
  });

  it('and is gone when its words are wanted has no words, and nothing breaks', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: OPENED.repeat(2) });
    const store = await Store.create();
    const files = await loadSeen(await lookAtAll(discover(root).files), store);
    const reader = excerptReader(files, store);
    expect(await reader.line(1, 2)).toBe(OPENED.trimEnd());
    truncateSync(join(root, CLIENT_LOG), OPENED.length + 4);
    expect(await reader.line(1, 2)).toBeNull();
    writeFileSync(join(root, CLIENT_LOG), '');
    expect(await reader.context(1, 1, 5)).toEqual([]);
    rmSync(join(root, CLIENT_LOG));
    expect(await reader.line(1, 1)).toBeNull();
    store.close();
  });
});

describe('a link', () => {
  it('as the input is what it points to, under its own name', async () => {
    const root = makeSandbox({ 'real.log': OPENED, 'sub/x.log': OPENED });
    const at = realpathSync(root);
    symlinkSync(join(root, 'real.log'), join(root, 'named.log'));
    symlinkSync(join(root, 'sub'), join(root, 'client9@x'));
    expect(discover(join(root, 'named.log')).files).toMatchObject([
      { path: 'named.log', absolute: join(at, 'real.log'), bytes: OPENED.length },
    ]);
    const [file] = discover(join(root, 'client9@x')).files;
    expect(file).toMatchObject({ path: 'x.log', absolute: join(at, 'sub/x.log') });
    expect(partyOfPath(file!.above, file!.below)).toBe('client9@x');
  });
});

describe('several sandboxes', () => {
  const file = (path: string): FoundFile => ({ path, absolute: `/${path}`, bytes: 1, isStore: false, above: '/', below: path });
  const log = `${CLIENT1}/.syftbox/logs/syftbox.log`;
  const parts = (...paths: readonly string[]): readonly string[] => sandboxesIn(paths.map((path) => file(path)));

  it('in a folder are told by a log that two of them have', () => {
    expect(parts(`a/sandbox/${log}`, `b/other/${log}`, 'readme.txt')).toEqual(['a', 'b']);
    expect(parts('a/relay/server/logs/server.log', 'b/relay/server/logs/server.log')).toEqual(['a', 'b']);
  });

  it('are not: a sandbox, parts of one from several machines, its logs and telemetry apart, copies that sync made', () => {
    expect(parts(log, `backup/${log}`, `old/${log}`)).toEqual([]);
    expect(parts(`host1/${log}`, 'host2/client2@x/.syftbox/logs/syftbox.log', 'host3/relay/server/logs/server.log')).toEqual([]);
    expect(parts(`logs/${log}`, `telemetry/${CLIENT1}/datasites/${CLIENT1}/.syftbox/hotlink_telemetry.json`)).toEqual([]);
    const synced = 'datasites/c@x/.syftbox/hotlink_telemetry.json';
    expect(parts(`one/a@x/${synced}`, `two/b@x/${synced}`)).toEqual([]);
  });

  it('know a file by its place below its party or the relay', () => {
    expect(placeInSandbox(`x/y/${log}`)).toBe(log);
    expect(placeInSandbox('x/relay/server/logs/server.log')).toBe('relay/server/logs/server.log');
    expect(placeInSandbox('x/datasites/c@x/y.log')).toBeUndefined();
    expect(placeInSandbox('syftbox.log')).toBeUndefined();
  });
});
