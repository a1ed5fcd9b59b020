/**
 * Findings that somebody accepted, by fingerprint, with the reason and at will an end and a link. An entry that is past its end
 * suppresses nothing; one that nothing in the evidence answers to is an error until it is pruned.
 */
import * as z from 'zod';
import { DoctorError } from '../model/errors.ts';
import { readJsonc, type Problem } from './problems.ts';

export const BASELINE_SCHEMA = 'hotlink-doctor/baseline@1';

const date = z.iso.date().meta({ description: 'YYYY-MM-DD' });

const entrySchema = z.strictObject({
  fingerprint: z.string().min(1).meta({ description: 'Of the finding, or of a broken limit: as `gate` and the formats print it.' }),
  reason: z.string().trim().min(1).meta({ description: 'Why it is accepted.' }),
  expires: date.optional().meta({ description: 'Last day on which it is accepted.' }),
  issue: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'Where it is being worked on.' }),
  message: z.string().optional().meta({ description: 'What the finding said when it was accepted; for the reader.' }),
});

export const baselineSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal(BASELINE_SCHEMA),
  accepted: z.array(entrySchema),
});

export type Baseline = z.infer<typeof baselineSchema>;
export type BaselineEntry = z.infer<typeof entrySchema>;

export function parseBaseline(path: string, text: string): Baseline {
  const read = readJsonc(text, baselineSchema);
  if ('problems' in read) throw new DoctorError('HLD_GATE_BAD_BASELINE', { path, problems: read.problems });
  const problems = read.value.accepted.flatMap(({ fingerprint }, i, all): Problem[] =>
    all.findIndex((other) => other.fingerprint === fingerprint) === i
      ? []
      : [{ ...read.places.at(['accepted', i, 'fingerprint']), says: `'${fingerprint}' is accepted a second time; keep one entry` }],
  );
  if (problems.length > 0) throw new DoctorError('HLD_GATE_BAD_BASELINE', { path, problems });
  return read.value;
}

/** Ordered by fingerprint, so that a merge of two branches is easy to read. */
export function printBaseline(entries: readonly BaselineEntry[]): string {
  const accepted = entries.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return `${JSON.stringify({ schema: BASELINE_SCHEMA, accepted } satisfies Baseline, null, 2)}\n`;
}

/** The last day counts in full. */
export function isExpired({ expires }: BaselineEntry, asOf: string): boolean {
  return expires !== undefined && expires < asOf;
}
