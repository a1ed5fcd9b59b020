/** The value of --format where there are two. */
import { DoctorError } from '../model/errors.ts';
import { choices } from '../util/suggest.ts';

const FORMATS = ['text', 'json'] as const;
export type TextOrJson = (typeof FORMATS)[number];

export function parseTextOrJson(value: string): TextOrJson {
  const format = FORMATS.find((known) => known === value);
  if (format === undefined)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected: choices(value, FORMATS) });
  return format;
}
