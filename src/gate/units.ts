/** Units of limits. Every figure is kept in the base unit of its dimension: bytes, milliseconds, per cent, a count. */
import type { Interval } from '../model/diagnosis.ts';

export const UNITS = {
  bytes: { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  time: { ms: 1, s: 1000, min: 60_000, h: 3_600_000 },
  share: { percent: 1, ratio: 100 },
  count: { count: 1 },
} as const;

export type Dimension = keyof typeof UNITS;
export const UNIT_NAMES = ['bytes', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB', 'ms', 's', 'min', 'h', 'percent', 'ratio', 'count'] as const;
export type Unit = (typeof UNIT_NAMES)[number];

/** Base units in one of this; undefined for a unit of another dimension. */
export function factorOf(dimension: Dimension, unit: Unit): number | undefined {
  return (UNITS[dimension] as Readonly<Partial<Record<Unit, number>>>)[unit];
}

export function unitsOf(dimension: Dimension): readonly string[] {
  return Object.keys(UNITS[dimension]);
}

/** From here on nothing bounds a value: no figure of a run is as large. */
const NO_BOUND = 2 ** 49;

export function isOpen(value: number): boolean {
  return value >= NO_BOUND;
}

/** At most three decimals, without trailing zeros. */
function short(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** A value of the base unit in the words of `unit`. */
export function showValue(value: number, dimension: Dimension, unit: Unit): string {
  const word = unit === 'count' ? '' : unit === 'percent' ? ' %' : ` ${unit}`;
  return `${short(value / (factorOf(dimension, unit) ?? 1))}${word}`;
}

/** "12 s", "0 to 38.5 s", "at least 4 s". */
export function showInterval({ min, max }: Interval, dimension: Dimension, unit: Unit): string {
  if (min === max) return showValue(min, dimension, unit);
  if (isOpen(max)) return `at least ${showValue(min, dimension, unit)}`;
  return `${short(min / (factorOf(dimension, unit) ?? 1))} to ${showValue(max, dimension, unit)}`;
}
