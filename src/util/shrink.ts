/** The shortest list that still fails: delta debugging (Zeller and Hildebrandt, ddmin), and the same for numbers. */

/** Whether something still fails in the same way. */
export type Fails<T> = (candidate: T) => Promise<boolean>;

/** A list none of whose items can be left out: without any one of them it no longer fails. `items` itself must fail. */
export async function shortest<T>(items: readonly T[], fails: Fails<readonly T[]>): Promise<readonly T[]> {
  if (items.length === 0 || (await fails([]))) return [];
  let rest = items;
  let parts = 2;
  while (rest.length > 1) {
    const size = Math.ceil(rest.length / parts);
    const pieces = Array.from({ length: Math.ceil(rest.length / size) }, (_, i) => rest.slice(i * size, (i + 1) * size));
    const found = (parts > 2 ? undefined : await first(pieces, fails)) ?? (await first(withoutEach(pieces), fails));
    if (found !== undefined) {
      parts = found.length < rest.length / 2 + 1 ? 2 : Math.max(2, parts - 1);
      rest = found;
    } else if (parts >= rest.length) break;
    else parts = Math.min(rest.length, parts * 2);
  }
  return rest;
}

function withoutEach<T>(pieces: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return pieces.map((_, left) => pieces.flatMap((piece, i) => (i === left ? [] : piece)));
}

async function first<T>(candidates: readonly T[], fails: Fails<T>): Promise<T | undefined> {
  for (const candidate of candidates) if (await fails(candidate)) return candidate;
  return undefined;
}

/** A whole number from `least` up to `value` that fails, found by halving the distance; `value` itself must fail. */
export async function least(value: number, from: number, fails: Fails<number>): Promise<number> {
  if (value <= from || (await fails(from))) return Math.min(value, from);
  let [good, bad] = [from, value];
  while (bad - good > Math.max(1, bad / NEAR)) {
    const middle = Math.floor((good + bad) / 2);
    if (await fails(middle)) bad = middle;
    else good = middle;
  }
  return bad;
}

/** Numbers are shrunk to a tenth of themselves and no nearer: each try is a run. */
const NEAR = 10;
