import { describe, expect, test } from 'vitest';
import { exitCodeFor } from '../../../src/cli/commands/analyze.ts';
import type { Diagnosis, Finding, Severity } from '../../../src/model/diagnosis.ts';

function diagnosis(verdict: Diagnosis['verdict'], ...severities: Severity[]): Diagnosis {
  const findings = severities.map((severity) => ({ severity }) as Finding);
  return { verdict, causes: [], findings } as unknown as Diagnosis;
}

describe('the exit code of analyze', () => {
  test.each([
    { why: 'nobody asked', found: [diagnosis('failed', 'error')], limits: [], code: 0 },
    { why: 'an error is at the limit error', found: [diagnosis('failed', 'error')], limits: ['error'], code: 1 },
    { why: 'a warning is below the limit error', found: [diagnosis('degraded', 'warning')], limits: ['error'], code: 0 },
    { why: 'a warning is at the limit warning', found: [diagnosis('degraded', 'warning')], limits: ['warning'], code: 1 },
    { why: 'an information is at the limit info', found: [diagnosis('healthy', 'info')], limits: ['info'], code: 1 },
    { why: 'a failed run fails without any finding', found: [diagnosis('failed')], limits: ['error'], code: 1 },
    { why: 'doubt is no failure unless asked for', found: [diagnosis('inconclusive')], limits: ['info'], code: 0 },
    { why: 'doubt is asked for', found: [diagnosis('inconclusive')], limits: ['inconclusive'], code: 3 },
    {
      why: 'a failure wins over doubt',
      found: [diagnosis('inconclusive'), diagnosis('failed', 'error')],
      limits: ['inconclusive'],
      code: 1,
    },
    { why: 'the strictest limit counts', found: [diagnosis('degraded', 'warning')], limits: ['error', 'warning'], code: 1 },
    { why: 'all is well', found: [diagnosis('healthy')], limits: ['info', 'inconclusive'], code: 0 },
  ] as const)('is $code when $why', ({ found, limits, code }) => {
    expect(exitCodeFor(found, limits)).toBe(code);
  });
});
