/** What can be said of one direction of a run, link by link: the document that `trace` prints. */
import type { Evidence } from './diagnosis.ts';

export const TRACE_SCHEMA = 'hotlink-doctor/trace@1';

/**
 * seen: evidence shows it. absent: evidence that would show it is there and does not, or shows that it failed. unknowable:
 * nothing in this input could show it.
 */
export type LinkState = 'seen' | 'absent' | 'unknowable';

export interface TraceLink {
  readonly link: string;
  readonly state: LinkState;
  /** Figures of what is seen; why it is absent, or why nothing could show it. */
  readonly says: string;
  /** Of the first line that shows it, on that line's own clock; null when nothing dates it. */
  readonly time: string | null;
  readonly evidence: readonly Evidence[];
}

export interface TraceReport {
  readonly schema: typeof TRACE_SCHEMA;
  readonly run: string | null;
  readonly from: string;
  readonly to: string;
  /** Sessions that carried, or were to carry, the direction; the links speak of the first. */
  readonly sessions: readonly string[];
  readonly links: readonly TraceLink[];
  /** The first absent link; null when none is. */
  readonly breaksAt: string | null;
}
