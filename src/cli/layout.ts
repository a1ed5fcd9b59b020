/** Options of every command that prints a page. */
import type { Command } from 'commander';
import { DoctorError } from '../model/errors.ts';
import { MIN_WIDTH, terminalWidth, wantsColor } from './output.ts';

export interface LayoutOptions {
  width?: number;
  ascii?: boolean;
  color?: boolean;
}

export function parseWidth(value: string): number {
  if (!/^\d{1,4}$/.test(value) || Number(value) < MIN_WIDTH) {
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: '--width',
      value,
      expected: `a number of columns from ${MIN_WIDTH} to 9999`,
    });
  }
  return Number(value);
}

export function addLayoutOptions(command: Command): Command {
  return command
    .option('--width <columns>', `columns of the text, at least ${MIN_WIDTH}`, parseWidth)
    .option('--ascii', 'plain ASCII in the text')
    .option('--color', 'colour even when stdout is not a terminal')
    .option('--no-color', 'no colour');
}

/** How to lay out a page on stdout. */
export function stdoutLayout(options: LayoutOptions): { readonly width: number; readonly color: boolean; readonly ascii: boolean } {
  return {
    width: options.width ?? terminalWidth(process.stdout.columns),
    color: wantsColor(options.color, process.env, process.stdout.isTTY),
    ascii: options.ascii === true,
  };
}
