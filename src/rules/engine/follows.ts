/** What follows from states that several rules find: the rules whose findings they explain. */

/** A party has no listener for a channel: its program reaches nobody, or a stranger, and what comes for it meets no writer. */
export const WITHOUT_LISTENER = [
  'absent-application',
  'asymmetric-growth',
  'stalled-counters',
  'silent-application',
  'late-application',
  'lost-writer',
  'read-loop-blockage',
  'unanswered-open',
  'peer-key-mismatch',
] as const;

/** A frame met no writer: it is gone, its number is missing, and the client's read loop waited meanwhile. */
export const WITHOUT_WRITER = [
  'asymmetric-growth',
  'stalled-counters',
  'silent-application',
  'read-loop-blockage',
  'sequence-gap',
  'unanswered-open',
  'missing-channel',
] as const;
