/** Why a rule says what it says of a run: what it needs, how many rows each of its steps left, what it found. */
import * as z from 'zod';
import { evidenceSchema, findingSchema, ruleVerdictSchema } from './diagnosis.ts';

export const WHY_NOT_SCHEMA = 'hotlink-doctor/why-not@1';

const count = z.number().int().nonnegative();

const needSchema = z.strictObject({
  need: z.string(),
  present: z.boolean(),
  /** Who or what has it, or that nobody has. */
  what: z.string(),
  /** File or setting that would provide what is missing; null when nothing is. */
  provide: z.string().nullable(),
});

const stepSchema = z.strictObject({
  /** What a row had to be to stay; or what was put in its place. */
  needed: z.string(),
  rows: count,
  /** Of the step that left no row: some of those that fell out there, and where they stand. */
  fellOut: z.array(z.strictObject({ what: z.string(), evidence: z.array(evidenceSchema) })),
});

/** One way through a rule. Two ways of one rule may share their first steps. */
const waySchema = z.strictObject({
  /** What the rows are at the start. */
  of: z.string(),
  rows: count,
  steps: z.array(stepSchema),
});

export const whyNotSchema = z.strictObject({
  schema: z.literal(WHY_NOT_SCHEMA),
  rule: z.string(),
  title: z.string(),
  run: z.string().nullable(),
  verdict: ruleVerdictSchema.shape.verdict,
  reason: z.string(),
  needs: z.array(needSchema),
  ways: z.array(waySchema),
  /** What the rule found, each with the finding that it is folded under. */
  findings: z.array(z.strictObject({ finding: findingSchema, under: findingSchema.nullable() })),
  proves: z.string(),
  blindTo: z.string(),
  lookAlikes: z.record(z.string(), z.string()),
});

export type NeedState = z.infer<typeof needSchema>;
export type Way = z.infer<typeof waySchema>;
export type WhyNot = z.infer<typeof whyNotSchema>;
