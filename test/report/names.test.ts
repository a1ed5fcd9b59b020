import { describe, expect, test } from 'vitest';
import { Names } from '../../src/report/names.ts';
import { accounting, emptyDiagnosis, logOf, party, stall } from './cases.ts';

describe('names', () => {
  test('call parties by their role, in sentences and not in paths or longer addresses', () => {
    const names = new Names(stall());
    expect(names.role('client1@sandbox.local')).toBe('client1');
    expect(names.prose('client1@sandbox.local waits. See client1@sandbox.local/x, not xclient1@sandbox.local.au.')).toBe(
      'client1 waits. See client1@sandbox.local/x, not xclient1@sandbox.local.au.',
    );
    expect(names.prose('it ends with client1@sandbox.local.')).toBe('it ends with client1.');
  });

  test('group the amounts of a sentence', () => {
    const said = new Names(stall()).prose('12021 bytes, 3145848 bytes, 1204 frames at port 9001');
    expect(said.replaceAll('\u00A0', ' ')).toBe('12 021 bytes, 3 145 848 bytes (3.0 MiB), 1 204 frames at port 9001');
  });

  test('keep the email when two parties would share a role', () => {
    const d = { ...emptyDiagnosis(), parties: [party('a@x.org', 0, null, { role: 'a' }), party('a@y.org', 1, null, { role: 'a' })] };
    expect(new Names(d).role('a@y.org')).toBe('a@y.org');
  });

  test('shorten a file as far as no other file has the same name', () => {
    const names = new Names(stall());
    expect(names.source('relay/server/logs/server.log')).toBe('server.log');
    expect(names.source(logOf('client1@sandbox.local'))).toBe('client1/…/syftbox.log');
    expect(names.source(logOf('client1@sandbox.local'), 'client1@sandbox.local')).toBe('syftbox.log');
    expect(names.cited().map(({ source }) => source)).toContain(logOf('client1@sandbox.local'));
  });

  test('add folders until two files of one party differ', () => {
    const [one, two] = ['a@x.org/p/1/stream.tcp', 'a@x.org/p/2/stream.tcp'];
    const totals = { bytes: 1, lines: 1, records: 1, continuation: 0, ignored: 0, rejected: 0 };
    const of = (source: string) => ({
      source,
      kind: 'marker',
      dialect: 'json',
      party: 'a@x.org',
      cut: false,
      mirrorOf: null,
      ...totals,
      reasons: {},
    });
    const names = new Names({ ...emptyDiagnosis(), parties: [party('a@x.org', 0, null)], accounting: accounting([of(one), of(two)]) });
    expect([one, two].map((source) => names.source(source, 'a@x.org'))).toEqual(['a/…/1/stream.tcp', 'a/…/2/stream.tcp']);
  });

  test('say what kind of evidence has no line', () => {
    const names = new Names(stall());
    expect(names.place({ text: 'x', kind: 'told' })).toBe('(told)');
    expect(names.place({ text: 'x', source: 'relay/server/logs/server.log', absent: true })).toBe('no line in server.log');
    expect(names.place({ text: 'x', source: 'syqure.log', absent: true })).toBe('no syqure.log');
    expect(names.place({ text: 'x', source: 'relay/server/logs/server.log', line: 7 })).toBe('server.log:7');
    expect(names.place({ text: '0', source: 'relay/server/logs/server.log', pointer: '/a/0' })).toBe('server.log#/a/0');
  });
});
