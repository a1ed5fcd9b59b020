/** Every claim, hypothesis, patch and question of the investigators' notes, in the order of the notes. */
import type { Claim } from './claim.ts';
import { CLAIMS_EARLY } from './claims-early.ts';
import { CLAIMS_END } from './claims-end.ts';
import { CLAIMS_LATE } from './claims-late.ts';

export const CLAIMS: readonly Claim[] = [...CLAIMS_EARLY, ...CLAIMS_LATE, ...CLAIMS_END];
