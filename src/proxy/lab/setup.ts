/**
 * Everything that can be chosen about a run of the lab, as data, and the notation in which a user writes it: `key=value`, the same
 * keys as the long flags of `live up`. Flags, scenarios, `live verify` and `live reproduce` all go through here.
 */
import { DoctorError } from '../../model/errors.ts';
import { choices as oneOf } from '../../util/suggest.ts';
import { LIMITS } from '../party/peer-behaviour.ts';
import { parseClient, parseSwitch } from '../party/switches.ts';
import { parseRelay } from '../relay/versions.ts';
import { FAULTS, parseFault, type Fault, type FaultKind } from './faults.ts';
import { partyEmails } from './layout.ts';
import { WORKLOAD_NAMES, type WorkloadName } from './workload.ts';
import { parseTimedFault, type TimedFrameFault } from './tapped.ts';

const ORDERS = ['shared', 'connection'] as const;
const OVERFLOWS = ['drop', 'wait'] as const;
const TRANSPORTS = ['websocket', 'webrtc'] as const;
type Transport = (typeof TRANSPORTS)[number];
const MOST_PARTIES = 16;
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;
const MOST_LATE_MS = 1000;
const MOST_ROUNDS = 10_000;
const MOST_PATIENCE_S = 3600;
const MOST_SEED = 2 ** 32 - 1;

export interface Setup {
  /** Emails in the order of the flow: the index is the party number. */
  readonly parties: readonly string[];
  /** As `parseClient` reads it: `E3+C+D`. */
  readonly era: string;
  /** By local name or email, where a party differs. */
  readonly partyEras: Readonly<Record<string, string>>;
  /** `adoption=never`, or `client1:adoption=never` for one party. */
  readonly switches: readonly string[];
  readonly transport: Transport;
  readonly partyTransports: Readonly<Record<string, Transport>>;
  /** As `parseRelay` reads it: `S1+G`. */
  readonly relayVersion: string;
  readonly order: (typeof ORDERS)[number];
  /** How often a worker of the relay is late, 0 to 1. */
  readonly overtaking: number;
  /** How late, in milliseconds; 0: a few turns of the event loop. */
  readonly lateMs: number;
  /** What becomes of messages that come faster than the relay takes them. */
  readonly overflow: (typeof OVERFLOWS)[number];
  readonly workload: WorkloadName;
  /** A command that is each party's program in place of a workload. */
  readonly program: string | null;
  readonly rounds: number;
  /** Of one message. */
  readonly bytes: number;
  /** Bytes of a message where a direction differs (workload rounds), by `from>to` in local names. */
  readonly volumes: Readonly<Record<string, number>>;
  /** Seconds without a byte moving after which a run has stopped. */
  readonly patience: number;
  /** As `parseFault` reads them. */
  readonly faults: readonly string[];
  readonly seed: number;
  readonly debug: boolean;
  readonly strict: boolean;
  readonly p2pOnly: boolean;
  /** Small messages to the relay wait for an acknowledgement. */
  readonly nagle: boolean;
  /** Values in place of the era's own, by the name of the flag. */
  readonly tuning: Readonly<Record<string, number>>;
  /** A tap stands in front of the relay and leaves captures in the sandbox. */
  readonly tap: boolean;
  /** Faults on messages, as `parseTimedFault` reads them; with any there is a tap. */
  readonly frameFaults: readonly string[];
}

