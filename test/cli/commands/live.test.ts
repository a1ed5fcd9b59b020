/** `live relay` as a user runs it: the built command, a client, Ctrl-C, and `analyze` on what it left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runBin } from '../../helpers/bin.ts';

const BIN = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));
const sandbox = mkdtempSync(join(tmpdir(), 'hotlink-doctor-live-'));

afterAll(() => rmSync(sandbox, { recursive: true, force: true }));

describe('live relay', () => {
  it('runs until Ctrl-C and leaves a log that analyze reads', async () => {
    const child = spawn(process.execPath, [BIN, 'live', 'relay', sandbox, '--zone', '60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [first] = (await once(createInterface(child.stdout), 'line')) as [string];
    const url = /http:\S+?(?=,)/.exec(first)?.[0] ?? '';
    expect(await (await fetch(`${url}/healthz?user=a@b.co`)).json()).toEqual({ status: 'ok' });
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(130);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
    expect(readFileSync(join(sandbox, 'relay/server/logs/server.log'), 'utf8')).toContain('wshub started');
    const read = runBin(['query', sandbox, 'SELECT kind, rejected, zone_minutes FROM source', '--format', 'json']);
    expect(JSON.parse(read.stdout)).toEqual([{ kind: 'relay-log', rejected: 0, zone_minutes: 60 }]);
  });

  it('listens to other machines only when told twice', () => {
    const refused = runBin(['live', 'relay', sandbox, '--host', '0.0.0.0']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('HLD_LIVE_NOT_LOOPBACK');
  });

  it.each([
    ['--order', 'random'],
    ['--port', '70000'],
    ['--overtaking', '2'],
  ])('refuses %s %s', (option, value) => {
    const refused = runBin(['live', 'relay', sandbox, option, value]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('HLD_CLI_BAD_OPTION_VALUE');
  });
});
