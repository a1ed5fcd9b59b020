/**
 * The Diagnosis: the one document between judging and showing (design §7). Every format renders it and nothing else.
 * Times are ISO 8601 UTC strings with milliseconds, figures are JSON integers, paths are relative to the sandbox.
 */
import * as z from 'zod';
import { contextLine, evidenceSchema, severitySchema } from './evidence.ts';
import { gateSchema } from './gate.ts';
import { DIAGNOSIS_SCHEMA } from './schema-id.ts';

const integer = z.int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const count = z.int().min(0);
/** Bounds of a figure that the evidence does not pin down; equal when it does. `max` = 2^53 − 1: nothing bounds it. */
export const intervalSchema = z.strictObject({ min: count, max: count });

export const subjectSchema = z.strictObject({ party: z.string().optional(), from: z.string().optional(), to: z.string().optional() });

export const confidenceSchema = z.enum(['certain', 'likely', 'possible']);

export const findingSchema = z.strictObject({
  rule: z.string(),
  severity: severitySchema,
  confidence: confidenceSchema,
  subject: subjectSchema,
  message: z.string(),
  evidence: z.array(evidenceSchema).min(1),
  metrics: z.record(z.string(), z.union([integer, z.string(), z.boolean(), z.null()])),
  /** Fingerprints of the symptoms that this cause explains. */
  explains: z.array(z.string()),
  /** Fingerprint of the cause that this symptom is folded under. */
  foldedUnder: z.string().optional(),
  remedy: z.string(),
  fingerprint: z.string(),
});

const hopsSchema = z.strictObject({
  sent: intervalSchema.nullable(),
  relayed: intervalSchema.nullable(),
  received: intervalSchema.nullable(),
  written: intervalSchema.nullable(),
});

export const flowSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Bytes that the program wrote to its proxy; null unless a line proves it. */
  offered: intervalSchema.nullable(),
  sent: intervalSchema,
  delivered: intervalSchema,
  lost: intervalSchema,
  frames: z.strictObject({
    sent: intervalSchema.nullable(),
    relayed: intervalSchema.nullable(),
    received: intervalSchema.nullable(),
    delivered: intervalSchema.nullable(),
  }),
  /** Bytes per hop. */
  hops: hopsSchema,
  /** never-used: evidence shows that nothing was ever sent. */
  state: z.enum(['never-used', 'delivered', 'lossy', 'in-doubt', 'unknown']),
  /** "11 of 12 blocks of 1572924 bytes" and the like. */
  note: z.string().optional(),
});

export const sessionSchema = z.strictObject({
  id: z.string(),
  opener: z.string().nullable(),
  acceptor: z.string().nullable(),
  to: z.string().nullable(),
  path: z.string().nullable(),
  channel: z.string().nullable(),
  opened: z.string().nullable(),
  accepted: z.string().nullable(),
  rejected: z.string().nullable(),
  transport: z.enum(['ws', 'p2p', 'quic', 'mixed', 'unknown']),
  frames: z.strictObject({ sent: count.nullable(), received: count.nullable() }),
});

const sequenceEvent = z.strictObject({
  time: z.string().nullable(),
  clock: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  what: z.string(),
  session: z.string().nullable(),
  source: z.string(),
  line: count,
});

const partySchema = z.strictObject({
  email: z.string(),
  /** Local part of the email, or the longest part that tells the parties apart. */
  role: z.string(),
  /** Number of the party in the run's channels; null when no marker or path tells. */
  index: count.nullable(),
  era: z.strictObject({ value: z.string().nullable(), evidence: z.array(evidenceSchema) }),
  log: z.string().nullable(),
  telemetry: z.string().nullable(),
  /** At the end of the evidence: true, false (dead or gone), null when nothing tells. */
  alive: z.boolean().nullable(),
});

const waitSchema = z.strictObject({
  party: z.string(),
  for: z.array(z.string()),
  since: z.string().nullable(),
  evidence: z.array(evidenceSchema),
  why: z.string(),
});

const exclusionSchema = z.strictObject({ rule: z.string(), why: z.string(), evidence: z.array(evidenceSchema) });

export const ruleVerdictSchema = z.strictObject({
  rule: z.string(),
  verdict: z.enum(['found', 'clear', 'not-applicable', 'insufficient-data', 'errored']),
  reason: z.string(),
});

const accountingTotals = { bytes: count, lines: count, records: count, continuation: count, ignored: count, rejected: count };
const accountingSchema = z.strictObject({
  total: z.strictObject(accountingTotals),
  /** Lines that say hotlink and match no template, over all sources. */
  unmatchedHotlink: count,
  sources: z.array(
    z.strictObject({
      source: z.string(),
      kind: z.string(),
      dialect: z.string(),
      party: z.string().nullable(),
      cut: z.boolean(),
      mirrorOf: z.string().nullable(),
      ...accountingTotals,
      reasons: z.record(z.string(), count),
    }),
  ),
});

/** Figures beside the flows that a gate can limit; by party, but for those of the whole run. */
export const FIGURE_NAMES = [
  'fallbacks',
  'p2p-packets',
  'ws-packets',
  'quic-packets',
  'p2p-sessions',
  'strict-violations',
  'slowest-write-ms',
  'rejects',
  'self-peers',
  'self-sessions',
  'unchanged-samples',
  'unchanged-at-end',
  'pause-ms',
  'stall-ms',
  'step-ms',
] as const;

