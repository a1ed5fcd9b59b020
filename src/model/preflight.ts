/** What preflight says of a tree before a run, as it is printed and written. */
import type { Evidence } from './diagnosis.ts';

export type Outlook = 'will-fail' | 'may-fail' | 'note';

export interface Direction {
  readonly from: string;
  readonly to: string;
}

export interface PreflightFinding<E> {
  readonly outlook: Outlook;
  /** Name of the check, as in docs/preflight.md. */
  readonly check: string;
  /** Party at which the fault lies; null when it lies with none. */
  readonly party: string | null;
  /** Directions that suffer. */
  readonly directions: readonly Direction[];
  readonly message: string;
  readonly evidence: readonly E[];
  /** What to write or do instead. */
  readonly remedy: string;
}

export interface PreflightReport {
  readonly schema: 'hotlink-doctor/preflight@1';
  readonly run: string | null;
  readonly layout: string;
  /** false: no marker of the run is there, so nothing was judged. */
  readonly judged: boolean;
  readonly parties: readonly { readonly email: string; readonly role: string; readonly era: string | null }[];
  readonly results: readonly PreflightFinding<Evidence>[];
}
