/** What a mixed file turned out to be when its last line was read. */
import type { CompiledTable } from './compile.ts';
import type { Looked } from './look.ts';
import { mixedByName } from './sniff.ts';
import type { MixedReader } from './scan-mixed.ts';

/**
 * Output that is mostly the log of one side and holds no line of the other is that side's log; what a runner printed that
 * holds lines of one client is that client's.
 */
export function settleMixed(looked: Looked, { tally, owners }: MixedReader): Looked {
  const { kind, dialect } = looked.sniffed;
  if (kind !== 'runner') return looked;
  const known = tally.client + tally.relay + tally.text + tally.unknown;
  if (tally.client === 0 && tally.relay * 2 > known) return { ...looked, sniffed: { kind: 'relay-log', dialect }, party: null };
  const [owner = null] = owners.size === 1 ? owners : [];
  const party = looked.party ?? owner;
  const isClients = tally.relay === 0 && tally.client * 2 > known && party !== null && owners.size <= 1;
  return isClients ? { ...looked, sniffed: { kind: 'client-log', dialect }, party } : { ...looked, party };
}

/** Families of noise whose times are the relay's. */
export function relayFamilies({ parts, families }: CompiledTable): ReadonlySet<string> {
  if (parts === undefined) return new Set(families);
  const noise = parts['relay-dev'].templates.map((template) => families[template.family]);
  return new Set([...noise.filter((family) => family !== undefined), 'healthz', 'telemetry-upload', 'http']);
}

/** Neither its name nor its first lines say what the file is: when no line was known it is nothing. */
export function isOnlyTried({ sniffed, file }: Looked): boolean {
  return sniffed.kind === 'runner' && mixedByName(file.path) === undefined;
}
