/** What a client makes of the markers in its tree, before a byte moves: which proxy, which path, which version. */
import type { Direction, PreflightFinding } from '../../model/preflight.ts';
import type { CaseFile, Era, PairFact, Ref } from '../facts/case-file.ts';
import type { Marker } from '../facts/load-files.ts';
import { numbersOf } from '../facts/sessions.ts';
import { commonEra } from '../facts/skips.ts';

export type PreflightResult = PreflightFinding<Ref>;

export interface Side {
  readonly me: string;
  readonly peer: string;
  readonly pair: PairFact;
  /** The marker that the client takes. */
  readonly marker: Marker | undefined;
}

export function sidesOf(c: CaseFile): readonly Side[] {
  return c.pairs
    .filter((pair) => pair.markers.size > 0)
    .flatMap((pair) =>
      [pair.a, pair.b].map((me) => ({
        me,
        peer: me === pair.a ? pair.b : pair.a,
        pair,
        marker: pair.markers.get(me)?.find((m) => m.problem === null),
      })),
    );
}

export function bothWays(x: string, y: string): readonly Direction[] {
  return [
    { from: x, to: y },
    { from: y, to: x },
  ];
}

/** Directions of a party with all whom markers pair it with. */
export function directionsOf(c: CaseFile, party: string): readonly Direction[] {
  return sidesOf(c)
    .filter((s) => s.me === party)
    .flatMap((s) => bothWays(party, s.peer));
}

/** Whether anything of this party's folder is in the sandbox. */
export function hasFolder(c: CaseFile, party: string): boolean {
  return c.sources.some((s) => s.party === party && s.kind !== 'access-log');
}

export function markersOfRun(c: CaseFile): readonly Marker[] {
  return c.markers.filter((m) => c.run === null || m.run === null || m.run === c.run.id);
}

/** Its logs and telemetry say it, else those of all others. */
export function eraFor(c: CaseFile, party: string): Era | null {
  return c.party(party)?.era.value ?? commonEra(c, party);
}

export interface Outbound {
  readonly owner: string;
  readonly channel: string;
  /** The version is not known, and another one would use another path. */
  readonly unsure: boolean;
  /** Whether its opens name the receiver; null when the version is not known. */
  readonly addressed: boolean | null;
}

/** Where a party opens by its version (field guide 8.4). */
export function outboundOf(era: Era | null, m: Marker): Outbound | undefined {
  const numbers = numbersOf(m.channel);
  if (m.from === null || m.to === null || numbers === undefined) return undefined;
  const [a, b] = numbers;
  const straight = `${Math.min(a, b)}_to_${Math.max(a, b)}`;
  const smaller = m.from < m.to ? m.from : m.to;
  if (era === 'E1' || era === 'E2' || era === 'E3' || era === 'E4')
    return { owner: smaller, channel: straight, unsure: false, addressed: false };
  if (era === 'Go') return { owner: a <= b ? m.from : m.to, channel: straight, unsure: false, addressed: false };
  const isCanonical = m.owner === smaller && m.channel === straight;
  const addressed = !isCanonical ? false : era === 'E6' ? true : era === null ? null : false;
  return { owner: m.owner, channel: m.channel, unsure: era === null && !isCanonical, addressed };
}

/** Datasites-relative path of the frames of a channel beside the marker's own. */
export function framePath(m: Marker, owner: string, channel: string, file: string): string {
  const below = m.source.lastIndexOf('datasites/');
  const parts = (below < 0 ? m.source : m.source.slice(below + 'datasites/'.length)).split('/');
  return [owner, ...parts.slice(1, -2), channel, file].join('/');
}

/** The marker's text; an empty one has no line to show. */
export function markerRef(m: Marker): Ref {
  return m.problem === 'empty' ? { source: m.source, absent: true, text: 'the marker has no content' } : { sourceId: m.sourceId, line: 1 };
}
