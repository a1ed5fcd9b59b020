/** What can be broken on purpose in a run of the lab, and how a user names it. */
import { DoctorError } from '../../model/errors.ts';
import { choices as oneOf } from '../../util/suggest.ts';

/** Where a fault strikes: nowhere in particular, at a party, or on the way from one to another. */
type Place = 'run' | 'party' | 'direction';

export interface FaultKind {
  readonly place: Place;
  /** The number behind the place: seconds; undefined: none is taken. */
  readonly seconds?: number;
  /** It strikes in the middle of a run: the moment can be chosen with @. */
  readonly strikes?: true;
  readonly says: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: string;
}

export const FAULTS = {
  'late-app': { place: 'party', seconds: 8, says: 'its program starts so many seconds after the others', failures: 'F-30' },
  'no-app': { place: 'party', says: 'its program never starts', failures: 'F-39' },
  'hang-app': { place: 'party', strikes: true, says: 'its program stops, with its connections open', failures: 'F-39' },
  'deaf-app': { place: 'party', strikes: true, says: 'its program stops reading', failures: 'F-7' },
  'kill-client': { place: 'party', strikes: true, says: 'its client is killed', failures: 'F-36' },
  'restart-client': { place: 'party', strikes: true, says: 'its client is killed and starts again', failures: 'F-36' },
  'late-client': {
    place: 'party',
    seconds: 6,
    says: 'its client starts so many seconds after the others, then its program',
    failures: 'F-5',
  },
  cut: { place: 'party', strikes: true, says: 'its connection to the relay is cut', failures: 'F-18' },
  'freeze-link': {
    place: 'party',
    strikes: true,
    says: 'its packets to and from the relay vanish, connections stay open',
    failures: 'F-35',
  },
  twin: { place: 'party', says: 'a second client of the same identity runs in another folder', failures: 'F-19' },
  'twin-at-home': { place: 'party', says: 'a second client of the same identity runs in the same folder', failures: 'F-19' },
  'hotlink-off': { place: 'party', says: 'its client runs without hotlink', failures: 'F-37' },
  'relay-restart': { place: 'run', strikes: true, says: 'the relay is killed and starts again', failures: 'F-17' },
  'marker-missing': { place: 'direction', says: 'the sender has no marker', failures: 'F-6' },
  'marker-empty': { place: 'direction', says: "the sender's marker is empty", failures: 'F-27' },
  'marker-without-port': { place: 'direction', says: "the sender's marker names no port", failures: 'F-27' },
  'port-taken': { place: 'direction', says: 'a stranger listens on the port of the sender', failures: 'F-6' },
  probe: {
    place: 'direction',
    says: "a stranger is connected to the sender's port first, and leaves when the program is there",
    failures: 'F-4',
  },
  'acl-wide': { place: 'direction', says: "the sender's access list lets everybody read", failures: 'F-12' },
  'acl-excludes': { place: 'direction', says: "the sender's access list leaves the receiver out", failures: 'F-2, F-28' },
  'acl-denied': { place: 'direction', says: "the receiver's access list lets the sender read and not write", failures: 'F-2' },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

/** When a fault strikes: at the first step of this round or later (0: the first of all), or so long after programs have started. */
export type Moment = { readonly round: number } | { readonly afterMs: number };

export const DEFAULT_MOMENT: Moment = { round: 4 };
const MOST_SECONDS = 600;

export interface Fault {
  readonly name: FaultName;
  /** Indices of parties; -1 where the place has none. */
  readonly at: number;
  readonly to: number;
  readonly seconds: number;
  readonly moment: Moment;
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

/** The end of a fault: `@3` a round, `@2.5s` seconds. */
const MOMENT = /@(\d+(?:\.\d+)?)(s?)$/;

function parseMoment(value: string): Moment | undefined {
  const [all, number = '', unit] = MOMENT.exec(value) ?? [];
  if (all === undefined) return DEFAULT_MOMENT;
  if (unit === 's') return Number(number) <= MOST_SECONDS ? { afterMs: Number(number) * 1000 } : undefined;
  return Number.isInteger(Number(number)) ? { round: Number(number) } : undefined;
}

/** What is missing in the place of a fault; undefined: nothing. */
function misplaced(kind: FaultKind, at: number, to: number, emails: readonly string[]): string | undefined {
  const names = emails.map((email) => email.split('@')[0]).join(', ');
  if (kind.place === 'party' && at < 0) return `PARTY of ${names}`;
  return kind.place === 'direction' && (at < 0 || to < 0 || at === to) ? `FROM>TO of ${names}` : undefined;
}

/** `late-app:client2:8`, `marker-missing:client1>client2`, `relay-restart`, `kill-client:client1@2`, `cut:client1@1.5s`. */
export function parseFault(value: string, emails: readonly string[], option = '--fault'): Fault {
  const refuse = (expected: string): DoctorError => new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected });
  const [name = '', place = '', seconds] = value.replace(MOMENT, '').split(':');
  if (!isFault(name)) throw refuse(oneOf(name, Object.keys(FAULTS)));
  const kind: FaultKind = FAULTS[name];
  const moment = parseMoment(value);
  if (moment === undefined) throw refuse(`${name} with @ROUND, or @ and seconds such as @2.5s`);
  if (MOMENT.test(value) && kind.strikes !== true) throw refuse(`${name} without @: it is there from the beginning`);
  const index = (text: string): number => emails.findIndex((email) => email === text || email.split('@')[0] === text);
  const [from = '', to = ''] = place.split('>');
  const fault = { name, at: index(from), to: index(to), seconds: Number(seconds ?? kind.seconds ?? 0), moment };
  const wrong = misplaced(kind, fault.at, fault.to, emails);
  if (wrong !== undefined) throw refuse(`${name}:${wrong}`);
  if (!(fault.seconds >= 0 && fault.seconds <= MOST_SECONDS)) throw refuse(`seconds from 0 to ${MOST_SECONDS}`);
  return fault;
}
