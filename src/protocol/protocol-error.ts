/** Bytes that are not what the protocol says. Thrown by every decoder of this folder, and by nothing else. */

/**
 * cut: the bytes end inside a value · over-limit: longer than a named limit · malformed: no such form · unsupported: a form that
 * hotlink does not use (compression, extension types) · bad-field: a field is missing or of another type.
 */
export type ProtocolProblem = 'cut' | 'over-limit' | 'malformed' | 'unsupported' | 'bad-field';

export class ProtocolError extends Error {
  readonly problem: ProtocolProblem;
  /** Byte at which the part begins that cannot be read, counted from the first byte that the decoder was given. */
  readonly offset: number;
  private readonly what: string;

  constructor(problem: ProtocolProblem, offset: number, what: string) {
    super(`${what} at byte ${offset}`);
    this.name = 'ProtocolError';
    this.problem = problem;
    this.offset = offset;
    this.what = what;
  }

  /** The same, counted from further ahead. */
  movedBy(bytes: number): ProtocolError {
    return new ProtocolError(this.problem, this.offset + bytes, this.what);
  }
}
