/** Where the files of a running system lie in a record or a collection of it. */
import { basename } from 'node:path';
import { partyOfPath } from '../ingest/discover.ts';

/**
 * The folder, below the top, that says whose the files are: for a party's own folder, or one inside of it, the path from the party's address on; empty for
 * a whole sandbox. Without it nobody could tell afterwards.
 */
export function prefixOf(root: string): string {
  const party = partyOfPath(root, basename(root));
  if (party === null) return '';
  const parts = root.split(/[\\/]/);
  return parts.slice(parts.lastIndexOf(party)).join('/');
}
