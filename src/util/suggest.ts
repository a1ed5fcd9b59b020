/** Number of single-character edits between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known word that was probably meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = ranked[0];
  // Of a short name nothing would be left.
  const isNear = best !== undefined && best.edits < best.name.length && best.edits <= Math.max(2, Math.floor(best.name.length / 3));
  return isNear ? best.name : undefined;
}

/** All that could have been meant, and what probably was. */
export function choices(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return `${known.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
