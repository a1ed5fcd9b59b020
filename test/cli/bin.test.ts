import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runBin, runShell } from '../helpers/bin.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hld-cli-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('the command line', () => {
  test('--help lists the commands and exits 0', () => {
    const { code, stdout, ms } = runBin(['--help']);
    console.log(`--help took ${Math.round(ms)} ms from start to exit (aim: under 120)`);
    expect(code).toBe(0);
    for (const command of ['analyze', 'preflight', 'trace', 'why-not', 'query', 'rules', 'explain', 'schema'])
      expect(stdout).toContain(`  ${command} `);
  });

  test('--version prints a version', () => {
    expect(runBin(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('no command is a usage error that shows the help', () => {
    const { code, stderr } = runBin([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: hotlink-doctor');
  });

  test.each([
    { args: ['analyze', 'x', '--formt', 'json'], says: 'Did you mean --format?' },
    { args: ['analyz', 'x'], says: 'Did you mean analyze?' },
    { args: ['analyze'], says: "missing required argument 'inputs'" },
    { args: ['analyze', 'x', '--format', 'xml'], says: 'HLD_CLI_BAD_OPTION_VALUE' },
    { args: ['analyze', 'x', '--format', 'json='], says: 'it takes text or text=FILE, json or json=FILE' },
    { args: ['analyze', 'x', '--fail-on', 'maybe'], says: 'it takes error, warning, info, inconclusive' },
    { args: ['analyze', 'x', '--width', '59'], says: 'from 60' },
    { args: ['query', 'x', 'SELECT 1', '--format', 'xml'], says: 'it takes table, json, ndjson, csv' },
    { args: ['rules', '--format', 'xml'], says: 'it takes table, json' },
  ])('$args exits 2 and says what would be right', ({ args, says }) => {
    const { code, stdout, stderr } = runBin(args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  test.each(['analyze', 'query'])('%s of a path that is not there exits 2 with the code and no stack', (command) => {
    const { code, stderr } = runBin([command, join(scratch, 'nowhere'), ...(command === 'query' ? ['SELECT 1'] : [])]);
    expect(code).toBe(2);
    expect(stderr).toContain('HLD_INPUT_NO_SUCH_PATH');
    expect(stderr).not.toContain('    at ');
  });
});

describe('explain', () => {
  test('prints the section of an error code and not the next one', () => {
    const { code, stdout } = runBin(['explain', 'HLD_INPUT_UNREADABLE']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^## HLD_INPUT_UNREADABLE\n/);
    expect(stdout.match(/^## /gm)).toHaveLength(1);
  });

  test('prints the page of a rule', () => {
    const { code, stdout } = runBin(['explain', 'sender-lock-drop']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/What it proves/);
  });

  test('finds rules by the number of a failure, in either case', () => {
    const { code, stdout } = runBin(['explain', 'f-3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/sender-lock-drop/);
  });

  test.each(['sender-lock-drp', '../../package', 'HLD_NO_SUCH'])("'%s' is no page: exits 2", (name) => {
    const { code, stderr } = runBin(['explain', name]);
    expect(code).toBe(2);
    expect(stderr).toContain('HLD_RULES_NO_SUCH_RULE');
  });
});

test('rules lists every rule, as a table and as JSON', () => {
  const rules = JSON.parse(runBin(['rules', '--format', 'json']).stdout) as { id: string }[];
  const { code, stdout } = runBin(['rules']);
  expect(code).toBe(0);
  expect(rules.length).toBeGreaterThan(5);
  for (const { id } of rules) expect(stdout).toContain(` ${id} `);
});

test('schema prints a JSON Schema that names the fields of the diagnosis', () => {
  const { code, stdout } = runBin(['schema']);
  expect(code).toBe(0);
  const schema = JSON.parse(stdout) as { $schema: string; required: string[] };
  expect(schema.$schema).toContain('json-schema.org');
  expect(schema.required).toEqual(expect.arrayContaining(['schema', 'verdict', 'run', 'flows', 'causes', 'accounting']));
});

describe('an input without evidence', () => {
  test('an empty directory is nothing recognisable: exits 2', () => {
    const empty = mkdtempSync(join(scratch, 'empty-'));
    const { code, stdout, stderr } = runBin(['analyze', empty, '--format', 'json']);
    expect(stderr).toContain('HLD_INPUT_NOTHING_RECOGNISED');
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  test('a file of another program is nothing recognisable', () => {
    const file = join(scratch, 'syftbox.log');
    writeFileSync(file, 'the quick brown fox\n'.repeat(50));
    const { code, stderr } = runBin(['analyze', file]);
    expect(stderr).toContain('HLD_INPUT_NOTHING_RECOGNISED');
    expect(code).toBe(2);
  });
});

describe('--db', () => {
  test('does not overwrite what is no database', () => {
    const file = join(scratch, 'notes.txt');
    writeFileSync(file, 'my notes, longer than a header');
    const { code, stderr } = runBin(['analyze', scratch, '--db', file]);
    expect(stderr).toContain('HLD_CLI_UNWRITABLE_OUTPUT');
    expect(code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('my notes, longer than a header');
  });

  test('leaves no half-written database behind', () => {
    const file = join(scratch, 'half.duckdb');
    expect(runBin(['analyze', mkdtempSync(join(scratch, 'none-')), '--db', file]).code).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  test('in a folder that is not there is refused in words', () => {
    const { code, stderr } = runBin(['analyze', scratch, '--db', join(scratch, 'no/such/folder/x.duckdb')]);
    expect(stderr).toContain('HLD_CLI_UNWRITABLE_OUTPUT');
    expect(code).toBe(2);
  });
});

describe('query', () => {
  const log = join(scratch, 'some.log');
  writeFileSync(log, 'nothing that is known\n');

  test('answers as table, JSON and CSV', () => {
    const statement = `SELECT 1 AS one, 'a,"b' AS word, NULL AS nothing, chr(27) || '[31m' AS colour`;
    const table = runBin(['query', log, statement]);
    expect(table.code).toBe(0);
    expect(table.stdout).toContain('\\x1b[31m');
    expect(table.stdout).not.toContain('\u001b');
    expect(table.stdout).toContain('1 row\n');
    expect(JSON.parse(runBin(['query', log, statement, '--format', 'json']).stdout)).toEqual([
      { one: 1, word: 'a,"b', nothing: null, colour: '\u001b[31m' },
    ]);
    const lines = runBin(['query', log, 'SELECT i FROM range(3) AS r(i)', '--format', 'ndjson']).stdout;
    expect(lines).toBe('{"i":0}\n{"i":1}\n{"i":2}\n');
    expect(runBin(['query', log, 'SELECT 1 WHERE false', '--format', 'ndjson']).stdout).toBe('');
    expect(runBin(['query', log, statement, '--format', 'csv']).stdout).toContain('one,word,nothing,colour\r\n1,"a,""b",,');
  });

  test('a wrong statement exits 2 with the words of the database', () => {
    const { code, stderr } = runBin(['query', log, 'SELECT nope FROM source']);
    expect(stderr).toContain('HLD_STORE_SQL_FAILED');
    expect(stderr).toContain('nope');
    expect(code).toBe(2);
  });

  test('cannot read other files of this machine', () => {
    expect(runBin(['query', log, "SELECT * FROM read_text('/etc/hostname')"]).code).toBe(2);
  });
});

test('a reader that closes early is no error', () => {
  const { code, stderr } = runShell('set -o pipefail; $BIN schema | head -c 1 >/dev/null');
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
