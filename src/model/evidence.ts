/** A piece of evidence, and how bad what it shows is. */
import * as z from 'zod';

const count = z.int().min(0);

export const contextLine = z.strictObject({ line: count, text: z.string(), skipped: count.optional() });

export const evidenceSchema = z.strictObject({
  /** File that shows it, relative to the sandbox; absent for the user's word. */
  source: z.string().optional(),
  line: count.optional(),
  /** JSON pointer into the source. */
  pointer: z.string().optional(),
  /** As it stands in the file, colours removed, cut with … before payload or a secret. */
  text: z.string(),
  /** What a line says that nobody can read by eye: the messages in a capture's bytes. */
  note: z.string().optional(),
  time: z.string().optional(),
  /** Whose clock `time` is on: a party's email or "relay". */
  clock: z.string().optional(),
  /** True: the source, or a line of the kind that `text` names, is not there. */
  absent: z.boolean().optional(),
  kind: z.enum(['told', 'computed']).optional(),
  /** Up to five lines before and after, noise skipped and counted. */
  context: z.array(contextLine).optional(),
});

export const severitySchema = z.enum(['error', 'warning', 'info']);

export type Evidence = z.infer<typeof evidenceSchema>;
export type Severity = z.infer<typeof severitySchema>;
