/** A rule that a user wrote: what stands at the head of its file, and its statement. */
import * as z from 'zod';
import { severitySchema } from './diagnosis.ts';

/** Evidence that a rule may name as its need; the same words as in rules that are built in. */
export const OWN_NEEDS = [
  'client-log',
  'relay-log',
  'telemetry',
  'marker',
  'acl',
  'progress',
  'debug',
  'runner',
  'container',
  'container-load',
  'client-log|relay-log',
  'client-log|telemetry',
] as const;

const said = z.string().min(1, 'says nothing');

export const ownMetaSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'must be lower-case words joined by -, such as slow-link'),
  title: said,
  /** The worst that a row of the rule can be, and what a row is that does not say. */
  severity: severitySchema,
  proves: said,
  remedy: said,
  needs: z.array(z.enum(OWN_NEEDS)).default([]),
  'blind-to': said.default('Whatever its statement does not ask for.'),
  /** Look-alikes by name. */
  'not-evidence': z.record(z.string(), said).default({}),
  explains: z.array(z.string()).default([]),
});

export type OwnMeta = z.infer<typeof ownMetaSchema>;
export type OwnKey = keyof OwnMeta;
export const OWN_KEYS = Object.keys(ownMetaSchema.shape) as readonly OwnKey[];

export interface OwnRule {
  /** As the user named it, for errors. */
  readonly file: string;
  readonly meta: OwnMeta;
  readonly statement: string;
}

/** What is wrong in a rule file, and on which line. */
export interface RuleProblem {
  readonly file: string;
  readonly line: number;
  readonly says: string;
}
