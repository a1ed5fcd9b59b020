import { describe, expect, test } from 'vitest';
import type { OwnRule, RuleProblem } from '../../../src/model/own-rule.ts';
import { parseOwnRule } from '../../../src/rules/own/parse.ts';

const HEAD = ['-- id: slow-link', '-- title: Slow', '-- severity: warning', '-- proves: It is slow.', '-- remedy: Wait.'];

function parse(...lines: string[]): OwnRule {
  const parsed = parseOwnRule('r.sql', lines.join('\n'));
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.rule;
}

function problems(...lines: string[]): readonly RuleProblem[] {
  const parsed = parseOwnRule('r.sql', lines.join('\n'));
  return 'problems' in parsed ? parsed.problems : [];
}

describe('the head of a rule file', () => {
  test('gives the contract, with what is left out by default', () => {
    const { meta, statement } = parse(...HEAD, '', 'SELECT 1', '-- in the middle', 'FROM ev');
    expect(meta).toEqual({
      id: 'slow-link',
      title: 'Slow',
      severity: 'warning',
      proves: 'It is slow.',
      remedy: 'Wait.',
      needs: [],
      'blind-to': 'Whatever its statement does not ask for.',
      'not-evidence': {},
      explains: [],
    });
    expect(statement).toBe('SELECT 1\n-- in the middle\nFROM ev');
  });

  test('lists, look-alikes, values over several lines, a byte order mark and CRLF', () => {
    const text = ['\uFEFF-- id: a', ...HEAD.slice(1, 4), '-- remedy: Wait,', '--   then look.', '-- needs: telemetry, client-log|relay-log']
      .concat([
        '-- explains: late-application',
        '-- not-evidence: idle = x = y',
        '-- not-evidence: other = z',
        '-- a free comment',
        'SELECT 1',
      ])
      .join('\r\n');
    const { meta } = parse(text);
    expect(meta).toMatchObject({ id: 'a', remedy: 'Wait, then look.', needs: ['telemetry', 'client-log|relay-log'] });
    expect(meta).toMatchObject({ explains: ['late-application'], 'not-evidence': { idle: 'x = y', other: 'z' } });
  });

  test.each([
    {
      name: 'an unknown key',
      lines: [...HEAD, '-- severty: error', 'SELECT 1'],
      line: 6,
      says: /no key is called 'severty'; did you mean 'severity'\?/,
    },
    { name: 'a key twice', lines: [...HEAD, '-- title: Again', 'SELECT 1'], line: 6, says: /'title' stands there twice/ },
    { name: 'a missing key', lines: [...HEAD.slice(0, 4), 'SELECT 1'], line: 1, says: /'remedy' is missing/ },
    { name: 'an empty value', lines: ['-- id: a', '-- title:', ...HEAD.slice(2), 'SELECT 1'], line: 2, says: /title .*says nothing/ },
    {
      name: 'a wrong id',
      lines: ['-- id: Slow Link', ...HEAD.slice(1), 'SELECT 1'],
      line: 1,
      says: /id 'Slow Link': must be lower-case words/,
    },
    {
      name: 'a wrong severity',
      lines: [...HEAD.slice(0, 2), '-- severity: bad', ...HEAD.slice(3), 'SELECT 1'],
      line: 3,
      says: /severity 'bad'/,
    },
    { name: 'an unknown need', lines: [...HEAD, '-- needs: telemetry, luck', 'SELECT 1'], line: 6, says: /needs 'luck'/ },
    { name: 'a look-alike without a reason', lines: [...HEAD, '-- not-evidence: idle', 'SELECT 1'], line: 6, says: /a name and a reason/ },
    { name: 'no statement', lines: HEAD, line: 5, says: /no statement/ },
  ])('$name is told with its line', ({ lines, line, says }) => {
    expect(problems(...lines)).toEqual([{ file: 'r.sql', line, says: expect.stringMatching(says) }]);
  });

  test('all problems are told at once', () => {
    expect(
      problems('-- titel: x')
        .map((p) => p.says)
        .join('\n'),
    ).toMatch(/titel[^]*'id' is missing[^]*no statement/);
  });
});
