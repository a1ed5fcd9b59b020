/**
 * What `watch` says while a run goes on: one line of JSON per change (`schema watch` publishes this as JSON Schema), and the state
 * that its screen shows. `t` is the watching machine's clock, ISO 8601 UTC; times inside a judgement are the evidence's own.
 */
import { z } from 'zod';
import { confidenceSchema, evidenceSchema, flowSchema, severitySchema, subjectSchema } from './diagnosis.ts';
import { WATCH_SCHEMA } from './schema-id.ts';

const count = z.int().min(0);
const time = z.string();

/**
 * waiting: nothing of a run is there yet · starting: a run, and no byte of it yet · moving · quiet: nothing moved for some seconds, as healthy runs
 * do too · standing: nothing moved for ten seconds and more, and nothing says that the run is done · finished · silent: no file of the sandbox has
 * changed for a while, so nobody writes any more.
 */
export const watchStateSchema = z.enum(['waiting', 'starting', 'moving', 'quiet', 'standing', 'finished', 'silent']);

const evidence = evidenceSchema.omit({ context: true });

export const watchCauseSchema = z.strictObject({
  rule: z.string(),
  severity: severitySchema,
  confidence: confidenceSchema,
  subject: subjectSchema,
  message: z.string(),
  remedy: z.string(),
  fingerprint: z.string(),
  /** Whether it holds by now: seen in two judgements some seconds apart, or the run no longer moves. Else a suspicion. */
  confirmed: z.boolean(),
  since: time,
  evidence: z.array(evidence),
});

const moveSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  sent: flowSchema.shape.sent,
  delivered: flowSchema.shape.delivered,
  lost: flowSchema.shape.lost,
});

const at = { t: time };

export const watchEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...at, kind: z.literal('start'), schema: z.literal(WATCH_SCHEMA), sandbox: z.string(), record: z.string().nullable() }),
  /** Something happened to a file. `kept`: bytes of the lost content that the record holds. */
  z.strictObject({
    ...at,
    kind: z.literal('file'),
    what: z.enum(['new', 'truncated', 'replaced', 'renamed', 'removed', 'unreadable']),
    path: z.string(),
    kept: count.nullable(),
    to: z.string().optional(),
  }),
  /** Another run is judged from now on. */
  z.strictObject({ ...at, kind: z.literal('run'), id: z.string(), flow: z.string().nullable() }),
  z.strictObject({ ...at, kind: z.literal('state'), state: watchStateSchema, before: watchStateSchema, words: z.string() }),
  /** Directions whose figures changed since the judgement before. */
  z.strictObject({ ...at, kind: z.literal('moved'), directions: z.array(moveSchema) }),
  /** A cause came up, was confirmed, or is no longer found. */
  z.strictObject({ ...at, kind: z.literal('cause'), what: z.enum(['suspected', 'confirmed', 'gone']), cause: watchCauseSchema }),
  /** Verdict, state or causes are others than in the line before of this kind. `verdict` is what `analyze` says of the files as they are. */
  z.strictObject({
    ...at,
    kind: z.literal('diagnosis'),
    state: watchStateSchema,
    verdict: z.enum(['healthy', 'degraded', 'failed', 'inconclusive']),
    because: z.string(),
    run: z.string().nullable(),
    stoodStillMs: count.nullable(),
    finished: z.union([z.boolean(), z.literal('unknown')]),
    causes: z.array(watchCauseSchema),
    waits: z.array(z.strictObject({ party: z.string(), for: z.array(z.string()), since: z.string().nullable(), why: z.string() })),
    judgeMs: count,
  }),
  /** Containers of programs, where docker answers. */
  z.strictObject({
    ...at,
    kind: z.literal('containers'),
    containers: z.array(z.strictObject({ name: z.string(), cpuPercent: z.number().nullable(), memory: z.string().nullable() })),
  }),
  /** Something that the user should know of the watching itself: a full record, a judgement that failed, docker that does not answer. */
  z.strictObject({
    ...at,
    kind: z.literal('notice'),
    code: z.enum(['record-full', 'record-failed', 'judge-failed', 'docker']),
    words: z.string(),
  }),
  z.strictObject({
    ...at,
    kind: z.literal('end'),
    state: watchStateSchema,
    verdict: z.enum(['healthy', 'degraded', 'failed', 'inconclusive']).nullable(),
    why: z.enum(['stalled', 'finished', 'time', 'interrupted']),
    code: count,
  }),
]);

export type WatchState = z.infer<typeof watchStateSchema>;
export type WatchCause = z.infer<typeof watchCauseSchema>;
export type WatchEvent = z.infer<typeof watchEventSchema>;
/** An event before it is stamped. */
export type WatchNews = { [K in WatchEvent['kind']]: Omit<Extract<WatchEvent, { kind: K }>, 't'> }[WatchEvent['kind']];

/** What the screen shows at one moment. Ages and durations in milliseconds. */
export interface WatchView {
  readonly sandbox: string;
  readonly state: WatchState;
  readonly words: string;
  readonly watchedMs: number;
  readonly run: { readonly id: string; readonly flow: string | null } | null;
  /** What `analyze` says of the files as they are; null before the first judgement. */
  readonly verdict: 'healthy' | 'degraded' | 'failed' | 'inconclusive' | null;
  readonly because: string;
  /** An error is confirmed, or the run is over and was judged. */
  readonly isFinal: boolean;
  readonly judgedAgoMs: number | null;
  readonly judgeMs: number | null;
  readonly causes: readonly WatchCause[];
  readonly waits: readonly { readonly party: string; readonly for: readonly string[]; readonly why: string }[];
  readonly directions: readonly WatchDirection[];
  readonly parties: readonly WatchParty[];
  /** Age of the relay's last line; null without a log of it. */
  readonly relayAgeMs: number | null;
  /** Newest last. */
  readonly events: readonly { readonly time: string; readonly clock: string; readonly what: string; readonly place: string }[];
  readonly notices: readonly string[];
  readonly record: { readonly folder: string; readonly bytes: number; readonly stopped: string | null } | null;
}

export interface WatchDirection {
  readonly from: string;
  readonly to: string;
  readonly sent: { readonly min: number; readonly max: number };
  readonly delivered: { readonly min: number; readonly max: number };
  readonly lost: { readonly min: number; readonly max: number };
  readonly neverUsed: boolean;
  /** Bytes delivered a second, over the last seconds; null while nothing tells. */
  readonly rate: number | null;
  /** Since when its figures stay as they are; `isAtLeast`: longer than it is watched. */
  readonly stillMs: number;
  readonly isAtLeast: boolean;
  readonly transport: string;
}

export interface WatchParty {
  readonly email: string;
  readonly role: string;
  /** null: no file of its own tells. */
  readonly alive: boolean | null;
  readonly era: string | null;
  readonly logAgeMs: number | null;
  readonly telemetryAgeMs: number | null;
  readonly sent: number | null;
  readonly received: number | null;
  readonly way: string;
  readonly cpuPercent: number | null;
}
