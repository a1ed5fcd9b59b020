/**
 * Access lists, as the relay walks them: the nearest file from the owner's root downwards decides alone, a terminal one ends
 * the walk, and in it the most specific matching rule. Only the owner's own tree counts; a copy at a peer proves nothing.
 */
import { name, names } from '../engine/ask.ts';
import { FRAME_FILE, grantsFor, holds } from '../facts/acl.ts';
import type { CaseFile, Ref } from '../facts/case-file.ts';
import type { AclFile, Marker } from '../facts/load-files.ts';
import {
  eraFor,
  framePath,
  markerRef,
  markersOfRun,
  outboundOf,
  sidesOf,
  type Outbound,
  type PreflightResult,
  type Side,
} from './channels.ts';

interface Right {
  /** undefined: no file of the owner's tree covers the path. */
  readonly allowed: boolean | undefined;
  readonly file: AclFile | undefined;
  readonly evidence: readonly Ref[];
}

function rightOf(c: CaseFile, owner: string, path: string, party: string, level: 'read' | 'write'): Right {
  if (path.startsWith(party)) return { allowed: true, file: undefined, evidence: [] };
  const file = decidingFile(c, owner, path);
  if (file === undefined) return { allowed: undefined, file, evidence: [] };
  const grants = grantsFor(c, file.sourceId, path.slice(file.directory.length + 1));
  const line = (grants.find((g) => g.level === level && g.line !== null) ?? grants.find((g) => g.line !== null))?.line;
  const evidence: Ref =
    line == null ? { source: file.source, absent: true, text: `no rule for ${party}` } : { sourceId: file.sourceId, line };
  return { allowed: holds(grants, party, level), file, evidence: [evidence] };
}

function decidingFile(c: CaseFile, owner: string, path: string): AclFile | undefined {
  const above = covering(c, owner, path).filter((f) => f.problem === null);
  const end = above.find((f) => c.acl.some((a) => a.sourceId === f.sourceId && a.terminal));
  return end ?? above.at(-1);
}

/** From the root downwards. */
function covering(c: CaseFile, owner: string, path: string): readonly AclFile[] {
  return c.aclFiles
    .filter((f) => f.party === owner && f.owner === owner && path.startsWith(`${f.directory}/`))
    .toSorted((a, b) => a.directory.length - b.directory.length);
}

export function judgeAccess(c: CaseFile): PreflightResult[] {
  return sidesOf(c).flatMap((s) => {
    const out = s.marker === undefined ? undefined : outboundOf(eraFor(c, s.me), s.marker);
    return s.marker === undefined || out === undefined ? [] : judgeSide(c, s, s.marker, out);
  });
}

function judgeSide(c: CaseFile, { me, peer }: Side, marker: Marker, out: Outbound): PreflightResult[] {
  const path = framePath(marker, out.owner, out.channel, FRAME_FILE);
  const directions = [{ from: me, to: peer }];
  const place = placeOf(c, out);
  const base = { directions, party: out.owner } as const;
  const results: PreflightResult[] = [...judgeUnreadable(c, out, path, base)];
  const denied = (who: string, level: 'read' | 'write', right: Right): PreflightResult => ({
    ...base,
    outlook: out.unsure ? 'may-fail' : 'will-fail',
    check: level === 'read' ? 'reader-excluded' : 'opener-excluded',
    message:
      level === 'read'
        ? `${name(who, c)} may not read ${place}, on which ${name(me, c)} opens: the open reaches nobody or is refused`
        : `${name(who, c)} may not write ${place}, on which its version opens towards ${name(peer, c)}: the relay refuses the open and every frame`,
    evidence: [...right.evidence, markerRef(marker)],
    remedy: remedyFor(c, out, who, level, right),
  });
  const write = rightOf(c, out.owner, path, me, 'write');
  if (write.allowed === false) results.push(denied(me, 'write', write));
  const read = rightOf(c, out.owner, path, peer, 'read');
  if (read.allowed === false) results.push(denied(peer, 'read', read));
  if (write.allowed === undefined || read.allowed === undefined) results.push(...judgeUncovered(c, out, path, base, place));
  if (write.allowed === true && read.allowed === true) results.push(...judgeThird(c, me, peer, out, path, place));
  return results;
}