const figureSchema = z.strictObject({
  what: z.enum(FIGURE_NAMES),
  /** null: of the run as a whole. */
  party: z.string().nullable(),
  step: z.string().optional(),
  /** null when no evidence gives it: unknown, never 0. */
  value: intervalSchema.nullable(),
  why: z.string(),
  evidence: z.array(evidenceSchema),
});

const timelineSchema = z.strictObject({
  /** Per party: one point a telemetry flush; t = milliseconds since 1970 on the party's clock. */
  counters: z.array(
    z.strictObject({
      party: z.string(),
      points: z.array(z.strictObject({ t: integer, tx: count, rx: count, txPackets: count, rxPackets: count })),
    }),
  ),
  events: z.array(z.strictObject({ t: integer, clock: z.string(), what: z.string(), source: z.string(), line: count })),
});

/** What pages draw and no verdict needs. Times are milliseconds since 1970 on the common clock. */
const detailSchema = z.strictObject({
  /** Per direction and hop, frames that have a line of their own, added up: time, frames so far, bytes so far (null: the lines do not say). */
  streams: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      hop: z.enum(['sent', 'relayed', 'received']),
      /** At most 2000: the first and the last of each stretch of time. */
      points: z.array(z.tuple([integer, count, count.nullable()])),
    }),
  ),
  /** Data frames of a session that follow closely upon each other, in the order of time, at most 1000 runs of them. */
  frames: z.array(
    z.strictObject({
      session: z.string(),
      from: z.string(),
      to: z.string().nullable(),
      /** First frame's time at each end; null where no line shows that end. */
      sent: integer.nullable(),
      received: integer.nullable(),
      until: integer,
      firstSeq: count,
      lastSeq: count,
      frames: count,
      bytes: count.nullable(),
      source: z.string(),
      line: count,
    }),
  ),
  /** Lines around evidence of causes that carries none itself. */
  contexts: z.array(z.strictObject({ source: z.string(), line: count, context: z.array(contextLine) })),
});

export const diagnosisSchema = z.strictObject({
  schema: z.literal(DIAGNOSIS_SCHEMA),
  /** Which of several inputs this is of: the end of its path, as far as it tells it from the others. */
  input: z.string().optional(),
  verdict: z.enum(['healthy', 'degraded', 'failed', 'inconclusive']),
  /** One sentence: why this verdict. */
  because: z.string(),
  run: z
    .strictObject({
      flow: z.string().nullable(),
      id: z.string(),
      layout: z.enum(['directed', 'shared-dir', 'mixed', 'unknown']),
      transport: z.enum(['ws', 'p2p', 'quic', 'mixed', 'direct-tcp', 'file', 'unknown']),
      startedAt: z.string().nullable(),
      endedAt: z.string().nullable(),
      /** Milliseconds between the last movement of any counter, frame or session and the end of the evidence. */
      stoodStillMs: count.nullable(),
      finished: z.union([z.boolean(), z.literal('unknown')]),
      otherRuns: z.array(z.string()),
    })
    .nullable(),
  parties: z.array(partySchema),
  relay: z.strictObject({ log: z.string(), version: z.string().nullable(), zone: z.string().nullable() }).nullable(),
  clocks: z.array(
    z.strictObject({
      clock: z.string(),
      against: z.string(),
      offsetMs: z.strictObject({ min: integer.nullable(), max: integer.nullable() }),
      note: z.string(),
    }),
  ),
  flows: z.array(flowSchema),
  /** Errors and warnings that no other finding explains, ranked. */
  causes: z.array(findingSchema),
  /** Everything found: causes, symptoms, and infos that change no verdict. */
  findings: z.array(findingSchema),
  excluded: z.array(exclusionSchema),
  waits: z.array(waitSchema),
  sessions: z.array(sessionSchema),
  sequence: z.array(sequenceEvent),
  unexplained: z.array(z.string()),
  contradictions: z.array(z.string()),
  missingEvidence: z.array(z.strictObject({ what: z.string(), why: z.string(), how: z.string() })),
  verdicts: z.array(ruleVerdictSchema),
  accounting: accountingSchema,
  timeline: timelineSchema,
  /** Only where it was asked for: it can outweigh all the rest. */
  detail: detailSchema.optional(),
  /** Fields from here on came later; documents of earlier versions lack them and are valid. */
  figures: z.array(figureSchema).optional(),
  /** Present when a gate judged this document. */
  gate: gateSchema.optional(),
});

export { evidenceSchema, severitySchema, type Evidence, type Severity } from './evidence.ts';
export type { Gate, Check } from './gate.ts';
export type Interval = z.infer<typeof intervalSchema>;
export type Subject = z.infer<typeof subjectSchema>;
export type Confidence = z.infer<typeof confidenceSchema>;
export type Finding = z.infer<typeof findingSchema>;
export type Flow = z.infer<typeof flowSchema>;
export type Session = z.infer<typeof sessionSchema>;
export type SequenceEvent = z.infer<typeof sequenceEvent>;
export type Party = z.infer<typeof partySchema>;
export type Wait = z.infer<typeof waitSchema>;
export type Exclusion = z.infer<typeof exclusionSchema>;
export type RuleVerdict = z.infer<typeof ruleVerdictSchema>;
export type Accounting = z.infer<typeof accountingSchema>;
export type Timeline = z.infer<typeof timelineSchema>;
export type Detail = z.infer<typeof detailSchema>;
export type FigureName = (typeof FIGURE_NAMES)[number];
export type Figure = z.infer<typeof figureSchema>;
export type Diagnosis = z.infer<typeof diagnosisSchema>;
