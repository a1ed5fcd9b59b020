/** What damaged and oversized files once did, each by name: found by mutations.test.ts, bench/hostile.ts and by hand. */
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { excerptReader } from '../../src/ingest/excerpts.ts';
import { largest, smallest } from '../../src/util/extent.ts';
import { linesOf } from '../ingest/fixtures.ts';
import {
  ask,
  CLIENT1,
  CLIENT_LOG,
  FLOW,
  makeSandbox,
  RELAY_LOG,
  removeSandboxes,
  rustLine,
  SESSION,
  withLoaded,
} from '../ingest/sandbox.ts';
import { scanLog } from '../ingest/scan.ts';

afterAll(removeSandboxes);

const ACCOUNT = 'SELECT kind, lines, records, ignored, rejected FROM source ORDER BY path';
const REASONS = 'SELECT reason, lines, first_line FROM source_rejection ORDER BY reason, lines';
const SUMMARY = 'hotlink | ↑tx 12 1.2KB(p2p:0/ws:12) | ↓rx 3 24B | p2p:off | sess in:1 out:1/0 wait';

describe('a line', () => {
  it('of a summary with half a byte or a volume beyond 2^53 is no summary, and the load goes on', async () => {
    const root = makeSandbox({
      [CLIENT_LOG]:
        rustLine(SUMMARY) +
        rustLine(SUMMARY.replace('24B', '24.5B')) +
        rustLine(SUMMARY.replace('1.2KB', '999999999999999MB')) +
        rustLine('daemon start'),
    });
    expect(await ask(root, ACCOUNT)).toMatchObject([{ kind: 'client-log', lines: 4, records: 1, ignored: 1, rejected: 2 }]);
    expect(await ask(root, 'SELECT rx_bytes_min FROM summary')).toEqual([{ rx_bytes_min: 24 }]);
  });

  it.each([
    ['lists', '['.repeat(4000) + ']'.repeat(4000)],
    ['objects', '{"":'.repeat(1500) + '1' + '}'.repeat(1500)],
  ])('of the JSON log with %s in lists is read', (_, nested) => {
    const start = '{"time":"2026-02-09T03:14:15Z","level":';
    const log = Buffer.from(`${start}${nested},"msg":"wsclient reader","connId":"8f14e45f","error":${nested.slice(0, 0)}"x"}\n`);
    expect(log.length).toBeLessThan(8192 + 60);
    const { counts } = scanLog('relay-json', log);
    expect(counts['lines']).toBe(1);
  });

  it('of the JSON log says hotlink, whatever letters stand before it', () => {
    const log = Buffer.from('{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"ééééééé hotlink of tomorrow"}\n');
    expect(scanLog('relay-json', log).rejections).toEqual({ 'unknown-hotlink-message': [1, 1] });
  });

  it('whose stamp goes on behind its offset has no time', () => {
    const line = 'line=1 time=2026-02-09T13:14:15+10:00X level=INFO msg="sync start"\n';
    expect(scanLog('go-file', Buffer.from(line)).rejections).toEqual({ 'not-a-record': [1, 1] });
    expect(scanLog('go-file', Buffer.from(line.replace('X', ''))).rejections).toEqual({});
  });

  it('without a level is no record', () => {
    const line = 'time=2026-02-09T03:14:15.926Z level= msg="daemon start"\n';
    expect(scanLog('rust-file', Buffer.from(line)).rejections).toEqual({ 'not-a-record': [1, 1] });
  });

  it('with half a colour code keeps the attributes behind it', () => {
    const line = "2026-02-09 13:14:15 WRN ws/ws_hub.go:52 wshub send buffer full \u001b[2}x=\u001b[0m1 connId='8f14e45f' user='m@x'\n";
    expect(scanLog('relay-dev', Buffer.from(line)).rows[0]?.fields).toMatchObject({ conn: '8f14e45f', user: 'm@x' });
  });
});

describe('a log', () => {
  it('with a block of zero bytes is a log all the same: a crash of the machine leaves them', async () => {
    const whole = rustLine('daemon start') + rustLine(`hotlink session accepted: session=${SESSION}`);
    const root = makeSandbox({ [CLIENT_LOG]: `${whole}${'\0'.repeat(4096)}\n${whole}` });
    expect(await ask(root, ACCOUNT)).toMatchObject([{ kind: 'client-log', lines: 5, records: 2, ignored: 2, rejected: 1 }]);
  });

  it('that begins with a hole is a log all the same: turning a log that is still written leaves one', async () => {
    const lines = `${linesOf('relay-dev').join('\n')}\n`;
    const root = makeSandbox({ [RELAY_LOG]: Buffer.concat([Buffer.alloc(200_000), Buffer.from(`\n${lines}`, 'latin1')]) });
    const [row] = await ask(root, ACCOUNT);
    expect(row).toMatchObject({ kind: 'relay-log', lines: linesOf('relay-dev').length + 1 });
    expect(Number(row?.['records'])).toBeGreaterThan(10);
  });
});