export const DEFAULT_SETUP: Setup = {
  parties: partyEmails(3),
  era: 'E6',
  partyEras: {},
  switches: [],
  transport: 'websocket',
  partyTransports: {},
  relayVersion: 'S2',
  order: 'shared',
  overtaking: 0.05,
  lateMs: 0,
  overflow: 'drop',
  workload: 'rounds',
  program: null,
  rounds: 5,
  bytes: 12_000,
  volumes: {},
  patience: 12,
  faults: [],
  seed: 1,
  debug: false,
  strict: false,
  p2pOnly: false,
  nagle: false,
  tuning: {},
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

const EMAIL = /^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$/;

function partiesOf(value: string, refuse: Refuse): readonly string[] {
  if (/^\d+$/.test(value)) return partyEmails(number(value, 2, MOST_PARTIES, refuse));
  const emails = value.split('+').map((name) => (name.includes('@') ? name : `${name}@sandbox.local`));
  const isGood = emails.length >= 2 && emails.length <= MOST_PARTIES && emails.every((email) => EMAIL.test(email));
  const names = new Set(emails.map((email) => email.split('@')[0]));
  if (!isGood || names.size < emails.length)
    throw refuse(`2 to ${MOST_PARTIES}, or different names with + between, such as client1+client2`);
  return emails;
}

/** `client1:E3` to a party's name and what it gets; undefined: no party of the run. */
function ofParty(setup: Setup, value: string): readonly [string, string] | undefined {
  const [name = ''] = value.split(/[=:]/);
  return setup.parties.some((email) => isParty(email, name)) ? [name, value.slice(name.length + 1)] : undefined;
}

function partyEra(setup: Setup, value: string, refuse: Refuse): Setup {
  if (value === 'none') return { ...setup, partyEras: {} };
  const [name, wished] = ofParty(setup, value) ?? ['', ''];
  if (name === '') throw refuse(`PARTY=ERA, a party of ${namesOf(setup.parties)}`);
  return {
    ...setup,
    partyEras: { ...setup.partyEras, [name]: checked(wished, (text) => parseClient(text, (what) => refuse(`PARTY=ERA, ${what}`))) },
  };
}

function partyTransport(setup: Setup, value: string, refuse: Refuse): Setup {
  if (value === 'none') return { ...setup, partyTransports: {} };
  const [name, wished] = ofParty(setup, value) ?? ['', ''];
  if (name === '') throw refuse(`PARTY=TRANSPORT, ${TRANSPORTS.join(' or ')}`);
  return { ...setup, partyTransports: { ...setup.partyTransports, [name]: choose(wished, TRANSPORTS, refuse) } };
}

function withSwitch(setup: Setup, value: string, refuse: Refuse, isFirst: boolean): Setup {
  if (value === 'none') return { ...setup, switches: [] };
  const at = value.indexOf(':');
  if (at >= 0 && !setup.parties.some((email) => isParty(email, value.slice(0, at)))) throw refuse(`NAME=VALUE, or PARTY:NAME=VALUE`);
  parseSwitch(value.slice(at + 1), refuse);
  return { ...setup, switches: [...(isFirst ? [] : setup.switches), value] };
}

function volume(setup: Setup, value: string, refuse: Refuse): Setup {
  const [, from = '', to = '', bytes = ''] = /^(.+)>(.+):(\d+)$/.exec(value) ?? [];
  const isDirection = [from, to].every((name) => setup.parties.some((email) => isParty(email, name))) && from !== to;
  if (!isDirection) throw refuse(`FROM>TO:BYTES of ${namesOf(setup.parties)}`);
  return { ...setup, volumes: { ...setup.volumes, [`${from}>${to}`]: number(bytes, 0, MOST_MESSAGE_BYTES, refuse) } };
}

function withFault(setup: Setup, value: string, isFirst: boolean): Setup {
  const before = isFirst ? [] : setup.faults;
  return { ...setup, faults: value === 'none' ? [] : [...before, value] };
}

const TUNING: Readonly<Record<string, keyof typeof LIMITS>> = {
  'chunk-bytes': 'chunkBytes',
  'grace-ms': 'graceMs',
  'buffered-high': 'bufferedHigh',
  'backpressure-wait-ms': 'backpressureWaitMs',
};

/** A value in place of the era's own. */
function tuning(name: string): Setting {
  const { least, most, variable } = LIMITS[TUNING[name] ?? 'chunkBytes'];
  return {
    says: `what ${variable} sets at a client of E6`,
    set: (setup, value, refuse) => ({ ...setup, tuning: { ...setup.tuning, [name]: Math.trunc(number(value, least, most, refuse)) } }),
  };
}

/** The text itself, when it can be read. */
function checked(text: string, read: (text: string) => unknown): string {
  read(text);
  return text;
}

function withFrameFault(setup: Setup, value: string, _refuse: Refuse, isFirst: boolean): Setup {
  const before = isFirst ? [] : setup.frameFaults;
  return { ...setup, frameFaults: value === 'none' ? [] : [...before, value] };
}

const relayVersion: Setting = {
  says: 'version of the relay',
  set: (setup, value, refuse) => ({ ...setup, relayVersion: checked(value, (text) => parseRelay(text, refuse)) }),
};

export const SETTINGS: Readonly<Record<string, Setting>> = {
  parties: {
    says: 'how many, or their names with + between',
    set: (setup, value, refuse) => ({ ...setup, parties: partiesOf(value, refuse) }),
  },
  era: {
    says: 'how clients act',
    set: (setup, value, refuse) => ({ ...setup, era: checked(value, (text) => parseClient(text, refuse)) }),
  },
  'party-era': { says: 'PARTY:ERA, one client of another era; may be repeated; none: all are alike', set: partyEra },
  switch: { says: 'NAME=VALUE or PARTY:NAME=VALUE, one thing about clients; may be repeated', set: withSwitch },
  transport: {
    says: 'websocket: clients cannot build a peer connection; webrtc: they do',
    set: (setup, value, refuse) => ({ ...setup, transport: choose(value, TRANSPORTS, refuse) }),
  },
  'party-transport': { says: 'PARTY:TRANSPORT, one party that differs; may be repeated', set: partyTransport },
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
  'late-ms': {
    says: 'how late, in milliseconds; 0: a few turns of the event loop',
    set: (setup, value, refuse) => ({ ...setup, lateMs: Math.trunc(number(value, 0, MOST_LATE_MS, refuse)) }),
  },
  overflow: {
    says: 'drop: messages that come faster than the relay takes them are lost; wait: their sender has to wait',
    set: (setup, value, refuse) => ({ ...setup, overflow: choose(value, OVERFLOWS, refuse) }),
  },
  workload: {
    says: 'what programs do with each other',
    set: (setup, value, refuse) => ({ ...setup, workload: choose(value, WORKLOAD_NAMES, refuse), program: null }),
  },
  program: {
    says: "a command of yours that is each party's program",
    set: (setup, value, refuse) => {
      if (value.trim() === '') throw refuse('a command for /bin/sh');
      return { ...setup, program: value };
    },
  },
  rounds: {
    says: 'rounds of messages',
    set: (setup, value, refuse) => ({ ...setup, rounds: Math.trunc(number(value, 0, MOST_ROUNDS, refuse)) }),
  },
  bytes: {
    says: 'bytes of a message',
    set: (setup, value, refuse) => ({ ...setup, bytes: Math.trunc(number(value, 0, MOST_MESSAGE_BYTES, refuse)) }),
  },
  volume: { says: 'FROM>TO:BYTES, bytes of a message of one direction; may be repeated', set: volume },
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
  nagle: {
    says: 'on: small messages to the relay wait for an acknowledgement',
    set: (setup, value, refuse) => ({ ...setup, nagle: yesOrNo(value, refuse) }),
  },
  ...Object.fromEntries(Object.keys(TUNING).map((name) => [name, tuning(name)])),
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
  const faults = faultsOf(setup, option);
  const unable = setup.program === null ? undefined : faults.findIndex(needsWorkload);
  if (unable !== undefined && unable >= 0)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: '--fault',
      value: setup.faults[unable] ?? '',
      expected: 'with --program, a time such as @3s in place of a round: nobody knows the rounds of your program',
    });
  faultsOf(setup, option);
  frameFaultsOf(setup, option);
  return setup;
}

