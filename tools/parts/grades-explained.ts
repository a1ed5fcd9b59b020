/** Why a rule was missed, or spoke, in cells of the matrix: each is a limit that stands, and not a wish. `cells` begins their ids. */
interface Explained {
  readonly cells: string;
  readonly rule: string;
  readonly because: string;
}

export const EXPLAINED: readonly Explained[] = [];
