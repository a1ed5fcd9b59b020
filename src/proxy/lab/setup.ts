/**
 * Everything that can be chosen about a run of the lab, as data, and the notation in which a user writes it: `key=value`, the same
 * keys as the long flags of `live up`. Flags, scenarios, `live verify` and `live reproduce` all go through here.
 */
import { DoctorError } from '../../model/errors.ts';
import { BEHAVIOURS, type BehaviourName } from '../party/behaviour.ts';
import { oneOf, parseFault, type Fault } from './faults.ts';
import { partyEmails } from './layout.ts';
import { parseTimedFault, type TimedFrameFault } from './tapped.ts';

const VERSIONS = ['S0', 'S1', 'S2'] as const;
const ORDERS = ['shared', 'connection'] as const;
export const WORKLOADS = ['rounds'] as const;
const MOST_PARTIES = 16;
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;
const MOST_ROUNDS = 10_000;
const MOST_PATIENCE_S = 3600;
const MOST_SEED = 2 ** 32 - 1;

export interface Setup {
  /** Emails in the order of the flow: the index is the party number. */
  readonly parties: readonly string[];
  readonly era: BehaviourName;
  /** By local name or email, where a party differs. */
  readonly partyEras: Readonly<Record<string, BehaviourName>>;
  readonly relayVersion: (typeof VERSIONS)[number];
  readonly order: (typeof ORDERS)[number];
  /** How often a worker of the relay is late, 0 to 1. */
  readonly overtaking: number;
  readonly workload: (typeof WORKLOADS)[number];
  readonly rounds: number;
  /** Of one message. */
  readonly bytes: number;
  /** Seconds without a byte moving after which a run has stopped. */
  readonly patience: number;
  /** As `parseFault` reads them. */
  readonly faults: readonly string[];
  readonly seed: number;
  readonly debug: boolean;
  readonly strict: boolean;
  readonly p2pOnly: boolean;
  /** A tap stands in front of the relay and leaves captures in the sandbox. */
  readonly tap: boolean;
  /** Faults on messages, as `parseTimedFault` reads them; with any there is a tap. */
  readonly frameFaults: readonly string[];
}

export const DEFAULT_SETUP: Setup = {
  parties: partyEmails(3),
  era: 'E6',
  partyEras: {},
  relayVersion: 'S2',
  order: 'shared',
  overtaking: 0.05,
  workload: 'rounds',
  rounds: 5,
  bytes: 12_000,
  patience: 12,
  faults: [],
  seed: 1,
  debug: false,
  strict: false,
  p2pOnly: false,
  tap: false,
  frameFaults: [],
};

/** A value that is not taken: what would have been. */
type Refuse = (expected: string) => DoctorError;

interface Setting {
  readonly says: string;
  /** `isFirst`: no value of this key was set before in the same text. */
  readonly set: (setup: Setup, value: string, refuse: Refuse, isFirst: boolean) => Setup;
}

function choose<T extends string>(value: string, known: readonly T[], refuse: Refuse): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw refuse(oneOf(value, known));
}

function number(value: string, least: number, most: number, refuse: Refuse): number {
  const given = Number(value);
  if (value.trim() === '' || !(given >= least && given <= most)) throw refuse(`a number from ${least} to ${most}`);
  return given;
}

function yesOrNo(value: string, refuse: Refuse): boolean {
  return choose(value, ['on', 'off', 'true', 'false'], refuse) === 'on' || value === 'true';
}

