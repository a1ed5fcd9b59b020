import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXCERPT_CHARACTERS, excerptReader, saveExcerpts, shownText } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';
import { CLIENT1, CLIENT_LOG, FLOW, makeSandbox, RELAY_LOG, relayLine, removeSandboxes, rustLine, SESSION, STREAM } from './sandbox.ts';

const noise = (count: number): string => rustLine('sync actions: uploads=0').repeat(count);
const payload = `ws message decoded type=HotlinkData(HotlinkData { session_id: "${SESSION}", seq: 1, path: "${STREAM}", etag: "e", payload: Some([${'1, '.repeat(9000)}1]) })`;
const root = makeSandbox({
  [CLIENT_LOG]:
    noise(3) +
    rustLine(`hotlink session new: session=0f1e2d3c path=${STREAM}`) +
    noise(5) +
    rustLine(payload) +
    rustLine('hotlink session accepted: session=0f1e2d3c') +
    noise(2) +
    rustLine(`sync error: ${'x'.repeat(900)}`) +
    rustLine('sync error: token=abcdefgh and more') +
    rustLine('sync error: \ud83d\ude80\ud83d\ude80'.padEnd(3000, '\ud83d\ude80')),
  [RELAY_LOG]: relayLine('wshub registered', { connId: "'8f14e45f'", user: `'${CLIENT1}'`, active: '1' }),
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_mpc/syft.pub.yaml`]: 'rules:\n- pattern: "**"\n',
});

let store: Store;

beforeAll(async () => {
  store = await Store.create();
  await loadInput(root, store);
});

afterAll(() => {
  store.close();
  removeSandboxes();
});

const ID = sql`SELECT source_id FROM source WHERE path = ?`;

async function idOf(path: string): Promise<number> {
  return Number((await store.query(ID, [path]))[0]?.['source_id']);
}

describe('a line shown as evidence', () => {
  it('is a beginning of the line as it stands in the file, without colours, payload and secrets', async () => {
    const reader = excerptReader(root, store);
    for (const path of [CLIENT_LOG, RELAY_LOG]) {
      const lines = readFileSync(join(root, path), 'utf8')
        .replace(/\u001b\[[0-9;]*m/g, '')
        .split('\n')
        .slice(0, -1);
      const id = await idOf(path);
      for (const [index, line] of lines.entries()) {
        const text = (await reader.line(id, index + 1)) ?? '';
        const isCut = text.endsWith('…');
        expect(line.startsWith(isCut ? text.slice(0, -1) : text)).toBe(true);
        expect(isCut || text === line).toBe(true);
        expect(text.length).toBeLessThanOrEqual(EXCERPT_CHARACTERS);
        expect(text).not.toMatch(/\u001b|Some\(\[1|abcdefgh/);
        expect(text.isWellFormed()).toBe(true);
      }
      expect(await reader.line(id, lines.length + 1)).toBeNull();
      expect(await reader.line(id, 0)).toBeNull();
    }
  });

  it('has the events around it as context, and says what lies between', async () => {
    const around = await excerptReader(root, store).context(await idOf(CLIENT_LOG), 10, 2);
    expect(around.map(({ line, skipped }) => [line, skipped])).toEqual([
      [4, undefined],
      [11, undefined],
      [14, 2],
    ]);
  });

  it('of a small file is found without offsets', async () => {
    const path = `${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_mpc/syft.pub.yaml`;
    expect(await excerptReader(root, store).line(await idOf(path), 2)).toBe('- pattern: "**"');
  });

  it('is the same from a store that was saved', async () => {
    await saveExcerpts(root, store);
    const files = excerptReader(root, store);
    const saved = excerptReader(undefined, store);
    for (const path of [CLIENT_LOG, RELAY_LOG]) {
      const id = await idOf(path);
      for (const line of path === RELAY_LOG ? [1] : [1, 4, 10, 11, 14, 15, 16]) {
        expect(await saved.line(id, line)).toBe(await files.line(id, line));
        expect(await saved.context(id, line, 5)).toEqual(await files.context(id, line, 5));
      }
    }
    expect(await saved.line(999, 1)).toBeNull();
  });

  it('is cut before half a character', () => {
    expect(shownText(`${'a'.repeat(EXCERPT_CHARACTERS - 2)}\ud83d\ude80\ud83d\ude80`, true)).toBe(`${'a'.repeat(EXCERPT_CHARACTERS - 2)}…`);
  });
});
