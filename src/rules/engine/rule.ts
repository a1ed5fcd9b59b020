/** What a rule is. A rule looks at a case file and says what it found, with pointers to the lines that prove it. */
import type { Confidence, Severity, Subject } from '../../model/diagnosis.ts';
import type { CaseFile, Ref } from '../facts/case-file.ts';
import type { Steps } from './steps.ts';

/** Evidence that a rule cannot do without; missing, and with nothing found, its verdict is insufficient-data. `a|b` = either. */
export type Need =
  | 'client-log'
  | 'relay-log'
  | 'telemetry'
  | 'marker'
  | 'acl'
  | 'progress'
  | 'debug'
  | 'runner'
  | 'container'
  | 'container-load'
  | 'progress|runner'
  | 'runner|container'
  | 'client-log|counter-series'
  | 'container|container-load'
  | 'client-log|relay-log'
  | 'client-log|capture'
  | 'client-log|relay-log|capture'
  | 'client-log|telemetry';

export interface RuleMeta {
  /** The sick state, kebab-case; the file's name. */
  readonly id: string;
  readonly title: string;
  /** The worst that a finding of this rule can be. */
  readonly severity: Severity;
  /** Entries of the failure catalogue that it covers: F-1 … F-39. */
  readonly failures: readonly string[];
  readonly needs: readonly Need[];
  readonly proves: string;
  /** Look-alikes by name, and why they are not this. Each has a quiet fixture. */
  readonly notEvidence: Readonly<Record<string, string>>;
  readonly blindTo: string;
  readonly remedy: string;
  /** Rules whose findings follow from one of this. */
  readonly explains: readonly string[];
  /** Below an error it costs speed and nothing else, so it never leads before what may have stopped the run. */
  readonly slowsOnly?: true;
}

export interface Draft {
  readonly subject: Subject;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly message: string;
  readonly evidence: readonly Ref[];
  readonly metrics?: Readonly<Record<string, number | string | boolean | null>>;
  /** When it began, microseconds on the common clock; undefined when nothing dates it. */
  readonly at?: number;
  readonly remedy?: string;
  /** Everybody whom it touches, when that is more than the subject names; undefined = subject only; '*' = the whole run. */
  readonly touches?: readonly string[] | '*';
}

export type Judgement = readonly Draft[] | { readonly notApplicable: string };

export interface Rule {
  readonly meta: RuleMeta;
  /** Filters rows through `steps`, so that `why-not` can tell how many each step left. */
  readonly judge: (c: CaseFile, steps: Steps) => Judgement;
}

export function defineRule(rule: Rule): Rule {
  return rule;
}
