/** Which line of which ACL file gives or withholds a right on a channel (field guide §7.8). */
import { decidingPattern, isGranted } from '../../util/access.ts';
import type { CaseFile, Ref } from './case-file.ts';

/**
 * The file that decides for `owner/…/channel`: the channel's own in the owner's tree, else the `_mpc` one. Points to the
 * grants of the level that matters; a party that is not among them has no right. Empty when the sandbox has no such file.
 */
export function aclProof(c: CaseFile, owner: string, channel: string | null, party: string | null, level: 'read' | 'write'): Ref[] {
  const { file, grants } = decidingAcl(c, owner, channel);
  if (file === undefined) return [];
  const holders = grants.filter((g) => g.level === level);
  if (party !== null && mayUse(c, owner, channel, party, level) === true) return [];
  const line = holders.find((g) => g.line !== null) ?? grants.find((g) => g.line !== null);
  return line?.line == null
    ? [{ source: file.source, absent: true, text: `no ${level} grant for ${party ?? 'the peer'}` }]
    : [{ sourceId: line.sourceId, line: line.line }];
}

/** What the relay checks: the session's path ends so, relative to the channel directory. */
export const FRAME_FILE = 'stream.tcp.request';

/** The nearest file in the owner's own tree, and the grants of its most specific rule that matches the session's path. */
function decidingAcl(
  c: CaseFile,
  owner: string,
  channel: string | null,
): { file: CaseFile['aclFiles'][number] | undefined; grants: CaseFile['acl'] } {
  const own = c.aclFiles.filter((f) => f.owner === owner && f.party === owner && (c.run === null || f.run === c.run.id));
  const file = own.find((f) => f.channel === channel) ?? own.find((f) => f.channel === null);
  if (file === undefined) return { file, grants: [] };
  const path = file.channel === null ? `${channel ?? ''}/${FRAME_FILE}` : FRAME_FILE;
  return { file, grants: grantsFor(c, file.sourceId, path) };
}

/** What a file's most specific rule that matches grants; `path` is relative to the file's directory. */
export function grantsFor(c: CaseFile, sourceId: number, path: string): CaseFile['acl'] {
  const mine = c.acl.filter((a) => a.sourceId === sourceId);
  const deciding = decidingPattern(
    mine.map((a) => a.pattern),
    path,
  );
  return mine.filter((a) => a.pattern === deciding);
}

export function holds(grants: CaseFile['acl'], party: string, level: 'read' | 'write'): boolean {
  return grants.some((g) => isGranted(g, party, level));
}

/** true/false as the owner's own copy of the file says; undefined when there is none to read. */
export function mayUse(c: CaseFile, owner: string, channel: string | null, party: string, level: 'read' | 'write'): boolean | undefined {
  if (party === owner) return true;
  const { file, grants } = decidingAcl(c, owner, channel);
  if (file === undefined) return undefined;
  return holds(grants, party, level);
}
