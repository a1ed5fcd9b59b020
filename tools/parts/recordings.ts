/** Rules held against recordings of the real system whose truth is known: which were right, which missed, which were false alarms. */
import type { Diagnosis } from '../../src/model/diagnosis.ts';

/** Of a recording's truth.json: what is expected of a diagnosis. */
export interface Expectation {
  readonly outcome: 'completed' | 'stalled' | 'running';
  /** Rules that are accepted as first cause of a stalled run. */
  readonly causes?: readonly string[];
  /** Rules that must be found in one that completed. */
  readonly present?: readonly string[];
  /** Rules that may warn in one that completed. */
  readonly tolerated?: readonly string[];
}

/** What one recording says of rules. */
export interface RecordedCase {
  readonly name: string;
  readonly outcome: Expectation['outcome'];
  /** Rules that had to be found and were: the accepted first cause, or each that must be present. */
  readonly right: readonly string[];
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

export function judgeRecording(name: string, expect: Expectation, { causes, findings }: Diagnosis): RecordedCase {
  const { outcome } = expect;
  if (outcome === 'stalled') {
    const accepted = expect.causes ?? [];
    const first = causes[0]?.rule;
    const isRight = first !== undefined && accepted.includes(first);
    return {
      name,
      outcome,
      right: isRight ? [first] : [],
      missed: isRight ? [] : accepted.slice(0, 1),
      wrong: isRight || first === undefined ? [] : [first],
    };
  }
  const said = [...causes, ...findings];
  const present = expect.present ?? [];
  const loud = said.filter(
    ({ severity, rule, foldedUnder }) =>
      foldedUnder === undefined &&
      (severity === 'error' || (severity === 'warning' && expect.tolerated !== undefined && !expect.tolerated.includes(rule))),
  );
  const isSaid = (rule: string): boolean => said.some((finding) => finding.rule === rule);
  return {
    name,
    outcome,
    right: present.filter((rule) => isSaid(rule)).toSorted(),
    missed: present.filter((rule) => !isSaid(rule)).toSorted(),
    wrong: [...new Set(loud.map(({ rule }) => rule))].toSorted(),
  };
}

export interface RecordedGrade {
  readonly right: number;
  readonly missed: number;
  readonly wrong: number;
}

export function recordedGrade(rule: string, cases: readonly RecordedCase[]): RecordedGrade {
  const count = (of: 'right' | 'missed' | 'wrong'): number => cases.filter((one) => one[of].includes(rule)).length;
  return { right: count('right'), missed: count('missed'), wrong: count('wrong') };
}
