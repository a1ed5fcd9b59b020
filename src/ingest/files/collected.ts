/**
 * What `watch --record` and `collect` write beside the evidence, in a folder of their own: when it was taken and how, what happened to files, processes,
 * sockets, the machine. People read it; the rules do not. Output of docker in the same folder is read like any other of its kind.
 */
/** Folder at the top of a record or a collection. */
export const COLLECTED = '_collected';

const FILES = {
  'manifest.json': 'json',
  'journal.jsonl': 'jsonl',
  'system.json': 'json',
  'processes.txt': 'text',
  'sockets.txt': 'text',
} as const;

/** Only where it was written: `COLLECTED` at any depth, since a collection may lie in a folder. */
export function collectedKind(
  directory: string,
  name: string,
): { readonly kind: 'collected'; readonly dialect: 'json' | 'jsonl' | 'text' } | undefined {
  if (directory !== COLLECTED || !Object.hasOwn(FILES, name)) return undefined;
  return { kind: 'collected', dialect: FILES[name as keyof typeof FILES] };
}
