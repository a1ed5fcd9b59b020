/**
 * How many rows each step of a rule leaves. A rule filters through these steps and nothing else, so what `why-not` counts is
 * what the rule did. In an ordinary run nothing is kept and a step is a plain filter.
 */

/** Rows that fell out at a step and are kept as examples. */
const KEPT = 3;

export interface Step {
  /** What the rows are, or what a row had to be to stay. */
  readonly needed: string;
  rows: number;
  /** Rows that fell out here; only the first few. */
  readonly fellOut: unknown[];
  readonly next: Step[];
}

/** Rows that are left, and the next thing that is asked of them. */
export class Sieve<T> {
  readonly rows: readonly T[];
  private readonly step: Step | undefined;

  constructor(rows: readonly T[], step: Step | undefined) {
    this.rows = rows;
    this.step = step;
  }

  /** Keeps the rows that fit. */
  that<S extends T>(needed: string, keep: (row: T) => row is S): Sieve<S>;
  that(needed: string, keep: (row: T) => boolean): Sieve<T>;
  that(needed: string, keep: (row: T) => boolean): Sieve<T> {
    return this.into(needed, (row) => (keep(row) ? [row] : []));
  }

  /** Puts what belongs to a row in its place; a row without it falls out. */
  to<S>(needed: string, find: (row: T) => S | null | undefined): Sieve<S> {
    return this.into(needed, (row) => {
      const hit = find(row);
      return hit == null ? [] : [hit];
    });
  }

  /** Puts several rows in the place of one; a row without any falls out. */
  into<S>(needed: string, list: (row: T) => readonly S[]): Sieve<S> {
    const step = this.step === undefined ? undefined : stepOf(this.step.next, needed);
    const left: S[] = [];
    for (const row of this.rows) {
      const hits = list(row);
      left.push(...hits);
      if (hits.length === 0 && step !== undefined && step.fellOut.length < KEPT) step.fellOut.push(row);
    }
    if (step !== undefined) step.rows += left.length;
    return new Sieve(left, step);
  }
}

/** Begins the steps of a rule. */
export class Steps {
  /** What each `of` began with; empty unless it counts. */
  readonly begun: Step[] = [];
  private readonly counting: boolean;

  constructor(counting: boolean) {
    this.counting = counting;
  }

  of<T>(what: string, rows: readonly T[]): Sieve<T> {
    const step = this.counting ? stepOf(this.begun, what) : undefined;
    if (step !== undefined) step.rows += rows.length;
    return new Sieve(rows, step);
  }
}

/** The step of that name, so that a rule that asks the same of several lists counts them together. */
function stepOf(list: Step[], needed: string): Step {
  const known = list.find((s) => s.needed === needed);
  if (known !== undefined) return known;
  const fresh: Step = { needed, rows: 0, fellOut: [], next: [] };
  list.push(fresh);
  return fresh;
}