type Base = Pick<PreflightResult, 'directions' | 'party'>;

function remedyFor(c: CaseFile, out: Outbound, who: string, level: string, right: Right): string {
  if (!isPrepared(c, out))
    return 'Run E5b or later at every party, or name the parties so that the order of emails is that of their numbers.';
  const ownDirectory = right.file?.channel === out.channel;
  const isTerminal = right.file !== undefined && c.acl.some((a) => a.sourceId === right.file?.sourceId && a.terminal);
  const where = right.file?.source ?? '';
  return ownDirectory || isTerminal
    ? `Add ${who} to ${level} in ${where}${isTerminal && !ownDirectory ? ', or take terminal off it so that the lists below count' : ''}.`
    : `Write a syft.pub.yaml with ${who} under ${level} into ${out.owner}'s ${out.channel}; until then ${where} decides.`;
}

/** A damaged list counts as none: the next one above decides, and if that one grants, the run works. */
function judgeUnreadable(c: CaseFile, out: Outbound, path: string, base: Base): PreflightResult[] {
  const broken = covering(c, out.owner, path).findLast((f) => f.problem !== null);
  if (broken === undefined) return [];
  return [
    {
      ...base,
      outlook: 'may-fail',
      check: 'acl-unreadable',
      message: `${name(out.owner, c)}'s access list over ${out.channel} cannot be read (${broken.problem === 'empty' ? 'it is empty' : 'it is not YAML of the known shape'})`,
      evidence: [
        broken.problem === 'empty'
          ? { source: broken.source, absent: true, text: 'the file has no content' }
          : { sourceId: broken.sourceId, line: 1 },
      ],
      remedy: `Write ${broken.source} anew, with both parties under read.`,
    },
  ];
}

function judgeUncovered(c: CaseFile, out: Outbound, path: string, base: Base, place: string): PreflightResult[] {
  const hasTree = c.markers.some((m) => m.party === out.owner);
  if (!hasTree || covering(c, out.owner, path).length > 0) return [];
  return [
    {
      ...base,
      outlook: 'may-fail',
      check: 'acl-missing',
      message: `no access list in ${name(out.owner, c)}'s tree covers ${place}: without one the relay gives nobody else a right`,
      evidence: [{ source: `${out.owner}/datasites/${path.replace(FRAME_FILE, 'syft.pub.yaml')}`, absent: true, text: 'no access list' }],
      remedy: `Write a syft.pub.yaml with both parties under read and write into ${out.owner}'s ${out.channel}.`,
    },
  ];
}

/** An open that names no receiver goes to all who may read; each of them accepts, and the first one gets the session. */
function judgeThird(c: CaseFile, me: string, peer: string, out: Outbound, path: string, place: string): PreflightResult[] {
  if (out.addressed === true) return [];
  const others = c.parties.map((p) => p.email).filter((p) => p !== me && p !== peer);
  const readers = others.filter((p) => rightOf(c, out.owner, path, p, 'read').allowed === true);
  const first = readers[0];
  if (first === undefined) return [];
  return [
    {
      outlook: out.addressed === null ? 'note' : 'may-fail',
      check: 'third-reader',
      party: out.owner,
      directions: [{ from: me, to: peer }],
      message: `${names(readers, c)} may read ${place} as well, and ${name(me, c)}'s open names no receiver: the wrong party may accept it, and then nothing reaches ${name(peer, c)}`,
      evidence: rightOf(c, out.owner, path, first, 'read').evidence,
      remedy: isPrepared(c, out)
        ? `Let only ${me} and ${peer} read ${out.owner}'s ${out.channel}.`
        : 'Run E5b or later at every party, or name the parties so that the order of emails is that of their numbers.',
    },
  ];
}

/** Before E5 the path may name a directory that no party made (field guide F-34). */
function isPrepared(c: CaseFile, out: Outbound): boolean {
  return markersOfRun(c).some((m) => m.owner === out.owner && m.channel === out.channel);
}

function placeOf(c: CaseFile, out: Outbound): string {
  const words = `${name(out.owner, c)}'s ${out.channel}`;
  return isPrepared(c, out) || c.layout !== 'directed'
    ? words
    : `${words} (a directory that nobody prepares: the order of the emails is not that of the numbers)`;
}
