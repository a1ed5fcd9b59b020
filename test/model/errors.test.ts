import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorFaults } from '../../tools/parts/errors.ts';
import { DoctorError, ERRORS } from '../../src/model/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

describe('the error table', () => {
  test('has the same codes as docs/errors.md, in the same order', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(Object.keys(ERRORS));
    expect(errorFaults(page)).toEqual([]);
  });

  test('misses no part of a section', () => {
    const whole =
      '## HLD_A_B\n\nIt means x.\n\n```console\n$ hotlink-doctor x\nhotlink-doctor: y\n  HLD_A_B: hotlink-doctor explain HLD_A_B\n```\n\nWhat to do: z.\n';
    expect(errorFaults(whole, ['HLD_A_B'])).toEqual([]);
    expect(errorFaults(whole, ['HLD_A_B', 'HLD_C_D'])).toEqual(['HLD_C_D: no section']);
    expect(errorFaults(whole, [])).toEqual(['HLD_A_B: there is no such code']);
    expect(errorFaults(whole.replace('It means x.', ''), ['HLD_A_B'])).toEqual(['HLD_A_B: what does it mean?']);
    expect(errorFaults(whole.replace('What to do: z.', ''), ['HLD_A_B'])).toEqual(["HLD_A_B: no 'What to do:'"]);
    expect(errorFaults(whole.replace(/```[^]*```/, ''), ['HLD_A_B'])).toEqual(['HLD_A_B: no example']);
    expect(errorFaults(whole.replace('explain HLD_A_B', 'explain HLD_A_C'), ['HLD_A_B'])).toEqual([
      'HLD_A_B: the example ends without its code',
    ]);
    expect(errorFaults(whole + whole.replaceAll('HLD_A_B', 'HLD_A_A'), ['HLD_A_A', 'HLD_A_B'])).toHaveLength(1);
  });

  test('has well-formed codes', () => {
    const codes = Object.keys(ERRORS);
    for (const code of codes) expect(code).toMatch(/^HLD_[A-Z]+(_[A-Z]+)+$/);
  });
});

describe('a doctor error', () => {
  test('says what, where and the next step, and keeps its cause', () => {
    const cause = new Error('EACCES');
    const error = new DoctorError('HLD_INPUT_UNREADABLE', { path: 'sandbox/relay', reason: 'permission denied' }, { cause });
    expect(error.message).toBe('cannot read sandbox/relay: permission denied; check its owner and permissions, or copy it');
    expect(error.kind).toBe('input');
    expect(error.cause).toBe(cause);
  });

  test('offers the nearest name only when there is one', () => {
    expect(new DoctorError('HLD_RULES_NO_SUCH_RULE', { name: 'self-rout', similar: 'self-route' }).message).toContain(
      "did you mean 'self-route'?",
    );
    expect(new DoctorError('HLD_RULES_NO_SUCH_RULE', { name: 'xyzzy' }).message).not.toContain('did you mean');
  });

  test('lists the runs that there are', () => {
    expect(new DoctorError('HLD_RUN_NO_SUCH_RUN', { run: '9', known: ['7', '8'] }).message).toContain('it shows 7, 8');
    expect(new DoctorError('HLD_RUN_NO_SUCH_RUN', { run: '9', known: [] }).message).toContain('no run at all');
  });
});
