/** What follows files hands what it read to a keeper: the record on disk, or the small memory of a watch without one. */

/** Why a log begins anew under its name. */
export type Break = 'truncated' | 'replaced' | 'renamed';

export interface FlushFigures {
  /** Manager that counted, and when it wrote: milliseconds since 1970 on the client's clock. */
  readonly startedMs: number | null;
  readonly updatedMs: number | null;
  /** Equal where two flushes say the same, but for their time. */
  readonly signature: string;
}

/** Paths are relative to the sandbox, '/' between components. */
export interface Keeper {
  /** Whether logs are read for it. */
  readonly wantsLogs: boolean;
  /** The next bytes of a log. */
  append(path: string, bytes: Buffer): void;
  /** A log begins anew; bytes that are kept of what it held. */
  cut(path: string, why: Break): number;
  /** The whole of a small file as it is now. */
  snapshot(path: string, bytes: Buffer): void;
  /** A telemetry file was written again. */
  flush(path: string, bytes: Buffer, figures: FlushFigures): void;
  /** A file is no longer there; what is kept of it stays. Bytes that are kept. */
  gone(path: string): number;
}
