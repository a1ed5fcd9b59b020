/** Values that several of the live commands take, each refused with what was expected. */
import { DoctorError } from '../../../model/errors.ts';
import type { BehaviourName } from '../../../proxy/party/behaviour.ts';
import { EXIT, type ExitCode } from '../../exit.ts';

export const VERSIONS = ['S0', 'S1', 'S2'] as const;
export const ORDERS = ['shared', 'connection'] as const;
export const ERAS = ['E3', 'E4', 'E5a', 'E5b', 'E6'] as const satisfies readonly BehaviourName[];
export const MAX_PORT = 65_535;
export const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|::1)$/;
/** A plain name for a folder too: no separator, no control character, no longer than addresses are. */
export const EMAIL = /^(?=.{3,254}$)(?!\.)[^\s@/\\\p{Cc}]+@[^\s@/\\\p{Cc}]+\.[^\s@/\\\p{Cc}]+$/u;

export function oneOf<T extends string>(option: string, known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((name) => name === value);
    if (found === undefined) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected: known.join(', ') });
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

/** Runs until a signal, or until standard input ends where the process belongs to another; `command` gets the lines of that. */
export async function untilTold(attached: boolean, command: (word: string) => void): Promise<ExitCode> {
  // The command line's own handler would end the process before anything is put away.
  process.removeAllListeners('SIGINT');
  return new Promise((done) => {
    process.once('SIGINT', () => done(EXIT.interrupted));
    process.once('SIGTERM', () => done(EXIT.ok));
    if (!attached) return;
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (text: string) => {
      for (const word of text.split('\n').filter((line) => line !== '')) command(word);
    });
    process.stdin.on('end', () => done(EXIT.ok));
  });
}
