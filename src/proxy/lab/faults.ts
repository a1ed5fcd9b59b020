/** What can be broken on purpose in a run of the lab, and how a user names it. */
import { DoctorError } from '../../model/errors.ts';

/** Where a fault strikes: nowhere in particular, at a party, or on the way from one to another. */
type Place = 'run' | 'party' | 'direction';

interface FaultKind {
  readonly place: Place;
  /** The number behind the place: seconds; undefined: none is taken. */
  readonly seconds?: number;
  readonly says: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: string;
}

export const FAULTS = {
  'late-app': { place: 'party', seconds: 8, says: 'its program starts so many seconds after the others', failures: 'F-30' },
  'no-app': { place: 'party', says: 'its program never starts', failures: 'F-39' },
  'hang-app': { place: 'party', says: 'its program stops in the fourth round', failures: 'F-39' },
  'deaf-app': { place: 'party', says: 'its program stops reading in the fourth round', failures: 'F-7' },
  'kill-client': { place: 'party', says: 'its client is killed in the fourth round', failures: 'F-36' },
  'restart-client': { place: 'party', says: 'its client is killed in the fourth round and starts again', failures: 'F-36' },
  'late-client': { place: 'party', seconds: 6, says: 'its client starts so many seconds after the others', failures: 'F-5' },
  cut: { place: 'party', says: 'its connection to the relay is cut in the fourth round', failures: 'F-18' },
  twin: { place: 'party', says: 'a second client of the same identity runs in another folder', failures: 'F-19' },
  'hotlink-off': { place: 'party', says: 'its client runs without hotlink', failures: 'F-37' },
  'relay-restart': { place: 'run', says: 'the relay is killed in the fourth round and starts again', failures: 'F-17' },
  'marker-missing': { place: 'direction', says: 'the sender has no marker', failures: 'F-6' },
  'marker-empty': { place: 'direction', says: "the sender's marker is empty", failures: 'F-27' },
  'marker-without-port': { place: 'direction', says: "the sender's marker names no port", failures: 'F-27' },
  'port-taken': { place: 'direction', says: 'a stranger listens on the port of the sender', failures: 'F-6' },
  'acl-excludes': { place: 'direction', says: "the sender's access list leaves the receiver out", failures: 'F-2, F-28' },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

export interface Fault {
  readonly name: FaultName;
  /** Indices of parties; -1 where the place has none. */
  readonly at: number;
  readonly to: number;
  readonly seconds: number;
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

/** `late-app:client2:8`, `marker-missing:client1>client2`, `relay-restart`. */
export function parseFault(value: string, emails: readonly string[]): Fault {
  const refuse = (expected: string): DoctorError => new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--fault', value, expected });
  const [name = '', place = '', seconds] = value.split(':');
  if (!isFault(name)) throw refuse(Object.keys(FAULTS).join(', '));
  const kind: FaultKind = FAULTS[name];
  const index = (text: string): number => emails.findIndex((email) => email === text || email.split('@')[0] === text);
  const [from = '', to = ''] = place.split('>');
  const fault = { name, at: index(from), to: index(to), seconds: Number(seconds ?? kind.seconds ?? 0) };
  const names = emails.map((email) => email.split('@')[0]).join(', ');
  const isPlaced = kind.place === 'run' || (fault.at >= 0 && (kind.place === 'party' || (fault.to >= 0 && fault.to !== fault.at)));
  if (!isPlaced) throw refuse(kind.place === 'party' ? `${name}:PARTY of ${names}` : `${name}:FROM>TO of ${names}`);
  if (!(fault.seconds >= 0 && fault.seconds <= 600)) throw refuse('seconds from 0 to 600');
  return fault;
}
