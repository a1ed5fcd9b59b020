/** What can be said of one direction of a run, link by link: the document that `trace` prints. */
import * as z from 'zod';
import { evidenceSchema } from './diagnosis.ts';

export const TRACE_SCHEMA = 'hotlink-doctor/trace@1';

/**
 * seen: evidence shows it. absent: evidence that would show it is there and does not, or shows that it failed. unknowable:
 * nothing in this input could show it.
 */
const linkState = z.enum(['seen', 'absent', 'unknowable']);

const linkSchema = z.strictObject({
  link: z.string(),
  state: linkState,
  /** Figures of what is seen; why it is absent, or why nothing could show it. */
  says: z.string(),
  /** Of the first line that shows it, on that line's own clock; null when nothing dates it. */
  time: z.string().nullable(),
  /** The same moment on the clock that all logs are brought to. */
  commonTime: z.string().nullable(),
  evidence: z.array(evidenceSchema),
});

export const traceSchema = z.strictObject({
  schema: z.literal(TRACE_SCHEMA),
  run: z.string().nullable(),
  from: z.string(),
  to: z.string(),
  /** Sessions that carried, or were to carry, the direction; the links speak of the first. */
  sessions: z.array(z.string()),
  /** Whether the sender's program ever gave the client anything to send on this direction, and what shows it. */
  attempted: z.strictObject({ answer: z.enum(['yes', 'no', 'unknown']), says: z.string(), evidence: z.array(evidenceSchema) }),
  links: z.array(linkSchema),
  /** The first absent link; null when none is. */
  breaksAt: z.string().nullable(),
  /** What that break means, in one sentence. */
  meaning: z.string(),
});

export type LinkState = z.infer<typeof linkState>;
export type TraceLink = z.infer<typeof linkSchema>;
export type TraceReport = z.infer<typeof traceSchema>;
