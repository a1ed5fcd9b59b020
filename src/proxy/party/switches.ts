/** How a user names a client: `E3`, `E3+C+D`, `E3+E/reorder-key=session`. Pure; the list of switches in docs/live.md comes from here. */
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import { BEHAVIOURS, PATCHES, type Behaviour, type BehaviourName, type PatchName, type Switches } from './behaviour.ts';

interface Range {
  readonly least: number;
  readonly most: number;
  readonly unit: 'ms' | 'bytes' | 'frames';
}

interface SwitchInfo {
  /** Words, yes or no, or a whole number. */
  readonly takes: readonly string[] | 'yes-no' | Range;
  readonly says: string;
  /** Field guide. */
  readonly source: string;
}

const WAIT: Range = { least: 0, most: 600_000, unit: 'ms' };
const POLL: Range = { least: 10, most: 60_000, unit: 'ms' };

const SWITCHES: { readonly [K in keyof Switches]: SwitchInfo } = {
  outboundKey: { takes: ['canonical', 'directional', 'remote-owner'], says: 'the path on which a party sends', source: '8.4' },
  ownerKeys: { takes: 'yes-no', says: "the writer is also known under the pair's channel of either party", source: '8.4' },
  peerInboundKey: {
    takes: ['none', 'same', 'swapped'],
    says: "under which path of the peer's name the writer is known",
    source: '8.4, F-10',
  },
  adoption: { takes: ['never', 'p2p-only', 'always'], says: 'sends on a session that the peer opened', source: '8.7, F-3' },
  guard: {
    takes: ['none', 'also-inbound', 'own-inbound'],
    says: 'which session it gives up on a path of its own name',
    source: '8.7, F-1',
  },
  writers: { takes: ['newest', 'first-live', 'standby'], says: 'what becomes of a second connection of a program', source: '8.5, F-4' },
  reorderKey: { takes: ['path', 'session'], says: 'what the numbers of frames are put in order by', source: '8.6, F-11' },
  reorderLock: { takes: 'yes-no', says: 'one lock for the order of all channels, held while a frame is written', source: '8.6, F-8' },
  tableLock: { takes: 'yes-no', says: 'no open is entered while a frame waits for its writer', source: '8.6, F-8' },
  opensTo: { takes: ['nobody', 'earlier-opener', 'marker'], says: 'whom an open names', source: '8.4, F-12' },
  namesOpener: { takes: 'yes-no', says: 'open messages carry and print who opened and to whom', source: '4.2' },
  acceptWaitMs: { takes: WAIT, says: 'how long an accept is waited for', source: '8.2, F-5' },
  acceptFailure: { takes: ['forget', 'send-anyway'], says: 'no accept: loses the chunk and the session, or sends into it', source: '8.7' },
  writerWaitMs: { takes: WAIT, says: 'how long a frame waits for a writer, inside the read loop', source: '8.2, F-7' },
  writerPollMs: { takes: POLL, says: 'how often it looks for the writer', source: '8.2' },
  ipcWaitMs: { takes: WAIT, says: 'how long a frame without a writer is then offered to local readers', source: '8.6, F-30' },
  chunkBytes: { takes: { least: 1, most: 1024 * 1024, unit: 'bytes' }, says: 'most that is read from a program at once', source: '8.2' },
  burstMs: {
    takes: { least: 0, most: 1000, unit: 'ms' },
    says: 'how long a piece may take to fill inside a long write of a program',
    source: '8.2',
  },
  sendFailure: {
    takes: ['stop', 'continue'],
    says: "a chunk that could not be sent: ends the program's connection, or not",
    source: '8.7',
  },
  bindRetryMs: { takes: WAIT, says: 'how long a port that is taken is tried again', source: '8.2' },
  graceMs: { takes: { least: 0, most: 10_000, unit: 'ms' }, says: 'how long the first frames wait for peer to peer', source: '8.7, F-33' },
  graceFrames: { takes: { least: 0, most: 1000, unit: 'frames' }, says: 'how many frames of a session do', source: '8.7' },
  readLoop: {
    takes: ['one', 'per-path'],
    says: 'a frame that waits for its program holds up everything, or its own path alone',
    source: '8.6, F-7',
  },
  reconnect: {
    takes: ['new-half', 'keep'],
    says: 'after a lost connection: new sessions and listeners beside the old ones, or the old go on and accept again',
    source: '8.8, F-18',
  },
  flushMs: { takes: WAIT, says: 'how often telemetry and the summary line are written; 0: only when something moves', source: '5.3' },
  strictKeys: { takes: 'yes-no', says: "telemetry has E6's keys", source: '5.1' },
  quic: { takes: ['none', 'off', 'fails'], says: 'QUIC: not of this version, switched off, tried and never ready', source: '4.5' },
  serverIce: { takes: 'yes-no', says: "takes the relay's ICE servers", source: 'F-14' },
  lines: { takes: ['E1', 'E1b', 'E3', 'E4'], says: 'whose words the log has', source: '4' },
};

