/** Markers: there on both sides, usable, of one mind about the ports, and alone in the tree. */
import { name } from '../engine/ask.ts';
import type { CaseFile, Ref } from '../facts/case-file.ts';
import type { Marker } from '../facts/load-files.ts';
import { expectedPath, PROBLEMS, portFor } from '../facts/markers.ts';
import { bothWays, hasFolder, markerRef, sidesOf, type PreflightResult, type Side } from './channels.ts';

export function judgeMarkers(c: CaseFile): PreflightResult[] {
  return sidesOf(c).flatMap((s) => [...judgePresence(c, s), ...judgePorts(c, s), ...judgeOtherRuns(c, s)]);
}

function judgePresence(c: CaseFile, { me, peer, pair, marker }: Side): PreflightResult[] {
  if (marker !== undefined) return [];
  const broken = pair.markers.get(me)?.[0];
  const party = me;
  const directions = bothWays(me, peer);
  if (broken !== undefined) {
    return [
      {
        outlook: 'will-fail',
        check: 'marker-unusable',
        party,
        directions,
        message: `${name(me, c)}'s marker for ${name(peer, c)} cannot be used: ${PROBLEMS[broken.problem ?? ''] ?? broken.problem ?? ''}; its client passes over it without a word`,
        evidence: [markerRef(broken)],
        remedy: `Write ${broken.source} anew: from, to, port, and ports with an entry for both parties.`,
      },
    ];
  }
  const theirs = pair.markers.get(peer)?.[0];
  const path = expectedPath(c, me, theirs);
  const evidence: Ref[] = [
    { source: path, absent: true, text: `no stream.tcp of ${me} for ${peer}` },
    ...(theirs === undefined ? [] : [markerRef(theirs)]),
  ];
  if (!hasFolder(c, me)) {
    return [
      {
        outlook: 'note',
        check: 'folder-missing',
        party,
        directions,
        message: `nothing of ${name(me, c)}'s folder is here, so its side of the channel with ${name(peer, c)} was not judged`,
        evidence,
        remedy: `Run preflight with ${me}'s folder in the sandbox, or at that party.`,
      },
    ];
  }
  return [
    {
      outlook: 'will-fail',
      check: 'marker-missing',
      party,
      directions,
      message: `${name(me, c)} has no marker for its channel with ${name(peer, c)}, which has one: its client will listen for no program there, so nothing can leave and nothing that ${name(peer, c)} sends finds a writer`,
      evidence,
      remedy: `Write ${path} (and syft.pub.yaml beside it).`,
    },
  ];
}

function judgePorts(c: CaseFile, { me, peer, pair, marker }: Side): PreflightResult[] {
  const theirs = pair.markers.get(peer)?.find((m) => m.problem === null);
  const said = portFor(theirs, me);
  if (marker?.localPort == null || theirs === undefined || said === undefined || said === marker.localPort) return [];
  return [
    {
      outlook: 'may-fail',
      check: 'ports-disagree',
      party: me,
      directions: bothWays(me, peer),
      message: `${name(me, c)}'s client will listen on port ${marker.localPort} for ${name(peer, c)}, but ${name(peer, c)}'s marker says ${said}: the two were written from different port plans, and a program may dial the wrong one`,
      evidence: [markerRef(marker), markerRef(theirs)],
      remedy: `Write the same ports in both markers: ${me} is ${marker.localPort} in ${marker.source} and ${said} in ${theirs.source}.`,
    },
  ];
}

/** Another run's markers with the same port: whichever proxy starts first has it, and the bytes go under that run's paths. */
function judgeOtherRuns(c: CaseFile, { me, peer, marker }: Side): PreflightResult[] {
  const old = leftover(c, me, marker);
  if (old === undefined || marker === undefined) return [];
  const shared = c.markers.some((m) => m.party === peer && m.run === old.run && m.problem === null);
  const known = shared || hasFolder(c, peer);
  if (shared && peer < me && leftover(c, peer, sidesOf(c).find((s) => s.me === peer && s.peer === me)?.marker) !== undefined) return [];
  return [
    {
      outlook: shared || !known ? 'may-fail' : 'will-fail',
      check: 'stale-markers',
      party: me,
      directions: bothWays(me, peer),
      message: `run ${old.run ?? ''} left a marker on port ${marker.localPort ?? 0} at ${name(me, c)}: its proxy takes the port, and what goes to ${name(peer, c)} travels under that run's path${shared ? `; ${name(peer, c)} has that run's markers too, so it may work all the same` : known ? `, which ${name(peer, c)} does not know` : ''}`,
      evidence: [markerRef(old), markerRef(marker)],
      remedy: `Stop the clients, remove ${old.source} (and that run's others at every party), start them again.`,
    },
  ];
}

function leftover(c: CaseFile, me: string, marker: Marker | undefined): Marker | undefined {
  if (marker?.localPort == null) return undefined;
  return c.markers.find((m) => m.party === me && m.problem === null && m.run !== marker.run && m.localPort === marker.localPort);
}
