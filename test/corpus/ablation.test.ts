/** Evidence is taken away: a stalled run never becomes healthy, a completed one never failed. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corpusCases, filesLike, judgeChanged, partiesOf, rewriteLines, sampleCases, type Case } from '../helpers/cases.ts';

type Ablation = readonly [what: string, change: (root: string) => void];

const LOGS = /(syftbox|client-daemon|syftboxd|server)\.log$/;

function ablations(c: Case): Ablation[] {
  return [
    ...partiesOf(c).map((party): Ablation => [`without ${party}`, (root) => rmSync(join(root, party), { recursive: true })]),
    ['without client logs', (root) => filesLike(root, /(syftbox|client-daemon)\.log$/).forEach((f) => rmSync(f))],
    ['without telemetry', (root) => filesLike(root, /hotlink_telemetry\.json$/).forEach((f) => rmSync(f))],
    ['without the relay', (root) => existsSync(join(root, 'relay')) && rmSync(join(root, 'relay'), { recursive: true })],
    [
      'without the last 30 % of each log',
      (root) => filesLike(root, LOGS).forEach((f) => rewriteLines(f, (lines) => [...lines.slice(0, Math.floor(lines.length * 0.7)), ''])),
    ],
  ];
}

for (const c of [...sampleCases(), ...corpusCases()]) {
  describe(`${c.name} (${c.outcome})`, () => {
    for (const [what, change] of ablations(c)) {
      it(what, async () => {
        const d = await judgeChanged(c, change);
        const allowed = c.outcome === 'stalled' ? ['failed', 'inconclusive'] : ['healthy', 'degraded', 'inconclusive'];
        expect(allowed).toContain(d.verdict);
        expect(d.verdicts.filter((v) => v.verdict === 'errored')).toEqual([]);
        // Whoever cannot judge says what would let him.
        expect(d.verdict !== 'inconclusive' || d.missingEvidence.length > 0).toBe(true);
      });
    }
  });
}
