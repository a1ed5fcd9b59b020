/**
 * What `watch --record` and `collect` write beside the evidence, in a folder of their own: when it was taken and how, what happened to files, processes,
 * sockets, the machine. People read it; the rules do not. Output of docker in the same folder is read like any other of its kind.
 */
import type { Sniffed } from '../sniff.ts';

/** Folder at the top of a record or a collection. */
export const COLLECTED = '_collected';

const FILES: Readonly<Record<string, Sniffed['dialect']>> = {
  'manifest.json': 'json',
  'journal.jsonl': 'jsonl',
  'system.json': 'json',
  'processes.txt': 'text',
  'sockets.txt': 'text',
};

/** Only where it was written: `COLLECTED` at any depth, since a collection may lie in a folder. */
export function collectedKind(directory: string, name: string): Sniffed | undefined {
  const dialect = directory === COLLECTED ? FILES[name] : undefined;
  return dialect === undefined ? undefined : { kind: 'collected', dialect };
}
