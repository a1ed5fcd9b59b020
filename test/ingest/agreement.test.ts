import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLog } from '../../src/ingest/look.ts';
import { HEAD_BYTES } from '../../src/ingest/scan-record.ts';
import { kindByContent, SNIFF_BYTES } from '../../src/ingest/sniff.ts';
import type { LogDialect } from '../../src/ingest/scan-line.ts';
import { linesOf } from './fixtures.ts';
import { DIALECTS, referenceLog, scanLog } from './scan.ts';

const NEWLINE = 10;

/** A line made of a real one: as it is, with bytes changed, cut, grown, or nonsense. */
function lineOf(dialect: LogDialect): fc.Arbitrary<Buffer> {
  const real = fc.constantFrom(...linesOf(dialect)).map((line) => Buffer.from(line, 'latin1'));
  const byte = fc
    .oneof(fc.constantFrom(0, 13, 32, 34, 39, 44, 61, 92, 93, 0x1b, 0xff, 0xc3), fc.nat(255))
    .map((b) => (b === NEWLINE ? 32 : b));
  const mutated = fc
    .tuple(real, fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), byte), { minLength: 1, maxLength: 4 }))
    .map(([line, changes]) => {
      const copy = Buffer.from(line);
      for (const [place, value] of changes) if (copy.length > 0) copy[Math.floor(place * copy.length)] = value;
      return copy;
    });
  const cut = fc
    .tuple(real, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([line, at]) => line.subarray(0, Math.floor(at * line.length)));
  const joined = fc.tuple(cut, real).map(([a, b]) => Buffer.concat([a, b]));
  const carriage = real.map((line) => Buffer.concat([line, Buffer.from('\r')]));
  const nonsense = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes.map((b) => (b === NEWLINE ? 0 : b))));
  const blank = fc.constantFrom('', 'Caused by:', '    0: cause', '[GIN-debug] x', ' - using env', '\r').map((text) => Buffer.from(text));
  const long = fc
    .tuple(real, fc.nat({ max: 2 * HEAD_BYTES }))
    .map(([line, more]) => Buffer.concat([line, Buffer.alloc(more, 'x'), Buffer.from('hotlink"')]));
  return fc.oneof({ weight: 4, arbitrary: real }, { weight: 4, arbitrary: mutated }, cut, joined, carriage, nonsense, blank, long);
}

function logOf(dialect: LogDialect): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.array(lineOf(dialect), { maxLength: 12 }), fc.boolean()).map(([lines, ends]) => {
    const all = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    return ends ? all : all.subarray(0, -1);
  });
}

function headingsOf(counts: Readonly<Record<string, number | boolean>>): number {
  return ['records', 'continuation', 'ignored', 'rejected'].reduce((sum, name) => sum + Number(counts[name]), 0);
}

