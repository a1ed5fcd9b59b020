/** Where the time of a run went: stages, rules and statements, in milliseconds of the wall clock. For stderr; never part of a Diagnosis. */
import type { Query } from '../store/sql.ts';

/** Rules and statements that are listed by themselves. */
const LISTED = 12;
const STATEMENT_CHARACTERS = 90;

interface Spent {
  readonly name: string;
  readonly ms: number;
}

export class Profile {
  private readonly stages: Spent[] = [];
  private readonly rules: Spent[] = [];
  private readonly statements: Spent[] = [];
  /** The process began at 0 of this clock. */
  private last = 0;

  /** Ends a stage; everything since the one before it was spent on it. Rules are told apart by their prefix. */
  readonly lap = (stage: string): void => {
    const now = performance.now();
    const spent = { name: stage.replace(/^rule /, ''), ms: now - this.last };
    (stage.startsWith('rule ') ? this.rules : this.stages).push(spent);
    this.last = now;
  };

  /** The same query, timed. */
  timed(query: Query): Query {
    return async (statement, values) => {
      const started = performance.now();
      try {
        return await query(statement, values);
      } finally {
        this.statements.push({
          name: statement.replaceAll(/\s+/g, ' ').trim().slice(0, STATEMENT_CHARACTERS),
          ms: performance.now() - started,
        });
      }
    };
  }

  render(): string {
    const line = ({ name, ms }: Spent): string => `  ${ms.toFixed(1).padStart(8)}  ${name}`;
    const sum = (all: readonly Spent[]): number => all.reduce((total, { ms }) => total + ms, 0);
    const most = (all: readonly Spent[]): string[] =>
      all
        .toSorted((a, b) => b.ms - a.ms)
        .slice(0, LISTED)
        .map(line);
    const blocks = [
      [
        `stages, ms of ${sum([...this.stages, ...this.rules]).toFixed(0)} since the process began`,
        ...this.stages.map(line),
        line({ name: `${this.rules.length} rules`, ms: sum(this.rules) }),
      ],
      [`rules that took most`, ...most(this.rules)],
      [`statements that took most, of ${this.statements.length} in ${sum(this.statements).toFixed(0)} ms`, ...most(this.statements)],
    ];
    return `${blocks.map((block) => block.join('\n')).join('\n')}\n`;
  }
}
