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

/** A program never came to its proxies, because something before hotlink failed. */
export const WITHOUT_PROGRAM = [
  'absent-application',
  'stalled-counters',
  'silent-application',
  'missing-channel',
  'asymmetric-growth',
  'late-application',
  'unanswered-open',
  'read-loop-blockage',
] as const;

/** A client or its connection ended: what was on its way is gone, what the relay had for it is dropped, and its peers keep sending into sessions that nobody answers. */
export const WITHOUT_CONNECTION = [
  'unanswered-open',
  'asymmetric-growth',
  'stalled-counters',
  'silent-application',
  'absent-application',
  'missing-channel',
  'sequence-gap',
  'late-application',
  'unreadable-channel',
  'relay-queue-overflow',
] as const;
