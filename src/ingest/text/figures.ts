/** Volumes as people and programs write them, as the interval of bytes that the figure can stand for. */

export interface Volume {
  readonly min: number;
  /** Number.MAX_SAFE_INTEGER: no upper end. */
  readonly max: number;
}

/** A figure: about-sign, digits with separators, unit, plus. For use inside other patterns; four groups. */
export const FIGURE = String.raw`([≈~]|about |ca\.? ?)?(\d{1,3}(?:[,_'\u00a0\u2009\u202f]\d{3})+|\d{1,16}(?:\.\d{1,6})?)(?: ?([KMGT]i?B|kB|bytes|B)\b)?(\+)?`;

const BINARY: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const DECIMAL: Readonly<Record<string, number>> = { K: 1000, M: 1000 ** 2, G: 1000 ** 3, T: 1000 ** 4 };
/** "About" without a unit: this share up and down. */
const ABOUT = 0.01;

/**
 * `1572924`, `1,572,924`, `1.5MB`, `≈1572924`, `~15MB+`. A unit is 1024-based, as the programs print it, and rounded to the digits
 * shown; where the writer says "about", the 1000-based reading is allowed too.
 */
export function volumeOf(about: string | undefined, digits: string, unit: string | undefined, plus: string | undefined): Volume {
  const text = digits.replaceAll(/[,_'\u00a0\u2009\u202f]/g, '');
  const value = Number(text);
  const letter = (unit ?? '').charAt(0).toUpperCase();
  const size = BINARY[letter];
  if (size === undefined || unit === 'B' || unit === 'bytes') {
    const off = about === undefined ? 0 : value * ABOUT;
    const min = plus === undefined ? Math.max(0, Math.ceil(value - off)) : Math.floor(value);
    return { min, max: plus === undefined ? Math.floor(value + off) : Number.MAX_SAFE_INTEGER };
  }
  const half = 0.5 / 10 ** (text.split('.')[1]?.length ?? 0);
  const isLoose = about !== undefined || plus !== undefined;
  const least = isLoose && !(unit ?? '').includes('i') ? (DECIMAL[letter] ?? size) : size;
  if (plus !== undefined) return { min: Math.floor(value * least), max: Number.MAX_SAFE_INTEGER };
  return { min: Math.max(0, Math.ceil((value - half) * least)), max: Math.floor((value + half) * size) };
}
