/** The policy file, as published by `hotlink-doctor schema policy`. Unknown keys are errors. */
import * as z from 'zod';
import { severitySchema } from '../model/evidence.ts';
import { METRIC_NAMES } from './metrics.ts';
import { UNIT_NAMES } from './units.ts';

const threshold = z
  .strictObject({
    above: z.number().optional().meta({ description: 'The finding counts only when its figure is greater than this.' }),
    below: z.number().optional().meta({ description: 'The finding counts only when its figure is smaller than this.' }),
  })
  .meta({ description: 'When a finding counts, by one of the figures that the rule writes into `metrics`.' });

const ruleSeverity = z.enum(['off', 'info', 'warning', 'error']);

const ruleSetting = z.strictObject({
  severity: ruleSeverity.optional().meta({ description: 'Severity of all findings of this rule; left out: the rule decides.' }),
  required: z.boolean().optional().meta({ description: 'Exit 3 when the evidence does not allow the rule to judge.' }),
  thresholds: z
    .record(z.string(), threshold)
    .optional()
    .meta({ description: 'By the name of a figure; all must hold for a finding to count.' }),
});

const scope = {
  party: z.string().optional().meta({ description: 'Only this party: its role or email.' }),
  from: z.string().optional().meta({ description: 'Only what this party sent.' }),
  to: z.string().optional().meta({ description: 'Only what was sent to this party.' }),
  step: z.string().optional().meta({ description: 'Only this step of the flow.' }),
};

const limit = z.strictObject({
  metric: z.enum(METRIC_NAMES).meta({ description: 'What is limited; the table of metrics lists them.' }),
  max: z.number().min(0).optional().meta({ description: 'The greatest value that passes. For metrics of which more is worse.' }),
  min: z.number().min(0).optional().meta({ description: 'The smallest value that passes. For metrics of which less is worse.' }),
  unit: z.enum(UNIT_NAMES).meta({ description: 'Unit of the number.' }),
  severity: severitySchema.optional().meta({ description: 'Severity when the limit is broken; error if left out.' }),
  ...scope,
});

const comparison = z.strictObject({
  metric: z.enum(METRIC_NAMES).meta({ description: 'What is compared, run by run.' }),
  relative: z
    .number()
    .min(0)
    .optional()
    .meta({ description: 'Worse by more than so many per cent of the median of the other runs; 0 if left out.' }),
  absolute: z.number().min(0).optional().meta({ description: 'And worse by more than this, in `unit`; 0 if left out.' }),
  unit: z.enum(UNIT_NAMES).meta({ description: 'Unit of `absolute`.' }),
  runs: z.int().min(1).max(1000).optional().meta({ description: 'Runs that each side needs; fewer are inconclusive. 3 if left out.' }),
  severity: severitySchema.optional().meta({ description: 'Severity when it became worse; error if left out.' }),
  ...scope,
});

export const EVIDENCE_KINDS = [
  'client-log',
  'relay-log',
  'telemetry',
  'debug',
  'marker',
  'acl',
  'progress',
  'runner',
  'container',
  'capture',
  'run-end',
] as const;

export const policySchema = z.strictObject({
  $schema: z.string().optional().meta({ description: 'Where an editor finds this schema.' }),
  extends: z
    .string()
    .optional()
    .meta({ description: 'A bundled policy (investigation, investigation-literal, smoke) or another file, relative to this one.' }),
  failOn: severitySchema.optional().meta({ description: 'Exit 1 from this severity on; error if left out.' }),
  acceptInconclusive: z.boolean().optional().meta({ description: 'An inconclusive verdict alone does not exit 3; false if left out.' }),
  rules: z
    .record(z.string(), z.union([ruleSeverity, ruleSetting]))
    .optional()
    .meta({ description: 'By rule id; * stands for all that are not named.' }),
  require: z
    .array(z.enum(EVIDENCE_KINDS))
    .optional()
    .meta({ description: 'Evidence without which the gate is inconclusive. Logs and telemetry are required of every party.' }),
  limits: z.array(limit).optional().meta({ description: 'Limits on figures of the ledger and the telemetry.' }),
  compare: z.array(comparison).optional().meta({ description: 'How runs are compared with those of --against.' }),
});

export type PolicyFile = z.infer<typeof policySchema>;
export type LimitRule = z.infer<typeof limit>;
export type CompareRule = z.infer<typeof comparison>;
export type RuleSetting = z.infer<typeof ruleSetting>;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];
