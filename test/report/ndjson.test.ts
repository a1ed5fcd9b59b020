import { describe, expect, it } from 'vitest';
import { renderNdjson } from '../../src/report/ndjson.ts';
import { poisonedGate } from '../helpers/formats.ts';
import { gateSet, recorded } from '../helpers/gate.ts';
import { forCases, size } from '../helpers/mutate.ts';

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('NDJSON', () => {
  it('has a line for every fact of the document', () => {
    const d = recorded('stall-e3-debug');
    const lines = linesOf(renderNdjson([d]));
    const count = (type: string): number => lines.filter((l) => l.type === type).length;
    expect(lines[0]).toMatchObject({ type: 'run', schema: 'hotlink-doctor/ndjson@1', verdict: 'failed', run: d.run?.id });
    expect(count('finding')).toBe(d.findings.length);
    expect(count('flow')).toBe(d.flows.length);
    expect(count('verdict')).toBe(d.verdicts.length);
    expect(count('figure')).toBe(d.figures?.length);
    expect(count('source')).toBe(d.accounting.sources.length);
    expect(lines.find((l) => l.type === 'finding')).toMatchObject({ rule: 'sender-lock-drop', cause: true });
  });

  it('ends with the gate', () => {
    expect(linesOf(renderNdjson(gateSet([recorded('healthy')], { policy: 'smoke' }))).at(-1)).toMatchObject({
      type: 'gate',
      outcome: 'failed',
      exitCode: 1,
      policy: 'smoke',
    });
  });

  it('says of each line which input it is of', () => {
    const lines = linesOf(
      renderNdjson([
        { ...recorded('healthy'), input: 'a' },
        { ...recorded('stall-e3-debug'), input: 'b' },
      ]),
    );
    expect(new Set(lines.map((l) => l['input']))).toEqual(new Set(['a', 'b']));
  });

  it('has the same lines whatever the evidence says', async () => {
    await forCases(size(40, 400), (chance) => {
      const text = renderNdjson([poisonedGate('stall-e3-debug', chance)]);
      expect(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)).toBe(false);
      expect(linesOf(text).filter((l) => l.type === 'finding')).toHaveLength(recorded('stall-e3-debug').findings.length);
      expect(linesOf(text).filter((l) => l.type === 'gate')).toHaveLength(1);
    });
  });
});
