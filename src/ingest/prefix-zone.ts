/** The zone of a relay's local stamps, from UTC times that docker or CI put before its lines. */

/** Stamps of whole seconds, and the moment that a line needs from program to docker. */
const PREFIX_LAG_US = 2_000_000;
const QUARTER_US = 900_000_000;
/** No zone is farther from UTC, minutes. */
const FARTHEST_ZONE = 900;

/** Minutes by which a local stamp is ahead of a prefix in UTC; undefined when that is no zone. */
export function zoneByPrefix(localUs: number, prefixUs: number): number | undefined {
  const quarters = Math.round((localUs - prefixUs) / QUARTER_US);
  const isNear = Math.abs(localUs - prefixUs - quarters * QUARTER_US) <= PREFIX_LAG_US;
  return isNear && Math.abs(quarters * 15) <= FARTHEST_ZONE ? quarters * 15 : undefined;
}

/**
 * The zone that most prefixed relay lines agree on. Lines that were printed long after they were written (a log shown by
 * `cat` in CI) lie anywhere between two quarters of an hour and so agree on nothing.
 */
export function agreedZone(votes: ReadonlyMap<number, number>, prefixed: number): number | undefined {
  const [best] = [...votes].toSorted((a, b) => b[1] - a[1] || a[0] - b[0]);
  return best !== undefined && best[1] * 2 > prefixed ? best[0] : undefined;
}
