import type { FigureName, Interval } from '../../model/diagnosis.ts';
import type { Ref } from './case-file.ts';

export interface FigureDraft {
  readonly what: FigureName;
  /** null: of the run as a whole. */
  readonly party: string | null;
  readonly step?: string;
  readonly value: Interval | null;
  /** Where a null or an open bound comes from; else what was counted. */
  readonly why: string;
  readonly evidence: readonly Ref[];
}

/** No upper bound, as the document writes it. */
export const NO_MAX = Number.MAX_SAFE_INTEGER;
