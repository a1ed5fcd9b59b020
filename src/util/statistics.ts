/** Exact statistics of counts: how sure a number of runs makes one. No approximation by a normal curve anywhere. */

/** Bisection stops when bounds are nearer than this. */
const PRECISION = 1e-12;

/** Logarithm of n over k, as a sum: exact enough for the thousands of runs that anybody makes. */
function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i++) sum += Math.log(n - Math.min(k, n - k) + i) - Math.log(i);
  return sum;
}

/** Chance of at most `k` in `n` when each has the chance `p`. */
export function atMost(k: number, n: number, p: number): number {
  if (k >= n || p <= 0) return 1;
  if (p >= 1 || k < 0) return 0;
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += Math.exp(logChoose(n, i) + i * Math.log(p) + (n - i) * Math.log1p(-p));
  return Math.min(1, sum);
}

/** Where a rising function crosses 0 between 0 and 1. */
function crossing(f: (p: number) => number): number {
  let [low, high] = [0, 1];
  while (high - low > PRECISION) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** One-sided upper bound of a rate (Clopper and Pearson): with this confidence it is not higher. `k` of `n` were seen. */
export function upperBound(k: number, n: number, confidence: number): number {
  return k >= n ? 1 : crossing((p) => 1 - confidence - atMost(k, n, p));
}

/** One-sided lower bound of a rate: with this confidence it is not lower. */
export function lowerBound(k: number, n: number, confidence: number): number {
  return 1 - upperBound(n - k, n, confidence);
}

/**
 * Fisher's exact test, one-sided: the chance that so few of the second group (or fewer) are among those hit, if both groups were alike.
 * `a` of `n` in the first were hit, `b` of `m` in the second.
 */
export function fewerByChance(a: number, n: number, b: number, m: number): number {
  const hit = a + b;
  const all = logChoose(n + m, hit);
  let sum = 0;
  for (let i = Math.max(0, hit - n); i <= b; i++) sum += Math.exp(logChoose(m, i) + logChoose(n, hit - i) - all);
  return Math.min(1, sum);
}

/** Chance that all of `n` values are above all of `m` others, if both were drawn alike (the extreme of a permutation test). */
export function moreInAllByChance(n: number, m: number): number {
  return Math.exp(-logChoose(n + m, m));
}
