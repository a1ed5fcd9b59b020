/** What markers say and where they would lie. */
import type { CaseFile } from './case-file.ts';
import type { Marker } from './load-files.ts';

/** Why a client passes over a marker, in words. */
export const PROBLEMS: Readonly<Record<string, string>> = {
  empty: 'it is empty',
  'not-json': 'it is not JSON (an IPC address may have been written over it)',
  'no-from': 'it names no sender (an IPC address may have been written over it)',
  'no-to': 'it names no receiver',
  'no-port': 'it has no port',
  'no-local-port': 'its ports object lacks this party',
  'bad-directory': 'its directory is not called <number>_to_<number>',
};

/** Listener port that a marker gives a party. */
export function portFor(marker: Marker | undefined, email: string): number | undefined {
  if (marker?.ports == null) return undefined;
  const ports: unknown = JSON.parse(marker.ports);
  const value: unknown = typeof ports === 'object' && ports !== null ? Object.entries(ports).find(([k]) => k === email)?.[1] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** Where a party's marker would lie, by the layout of the peer's. */
export function expectedPath(c: CaseFile, me: string, example: Marker | undefined): string {
  const numbers = /^(\d+)_to_(\d+)$/.exec(example?.channel ?? '');
  const channel = numbers === null || c.layout === 'shared-dir' ? (example?.channel ?? '') : `${numbers[2] ?? ''}_to_${numbers[1] ?? ''}`;
  const peer = example?.owner ?? me;
  return (example?.source ?? `${me}/datasites/${me}/_mpc/${channel}/stream.tcp`)
    .replaceAll(peer, me)
    .replace(/\/\d+_to_\d+\//, `/${channel}/`);
}