const ERA_NAMES = Object.keys(BEHAVIOURS) as readonly BehaviourName[];
const EMAIL = /^[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$/;

function partiesOf(value: string, refuse: Refuse): readonly string[] {
  if (/^\d+$/.test(value)) return partyEmails(number(value, 2, MOST_PARTIES, refuse));
  const emails = value.split('+').map((name) => (name.includes('@') ? name : `${name}@sandbox.local`));
  const isGood = emails.length >= 2 && emails.length <= MOST_PARTIES && emails.every((email) => EMAIL.test(email));
  const names = new Set(emails.map((email) => email.split('@')[0]));
  if (!isGood || names.size < emails.length)
    throw refuse(`2 to ${MOST_PARTIES}, or different names with + between, such as client1+client2`);
  return emails;
}

function partyEra(setup: Setup, value: string, refuse: Refuse): Setup {
  const [name = '', wished = ''] = value.split(/[=:]/);
  const known = ERA_NAMES.find((era) => era === wished);
  if (known === undefined || !setup.parties.some((email) => isParty(email, name)))
    throw refuse(`PARTY=ERA, a party of ${namesOf(setup.parties)} and an era of ${ERA_NAMES.join(', ')}`);
  return { ...setup, partyEras: { ...setup.partyEras, [name]: known } };
}

function withFault(setup: Setup, value: string, isFirst: boolean): Setup {
  const before = isFirst ? [] : setup.faults;
  return { ...setup, faults: value === 'none' ? [] : [...before, value] };
}

function withFrameFault(setup: Setup, value: string, _refuse: Refuse, isFirst: boolean): Setup {
  const before = isFirst ? [] : setup.frameFaults;
  return { ...setup, frameFaults: value === 'none' ? [] : [...before, value] };
}

const relayVersion: Setting = {
  says: 'version of the relay',
  set: (setup, value, refuse) => ({ ...setup, relayVersion: choose(value, VERSIONS, refuse) }),
};

export const SETTINGS: Readonly<Record<string, Setting>> = {
  parties: {
    says: 'how many, or their names with + between',
    set: (setup, value, refuse) => ({ ...setup, parties: partiesOf(value, refuse) }),
  },
  era: {
    says: 'how all clients act; parties that differ come after it',
    set: (setup, value, refuse) => ({ ...setup, era: choose(value, ERA_NAMES, refuse), partyEras: {} }),
  },
  'party-era': { says: 'PARTY:ERA, one client of another era', set: partyEra },
  relay: relayVersion,
  'relay-version': relayVersion,
  order: {
    says: 'whether messages of a connection overtake each other in the relay',
    set: (setup, value, refuse) => ({ ...setup, order: choose(value, ORDERS, refuse) }),
  },
  overtaking: {
    says: 'how often a worker of the relay is late, 0 to 1',
    set: (setup, value, refuse) => ({ ...setup, overtaking: number(value, 0, 1, refuse) }),
  },
  workload: {
    says: 'what programs do with each other',
    set: (setup, value, refuse) => ({ ...setup, workload: choose(value, WORKLOADS, refuse) }),
  },
  rounds: {
    says: 'rounds of messages',
    set: (setup, value, refuse) => ({ ...setup, rounds: Math.trunc(number(value, 0, MOST_ROUNDS, refuse)) }),
  },
  bytes: {
    says: 'bytes of a message',
    set: (setup, value, refuse) => ({ ...setup, bytes: Math.trunc(number(value, 0, MOST_MESSAGE_BYTES, refuse)) }),
  },
  patience: {
    says: 'seconds without a byte moving after which a run has stopped',
    set: (setup, value, refuse) => ({ ...setup, patience: number(value, 1, MOST_PATIENCE_S, refuse) }),
  },
  fault: {
    says: "what is broken, in place of the scenario's faults; may be repeated; none: nothing",
    set: (setup, value, _refuse, isFirst) => withFault(setup, value, isFirst),
  },
  seed: {
    says: 'seed of everything that is left to chance',
    set: (setup, value, refuse) => ({ ...setup, seed: Math.trunc(number(value, 0, MOST_SEED, refuse)) }),
  },
  debug: {
    says: 'on: debug lines of clients and relay',
    set: (setup, value, refuse) => ({ ...setup, debug: yesOrNo(value, refuse) }),
  },
  strict: { says: 'on: no fallback to the WebSocket', set: (setup, value, refuse) => ({ ...setup, strict: yesOrNo(value, refuse) }) },
  tap: {
    says: 'on: a tap in front of the relay records captures',
    set: (setup, value, refuse) => ({ ...setup, tap: yesOrNo(value, refuse) }),
  },
  'frame-fault': {
    says: 'what the tap does to messages, in place of what the scenario says; may be repeated; none: nothing',
    set: withFrameFault,
  },
  'p2p-only': { says: 'on: nothing over the WebSocket', set: (setup, value, refuse) => ({ ...setup, p2pOnly: yesOrNo(value, refuse) }) },
};

/** Applies settings in their order and checks the whole; `option` is what the user wrote them behind. */
export function applySettings(base: Setup, settings: readonly (readonly [string, string])[], option?: string): Setup {
  let setup = base;
  const seen = new Set<string>();
  for (const [key, value] of settings) {
    const setting = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
    const named = option ?? `--${key}`;
    const written = option === undefined ? value : `${key}=${value}`;
    const refuse: Refuse = (expected) => new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: named, value: written, expected });
    if (setting === undefined) throw refuse(oneOf(key, Object.keys(SETTINGS)));
    setup = setting.set(setup, value, refuse, !seen.has(key));
    seen.add(key);
  }
  faultsOf(setup, option);
  frameFaultsOf(setup, option);
  return setup;
}

/** `era=E3 relay=S1 fault=late-app:client1`: settings with spaces or commas between. */
export function parseSettings(text: string, option: string): readonly (readonly [string, string])[] {
  return text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const at = word.indexOf('=');
      const key = at < 0 ? word : word.slice(0, at);
      if (at < 1) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value: word, expected: `KEY=VALUE, such as era=E5b` });
      return [key, word.slice(at + 1)] as const;
    });
}

export function faultsOf(setup: Setup, option?: string): readonly Fault[] {
  return setup.faults.map((value) => parseFault(value, setup.parties, option));
}

export function frameFaultsOf(setup: Setup, option?: string): readonly TimedFrameFault[] {
  return setup.frameFaults.map((value) => parseTimedFault(value, option ?? '--frame-fault'));
}

function isParty(email: string, name: string): boolean {
  return email === name || email.split('@')[0] === name;
}

function namesOf(emails: readonly string[]): string {
  return emails.map((email) => email.split('@')[0]).join(', ');
}

/** Era of each party, in their order. */
export function erasOf({ parties, era, partyEras }: Setup): readonly BehaviourName[] {
  return parties.map((email) => Object.entries(partyEras).find(([name]) => isParty(email, name))?.[1] ?? era);
}

export function relayArgs(setup: Setup): readonly string[] {
  const { relayVersion, order, overtaking, seed, debug } = setup;
  const args = ['--relay-version', relayVersion, '--order', order, '--overtaking', String(overtaking), '--seed', String(seed)];
  return debug ? [...args, '--debug'] : args;
}

export function partyArgs({ debug, strict, p2pOnly }: Setup): readonly string[] {
  return [...(debug ? ['--debug'] : []), ...(strict ? ['--strict'] : []), ...(p2pOnly ? ['--p2p-only'] : [])];
}
