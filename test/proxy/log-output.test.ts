/** The files that a party's log leaves, read back by ingest. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/protocol/message.ts';
import { BEHAVIOURS } from '../../src/proxy/party/behaviour.ts';
import { PartyLog, type LogOptions } from '../../src/proxy/party/log-output.ts';
import { scanLog } from '../ingest/scan.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-log-'));
let folders = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

function frame(seq: number, bytes: number): Message {
  const payload = Uint8Array.from({ length: bytes }, (_, at) => at * seq);
  return { type: 'HOTLINK_DATA', id: 'm', session: 's-1', seq, path: 'a@b.c/x/stream.tcp.request', etag: '', payload };
}

/** Larger than what is collected, more of them than fit, and the ordinary ones between. */
const SIZES = [0, 1, 300, 1_000_000, 61_440, ...Array.from({ length: 40 }, () => 61_440), 7];

async function write(options: LogOptions): Promise<string> {
  const home = join(root, String(++folders));
  const log = new PartyLog(home, options);
  let waits = 0;
  for (const [index, bytes] of SIZES.entries()) {
    const behind = log.decoded(frame(index + 1, bytes), BEHAVIOURS.E6);
    if (behind !== undefined) waits++;
    await behind;
    log.write('INFO', `hotlink session new: session=${String(index).padStart(8, '0')} path=a@b.c/ü/stream.tcp.request`);
  }
  await log.close();
  // Forty full frames are more than is held back.
  expect(waits).toBeGreaterThan(0);
  return home;
}

describe.each(['values', 'zeros'] as const)('%s', (payload) => {
  it.each([
    ['rust-file', '.syftbox/logs/syftbox.log'],
    ['rust-stdout', 'client-daemon.log'],
  ] as const)('%s: every line in its place, every byte counted', async (dialect, file) => {
    const home = await write({ both: true, payload });
    const read = scanLog(dialect, readFileSync(join(home, file)));
    expect(read.rejections).toEqual({});
    const frames = read.rows.filter((row) => row.kind === 'decoded-data');
    expect(frames.map((row) => [row.fields['seq'], row.fields['bytes']])).toEqual(SIZES.map((bytes, index) => [index + 1, bytes]));
    expect(read.rows.map((row) => row.kind)).toEqual(SIZES.flatMap(() => ['decoded-data', 'session-new']));
  });
});

describe('one file', () => {
  it('holds the bytes themselves, and the second is not there', async () => {
    const home = await write({ both: false, payload: 'values' });
    expect(existsSync(join(home, 'client-daemon.log'))).toBe(false);
    const lines = readFileSync(join(home, '.syftbox/logs/syftbox.log'), 'utf8').split('\n');
    expect(lines[4]).toContain(String.raw`session_id: \"s-1\", seq: 3, `);
    expect(lines[4]).toContain(`payload: Some([${Array.from({ length: 300 }, (_, at) => (at * 3) % 256).join(', ')}]) })"`);
  });
});
