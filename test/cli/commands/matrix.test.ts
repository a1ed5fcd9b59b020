/** `live matrix` as a user runs it, in its small form, and held against the results that are kept. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { judgeCell, type CellRun, type MatrixResult } from '../../../src/live/matrix.ts';
import { matrixFaults } from '../../../src/live/matrix-plan.ts';
import { SCENARIOS } from '../../../src/proxy/lab/scenarios.ts';
import { runBin } from '../../helpers/bin.ts';

const KEPT = fileURLToPath(new URL('../../../bench/results/matrix.ndjson', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hotlink-doctor-matrix-'));
const LIMIT_MS = 240_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(file: string): readonly CellRun[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CellRun);
}

/** What a run proves, without what chance decides. */
function proven(run: CellRun): object {
  const finds = run.kind === 'diagonal' ? (matrixFaults(SCENARIOS).find(({ name }) => name === run.fault)?.finds ?? []) : [];
  const { missed, alarms } = judgeCell(run, finds);
  return { id: run.id, completed: run.completed, verdict: run.verdict, missed, alarms };
}

describe('live matrix', () => {
  it(
    'grades rules from runs, as the results that are kept do; a second call makes none again',
    () => {
      const file = join(folder, 'small.ndjson');
      const args = ['live', 'matrix', '--small', '--format', 'json', '--resume', file];
      const first = runBin(args);
      const result = JSON.parse(first.stdout) as MatrixResult;
      expect({ code: first.code, misses: result.misses, alarms: result.alarms }).toEqual({ code: 0, misses: [], alarms: [] });
      expect(result.grades.filter(({ recall }) => recall === 1).map(({ rule }) => rule)).toEqual([
        'hotlink-disabled',
        'missing-channel',
        'sender-lock-drop',
      ]);
      expect(result.cures).toContainEqual({ fault: 'two-party-stall', behaviour: 'E3', cure: 'era=E5b relay=S2', runs: 1, failed: 0 });
      const kept = new Map(linesOf(KEPT).map((run) => [run.id, run]));
      for (const run of linesOf(file)) expect(proven(run)).toEqual(proven(kept.get(run.id) as CellRun));
      const second = runBin(args);
      expect([second.code, second.stdout]).toEqual([first.code, first.stdout]);
      expect(second.stderr).toBe('');
    },
    LIMIT_MS,
  );

  it('lists its cells without making one', () => {
    const { code, stdout } = runBin(['live', 'matrix', '--plan', '--faults', 'idle-cut', '--behaviours', 'E6,E6/reconnect=keep']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'diagonal idle-cut era=E6 parties=client1+client2 fault=cut:client1@1 patience=8',
      'cure idle-cut era=E6 parties=client1+client2 fault=cut:client1@1 patience=8 switch=reconnect=keep',
      'sweep idle-cut era=E6/reconnect=keep parties=client1+client2 fault=cut:client1@1 patience=8',
    ]);
  });

  it.each([
    ['--faults', 'ded-client'],
    ['--behaviours', 'E9'],
    ['--layouts', '5'],
    ['--transports', 'carrier-pigeon'],
  ])('refuses %s %s', (option, value) => {
    const refused = runBin(['live', 'matrix', '--plan', option, value]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('HLD_');
  });
});
