/** Whole runs of the built command: what `live up` leaves behind is diagnosed as what was done. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { runBin } from '../helpers/bin.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-lab-'));
let runs = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function runLab(args: readonly string[]): Promise<{ sandbox: string; diagnosis: Diagnosis; result: { completed: boolean } }> {
  runs++;
  const sandbox = join(root, `run-${runs}`, 'sandbox');
  const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--format', 'json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString('utf8')));
  await once(child, 'close');
  const analyzed = runBin(['analyze', sandbox, '--format', 'json']);
  return { sandbox, diagnosis: JSON.parse(analyzed.stdout) as Diagnosis, result: JSON.parse(out) as { completed: boolean } };
}

const short = (email: string | undefined): string => (email ?? '').split('@')[0] ?? '';

function firstCause({ causes }: Diagnosis): string {
  const [cause] = causes;
  if (cause === undefined) return 'none';
  const { party, from, to } = cause.subject;
  return `${cause.rule} ${party !== undefined ? short(party) : from !== undefined ? `${short(from)}>${short(to)}` : 'run'}`;
}

/** Runs wait for nothing most of their time; in parallel they share it. */
describe.concurrent('live up', { timeout: 120_000 }, () => {
  it.each([
    ['the published stall', ['--era', 'E3'], 'sender-lock-drop aggregator', 'failed'],
    ['its cure', ['--era', 'E5b'], 'turn-credentials-missing run', 'degraded'],
    [
      'a hanging program',
      ['--era', 'E5b', '--fault', 'hang-app:client1', '--patience', '14'],
      'silent-application client1',
      'inconclusive',
    ],
  ] as const)('%s', async (_name, args, cause, verdict) => {
    const { diagnosis, result } = await runLab(args);
    expect(firstCause(diagnosis)).toBe(cause);
    expect(diagnosis.verdict).toBe(verdict);
    expect(result.completed).toBe(verdict === 'degraded');
    expect(diagnosis.accounting.total.rejected).toBe(0);
  });
});

describe('its processes', () => {
  it('end with their parent, also when that is killed, and free their ports', async () => {
    const sandbox = join(root, 'killed');
    const child = spawn(process.execPath, [BIN, 'live', 'up', sandbox, '--fault', 'no-app:client1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const url = /http:\S+?(?=,)/.exec(line)?.[0] ?? '';
    const log = join(sandbox, 'client2@sandbox.local/.syftbox/logs/syftbox.log');
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8').includes('hotlink enabled'), { timeout: 10_000 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect
      .poll(
        async () =>
          fetch(`${url}/healthz`).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(false);
  }, 30_000);

  it('are stopped by Ctrl-C', async () => {
    const child = spawn(process.execPath, [BIN, 'live', 'up', join(root, 'stopped')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(130);
    await expect(fetch(`${/http:\S+?(?=,)/.exec(line)?.[0] ?? ''}/healthz`)).rejects.toThrow('fetch failed');
  }, 30_000);

  it.each([
    [['--fault', 'late-app:nobody'], 'late-app:PARTY of aggregator, client1, client2'],
    [['--fault', 'marker-missing:client1'], 'marker-missing:FROM>TO'],
    [['--fault', 'magic'], 'late-app, no-app'],
    [['--party-era', 'client1=E9'], 'PARTY=ERA'],
  ])('refuses %j', (args, words) => {
    const refused = runBin(['live', 'up', join(root, 'refused'), ...args]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });

  it('never writes into a folder that holds something', () => {
    const refused = runBin(['live', 'up', fileURLToPath(new URL('../../samples/', import.meta.url))]);
    expect(refused.code).toBe(2);
    expect(readdirSync(fileURLToPath(new URL('../../samples/', import.meta.url)))).not.toContain('relay');
  });
});
