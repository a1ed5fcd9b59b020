/** An argument of few words, refused with what was probably meant. */
import type { Argument } from 'commander';
import { DoctorError } from '../model/errors.ts';
import { choices } from '../util/suggest.ts';

export function choiceOf(argument: Argument, words: readonly string[]): Argument {
  return argument.choices(words).argParser((value: string) => {
    if (words.includes(value)) return value;
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: argument.name().toUpperCase(), value, expected: choices(value, words) });
  });
}
