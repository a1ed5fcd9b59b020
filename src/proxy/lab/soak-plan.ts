/** What a run of the soak is made of, from its seed alone: clients, relay, programs, and what breaks when. Pure. */
import { Random } from '../random.ts';
import { FRAME_FAULTS, MESSAGE_KINDS, type FrameFaultName } from '../tap/faults.ts';
import { FAULTS, type FaultKind, type FaultName } from './faults.ts';
import { partyEmails } from './layout.ts';

export interface SoakPlan {
  readonly seed: number;
  /** Nothing is broken, and clients and relay have no known defect. */
  readonly clean: boolean;
  /** Settings without which it is no run: their values can be made smaller. */
  readonly frame: readonly string[];
  /** Settings that can be left out, each by itself. */
  readonly steps: readonly string[];
}

/**
 * Seconds without a byte moving. The doctor calls a run standing after ten; telemetry is three seconds old at most. With less a stop in which
 * nothing was lost would be a pause to any reader of the evidence.
 */
const PATIENCE_S = 14;
const MOST_STEPS = 3;
const MOST_BYTES = 60_000;

/** Clients that lose nothing by themselves, each with what it needs. */
const SOUND: readonly (readonly string[])[] = [['E6'], ['E6'], ['E5b'], ['E5b'], ['E1b'], ['E3+C+D+E']];
/** Clients with a defect of their own (field guide 10). */
const DEFECTIVE: readonly (readonly string[])[] = [
  ['E3', 'relay=S1'],
  ['E3+C+D', 'relay=S1'],
  ['E5a'],
  ['E4'],
  ['E1'],
  ['E6', 'party-era=client1:E3'],
  ['E5b', 'party-era=client1:E5a'],
];
const WORKLOADS = ['rounds', 'rounds', 'rounds', 'mesh', 'mesh', 'echo', 'burst', 'tcp-test'] as const;

class Dice {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)] as T;
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  from(least: number, most: number): number {
    return least + this.random.below(most - least + 1);
  }

  /** Small numbers as often as large ones. */
  size(most: number): number {
    return Math.max(1, Math.round(Math.exp(this.random.next() * Math.log(most))));
  }
}

export function soakPlan(seed: number, clean: boolean): SoakPlan {
  const dice = new Dice(clean ? seed ^ 0x5bd1e995 : seed);
  const parties = dice.oneOf([2, 2, 3, 3, 3, 4]);
  const rounds = dice.from(1, 3);
  const isSound = clean || dice.chance(0.75);
  const [era = '', ...more] = dice.oneOf(isSound ? SOUND : DEFECTIVE);
  const names = partyEmails(parties).map((email) => email.split('@')[0] ?? '');
  const frame = [
    `parties=${parties}`,
    `workload=${dice.oneOf(WORKLOADS)}`,
    `rounds=${rounds}`,
    `bytes=${dice.size(MOST_BYTES)}`,
    `patience=${PATIENCE_S}`,
    `seed=${seed}`,
  ];
  const steps = [`era=${era}`, ...more, ...surroundings(dice, era)];
  const broken = clean ? 0 : dice.from(isSound ? 1 : 0, MOST_STEPS);
  const taken = new Set<string>();
  for (let i = 0; i < broken; i++) {
    const fault = dice.chance(0.6) ? partyFault(dice, names, rounds) : frameFault(dice, names, rounds);
    // The same thing twice at one place says nothing more.
    const key = fault.split('@')[0] ?? fault;
    if (!taken.has(key)) steps.push(fault);
    taken.add(key);
  }
  return { seed, clean, frame, steps };
}

/** What changes no outcome, and must change no verdict. */
function surroundings(dice: Dice, era: string): readonly string[] {
  const isE6 = era === 'E6';
  const direct = dice.chance(0.3) && (isE6 || era === 'E5b');
  return [
    ...(direct ? ['transport=webrtc'] : []),
    // The first frames of a session of E6 wait 1.5 s each otherwise.
    ...(isE6 && !direct && dice.chance(0.8) ? ['grace-ms=50'] : []),
    ...(dice.chance(0.4) ? ['order=connection'] : []),
    ...(dice.chance(0.4) ? ['debug=on'] : []),
    ...(dice.chance(0.2) ? ['tap=on'] : []),
    ...(dice.chance(0.1) ? ['nagle=on'] : []),
  ];
}

function moment(dice: Dice, rounds: number): string {
  return dice.chance(0.6) ? `@${dice.from(0, rounds)}` : `@${dice.from(1, 25) / 10}s`;
}

function partyFault(dice: Dice, names: readonly string[], rounds: number): string {
  const name = dice.oneOf(Object.keys(FAULTS) as FaultName[]);
  const kind: FaultKind = FAULTS[name];
  const at = dice.from(0, names.length - 1);
  const to = (at + dice.from(1, names.length - 1)) % names.length;
  const place = { run: '', party: `:${names[at] ?? ''}`, direction: `:${names[at] ?? ''}>${names[to] ?? ''}` }[kind.place];
  const seconds = kind.seconds === undefined ? '' : `:${dice.from(1, kind.seconds)}`;
  return `fault=${name}${place}${seconds}${kind.strikes === true ? moment(dice, rounds) : ''}`;
}

const NUMBERS: Readonly<Partial<Record<FrameFaultName, readonly number[]>>> = {
  delay: [50, 500, 3000],
  reorder: [1, 3],
  latency: [20, 150],
  rate: [20_000, 200_000],
};

function frameFault(dice: Dice, names: readonly string[], rounds: number): string {
  const name = dice.oneOf(Object.keys(FRAME_FAULTS) as FrameFaultName[]);
  const { target } = FRAME_FAULTS[name];
  const at = names[dice.from(0, names.length - 1)] ?? '';
  const where = dice.oneOf([at, `${at}>`, `>${at}`]);
  const numbers = NUMBERS[name];
  const number = numbers === undefined ? '' : `:${dice.oneOf(numbers)}`;
  const which = dice.oneOf(['1', '2', '3', `${dice.from(2, 8)}+`, `/${dice.from(2, 4)}`, '~0.2', '*']);
  const kind = dice.oneOf([...MESSAGE_KINDS, 'data', 'data', 'data', 'open', 'accept'] as const);
  if (target === 'line') return `frame-fault=${name}:${where}${number}`;
  if (target === 'connection' && dice.chance(0.5)) return `frame-fault=${name}:${where}${moment(dice, rounds)}`;
  return `frame-fault=${name}:${kind}:${which}:${where}${number}`;
}
