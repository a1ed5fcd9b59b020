/** What the upstream paper says of one failure mechanism, as data. */
export interface Cure {
  /** Settings of `live verify`: everything that differs from the run that fails. */
  readonly settings: string;
  readonly why: string;
}

export interface Mechanism {
  readonly id: string;
  readonly title: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: readonly string[];
  /** A name of `live scenarios`. */
  readonly scenario: string;
  /** Settings on top of the scenario's that make it shorter. */
  readonly more: string;
  /** Rule of the first cause; with `finding` a finding of this rule is enough. */
  readonly rule: string;
  readonly finding?: true;
  /** Whether the programs get to their end all the same. */
  readonly completes: boolean;
  /** Eras in which it was tried. */
  readonly eras: readonly string[];
  /** Settings that an era needs besides: a longer patience. */
  readonly eraMore?: Readonly<Record<string, string>>;
  /** Runs that are tried in an era before it counts as not shown; more than one where chance decides. */
  readonly tries: number;
  /** What happens and why. */
  readonly what: string;
  /** Of the eras: why one differs. */
  readonly eraNote?: string;
  /** The first is the shortest. */
  readonly cures: readonly Cure[];
  /** The cure only takes the fault away: nothing in hotlink is known to mend it. */
  readonly control?: true;
  /** Settings that might be thought to cure it and do not. */
  readonly notEnough?: readonly Cure[];
  /** Lines that tell it, by log: `relay`, or the name of a party. */
  readonly lines: readonly { readonly log: string; readonly match: string; readonly most: number }[];
  /** The change in hotlink that would mend it. */
  readonly mend: string;
  /** A recording of the real system that shows the same first cause, or the finding. */
  readonly recording: string | null;
}

/** From the oldest on. */
export const ERAS = ['E1', 'E1b', 'E3', 'E4', 'E5a', 'E5b', 'E6'] as const;

/** The relay of an era's time. */
export function relayOf(era: string): string {
  return ['E1', 'E1b', 'E3'].includes(era) ? 'S1' : 'S2';
}
