/** Runs against a policy, a baseline and other runs: pure, so that the same documents and the same date give the same outcome. */
import type { Check, Diagnosis, Gate } from '../model/diagnosis.ts';
import type { Baseline } from './baseline.ts';
import { checksOf, unusedChecks, type Context } from './checks.ts';
import { compareRuns, newFindings } from './compare.ts';
import { DEFAULT_COMPARE, type Policy } from './policy.ts';

export interface GateInput {
  readonly diagnoses: readonly Diagnosis[];
  readonly policy: Policy;
  readonly baseline: Baseline | null;
  /** Runs to compare with; empty: no comparison. */
  readonly against: readonly Diagnosis[];
  /** YYYY-MM-DD. */
  readonly asOf: string;
}

/** Each document with its gate. What is of all of them together (unused entries, comparisons) stands in the last. */
export function gateAll({ diagnoses, policy, baseline, against, asOf }: GateInput): readonly (Diagnosis & { gate: Gate })[] {
  const x: Context = { policy, baseline, asOf };
  const own = diagnoses.map((d) => checksOf(d, x));
  const compared =
    against.length === 0
      ? []
      : [
          newFindings(diagnoses, against),
          ...(policy.compare.length === 0 ? DEFAULT_COMPARE : policy.compare).map((rule) => compareRuns(rule, diagnoses, against, x)),
        ];
  const together = [...compared, ...unusedChecks(diagnoses, usedBy([...own.flat(), ...compared]), x)];
  return diagnoses.map((d, i) => {
    const { gate: _before, ...rest } = d;
    const checks = [...(own[i] ?? []), ...(i === diagnoses.length - 1 ? together : [])];
    return { ...rest, gate: { policy: policy.name, failOn: policy.failOn, asOf, ...outcomeOf(checks), checks } };
  });
}

/** Fingerprints that something answered to, whatever came of it: a passed limit is nothing to accept. */
function usedBy(checks: readonly Check[]): ReadonlySet<string> {
  return new Set(checks.filter((c) => c.outcome !== 'passed').flatMap((c) => c.fingerprint ?? []));
}

/** 1 before 4 before 3 before 0. */
function outcomeOf(checks: readonly Check[]): Pick<Gate, 'outcome' | 'exitCode'> {
  const has = (outcome: Check['outcome']): boolean => checks.some((c) => c.outcome === outcome);
  if (has('failed')) return { outcome: 'failed', exitCode: 1 };
  if (has('errored')) return { outcome: 'broken', exitCode: 4 };
  if (has('inconclusive')) return { outcome: 'inconclusive', exitCode: 3 };
  return { outcome: 'passed', exitCode: 0 };
}