describe.each(DIALECTS)('the scanner in %s', (dialect) => {
  it('agrees with the reference on real lines', () => {
    const log = Buffer.from(`${linesOf(dialect).join('\n')}\n`, 'latin1');
    const read = scanLog(dialect, log);
    expect(read).toEqual(referenceLog(dialect, log));
    expect(read.rows.length).toBeGreaterThan(3);
  });

  it('agrees with the reference on any lines, and every line has one heading', () => {
    fc.assert(
      fc.property(logOf(dialect), (log) => {
        const read = scanLog(dialect, log);
        expect(read).toEqual(referenceLog(dialect, log));
        expect(headingsOf(read.counts)).toBe(read.counts['lines']);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same rows however the bytes come, also when begun again from a checkpoint', () => {
    const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    fc.assert(
      fc.property(logOf(dialect), places, places, (log, cuts, restarts) => {
        const at = (place: number): number => Math.floor(place * log.length);
        const whole = scanLog(dialect, log);
        expect(scanLog(dialect, log, { cuts: cuts.map(at), restarts: restarts.map(at) })).toEqual(whole);
        const counted = scanLog(dialect, log, { cuts: cuts.map(at), countsOnly: true });
        expect(counted).toEqual({ ...whole, rows: [] });
      }),
      { numRuns: 200 },
    );
  });

  it('agrees with the reference on a real log that ends at any byte', () => {
    const text = linesOf(dialect).slice(-40).join('\n');
    fc.assert(
      fc.property(fc.nat({ max: text.length }), (end) => {
        const log = Buffer.from(text.slice(0, end), 'latin1');
        expect(scanLog(dialect, log)).toEqual(referenceLog(dialect, log));
      }),
      { numRuns: 300 },
    );
  });
});

describe('decoded payload', () => {
  const list = fc.array(fc.nat(255), { maxLength: 6000 });
  const around = (payload: string): Buffer =>
    Buffer.from(
      `2026-02-09T03:14:15.926Z INFO ws message decoded type=HotlinkData(HotlinkData { session_id: "0f1e2d3c", seq: 7, path: "a@x/_mpc/0_to_1/stream.tcp.request", etag: "e", payload: Some([${payload}]) })\n`,
    );

  it('is counted, wherever the pieces of a long line end', () => {
    fc.assert(
      fc.property(list, fc.array(fc.nat({ max: 30_000 }), { maxLength: 5 }), (bytes, cuts) => {
        const log = around(bytes.join(', '));
        const [row] = scanLog('rust-stdout', log, { cuts, restarts: cuts.slice(0, 1) }).rows;
        expect(row?.fields['bytes']).toBe(bytes.length);
        expect(row?.length).toBe(log.length - 1);
      }),
      { numRuns: 150 },
    );
  });

  it('is as long as a bundle says in its place', () => {
    for (const log of [around('12021 bytes'), around('0 bytes')]) {
      const read = scanLog('rust-stdout', log, { cuts: [170, 175, 180] });
      expect(read).toEqual(referenceLog('rust-stdout', log));
      expect(read.rows[0]?.fields['bytes']).toBe(log.includes('12021') ? 12_021 : 0);
    }
  });

  it('is a rejection when it is no list', () => {
    for (const broken of [
      '12 bytes?',
      '? bytes',
      ' bytes',
      '12 bytes, 3',
      '1, 2, x',
      '1, 2,',
      ', 1',
      '1 2',
      '1, 22026-02-09T03:14:15.926Z INFO hotlink',
      '1, \u0000',
    ]) {
      const read = scanLog('rust-stdout', around(broken));
      expect(read.rejections).toEqual({ 'bad-payload': [1, 1] });
      expect(read).toEqual(referenceLog('rust-stdout', around(broken)));
    }
  });

  it('of megabytes needs no more than a block of memory', () => {
    const elements = 1_000_000;
    const log = around(Array.from({ length: elements }, (_, i) => i % 256).join(', '));
    expect(scanLog('rust-stdout', log).rows[0]?.fields['bytes']).toBe(elements);
  });
});

/** The whole corpus takes minutes: `HOTLINK_DOCTOR_CORPUS=1 npm test`. */
const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const isAsked = process.env['HOTLINK_DOCTOR_CORPUS'] === '1' && existsSync(join(shared, 'corpus'));

describe.runIf(isAsked)('on every recording', () => {
  it('agrees with the reference', { timeout: 600_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-corpus-'));
    try {
      spawnSync(process.execPath, [join(shared, 'score/score.mjs'), join(shared, 'corpus'), '--unpack', folder]);
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.log'));
      expect(files.length).toBeGreaterThan(100);
      for (const file of files) {
        const bytes = readFileSync(join(folder, file));
        const { dialect } = kindByContent(bytes.subarray(0, SNIFF_BYTES), bytes.length <= SNIFF_BYTES);
        const known = isLog(dialect) && dialect !== 'mixed' ? dialect : 'rust-file';
        expect({ file, ...scanLog(known, bytes) }).toEqual({ file, ...referenceLog(known, bytes) });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
