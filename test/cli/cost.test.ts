/**
 * Guards against growing slow. What is compared are ratios of processor time within one run, each with a wide margin, never seconds:
 * the figures themselves stand in bench/README.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KindNumbers } from '../../src/ingest/compile.ts';
import { Dictionary } from '../../src/ingest/dictionary.ts';
import { LineScanner } from '../../src/ingest/scan-line.ts';
import { tableOf } from '../../src/ingest/tables.ts';
import { EventChunk } from '../../src/store/append.ts';

const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const ROUNDS = 5;
const BYTES = 16_000_000;

/** The cheapest of some turns: whatever else the machine does makes a turn dearer, nothing makes it cheaper. */
function cheapest(work: () => number): number {
  return Math.min(...Array.from({ length: ROUNDS }, work));
}

/** Processor seconds of a command, of it and its threads, as the shell counts them. */
function secondsOf(args: readonly string[]): number {
  const child = spawnSync('bash', ['-c', '"$@" > /dev/null; times', 'bash', process.execPath, ...args], { encoding: 'utf8' });
  const [user, system] = (child.stdout.trim().split('\n')[1] ?? '').split(' ').map((text) => {
    const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
    return Number(minutes) * 60 + Number(seconds);
  });
  return (user ?? NaN) + (system ?? NaN);
}

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe('against bare Node', () => {
  it('help costs little more, and a small sandbox some ten times as much', () => {
    const bare = cheapest(() => secondsOf(['-e', '0']));
    expect(bare).toBeGreaterThan(0);
    expect(cheapest(() => secondsOf([bin, '--help'])) / bare).toBeLessThan(2.5);
    expect(cheapest(() => secondsOf([bin, 'explain', 'self-route'])) / bare).toBeLessThan(2.5);
    // Measured: 10.
    expect(cheapest(() => secondsOf([bin, 'analyze', 'samples/stall-e3-debug/sandbox'])) / bare).toBeLessThan(20);
  }, 120_000);
});

describe('against splitting a log into lines and one pattern a line', () => {
  it.each([
    ['rust-file', 'client1@sandbox.local/.syftbox/logs/syftbox.log', 1],
    ['relay-dev', 'relay/server/logs/server.log', 5],
  ] as const)(
    '%s is read for about as much',
    (dialect, file, limit) => {
      const part = readFileSync(`samples/healthy/sandbox/${file}`);
      const log = Buffer.concat(Array.from({ length: Math.ceil(BYTES / part.length) }, () => part));
      const plain = (): void => {
        let found = 0;
        for (const line of log.toString('utf8').split('\n')) if (/session=(\S+)/.test(line)) found++;
        expect(found).toBeGreaterThan(0);
      };
      const scan = (): void => {
        let rows = 0;
        const chunk = new EventChunk((full) => (rows += full.rows));
        const dictionaries = { texts: new Dictionary(), paths: new Dictionary() };
        const scanner = new LineScanner(dialect, { chunk, dictionaries, table: tableOf(dialect, new KindNumbers()) });
        scanner.push(log);
        scanner.end();
        chunk.flush();
        expect(rows).toBeGreaterThan(1000);
      };
      // Measured: 0.4 and 2.3 (half of a relay's lines are other services' requests, whose parts are read).
      expect(cheapest(() => cpuOf(scan)) / cheapest(() => cpuOf(plain))).toBeLessThan(limit);
    },
    120_000,
  );
});
