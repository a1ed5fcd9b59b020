/** Smallest and largest of any number of values: spread into Math.max, more than some hundred thousand overflow the stack. */

/** -Infinity for no values. */
export function largest(values: Iterable<number>): number {
  let out = -Infinity;
  for (const value of values) out = Math.max(out, value);
  return out;
}

/** Infinity for no values. */
export function smallest(values: Iterable<number>): number {
  let out = Infinity;
  for (const value of values) out = Math.min(out, value);
  return out;
}
