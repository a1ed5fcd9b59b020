import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { diagnosisSchema } from '../../src/model/diagnosis.ts';
import { runBin } from '../helpers/bin.ts';

// The sample that the README analyzes first.
const sample = fileURLToPath(new URL('../../samples/stall-e3-debug/sandbox', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hld-analyze-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const ESCAPE = '\u001b';

function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}

describe('analyze on a stall', () => {
  test('says the verdict first, names the cause, and exits 0', () => {
    const { code, stdout, stderr } = runBin(['analyze', sample]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(lines(stdout)[0]).toContain('FAILED');
    expect(stdout).toContain('sender-lock-drop');
  });

  test('writes JSON that its own schema accepts, the same bytes each time', () => {
    const once = runBin(['analyze', sample, '--format', 'json']).stdout;
    const diagnosis = diagnosisSchema.parse(JSON.parse(once));
    expect(diagnosis.verdict).toBe('failed');
    expect(diagnosis.causes[0]?.rule).toBe('sender-lock-drop');
    expect(once).not.toContain(sample);
    expect(runBin(['analyze', sample, '--format', 'json']).stdout).toBe(once);
  });

  test('writes several formats at once', () => {
    const file = join(scratch, 'diagnosis.json');
    const { stdout } = runBin(['analyze', sample, '--format', `json=${file}`, '--format', 'text']);
    expect(stdout).toContain('FAILED');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ verdict: 'failed' });
  });

  test('judges a saved database as it judged the sandbox, byte for byte', () => {
    const file = join(scratch, 'kept.duckdb');
    const fromSandbox = runBin(['analyze', sample, '--format', 'json', '--db', file]).stdout;
    expect(existsSync(file)).toBe(true);
    expect(runBin(['analyze', file, '--format', 'json']).stdout).toBe(fromSandbox);
    expect(runBin(['query', file, 'SELECT count(*) > 0 AS some FROM event', '--format', 'ndjson']).stdout).toBe('{"some":true}\n');
    // Again over the same file: it is replaced.
    expect(runBin(['analyze', sample, '--quiet', '--db', file]).code).toBe(0);
  });

  test.each([
    { args: ['--fail-on', 'error'], code: 1 },
    { args: ['--fail-on', 'inconclusive'], code: 1 },
    { args: [], code: 0 },
  ])('exits $code with $args', ({ args, code }) => {
    expect(runBin(['analyze', sample, '--quiet', ...args])).toMatchObject({ code, stdout: '' });
  });

  test('--all-runs prints one diagnosis a line', () => {
    const { stdout } = runBin(['analyze', sample, '--all-runs', '--format', 'json']);
    for (const line of lines(stdout)) expect(JSON.parse(line)).toMatchObject({ schema: 'hotlink-doctor/diagnosis@1' });
  });

  test('--run refuses a run that is not there and lists those that are', () => {
    const { code, stderr } = runBin(['analyze', sample, '--run', 'nope']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/HLD_RUN_NO_SUCH_RUN/);
    expect(stderr).toContain('29510841-3a82b861f31a');
  });
});

describe('the text', () => {
  test('has colour only when asked for', () => {
    expect(runBin(['analyze', sample]).stdout).not.toContain(ESCAPE);
    expect(runBin(['analyze', sample, '--color']).stdout).toContain(ESCAPE);
    expect(runBin(['analyze', sample], { FORCE_COLOR: '1' }).stdout).toContain(ESCAPE);
    expect(runBin(['analyze', sample, '--no-color'], { FORCE_COLOR: '1' }).stdout).not.toContain(ESCAPE);
  });

  test.each([60, 80, 100, 160])('fits into %i columns, file names apart', (width) => {
    const sentences = lines(runBin(['analyze', sample, '--width', String(width)]).stdout).filter((line) => line.trim().includes(' '));
    expect(Math.max(...sentences.map((line) => Array.from(line).length))).toBeLessThanOrEqual(width);
  });

  test('--ascii is ASCII', () => {
    expect(runBin(['analyze', sample, '--ascii']).stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });
});
