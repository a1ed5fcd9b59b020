import { describe, expect, test } from 'vitest';
import { reasonOf, terminalWidth, visible, wantsColor } from '../../src/cli/output.ts';

describe('control characters', () => {
  test('of a log line are shown and do not steer the terminal', () => {
    expect(visible('a\u001b[31mred\u0007\u009b2J\r')).toBe('a\\x1b[31mred\\x07\\x9b2J\\x0d');
  });

  test('that turn the reading direction are shown', () => {
    expect(visible('x\u202ey')).toBe('x\\u202ey');
  });

  test('line feeds, tabs and other scripts stay', () => {
    expect(visible('Ä\tß\n漢')).toBe('Ä\tß\n漢');
  });
});

describe('colour', () => {
  test.each([
    { why: 'a terminal has it', flag: undefined, env: {}, terminal: true, want: true },
    { why: 'a pipe does not', flag: undefined, env: {}, terminal: false, want: false },
    { why: 'NO_COLOR takes it away', flag: undefined, env: { NO_COLOR: '1' }, terminal: true, want: false },
    { why: 'an empty NO_COLOR says nothing', flag: undefined, env: { NO_COLOR: '' }, terminal: true, want: true },
    { why: 'FORCE_COLOR gives it to a pipe', flag: undefined, env: { FORCE_COLOR: '1' }, terminal: false, want: true },
    { why: 'FORCE_COLOR=0 takes it away', flag: undefined, env: { FORCE_COLOR: '0' }, terminal: true, want: false },
    { why: 'the flag is above both', flag: false, env: { FORCE_COLOR: '1' }, terminal: true, want: false },
    { why: 'a dumb terminal has none', flag: undefined, env: { TERM: 'dumb' }, terminal: true, want: false },
  ])('$why', ({ flag, env, terminal, want }) => {
    expect(wantsColor(flag, env, terminal)).toBe(want);
  });
});

test('a terminal narrower than the report can be gets the narrowest report', () => {
  expect(terminalWidth(20)).toBe(60);
  expect(terminalWidth(132)).toBe(132);
  expect(terminalWidth(undefined)).toBe(100);
});

test('the reason of a system error comes without code, call and path', () => {
  expect(reasonOf(new Error("EACCES: permission denied, open '/root/x.log'"))).toBe('permission denied');
});
