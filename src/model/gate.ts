/** What a gate decided about a run. It travels inside the Diagnosis, so that every format can be drawn again from the saved document. */
import * as z from 'zod';
import { evidenceSchema, severitySchema } from './evidence.ts';

export const CHECK_KINDS = ['finding', 'rule', 'limit', 'evidence', 'verdict', 'baseline', 'comparison'] as const;
/** noted: found, and not of a severity that fails. accepted: the baseline lists it. errored: a rule broke down. */
export const CHECK_OUTCOMES = ['passed', 'noted', 'accepted', 'failed', 'inconclusive', 'errored'] as const;

const checkSchema = z.strictObject({
  /** What was checked: a rule's id, `limit:lost-bytes`, `evidence:relay-log`, `baseline:FINGERPRINT`, `compare:stall-time`. */
  id: z.string(),
  kind: z.enum(CHECK_KINDS),
  outcome: z.enum(CHECK_OUTCOMES),
  /** By the policy; it may differ from the finding's own. */
  severity: severitySchema,
  message: z.string(),
  advice: z.string().optional(),
  /** By what a baseline accepts it. Of a finding it is the finding's, whose evidence stands there. */
  fingerprint: z.string().optional(),
  accepted: z.strictObject({ reason: z.string(), expires: z.string().optional(), issue: z.string().optional() }).optional(),
  evidence: z.array(evidenceSchema),
});

export const gateSchema = z.strictObject({
  /** Name of the policy: default, a bundled one, or the file's. */
  policy: z.string(),
  failOn: severitySchema,
  /** Date by which baseline entries expire: YYYY-MM-DD. */
  asOf: z.string(),
  outcome: z.enum(['passed', 'failed', 'inconclusive', 'broken']),
  exitCode: z.int().min(0).max(4),
  checks: z.array(checkSchema),
});

export type Check = z.infer<typeof checkSchema>;
export type Gate = z.infer<typeof gateSchema>;
