/** Which party of one run is which of the other: by number in the channels, else by role, else by the order of their emails. */
import type { Diagnosis, Party } from '../../model/diagnosis.ts';

export interface Pair {
  readonly key: string;
  readonly a: Party;
  readonly b: Party;
  /** As both are called; where they are called differently, both names. */
  readonly name: string;
}

export interface Matched {
  readonly pairs: readonly Pair[];
  readonly onlyA: readonly Party[];
  readonly onlyB: readonly Party[];
  /** Key of a party by its email. */
  readonly a: (email: string) => string;
  readonly b: (email: string) => string;
  /** Name by key. */
  readonly name: (key: string) => string;
  /** A path whose parts are keys here and there, with names in their place. */
  readonly nameAll: (path: string) => string;
}

function only<K>(parties: readonly Party[], keyOf: (party: Party) => K | null): Map<K, Party> {
  const out = new Map<K, Party>();
  const twice = new Set<K>();
  for (const party of parties) {
    const key = keyOf(party);
    if (key === null) continue;
    if (out.has(key)) twice.add(key);
    out.set(key, party);
  }
  for (const key of twice) out.delete(key);
  return out;
}

export function matchParties({ parties: a }: Diagnosis, { parties: b }: Diagnosis): Matched {
  const couples: (readonly [Party, Party])[] = [];
  const [restA, restB] = [new Set(a), new Set(b)];
  const couple = (x: Party, y: Party): void => {
    couples.push([x, y]);
    restA.delete(x);
    restB.delete(y);
  };
  const by = (keyOf: (party: Party) => string | number | null): void => {
    const theirs = only([...restB], keyOf);
    for (const [key, party] of only([...restA], keyOf)) {
      const other = theirs.get(key);
      if (other !== undefined) couple(party, other);
    }
  };
  by((party) => party.index);
  by((party) => party.role);
  // What is left has no number on one side at least, and other names.
  const rest = [...restA].filter((x) => [...restB].some((y) => x.index === null || y.index === null));
  for (const x of rest) {
    const y = [...restB].find((other) => x.index === null || other.index === null);
    if (y !== undefined) couple(x, y);
  }
  const pairs = couples.map(([x, y], index): Pair => {
    const name = x.role === y.role ? x.role : `${x.role}/${y.role}`;
    return { key: `\u0001${index}`, a: x, b: y, name };
  });
  const keys = (side: 'a' | 'b'): Map<string, string> => new Map(pairs.map((pair) => [pair[side].email, pair.key]));
  const [keysA, keysB] = [keys('a'), keys('b')];
  const names = new Map<string, string>([
    ...pairs.map(({ key, name }) => [key, name] as const),
    ...[...restA, ...restB].map(({ email, role }) => [email, role] as const),
  ]);
  const name = (key: string): string => names.get(key) ?? key;
  return {
    pairs,
    onlyA: [...restA],
    onlyB: [...restB],
    a: (email) => keysA.get(email) ?? email,
    b: (email) => keysB.get(email) ?? email,
    name,
    nameAll: (path) => path.split('/').map(name).join('/'),
  };
}
