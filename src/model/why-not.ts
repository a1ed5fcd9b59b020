/** Why a rule says what it says of a run: what it needs, what of that is there, what it found or would have to see. */
import type { Finding, RuleVerdict } from './diagnosis.ts';

export interface NeedState {
  readonly need: string;
  readonly present: boolean;
  /** Who or what has it, or that nobody has. */
  readonly what: string;
}

export interface WhyNot {
  readonly rule: string;
  readonly title: string;
  readonly verdict: RuleVerdict['verdict'];
  readonly reason: string;
  readonly needs: readonly NeedState[];
  readonly findings: readonly { readonly finding: Finding; readonly under: Finding | null }[];
  readonly proves: string;
  readonly blindTo: string;
  readonly lookAlikes: Readonly<Record<string, string>>;
}
