import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { PreflightReport } from '../../../src/model/preflight.ts';
import { runBin } from '../../helpers/bin.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-preflight-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('hotlink-doctor preflight', () => {
  test('a healthy tree: nothing to say, exit 0', () => {
    const { code, stdout } = runBin(['preflight', 'samples/healthy/sandbox']);
    expect(stdout).toContain('nothing here will stop a direction');
    expect(code).toBe(0);
  });

  test('a missing marker: direction, file, remedy, exit 1', () => {
    const { code, stdout } = runBin(['preflight', 'samples/marker-missing/sandbox']);
    expect(stdout).toContain('will fail   client2 ↔ client1   marker-missing');
    expect(stdout).toMatch(/not in client2@\S+\/2_to_1\/stream\.tcp/);
    expect(stdout).toMatch(/Do: Write\s+client2@/);
    expect(code).toBe(1);
  });

  test('json holds the line that proves it', () => {
    const { code, stdout } = runBin(['preflight', 'samples/port-taken/sandbox', '--format', 'json']);
    const report = JSON.parse(stdout) as PreflightReport;
    expect(report.schema).toBe('hotlink-doctor/preflight@1');
    expect(report.results[0]?.evidence[0]?.text).toContain('bind failed');
    expect(report.results[0]?.evidence[0]?.line).toBeGreaterThan(0);
    expect(code).toBe(1);
  });

  test('no markers: exit 3', () => {
    const { code, stdout } = runBin(['preflight', 'samples/published-29509799/sandbox']);
    expect(stdout).toContain('nothing to judge');
    expect(code).toBe(3);
  });

  test.each([
    { args: ['samples/healthy/sandbox', '--format', 'xml'], says: 'it takes text, json' },
    { args: ['samples/healthy/sandbox', '--run', 'nowhere'], says: 'HLD_RUN_NO_SUCH_RUN' },
    { args: [join(scratch, 'nowhere')], says: 'HLD_INPUT_NO_SUCH_PATH' },
  ])('$says exits 2', ({ args, says }) => {
    const { code, stderr } = runBin(['preflight', ...args]);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});
