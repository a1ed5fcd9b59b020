/** Which parties are meant to talk, by markers and sessions, and in which layout their directories lie. */
import type { CaseFile, PairFact, PartyFact, SessionFact } from './case-file.ts';
import type { Marker } from './load-files.ts';
import { numbersOf, Pairing } from './sessions.ts';

export function listPairs(
  markers: readonly Marker[],
  sessions: readonly SessionFact[],
  parties: readonly PartyFact[],
): readonly PairFact[] {
  const pairs = new Map<string, { a: string; b: string; markers: Map<string, Marker[]> }>();
  const touch = (x: string, y: string): { a: string; b: string; markers: Map<string, Marker[]> } => {
    const [a, b] = x < y ? [x, y] : [y, x];
    const key = `${a}\n${b}`;
    const known = pairs.get(key) ?? { a, b, markers: new Map<string, Marker[]>() };
    pairs.set(key, known);
    return known;
  };
  for (const m of markers) {
    if (m.from === null || m.to === null || m.from === m.to) continue;
    const pair = touch(m.from, m.to);
    pair.markers.set(m.party, [...(pair.markers.get(m.party) ?? []), m]);
  }
  for (const m of markers) {
    // An unreadable marker still says by its directory whom it was meant for.
    if (m.from !== null && m.to !== null) continue;
    const ends = new Pairing(
      markers,
      parties.map((p) => p.email),
    ).ends(m.owner, m.channel);
    if (ends === undefined) continue;
    const pair = touch(ends[0], ends[1]);
    pair.markers.set(m.party, [...(pair.markers.get(m.party) ?? []), m]);
  }
  for (const s of sessions) for (const x of s.streams) if (x.from !== x.to) touch(x.from, x.to);
  if (pairs.size === 0 || markers.length === 0) {
    for (const [i, p] of parties.entries()) for (const q of parties.slice(i + 1)) touch(p.email, q.email);
  }
  return [...pairs.values()];
}

export function sortPairs(
  pairs: readonly (readonly [string, string])[],
  parties: readonly PartyFact[],
): readonly (readonly [string, string])[] {
  const place = (email: string): number => parties.findIndex((p) => p.email === email);
  return pairs.toSorted((x, y) => place(x[0]) - place(y[0]) || place(x[1]) - place(y[1]));
}

export function layoutOf(markers: readonly Marker[]): CaseFile['layout'] {
  if (markers.length === 0) return 'unknown';
  const directed = markers.some((m) => markers.some((o) => o.owner !== m.owner && reversed(m.channel, o.channel)));
  const shared = markers.some((m) => markers.some((o) => o.owner !== m.owner && o.channel === m.channel));
  if (directed && shared) return 'mixed';
  return directed ? 'directed' : shared ? 'shared-dir' : 'unknown';
}

function reversed(a: string, b: string): boolean {
  const x = numbersOf(a);
  const y = numbersOf(b);
  return x !== undefined && y !== undefined && x[0] === y[1] && x[1] === y[0];
}
