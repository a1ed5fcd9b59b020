import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AccessFiles, accessLine, folderOf, type Access } from '../../src/proxy/relay/access-log.ts';
import { startRelay } from '../helpers/wire-client.ts';

const A = 'client1@sandbox.local';
const B = 'client2@sandbox.local';
const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-access-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ACCESS: Access = {
  ms: Date.UTC(2026, 1, 9, 3, 14, 15, 926),
  path: `${A}/x`,
  kind: 'write',
  user: A,
  ip: '127.0.0.1',
  agent: 'syftbox-rs/0.1',
  method: 'PUT',
};

describe('the access log', () => {
  it('has the keys of the real one in their order', () => {
    const start = `{"timestamp":"2026-02-09 03:14:15.926 UTC","path":"${A}/x","access_type":"write","user":"${A}","ip":"127.0.0.1",`;
    expect(accessLine(ACCESS)).toBe(`${start}"user_agent":"syftbox-rs/0.1","method":"PUT","status_code":200,"allowed":true}`);
    expect(accessLine({ ...ACCESS, refused: 'no' })).toMatch(/"allowed":false,"denied_reason":"no"\}$/);
  });

  it('keeps each user in a folder of its own, whatever the user is called', () => {
    expect(folderOf('../../x/y@z.w')).toBe('.._.._x_y@z.w');
    const files = new AccessFiles(folder);
    files.write(ACCESS);
    files.write({ ...ACCESS, user: '../../x@y.z' });
    files.close();
    expect(readdirSync(folder).toSorted()).toEqual(['.._.._x@y.z', A]);
    expect(readFileSync(join(folder, A, 'access_20260209.log'), 'utf8')).toBe(`${accessLine(ACCESS)}\n`);
  });

  it('is told of every file that is asked for or sent, but of no access list', async () => {
    const accesses: Access[] = [];
    const { relay } = await startRelay({ writeAccess: (access) => accesses.push(access) });
    const upload = async (user: string, key: string): Promise<void> => {
      const form = new FormData();
      form.set('file', new Blob(['rules: []']), 'x');
      const query = `key=${encodeURIComponent(key)}&user=${encodeURIComponent(user)}`;
      await fetch(`${relay.url}/api/v1/blob/upload?${query}`, { method: 'PUT', body: form });
    };
    await upload(A, `${A}/x`);
    await upload(B, `${A}/x`);
    await upload(A, `${A}/syft.pub.yaml`);
    const body = JSON.stringify({ keys: [`${A}/x`] });
    await fetch(`${relay.url}/api/v1/blob/download?user=${encodeURIComponent(B)}`, { method: 'POST', body });
    expect(accesses.map(({ user, kind, refused }) => [user, kind, refused === undefined])).toEqual([
      [A, 'write', true],
      [B, 'write', false],
      [B, 'read', false],
    ]);
    await relay.close();
  });
});
