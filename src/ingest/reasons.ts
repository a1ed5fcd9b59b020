/** Why a line or a file gave no row: a closed list, each with how bad it is. */
import type { UnreadReason } from '../model/unread.ts';

/** info: nothing missed; skipped: known and of no use; data-loss: something that should have been understood. */
export type LossSeverity = 'info' | 'skipped' | 'data-loss';

export const REASONS = {
  'unknown-hotlink-message': 'data-loss',
  'unknown-message': 'skipped',
  'not-a-record': 'data-loss',
  'blank-line': 'info',
  'cut-line': 'data-loss',
  'bad-payload': 'data-loss',
  'not-json': 'data-loss',
  'unexpected-shape': 'data-loss',
  'empty-file': 'data-loss',
  'unrecognised-file': 'skipped',
  'synced-copy': 'info',
  'too-large-file': 'data-loss',
  'too-long-line': 'data-loss',
  'beyond-limit': 'data-loss',
  'bad-wire-bytes': 'data-loss',
  'other-party': 'data-loss',
  'no-party': 'data-loss',
  'capture-limit': 'data-loss',
} as const satisfies Record<string, LossSeverity>;

/** Of lines, or of a whole file. */
export type Reason = keyof typeof REASONS | UnreadReason;