const KEYS = Object.keys(SWITCHES).filter((key): key is keyof Switches => Object.hasOwn(SWITCHES, key));

/** `outboundKey` as a user writes it: `outbound-key`. */
function switchName(key: keyof Switches): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What a switch takes, for people. */
function takesText(key: keyof Switches): string {
  const { takes } = SWITCHES[key];
  if (takes === 'yes-no') return 'yes, no';
  return 'unit' in takes ? `${takes.least}…${takes.most} ${takes.unit}` : takes.join(', ');
}

export interface SwitchRow {
  readonly name: string;
  readonly key: keyof Switches;
  readonly takes: string;
  readonly says: string;
  readonly source: string;
}

/** Every switch as a user sees it. */
export function switchList(): readonly SwitchRow[] {
  return KEYS.map((key) => ({ name: switchName(key), key, takes: takesText(key), says: SWITCHES[key].says, source: SWITCHES[key].source }));
}

/** What a switch can be set to: its words, or of a number what any version has. */
export function switchValues(key: keyof Switches): readonly string[] {
  const { takes } = SWITCHES[key];
  if (takes === 'yes-no') return ['yes', 'no'];
  if (!('unit' in takes)) return takes;
  const numbers = ERA_NAMES.filter((name) => isEra(name)).map((name) => Number(BEHAVIOURS[name][key]));
  return [...new Set(numbers)].toSorted((a, b) => a - b).map(String);
}

/** Makes the error for what was expected. */
export type Refuse = (expected: string) => DoctorError;

function refusal(option: string, value: string): Refuse {
  return (expected) => new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected });
}

function readValue(key: keyof Switches, text: string, refuse: Refuse): Partial<Switches> {
  const { takes } = SWITCHES[key];
  const named = switchName(key);
  if (takes === 'yes-no') {
    if (text !== 'yes' && text !== 'no') throw refuse(`${named}=yes or ${named}=no`);
    return { [key]: text === 'yes' };
  }
  if ('unit' in takes) {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < takes.least || number > takes.most) throw refuse(`${named}=${takesText(key)}`);
    return { [key]: number };
  }
  if (!takes.includes(text)) throw refuse(`${named}=${choices(text, takes)}`);
  return { [key]: text };
}

/** `adoption=p2p-only` to what it changes. */
export function parseSwitch(text: string, refuse: Refuse = refusal('--switch', text)): Partial<Switches> {
  const at = text.indexOf('=');
  const [name, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const key = KEYS.find((one) => switchName(one) === name);
  if (key !== undefined) return readValue(key, value, refuse);
  throw refuse(
    `NAME=VALUE, a name of ${choices(
      name,
      KEYS.map((one) => switchName(one)),
    )}`,
  );
}

function isEra(name: string): name is BehaviourName {
  return Object.hasOwn(BEHAVIOURS, name);
}

function isPatch(name: string): name is PatchName {
  return Object.hasOwn(PATCHES, name);
}

export const ERA_NAMES = Object.keys(BEHAVIOURS)
  .filter((name) => isEra(name))
  .toSorted();
export const PATCH_NAMES = Object.keys(PATCHES).filter((name) => isPatch(name));

export interface Client {
  readonly behaviour: Behaviour;
  readonly patches: readonly PatchName[];
}

/** Reads `ERA[+PATCH…][/SWITCH=VALUE…]`. Patches are put on in the order of the notes, switches after them, the last one wins. */
export function parseClient(text: string, refuse: Refuse = refusal('--era', text)): Client {
  const [head = '', ...switches] = text.split('/');
  const [era = '', ...wished] = head.split('+');
  if (!isEra(era)) throw refuse(`an era of ${choices(era, ERA_NAMES)}`);
  for (const name of wished) if (!isPatch(name)) throw refuse(`${era}+PATCH, a patch of ${choices(name, PATCH_NAMES)}`);
  const patches = PATCH_NAMES.filter((name) => wished.includes(name));
  let behaviour: Behaviour = BEHAVIOURS[era];
  for (const name of patches) behaviour = { ...behaviour, ...PATCHES[name].change(behaviour) };
  for (const one of switches) behaviour = { ...behaviour, ...parseSwitch(one, refuse) };
  return { behaviour: { ...behaviour, name: [[era, ...patches].join('+'), ...switches].join('/') }, patches };
}
