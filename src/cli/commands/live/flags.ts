/** Values that several of the live commands take, each refused with what was expected. */
import { DoctorError } from '../../../model/errors.ts';
import { choices } from '../../../util/suggest.ts';
import type { Command } from 'commander';
import { LIMITS } from '../../../proxy/party/peer-behaviour.ts';
import { ERA_NAMES, parseClient, parseSwitch, switchList } from '../../../proxy/party/switches.ts';
import { EXIT, type ExitCode } from '../../exit.ts';

export const ORDERS = ['shared', 'connection'] as const;
export const ERAS = `${ERA_NAMES.join(', ')}; with patches of the notes: E3+C+D`;
export const OVERFLOWS = ['drop', 'wait'] as const;
export const LOGGED = ['values', 'zeros'] as const;
export const TRANSPORTS = ['websocket', 'webrtc'] as const;
export type Transport = (typeof TRANSPORTS)[number];
export const MAX_PORT = 65_535;
export const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|::1)$/;
/** A plain name for a folder too: no separator, no control character, no longer than addresses are. */
export const EMAIL = /^(?=.{3,254}$)(?!\.)[^\s@/\\\p{Cc}]+@[^\s@/\\\p{Cc}]+\.[^\s@/\\\p{Cc}]+$/u;

export function oneOf<T extends string>(option: string, known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((name) => name === value);
    if (found === undefined) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected: choices(value, known) });
    return found;
  };
}

export function numberIn(option: string, least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= least && number <= most)) {
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected: `a number from ${least} to ${most}` });
    }
    return number;
  };
}

/** A client as `--era` names it, with every `--switch` put behind. */
export function withSwitches(era: string, switches: readonly string[]): string {
  parseClient(era);
  for (const one of switches) parseSwitch(one);
  return [era, ...switches].join('/');
}

/** What `--switch` takes, for the end of a help text. */
export function switchHelp(): string {
  const width = Math.max(...switchList().map(({ name }) => name.length));
  const lines = switchList().map(({ name, takes, says }) => `  ${name.padEnd(width)}  ${says}: ${takes}`);
  return `\nSwitches (--switch name=value):\n${lines.join('\n')}`;
}

export function several(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Runs until a signal, or until standard input ends where the process belongs to another; `command` gets the lines of that. */
export async function untilTold(attached: boolean, command: (word: string) => void): Promise<ExitCode> {
  return new Promise((done) => {
    // The command line's own handler would end the process before anything is put away. It goes when ours is there: a signal
    // that comes while nobody listens is lost.
    const others = process.listeners('SIGINT');
    process.once('SIGINT', () => done(EXIT.interrupted));
    for (const other of others) process.removeListener('SIGINT', other);
    process.once('SIGTERM', () => done(EXIT.ok));
    if (!attached) return;
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (text: string) => {
      for (const word of text.split('\n').filter((line) => line !== '')) command(word);
    });
    process.stdin.on('end', () => done(EXIT.ok));
  });
}

/** Values that stand in place of the era's own. */
export interface TuningFlags {
  chunkBytes?: number;
  graceMs?: number;
  bufferedHigh?: number;
  backpressureWaitMs?: number;
}

const TUNING = [
  ['chunkBytes', '--chunk-bytes', 'most bytes of a program that are sent as one frame'],
  ['graceMs', '--grace-ms', 'how long each of the first three frames of a session waits for peer to peer'],
  ['bufferedHigh', '--buffered-high', "bytes in the data channel's buffer above which a send waits"],
  ['backpressureWaitMs', '--backpressure-wait-ms', 'how long it waits before it counts as failed'],
] as const satisfies readonly (readonly [keyof TuningFlags, string, string])[];

export function addTuning(command: Command): void {
  for (const [name, option, says] of TUNING) {
    const { least, most, variable } = LIMITS[name];
    command.option(`${option} <n>`, `${says} (E6 also takes ${variable})`, numberIn(option, least, most));
  }
}

export function tuningOfFlags(flags: TuningFlags): TuningFlags {
  return Object.fromEntries(
    TUNING.flatMap(([name]) => {
      const value = flags[name];
      return value === undefined ? [] : [[name, Math.trunc(value)]];
    }),
  );
}
