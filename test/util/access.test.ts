import { describe, expect, it } from 'vitest';
import { decidingPattern, isGranted, patternFor } from '../../src/util/access.ts';

describe('patterns of access lists', () => {
  it('without a wildcard are a path and nothing else', () => {
    expect(decidingPattern(['{p,q}.dat'], 'p.dat')).toBeUndefined();
    expect(decidingPattern(['{p,q}.dat', 'p.dat'], 'p.dat')).toBe('p.dat');
    expect(decidingPattern(['{p,q}.*'], 'p.dat')).toBe('{p,q}.*');
  });

  it('name the user who asks, by email or by hash', () => {
    expect(patternFor('{{.UserEmail}}/**', 'a@x')).toBe('a@x/**');
    expect(patternFor('{{ .UserHash }}/x', 'b@x.test')).toBe('ee2c1fe6e128fcf4/x');
    expect(patternFor('{{.Year}}', 'a@x')).toBe('{{.Year}}');
  });

  it('need admin for admin', () => {
    expect(isGranted({ level: 'write', grantee: '*' }, 'a@x', 'admin')).toBe(false);
    expect(isGranted({ level: 'admin', grantee: 'a@x' }, 'a@x', 'read')).toBe(true);
  });
});
