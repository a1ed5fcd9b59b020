/** What a small file (anything but a log) gives: rows of tables, and an account of its lines. */
import type { Cell } from '../../store/sql.ts';
import type { Reason } from '../reasons.ts';

export interface TableRow {
  readonly table: string;
  readonly values: readonly Cell[];
}

export interface FileRejection {
  readonly reason: Reason;
  readonly line: number;
  readonly text: string;
  /** Lines that this covers. */
  readonly lines: number;
}

export interface FileRows {
  readonly rows: readonly TableRow[];
  readonly records: number;
  readonly continuation: number;
  readonly ignored: number;
  readonly rejections: readonly FileRejection[];
}

/** Where a file lies: whose tree, and what the path says. */
export interface FilePlace {
  readonly sourceId: number;
  /** Email of the party whose tree it is; empty when nobody can tell. */
  readonly party: string;
  /** Relative to the sandbox. */
  readonly path: string;
}

/** Physical lines: newlines, and one more for a piece that has none. */
export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return text === '' || text.endsWith('\n') ? lines : lines + 1;
}

/** One record that fills the whole file. */
export function wholeFile(text: string, rows: readonly TableRow[]): FileRows {
  const lines = countLines(text);
  return { rows, records: Math.min(1, lines), continuation: Math.max(0, lines - 1), ignored: 0, rejections: [] };
}

/** A recognised file of which only its existence is used. */
export function ignoredFile(text: string): FileRows {
  return { rows: [], records: 0, continuation: 0, ignored: countLines(text), rejections: [] };
}

export function rejectedFile(text: string, reason: Reason, rows: readonly TableRow[] = []): FileRows {
  const lines = countLines(text);
  return {
    rows,
    records: 0,
    continuation: 0,
    ignored: 0,
    rejections: [{ reason, line: Math.min(1, lines), text: text.slice(0, 2048), lines }],
  };
}

/** Any JSON object, read key by key. */
export class JsonObject {
  private readonly value: ReadonlyMap<string, unknown>;

  private constructor(value: ReadonlyMap<string, unknown>) {
    this.value = value;
  }

  static of(value: unknown): JsonObject | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new JsonObject(new Map(Object.entries(value)));
  }

  static parse(text: string): JsonObject | undefined {
    try {
      return JsonObject.of(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  has(key: string): boolean {
    return this.value.has(key);
  }

  text(key: string): string | null {
    const value = this.value.get(key);
    return typeof value === 'string' ? value : null;
  }

  /** A whole number that can be held exactly; null for anything else. */
  integer(key: string): number | null {
    const value = this.value.get(key);
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
  }

  /** A number that a port can have. */
  port(key: string): number | null {
    const value = this.integer(key);
    return value !== null && value >= 0 && value <= 65_535 ? value : null;
  }

  flag(key: string): boolean | null {
    const value = this.value.get(key);
    return typeof value === 'boolean' ? value : null;
  }

  object(key: string): JsonObject | undefined {
    return JsonObject.of(this.value.get(key));
  }

  /** Objects of a list with their positions; what is no object is passed over. */
  list(key: string): readonly { index: number; object: JsonObject }[] {
    const value = this.value.get(key);
    if (!Array.isArray(value)) return [];
    return value.flatMap((item: unknown, index) => {
      const object = JsonObject.of(item);
      return object === undefined ? [] : [{ index, object }];
    });
  }

  keys(): readonly string[] {
    return [...this.value.keys()];
  }

  entries(): readonly (readonly [string, JsonObject])[] {
    return [...this.value].flatMap(([key, item]) => {
      const object = JsonObject.of(item);
      return object === undefined ? [] : [[key, object] as const];
    });
  }
}
