/** The built `live soak` and `what-if`: real runs, few of them. Long campaigns: bench/results/soak.ndjson. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { SoakResult, SoakRun } from '../../../src/live/soak.ts';
import type { WhatIfResult } from '../../../src/live/what-if.ts';
import { runBin, startBin, type Ran } from '../../helpers/bin.ts';

const root = mkdtempSync(join(tmpdir(), 'hotlink-doctor-soak-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const KEPT = fileURLToPath(new URL('../../fixtures/soak/', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../../samples/', import.meta.url));

const soak = async (name: string, ...args: string[]): Promise<Ran> =>
  startBin(['live', 'soak', '--quiet', '--no-shrink', '--format', 'json', '--out', join(root, name), ...args]);

describe.concurrent('soak, a short one', { timeout: 180_000 }, () => {
  it('no false all-clear, alarm or figure in runs with faults; results are resumed and judged again', async () => {
    const results = join(root, 'faulty.ndjson');
    const keep = join(root, 'kept');
    const ran = await soak('faulty', '--runs', '6', '--seed', '11', '--parallel', '6', '--results', results, '--keep', keep);
    const result = JSON.parse(ran.stdout) as SoakResult;
    expect(result).toMatchObject({ runs: 6, faulty: 6, clean: 0, notMade: 0, failures: [] });
    expect(result.falseAllClear.of).toBeGreaterThan(0);
    expect(ran.code).toBe(0);
    const lines = readFileSync(results, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(6);
    // One run as a doctor would have it that sees no fault: an all-clear over lost bytes is a failure.
    const lost = lines.map((line) => JSON.parse(line) as SoakRun).find(({ truth }) => truth !== 'whole');
    expect(lost).toBeDefined();
    writeFileSync(results, `${lines.join('\n').replaceAll('"outcome":"told"', '"outcome":"false-all-clear"')}\n`);
    const again = await soak('again', '--runs', '6', '--seed', '11', '--results', results);
    expect((JSON.parse(again.stdout) as SoakResult).failures.length).toBeGreaterThan(0);
    expect(again.code).toBe(1);
    const judged = JSON.parse((await soak('judged', '--judge', keep)).stdout) as SoakResult;
    expect(judged.outcomes).toEqual(result.outcomes);
  });

  it('no alarm in clean runs', async () => {
    const ran = await soak('clean', '--clean', '--runs', '4', '--seed', '6', '--parallel', '4');
    expect(JSON.parse(ran.stdout)).toMatchObject({ runs: 4, faulty: 0, clean: 4, failures: [], cleanAlarm: { of: 4, count: 0 } });
    expect(ran.code).toBe(0);
  });

  it('scenarios that failed once, shrunk, fail no more', async () => {
    const files = readdirSync(KEPT).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(0);
    const ran = await soak('kept-scenarios', '--parallel', '6', ...files.flatMap((name) => ['--scenario', join(KEPT, name)]));
    expect((JSON.parse(ran.stdout) as SoakResult).failures).toEqual([]);
    expect(ran.code).toBe(0);
  });

  it('a file that holds no results, or no kept runs, is refused', () => {
    const bad = join(root, 'bad.ndjson');
    writeFileSync(bad, 'hello\n');
    expect(runBin(['live', 'soak', '--runs', '1', '--results', bad])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HLD_INPUT_UNREADABLE') as string,
    });
    expect(runBin(['live', 'soak', '--judge', join(root, 'nowhere')]).code).toBe(2);
  });
});

describe.concurrent('what-if', { timeout: 180_000 }, () => {
  it('a stalled run: the patch cures it, the relay does not, and the settings are said', async () => {
    const sandbox = join(SAMPLES, 'stall-e3-debug/sandbox');
    const ran = await startBin(['what-if', sandbox, '--only', 'patch=E,relay=S2', '--runs', '3', '--parallel', '6', '--format', 'json']);
    const result = JSON.parse(ran.stdout) as WhatIfResult;
    expect(result).toMatchObject({ cause: { rule: 'sender-lock-drop', where: 'aggregator' }, before: { done: 3, shown: 3 }, not: null });
    expect(result.answers).toMatchObject([
      { name: 'patch=E', answer: 'cured', failed: 0, done: 3, settings: 'era=E3+E' },
      { name: 'relay=S2', answer: 'not-cured', failed: 3, shown: 3 },
    ]);
    expect(result.answers[0]?.because).toBe('0 of 3 failed: below 64 % with 95 %');
    expect(ran.code).toBe(0);
  });

  it('what live cannot make again has no answers', async () => {
    const ran = await startBin(['what-if', join(SAMPLES, 'console-unroutable'), '--format', 'markdown']);
    expect(ran).toMatchObject({ code: 3, stdout: expect.stringContaining('NOT REPRODUCIBLE') as string });
  });

  it('a change that is not known is refused with what was meant', async () => {
    const saved = join(root, 'diagnosis.json');
    const analyzed = await startBin(['analyze', join(SAMPLES, 'stall-e3-debug/sandbox'), '--format', 'json']);
    writeFileSync(saved, analyzed.stdout);
    expect(await startBin(['what-if', saved, '--only', 'adopton', '--quiet'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean adoption?') as string,
    });
  });
});
