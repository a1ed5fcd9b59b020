import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { runBin } from '../helpers/bin.ts';

const EXAMPLES = 'docs/examples/rules';
const SAMPLE = 'samples/stall-e3-debug/sandbox';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotlink-own-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(
  name: string,
  more: readonly string[] = [],
  id = 'mine',
  select = `SELECT 'x' AS message, 1 AS source_id, 1 AS line_no`,
): void {
  const head = [`-- id: ${id}`, '-- title: T', '-- severity: error', '-- proves: P', '-- remedy: R'];
  writeFileSync(join(folder, name), [...head, ...more, select].join('\n'));
}

describe('--rules', () => {
  test('runs the examples beside the built-in rules', () => {
    const { code, stdout, stderr } = runBin(['analyze', SAMPLE, '--rules', EXAMPLES, '--format', 'json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const d = JSON.parse(stdout) as Diagnosis;
    const mute = d.findings.filter((f) => f.rule === 'connected-and-mute').map((f) => `${f.subject.from ?? ''} ${f.subject.to ?? ''}`);
    expect(mute).toContain('client1@sandbox.local client2@sandbox.local');
    expect(d.verdicts.find((v) => v.rule === 'uneven-pair')?.verdict).toMatch(/^(found|clear)$/);
    expect(d.causes[0]?.rule).toBe('sender-lock-drop');
  });

  test('an own error counts for the verdict and for --fail-on; a breakdown of an own rule does not', () => {
    write('a.sql');
    const failed = runBin(['analyze', 'samples/healthy/sandbox', '--rules', folder, '--fail-on', 'error']);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/FAILED/);
    write('a.sql', [], 'mine', 'SELECT nothing');
    const { code, stdout } = runBin(['analyze', 'samples/healthy/sandbox', '--rules', folder, '--fail-on', 'error', '--verbose']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/mine +broke down +a\.sql: /);
  });

  test('rules lists them, explain prints their page, why-not answers for them', () => {
    expect(runBin(['rules', '--rules', EXAMPLES]).stdout).toMatch(/uneven-pair .* own/);
    expect(runBin(['explain', 'uneven-pair', '--rules', EXAMPLES]).stdout).toMatch(
      /^# uneven-pair\n[^]*## What it proves[^]*FROM flow_matrix/,
    );
    const { code, stdout } = runBin(['why-not', 'connected-and-mute', SAMPLE, '--rules', EXAMPLES]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/rows that the statement gives/);
  });

  test('a saved database is judged with them too', () => {
    const db = join(folder, 'kept.duckdb');
    const live = runBin(['analyze', SAMPLE, '--rules', EXAMPLES, '--format', 'json', '--db', db]);
    expect(live.code).toBe(0);
    expect(runBin(['analyze', db, '--rules', EXAMPLES, '--format', 'json']).stdout).toBe(live.stdout);
  });

  test('an id that is taken, an unknown rule to explain and a bad head are told with file and line', () => {
    write('a.sql', [], 'self-route');
    write('b.sql', ['-- explains: self-rout']);
    write('c.sql', ['-- remdy: x'], 'other');
    write('d.sql', [], 'mine');
    const { code, stdout, stderr } = runBin(['analyze', SAMPLE, '--rules', folder]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${join(folder, 'a.sql')}:1: 'self-route' is a rule that is built in`);
    expect(stderr).toContain(`${join(folder, 'b.sql')}:6: no rule is called 'self-rout'; did you mean 'self-route'?`);
    expect(stderr).toContain(`${join(folder, 'c.sql')}:6: no key is called 'remdy'; did you mean 'remedy'?`);
    expect(stderr).toContain(`${join(folder, 'd.sql')}:1: 'mine' is also the id of`);
    expect(stderr).toContain('HLD_RULES_BAD_RULE_FILE');
  });

  test('a folder that is not there or holds no rule is refused', () => {
    for (const dir of [folder, join(folder, 'none')]) {
      const { code, stderr } = runBin(['rules', '--rules', dir]);
      expect(code).toBe(2);
      expect(stderr).toContain('HLD_RULES_BAD_FOLDER');
    }
  });
});