describe('a large file', () => {
  it('of access records is read to its end', async () => {
    const line = `{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"a@x/b","access_type":"write","user":"${CLIENT1}","allowed":true}\n`;
    const root = makeSandbox({ 'relay/server/logs/access.log': `${line.repeat(160_000)}\nnull\n{"timestamp":"2026-02-09 03:14` });
    expect(await ask(root, ACCOUNT)).toEqual([{ kind: 'access-log', lines: 160_003, records: 160_000, ignored: 1, rejected: 2 }]);
    expect(await ask(root, 'SELECT lines, last_line FROM access')).toEqual([{ lines: 160_000, last_line: 160_000 }]);
    expect(await ask(root, REASONS)).toEqual([
      { reason: 'cut-line', lines: 1, first_line: 160_003 },
      { reason: 'unexpected-shape', lines: 1, first_line: 160_002 },
    ]);
  });

  it('of progress has one line that is no record, however long', async () => {
    const event = '{"event":"step_started","step":"a","timestamp":"2026-02-09T03:14:15Z"}\n';
    const root = makeSandbox({
      [`${CLIENT1}/${FLOW}/_progress/progress.json`]: `${event}{"x":"${'y'.repeat(5_000_000)}"}\n${event}${'z'.repeat(3_000_000)}`,
    });
    expect(await ask(root, ACCOUNT)).toMatchObject([{ lines: 4, records: 2, rejected: 2 }]);
    expect(await ask(root, REASONS)).toEqual([{ reason: 'too-long-line', lines: 2, first_line: 2 }]);
    expect(await ask(root, 'SELECT line_no FROM progress_event ORDER BY 1')).toEqual([{ line_no: 1 }, { line_no: 3 }]);
  });

  it('that nothing of its kind comes near is counted and says so', async () => {
    const root = makeSandbox({ [`${CLIENT1}/hotlink_telemetry.json`]: '{"tx_bytes":1}\n' });
    truncateSync(join(root, CLIENT1, 'hotlink_telemetry.json'), 17 * 1024 * 1024);
    expect(await ask(root, ACCOUNT)).toMatchObject([{ kind: 'telemetry', lines: 2, rejected: 2 }]);
    expect(await ask(root, REASONS)).toEqual([{ reason: 'too-large-file', lines: 2, first_line: 1 }]);
  });
});

describe('an ACL file', () => {
  it.each([
    ['nested without end', `rules: ${'['.repeat(200_000)}`],
    ['nested deeply', `rules: ${'['.repeat(5000)}${']'.repeat(5000)}\n`],
    [
      'that doubles itself',
      `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}rules: [{pattern: "**", access: {read: [*a40, [*a40]]}}]\n`,
    ],
    ['of megabytes in an unusual form', `rules:\n${'- {pattern: "a", access: {read: ["*"]}}\n'.repeat(60_000)}`],
  ])('%s is accounted for', async (_, text) => {
    const started = performance.now();
    const [row] = await ask(makeSandbox({ [`${CLIENT1}/${FLOW}/_mpc/syft.pub.yaml`]: text }), ACCOUNT);
    expect(Number(row?.['records']) + Number(row?.['rejected']) > 0).toBe(true);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('values', () => {
  it('are compared however many there are', () => {
    const many = Array.from({ length: 500_000 }, (_, i) => i);
    expect([smallest(many), largest(many), smallest([]), largest([])]).toEqual([0, 499_999, Infinity, -Infinity]);
  });
});

describe('more records than a run has', () => {
  it('are counted as beyond the limit, and the last phases are kept', async () => {
    const user = (no: number): string => `{"timestamp":"2026-02-09 03:14:15.926 UTC","access_type":"read","user":"u${no}@x"}\n`;
    const root = makeSandbox({
      'access.log':
        `{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"a","access_type":"read","user":"u0@x"}\n`.repeat(300) +
        Array.from({ length: 700 }, (_, no) => user(no)).join(''),
      'x/_progress/progress.json': '{"event":"step_started"}\n'.repeat(10_005),
      'y.phase': Array.from({ length: 10_007 }, (_, no) => `p${no}\n`).join(''),
    });
    expect(await ask(root, REASONS)).toMatchObject([{ lines: 200 }, { lines: 5 }, { lines: 7 }].toSorted((a, b) => a.lines - b.lines));
    expect(await ask(root, 'SELECT min(line_no) AS low, max(line_no) AS high FROM phase')).toEqual([{ low: 8, high: 10_007 }]);
  });
});

it('an excerpt of a file that went away is none', async () => {
  const root = makeSandbox({ [CLIENT_LOG]: rustLine('daemon start'), 'x.phase': 'a\n' });
  await withLoaded(root, async (_, store) => {
    const reader = excerptReader(root, store);
    expect(await reader.line(1, 1)).toContain('daemon start');
    rmSync(join(root, CLIENT1), { recursive: true });
    rmSync(join(root, 'x.phase'));
    expect([await reader.line(1, 1), await reader.line(2, 1)]).toEqual([null, null]);
  });
});