/** Whether a fault waits for a round, which only a workload of the lab has. */
function needsWorkload({ name, moment }: Fault): boolean {
  const kind: FaultKind = FAULTS[name];
  return kind.strikes === true && 'round' in moment;
}

/** `era=E3 relay=S1 fault=late-app:client1`: settings with spaces or commas between. */
export function parseSettings(text: string, option: string): readonly (readonly [string, string])[] {
  return (
    text
      // Quotes keep a value with spaces together: program='sh run.sh'.
      .split(/[\s,]+(?=(?:[^']*'[^']*')*[^']*$)/)
      .map((word) => word.replaceAll("'", ''))
      .filter((word) => word !== '')
      .map((word) => {
        const at = word.indexOf('=');
        const key = at < 0 ? word : word.slice(0, at);
        if (at < 1) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value: word, expected: `KEY=VALUE, such as era=E5b` });
        return [key, word.slice(at + 1)] as const;
      })
  );
}

/** A setup from settings alone. */
export function setupFrom(settings: string, option = '--scenario'): Setup {
  return applySettings(DEFAULT_SETUP, parseSettings(settings, option), option);
}

export function faultsOf(setup: Setup, option?: string): readonly Fault[] {
  return setup.faults.map((value) => parseFault(value, setup.parties, option));
}

export function frameFaultsOf(setup: Setup, option?: string): readonly TimedFrameFault[] {
  return setup.frameFaults.map((value) => parseTimedFault(value, option ?? '--frame-fault'));
}

export function isParty(email: string, name: string): boolean {
  return email === name || email.split('@')[0] === name;
}

function namesOf(emails: readonly string[]): string {
  return emails.map((email) => email.split('@')[0]).join(', ');
}
