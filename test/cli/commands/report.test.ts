import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FORMATS } from '../../../src/cli/formats.ts';
import { runBin, runShell } from '../../helpers/bin.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-report-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const SAMPLE = 'samples/stall-e3-debug/sandbox';
const EXPECTED = 'samples/stall-e3-debug/expected.json';

function write(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

describe('report', () => {
  test.each(FORMATS.filter(({ isPage }) => isPage !== true).map(({ name }) => name))(
    'draws %s as analyze did, byte for byte',
    { timeout: 60_000 },
    (format) => {
      const { stdout, code } = runBin(['analyze', SAMPLE, '--format', format]);
      expect(code).toBe(0);
      expect(stdout).not.toBe('');
      expect(runBin(['report', EXPECTED, '--format', format])).toMatchObject({ code: 0, stdout, stderr: '' });
    },
  );

  test('draws a page from a document that was saved with its detail', { timeout: 60_000 }, () => {
    const [page, document] = [join(scratch, 'page.html'), join(scratch, 'detail.json')];
    expect(runBin(['analyze', SAMPLE, '--detail', '--format', `html=${page}`, '--format', `json=${document}`]).code).toBe(0);
    expect(runBin(['report', document, '--format', 'html'])).toMatchObject({ code: 0, stdout: readFileSync(page, 'utf8') });
    expect(runBin(['report', document, '--format', 'json'])).toMatchObject({ code: 0, stdout: readFileSync(document, 'utf8') });
  });

  test('draws several documents, one a line', () => {
    const line = (name: string): string => JSON.stringify(JSON.parse(readFileSync(`samples/${name}/expected.json`, 'utf8')));
    const file = write('two.ndjson', `${line('healthy')}\n${line('stall-e3-debug')}\n`);
    expect(runBin(['report', file]).stdout).toMatch(/DEGRADED[\s\S]*FAILED/);
    expect(runBin(['report', file, '--format', 'json']).stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('reads standard input', () => {
    const { stdout, code } = runShell(`$BIN report - < ${EXPECTED}`);
    expect(code).toBe(0);
    expect(stdout).toContain('FAILED');
  });

  test('reads a document of a version that wrote no figures', () => {
    const { figures: _figures, ...older } = JSON.parse(readFileSync(EXPECTED, 'utf8')) as Record<string, unknown>;
    const file = write('older.json', JSON.stringify(older, null, 2));
    expect(runBin(['report', file, '--format', 'sarif']).code).toBe(0);
    // What such a document cannot say is not taken for 0.
    expect(runBin(['gate', file, '--policy', 'smoke', '--fail-on', 'error', '--format', 'ndjson']).stdout).toContain(
      'made by a version that did not write figures',
    );
  });

  test.each([
    ['hello', 'it is no JSON'],
    ['', 'it is empty'],
    ['{}', 'it has no schema'],
    ['{"schema":"hotlink-doctor/diagnosis@9"}', "its schema is 'hotlink-doctor/diagnosis@9', not hotlink-doctor/diagnosis@1"],
    ['{"schema":"hotlink-doctor/diagnosis@1"}', 'verdict'],
    ['[1,2]', 'it has no schema'],
    ['null', 'it has no schema'],
  ])('%j is no diagnosis', (text, says) => {
    const { code, stdout, stderr } = runBin(['report', write('bad.json', text)]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('HLD_REPORT_NO_DIAGNOSIS');
    expect(stderr).toContain(says);
  });

  test.each([
    [SAMPLE, 'HLD_REPORT_NO_DIAGNOSIS'],
    [join(scratch, 'nowhere'), 'HLD_INPUT_NO_SUCH_PATH'],
  ])('%s is no file', (path, code) => {
    const ran = runBin(['report', path]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(code);
  });

  test('a format that is not there suggests one', () => {
    const { code, stderr } = runBin(['report', EXPECTED, '--format', 'sarf']);
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean 'sarif'?");
  });
});

describe('several inputs', () => {
  test('give one document of each format', { timeout: 60_000 }, () => {
    const file = (name: string): string => join(scratch, `several.${name}`);
    const { code, stdout } = runBin([
      'analyze',
      'samples/healthy/sandbox',
      SAMPLE,
      '--format',
      'text',
      '--format',
      `sarif=${file('sarif')}`,
      '--format',
      `junit=${file('xml')}`,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('2 inputs: 1 failed, 1 degraded');
    expect((JSON.parse(readFileSync(file('sarif'), 'utf8')) as { runs: unknown[] }).runs).toHaveLength(2);
    expect(readFileSync(file('xml'), 'utf8').match(/<testsuite /g)).toHaveLength(2);
  });
});

describe('on a GitHub runner', () => {
  test('the summary is added to its file, and text begins no command', { timeout: 60_000 }, () => {
    const summary = write('summary.md', 'before\n');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    expect(runBin(['report', EXPECTED, '--format', 'github-summary'], env)).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n## ❌ failed/);
    const d = JSON.parse(readFileSync(EXPECTED, 'utf8')) as { because: string };
    const hostile = write('hostile.json', JSON.stringify({ ...d, because: '::error::injected ##[error]x' }));
    for (const format of ['text', 'markdown', 'json', 'ndjson']) {
      const { stdout } = runBin(['report', hostile, '--format', format], env);
      for (const line of stdout.split('\n')) expect(/^\s*::|##\[/.test(line)).toBe(false);
    }
    expect(runBin(['report', EXPECTED, '--format', 'github'], env).stdout).toMatch(/^::error /);
  });
});
