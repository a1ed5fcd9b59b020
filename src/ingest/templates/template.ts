/**
 * What a line of the message catalogue (field guide §4) looks like as a row of a table.
 *
 * `text` is the message as the program prints it, with a hole where a value stands. A hole names the column that the
 * value goes to; `{}` is a value that nobody keeps (a secret, a payload sample, an etag). `¦` marks where a Rust message
 * ends and its key=value attributes begin. `^` marks where the text of the next `{reason}` begins when part of the
 * message belongs to it. In slog tables (Go client, relay) the words `key={hole}` after the message are attributes, in
 * any order; `key={hole!}` must be there, others may be absent; a bare `{reason}` is all attributes.
 */

/** Holes that hold text, in the order of their registers. */
export const TEXT_HOLES = ['session', 'path', 'key', 'conn', 'msg', 'type', 'user', 'to', 'reason', 'addr'] as const;
/** Holes that hold a whole number. */
export const NUMBER_HOLES = ['seq', 'bytes', 'n'] as const;

/**
 * hotlink-type: keep HOTLINK_* and SYSTEM messages. hotlink-file: keep files below `_mpc` and telemetry files.
 * What is not kept is noise of the family `otherwise`.
 */
export type Filter = 'hotlink-type' | 'hotlink-file';

/** A message that gives a row of `log_event`. */
export interface EventTemplate {
  readonly kind: string;
  readonly text: string;
  readonly only?: Filter;
  readonly otherwise?: string;
  /** summary: the rest is the periodic summary (field guide 3.7). */
  readonly parse?: 'summary';
}

/** A recognised message that is only counted. `text` is the beginning of the message, or (slog) the whole of it. */
export interface NoiseTemplate {
  readonly family: string;
  readonly text: string;
  /** request: an HTTP line of the relay; its family follows from the path. */
  readonly parse?: 'request';
  /** The message goes on with words of its own, up to the attributes of the request or beyond the line. */
  readonly goesOn?: true;
}

export type Template = EventTemplate | NoiseTemplate;

/**
 * Families that beat while a process is well, and the longest pause that is still a beat, microseconds: the sync pass
 * comes every 104 ms, the two HTTP ones every 5 s (field guide 3.8).
 */
export const HEARTBEAT_SILENCE_US: Readonly<Record<string, number>> = {
  'sync-pass': 2_000_000,
  healthz: 7_500_000,
  'telemetry-upload': 7_500_000,
};

export function isEvent(template: Template): template is EventTemplate {
  return 'kind' in template;
}
